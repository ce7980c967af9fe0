//! The registers of the ADS1299 as types (SBAS499, register maps).
//!
//! Each type parses from and emits one byte; fixed bits are emitted as the datasheet wants them. Must never know of SPI.

mod channel;
mod config;
mod lead_off;
mod pins;

pub use channel::{Channel, Gain, Mux};
pub use config::{Config1, Config2, Config3, DataRate, TestFrequency};
pub use lead_off::{LeadOff, LeadOffCurrent, LeadOffFrequency};
pub use pins::{Config4, Gpio, Misc1};

/// Number of registers.
pub const COUNT: usize = 24;

/// A register's place, name, value after reset, and the bits that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Register {
    /// Its name in the datasheet.
    pub name: &'static str,
    /// Its value after reset.
    pub reset: u8,
    /// The bits that a write changes. The others are fixed, reserved or read-only.
    pub writable: u8,
}

const fn register(name: &'static str, reset: u8, writable: u8) -> Register {
    Register { name, reset, writable }
}

/// The registers by address.
pub const REGISTERS: [Register; COUNT] = [
    register("ID", 0x3E, 0x00),
    register("CONFIG1", 0x96, 0x67),
    register("CONFIG2", 0xC0, 0x17),
    register("CONFIG3", 0x60, 0x9E),
    register("LOFF", 0x00, 0xEF),
    register("CH1SET", 0x61, 0xFF),
    register("CH2SET", 0x61, 0xFF),
    register("CH3SET", 0x61, 0xFF),
    register("CH4SET", 0x61, 0xFF),
    register("CH5SET", 0x61, 0xFF),
    register("CH6SET", 0x61, 0xFF),
    register("CH7SET", 0x61, 0xFF),
    register("CH8SET", 0x61, 0xFF),
    register("BIAS_SENSP", 0x00, 0xFF),
    register("BIAS_SENSN", 0x00, 0xFF),
    register("LOFF_SENSP", 0x00, 0xFF),
    register("LOFF_SENSN", 0x00, 0xFF),
    register("LOFF_FLIP", 0x00, 0xFF),
    register("LOFF_STATP", 0x00, 0x00),
    register("LOFF_STATN", 0x00, 0x00),
    register("GPIO", 0x0F, 0xFF),
    register("MISC1", 0x00, 0x20),
    register("MISC2", 0x00, 0x00),
    register("CONFIG4", 0x00, 0x0A),
];

/// Addresses of the registers, by their names in the datasheet.
pub mod address {
    #![allow(missing_docs)]
    pub const ID: u8 = 0x00;
    pub const CONFIG1: u8 = 0x01;
    pub const CONFIG2: u8 = 0x02;
    pub const CONFIG3: u8 = 0x03;
    pub const LOFF: u8 = 0x04;
    pub const CH1SET: u8 = 0x05;
    pub const BIAS_SENSP: u8 = 0x0D;
    pub const BIAS_SENSN: u8 = 0x0E;
    pub const LOFF_SENSP: u8 = 0x0F;
    pub const LOFF_SENSN: u8 = 0x10;
    pub const LOFF_FLIP: u8 = 0x11;
    pub const LOFF_STATP: u8 = 0x12;
    pub const LOFF_STATN: u8 = 0x13;
    pub const GPIO: u8 = 0x14;
    pub const MISC1: u8 = 0x15;
    pub const MISC2: u8 = 0x16;
    pub const CONFIG4: u8 = 0x17;
}

const fn bit(on: bool, position: u8) -> u8 {
    (on as u8) << position
}

const fn is_set(byte: u8, position: u8) -> bool {
    byte >> position & 1 == 1
}

/// ID (00): revision, family and number of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Id(pub u8);

impl Id {
    /// The bits that tell the chip; the others are its revision.
    pub const MASK: u8 = 0x1F;
    /// Those bits on the part with eight channels.
    pub const EIGHT_CHANNELS: u8 = 0x1E;

    /// Channels of this member of the family, or `None` when it is none.
    #[must_use]
    pub const fn channels(self) -> Option<usize> {
        match self.0 & Self::MASK {
            Self::EIGHT_CHANNELS => Some(8),
            0x1D => Some(6),
            0x1C => Some(4),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Emits what was parsed: every byte comes back in its writable bits, with the fixed bits of the reset value.
    fn leads_back(at: u8, emit: impl Fn(u8) -> Option<u8>) {
        let r = REGISTERS[usize::from(at)];
        for byte in 0..=u8::MAX {
            if let Some(out) = emit(byte) {
                let fixed = if r.writable == 0xFF { 0 } else { r.reset & !r.writable };
                assert_eq!(out, byte & r.writable | fixed, "{} {byte:02x}", r.name);
            }
        }
    }

    #[test]
    fn every_byte_leads_back() {
        leads_back(address::CONFIG1, |b| Some(Config1::from_byte(b)?.to_byte()));
        leads_back(address::CONFIG2, |b| Some(Config2::from_byte(b)?.to_byte()));
        leads_back(address::CONFIG3, |b| Some(Config3::from_byte(b).to_byte()));
        leads_back(address::LOFF, |b| Some(LeadOff::from_byte(b).to_byte()));
        leads_back(address::CH1SET, |b| Some(Channel::from_byte(b)?.to_byte()));
        leads_back(address::GPIO, |b| Some(Gpio::from_byte(b).to_byte()));
        leads_back(address::MISC1, |b| Some(Misc1::from_byte(b).to_byte()));
        leads_back(address::CONFIG4, |b| Some(Config4::from_byte(b).to_byte()));
    }

    #[test]
    fn reserved_codes_are_not_read_as_something() {
        assert_eq!(Config1::from_byte(0x97), None);
        assert_eq!(Config2::from_byte(0xC2), None);
        assert_eq!(Channel::from_byte(0x70), None);
        assert_eq!(Id(0x3E).channels(), Some(8));
        assert_eq!(Id(0x00).channels(), None);
        assert_eq!(Id(0xFF).channels(), None);
        // ADS1298, whose ID begins 100
        assert_eq!(Id(0x92).channels(), None);
    }

    #[test]
    fn rates_and_settling_are_those_of_the_datasheet() {
        let rates = DataRate::ALL.map(|r| (r.hz(), r.settling_clocks()));
        assert_eq!(
            rates,
            [(16000, 521), (8000, 1033), (4000, 2057), (2000, 4105), (1000, 8201), (500, 16393), (250, 32777)]
        );
    }

    #[test]
    fn gains_are_those_of_the_datasheet() {
        assert_eq!(Gain::ALL.map(|g| (g as u8, g.factor())).last(), Some(&(6, 24)));
        assert_eq!(Channel::from_byte(0x65).map(|c| (c.gain, c.mux)), Some((Gain::X24, Mux::TestSignal)));
    }
}
