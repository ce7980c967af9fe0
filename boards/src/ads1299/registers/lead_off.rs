//! LOFF: what lead-off detection sends through the electrodes (SBAS499, register maps).
//!
//! The currents are those of this chip; the ADS1298's are others.

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
