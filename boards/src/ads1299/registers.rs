//! The registers of the ADS1299 as types (SBAS499, register maps).
//!
//! Each type parses from and emits one byte; fixed bits are emitted as the datasheet wants them. Must never know of SPI.

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

/// Rate of frames, CONFIG1 bits 2:0, at a clock of 2.048 MHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum DataRate {
    /// 16000 SPS
    Sps16000 = 0,
    /// 8000 SPS
    Sps8000 = 1,
    /// 4000 SPS
    Sps4000 = 2,
    /// 2000 SPS
    Sps2000 = 3,
    /// 1000 SPS
    Sps1000 = 4,
    /// 500 SPS
    Sps500 = 5,
    /// 250 SPS
    Sps250 = 6,
}

impl DataRate {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] =
        [Self::Sps16000, Self::Sps8000, Self::Sps4000, Self::Sps2000, Self::Sps1000, Self::Sps500, Self::Sps250];

    /// tCLK between two conversions.
    #[must_use]
    pub const fn clocks(self) -> u32 {
        128 << self as u8
    }

    /// tCLK from START, or from a write to CONFIG1, to the first conversion: the digital filter settles
    /// (SBAS499, settling time; four conversions and nine tCLK).
    #[must_use]
    pub const fn settling_clocks(self) -> u32 {
        4 * self.clocks() + 9
    }

    /// Frames in a second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        super::CLOCK_HZ / self.clocks()
    }

    /// The one with so many frames in a second.
    #[must_use]
    pub fn from_hz(hz: f64) -> Option<Self> {
        Self::ALL.into_iter().find(|rate| f64::from(rate.hz()) == hz)
    }

    /// From CONFIG1; 7 is reserved.
    #[must_use]
    pub fn from_byte(config1: u8) -> Option<Self> {
        Self::ALL.get(usize::from(config1 & 0b111)).copied()
    }
}

/// CONFIG1 (01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config1 {
    /// Several chips are read one by one (true) or in a daisy chain (false, also for a single chip).
    pub multiple_readback: bool,
    /// The oscillator's clock comes out at the CLK pin.
    pub clock_output: bool,
    /// Rate of frames.
    pub rate: DataRate,
}

impl Config1 {
    const FIXED: u8 = 0x90;

    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        Self::FIXED | bit(self.multiple_readback, 6) | bit(self.clock_output, 5) | self.rate as u8
    }

    /// From the register; `None` for the reserved rate.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let rate = DataRate::from_byte(byte)?;
        Some(Self { multiple_readback: is_set(byte, 6), clock_output: is_set(byte, 5), rate })
    }
}

/// Frequency of the test signal, CONFIG2 bits 1:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum TestFrequency {
    /// fCLK / 2^21, 0.977 Hz.
    Slow = 0b00,
    /// fCLK / 2^20, 1.953 Hz.
    Fast = 0b01,
    /// Constant.
    Dc = 0b11,
}

impl TestFrequency {
    /// tCLK of a whole period; `None` when it is constant.
    #[must_use]
    pub const fn period_clocks(self) -> Option<u32> {
        match self {
            Self::Slow => Some(1 << 21),
            Self::Fast => Some(1 << 20),
            Self::Dc => None,
        }
    }
}

/// CONFIG2 (02): the test signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config2 {
    /// The chip makes the test signal itself.
    pub internal_test: bool,
    /// Twice the amplitude.
    pub double_amplitude: bool,
    /// Its frequency.
    pub frequency: TestFrequency,
}

impl Config2 {
    const FIXED: u8 = 0xC0;
    /// The test signal's amplitude is VREF divided by this (SBAS499, CONFIG2).
    pub const AMPLITUDE_DIVISOR: f64 = 2400.0;

    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        Self::FIXED | bit(self.internal_test, 4) | bit(self.double_amplitude, 2) | self.frequency as u8
    }

    /// From the register; `None` for the reserved frequency.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let frequency = match byte & 0b11 {
            0b00 => TestFrequency::Slow,
            0b01 => TestFrequency::Fast,
            0b11 => TestFrequency::Dc,
            _ => return None,
        };
        Some(Self { internal_test: is_set(byte, 4), double_amplitude: is_set(byte, 2), frequency })
    }

    /// Volts from the middle to either level of the test signal.
    #[must_use]
    pub fn amplitude(self, vref: f64) -> f64 {
        vref / Self::AMPLITUDE_DIVISOR * if self.double_amplitude { 2.0 } else { 1.0 }
    }
}

/// CONFIG3 (03): reference and bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config3 {
    /// The internal reference is on.
    pub reference: bool,
    /// BIAS_IN goes to the channels whose mux says so.
    pub bias_measurement: bool,
    /// The bias reference is made inside.
    pub bias_reference_internal: bool,
    /// The bias amplifier is on.
    pub bias: bool,
    /// The bias electrode is watched.
    pub bias_lead_off: bool,
}

impl Config3 {
    const FIXED: u8 = 0x60;

    /// As written to the chip. Bit 0 is read-only and goes out as 0.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        Self::FIXED
            | bit(self.reference, 7)
            | bit(self.bias_measurement, 4)
            | bit(self.bias_reference_internal, 3)
            | bit(self.bias, 2)
            | bit(self.bias_lead_off, 1)
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self {
            reference: is_set(byte, 7),
            bias_measurement: is_set(byte, 4),
            bias_reference_internal: is_set(byte, 3),
            bias: is_set(byte, 2),
            bias_lead_off: is_set(byte, 1),
        }
    }
}

/// Current of the lead-off detection, LOFF bits 3:2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum LeadOffCurrent {
    /// 6 nA
    Na6 = 0,
    /// 24 nA
    Na24 = 1,
    /// 6 uA
    Ua6 = 2,
    /// 24 uA
    Ua24 = 3,
}

/// Frequency of the lead-off detection, LOFF bits 1:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum LeadOffFrequency {
    /// Direct current.
    Dc = 0,
    /// 7.8 Hz
    Hz7_8 = 1,
    /// 31.2 Hz
    Hz31_2 = 2,
    /// A quarter of the data rate.
    QuarterRate = 3,
}

/// LOFF (04): lead-off detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LeadOff {
    /// Comparator threshold, 0 to 7 (bits 7:5).
    pub threshold: u8,
    /// Current.
    pub current: LeadOffCurrent,
    /// Frequency.
    pub frequency: LeadOffFrequency,
}

impl LeadOff {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        (self.threshold & 0b111) << 5 | (self.current as u8) << 2 | self.frequency as u8
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        let current = match byte >> 2 & 0b11 {
            0 => LeadOffCurrent::Na6,
            1 => LeadOffCurrent::Na24,
            2 => LeadOffCurrent::Ua6,
            _ => LeadOffCurrent::Ua24,
        };
        let frequency = match byte & 0b11 {
            0 => LeadOffFrequency::Dc,
            1 => LeadOffFrequency::Hz7_8,
            2 => LeadOffFrequency::Hz31_2,
            _ => LeadOffFrequency::QuarterRate,
        };
        Self { threshold: byte >> 5, current, frequency }
    }
}

/// Gain of a channel's amplifier, CHnSET bits 6:4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Gain {
    /// 1
    X1 = 0,
    /// 2
    X2 = 1,
    /// 4
    X4 = 2,
    /// 6
    X6 = 3,
    /// 8
    X8 = 4,
    /// 12
    X12 = 5,
    /// 24
    X24 = 6,
}

impl Gain {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [Self::X1, Self::X2, Self::X4, Self::X6, Self::X8, Self::X12, Self::X24];

    /// What it multiplies by.
    #[must_use]
    pub const fn factor(self) -> u8 {
        match self {
            Self::X1 => 1,
            Self::X2 => 2,
            Self::X4 => 4,
            Self::X6 => 6,
            Self::X8 => 8,
            Self::X12 => 12,
            Self::X24 => 24,
        }
    }

    /// The one that multiplies by `factor`.
    #[must_use]
    pub fn from_factor(factor: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.factor() == factor)
    }
}

/// What a channel measures, CHnSET bits 2:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Mux {
    /// The pins.
    Normal = 0,
    /// Both inputs shorted.
    Shorted = 1,
    /// BIAS_IN.
    BiasMeasurement = 2,
    /// Supply voltage.
    Supply = 3,
    /// Temperature sensor.
    Temperature = 4,
    /// Test signal.
    TestSignal = 5,
    /// The positive pin is the bias driver.
    BiasPositive = 6,
    /// The negative pin is the bias driver.
    BiasNegative = 7,
}

impl Mux {
    /// From CHnSET.
    #[must_use]
    pub const fn from_byte(channel: u8) -> Self {
        match channel & 0b111 {
            0 => Self::Normal,
            1 => Self::Shorted,
            2 => Self::BiasMeasurement,
            3 => Self::Supply,
            4 => Self::Temperature,
            5 => Self::TestSignal,
            6 => Self::BiasPositive,
            _ => Self::BiasNegative,
        }
    }
}

/// CH1SET to CH8SET (05 to 0C).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Channel {
    /// The channel is off.
    pub power_down: bool,
    /// Gain of its amplifier.
    pub gain: Gain,
    /// Connected to SRB2.
    pub srb2: bool,
    /// What it measures.
    pub mux: Mux,
}

impl Channel {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        bit(self.power_down, 7) | (self.gain as u8) << 4 | bit(self.srb2, 3) | self.mux as u8
    }

    /// From the register; `None` for the reserved gain.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let gain = Gain::ALL.get(usize::from(byte >> 4 & 0b111)).copied()?;
        Some(Self { power_down: is_set(byte, 7), gain, srb2: is_set(byte, 3), mux: Mux::from_byte(byte) })
    }
}

/// GPIO (14): four pins, bit 0 is GPIO1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Gpio {
    /// Levels.
    pub data: u8,
    /// Which pins are inputs.
    pub inputs: u8,
}

impl Gpio {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        self.data << 4 | self.inputs & 0b1111
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self { data: byte >> 4, inputs: byte & 0b1111 }
    }
}

/// MISC1 (15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Misc1 {
    /// SRB1 is the negative input of all channels: one reference electrode for all.
    pub srb1: bool,
}

impl Misc1 {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        bit(self.srb1, 5)
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self { srb1: is_set(byte, 5) }
    }
}

/// CONFIG4 (17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config4 {
    /// One conversion for each START.
    pub single_shot: bool,
    /// The lead-off comparators are on.
    pub lead_off_comparators: bool,
}

impl Config4 {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        bit(self.single_shot, 3) | bit(self.lead_off_comparators, 1)
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self { single_shot: is_set(byte, 3), lead_off_comparators: is_set(byte, 1) }
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
