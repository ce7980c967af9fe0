//! The registers of the ADS1256 as types (SBAS288, register map).
//!
//! Each type parses from and emits one byte. Must never know of SPI.

use super::{CLOCK_HZ, INPUTS, SWITCH_CLOCKS};
use crate::scan::Pair;

/// Number of registers.
pub const COUNT: usize = 11;

/// Addresses of the registers, by their names in the datasheet.
pub mod address {
    #![allow(missing_docs)]
    pub const STATUS: u8 = 0x00;
    pub const MUX: u8 = 0x01;
    pub const ADCON: u8 = 0x02;
    pub const DRATE: u8 = 0x03;
    pub const IO: u8 = 0x04;
    pub const OFC0: u8 = 0x05;
    pub const FSC0: u8 = 0x08;
}

/// STATUS (00).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Status {
    /// The chip's identity, read-only.
    pub id: u8,
    /// Results come with their lowest bit first.
    pub least_first: bool,
    /// Calibrates by itself when rate, buffer or gain are written.
    pub auto_calibration: bool,
    /// The input buffer is on.
    pub buffer: bool,
    /// No result is ready: the level of DRDY, read-only.
    pub not_ready: bool,
}

impl Status {
    /// The identity of this chip.
    pub const ID: u8 = 3;

    /// As read from the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        self.id << 4
            | (self.least_first as u8) << 3
            | (self.auto_calibration as u8) << 2
            | (self.buffer as u8) << 1
            | self.not_ready as u8
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self {
            id: byte >> 4,
            least_first: byte & 8 != 0,
            auto_calibration: byte & 4 != 0,
            buffer: byte & 2 != 0,
            not_ready: byte & 1 != 0,
        }
    }
}

/// The common input AINCOM in a half of MUX.
const COMMON: u8 = 0b1000;

/// MUX (01) for a pair of inputs: the positive one in the high half, the negative one in the low half. `None` when there is
/// no such input.
#[must_use]
pub fn mux(pair: Pair) -> Option<u8> {
    let negative = pair.negative.unwrap_or(COMMON);
    let possible = pair.positive < INPUTS && (pair.negative.is_none() || negative < INPUTS);
    possible.then_some(pair.positive << 4 | negative)
}

/// MUX (01) with both sides at the common input.
pub const SHORTED: u8 = COMMON << 4 | COMMON;

/// The inputs in MUX; `None` for a side that is AINCOM.
#[must_use]
pub const fn inputs(mux: u8) -> [Option<u8>; 2] {
    const fn input(half: u8) -> Option<u8> {
        if half & COMMON == 0 { Some(half & 0b111) } else { None }
    }
    [input(mux >> 4), input(mux & 0b1111)]
}

/// Gain of the amplifier, ADCON bits 2:0: 2 to the power of the code. (The code 7 is 64 too.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Gain {
    X1 = 0,
    X2 = 1,
    X4 = 2,
    X8 = 3,
    X16 = 4,
    X32 = 5,
    X64 = 6,
}

impl Gain {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [Self::X1, Self::X2, Self::X4, Self::X8, Self::X16, Self::X32, Self::X64];

    /// What it multiplies by.
    #[must_use]
    pub const fn factor(self) -> u8 {
        1 << self as u8
    }

    /// The one that multiplies by `factor`.
    #[must_use]
    pub fn from_factor(factor: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.factor() == factor)
    }

    /// ADCON (02) with it: clock output and sensor detection off.
    #[must_use]
    pub const fn to_adcon(self) -> u8 {
        self as u8
    }

    /// From ADCON.
    #[must_use]
    pub fn from_adcon(byte: u8) -> Self {
        Self::ALL.get(usize::from(byte & 0b111)).copied().unwrap_or(Self::X64)
    }
}

/// DRATE (03) with what follows from it at 7.68 MHz.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DataRate {
    /// As written to the chip.
    pub byte: u8,
    /// Conversions in a second of one input.
    pub hz: f64,
    /// Microseconds from WAKEUP to the first result, t18 (table 13).
    pub settling_us: u32,
}

const fn rate(byte: u8, hz: f64, settling_us: u32) -> DataRate {
    DataRate { byte, hz, settling_us }
}

impl DataRate {
    /// All of them, the fastest first.
    pub const ALL: [Self; 16] = [
        rate(0xF0, 30_000.0, 210),
        rate(0xE0, 15_000.0, 250),
        rate(0xD0, 7_500.0, 310),
        rate(0xC0, 3_750.0, 440),
        rate(0xB0, 2_000.0, 680),
        rate(0xA1, 1_000.0, 1_180),
        rate(0x92, 500.0, 2_180),
        rate(0x82, 100.0, 10_180),
        rate(0x72, 60.0, 16_840),
        rate(0x63, 50.0, 20_180),
        rate(0x53, 30.0, 33_510),
        rate(0x43, 25.0, 40_180),
        rate(0x33, 15.0, 66_840),
        rate(0x23, 10.0, 100_180),
        rate(0x13, 5.0, 200_180),
        rate(0x03, 2.5, 400_180),
    ];

    /// From the register; `None` for what the table does not have.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|rate| rate.byte == byte)
    }

    /// Inputs in a second when each is fetched and switched from: t18 and [`SWITCH_CLOCKS`].
    #[must_use]
    pub fn switched_hz(self) -> f64 {
        1.0 / (f64::from(self.settling_us) * 1e-6 + f64::from(SWITCH_CLOCKS) / f64::from(CLOCK_HZ))
    }

    /// Milliseconds that a self-calibration may take. The datasheet's table 21 has 1227 ms at 2.5 SPS, three settlings; here
    /// are four and 2 ms.
    #[must_use]
    pub const fn calibration_ms(self) -> u32 {
        self.settling_us * 4 / 1000 + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_lead_back() {
        for byte in 0..=u8::MAX {
            assert_eq!(Status::from_byte(byte).to_byte(), byte);
        }
        for gain in Gain::ALL {
            assert_eq!(Gain::from_adcon(gain.to_adcon() | 0x20), gain);
        }
        assert_eq!(Gain::from_adcon(7), Gain::X64);
        assert!(DataRate::ALL.iter().all(|r| DataRate::from_byte(r.byte) == Some(*r)));
    }

    #[test]
    fn inputs_are_those_of_the_datasheet() {
        // "setting MUX to 23h gives AINP = AIN2, AINN = AIN3"
        assert_eq!(mux(Pair::differential(2, 3)), Some(0x23));
        assert_eq!(mux(Pair::single(0)), Some(0x08));
        assert_eq!(mux(Pair::single(8)), None);
        assert_eq!(mux(Pair::differential(0, 8)), None);
        assert_eq!(inputs(0x23), [Some(2), Some(3)]);
        assert_eq!(inputs(0x78), [Some(7), None]);
        assert_eq!(inputs(SHORTED), [None, None]);
    }

    #[test]
    fn switching_is_the_datasheets_cycle_and_the_fetching() {
        // Table 14, which has four bytes and two pauses between DRDY and the next conversion; both tables are rounded.
        const CYCLING_HZ: [f64; 16] =
            [4374.0, 3817.0, 3043.0, 2165.0, 1438.0, 837.0, 456.0, 98.0, 59.0, 50.0, 30.0, 25.0, 15.0, 10.0, 5.0, 2.5];
        let clock_us = 1e6 / f64::from(CLOCK_HZ);
        for (rate, cycling_hz) in DataRate::ALL.into_iter().zip(CYCLING_HZ) {
            let fetching_us = f64::from(SWITCH_CLOCKS - 4 * 32 - 4 - 24) * clock_us;
            let period_us = 1e6 / rate.switched_hz() - fetching_us;
            let table_us = 1e6 / cycling_hz;
            assert!((period_us / table_us - 1.0).abs() < 0.035, "{rate:?}: {period_us} {table_us}");
        }
    }
}
