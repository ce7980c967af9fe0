//! How an ADS131M0x is set up, as one description. A `Settings` can only hold what the chip knows.
//!
//! Must never know of SPI or boards.

use super::registers::{Clock, Gain, Mode, Mux, Oversampling, address};
use super::{MAX_CHANNELS, Part, TEST_TOLERANCE, TEST_VOLTS, VREF, frame};
use crate::adc::{Input, TestSignal};

/// All that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// Which member of the family.
    pub part: Part,
    /// Rate of frames.
    pub oversampling: Oversampling,
    /// The clock comes from outside; no crystal.
    pub external_clock: bool,
    /// The chip checks what it gets.
    pub input_crc: bool,
    /// Each channel's gain; those that the part does not have are not looked at.
    pub gains: [Gain; MAX_CHANNELS],
    /// Channels (a bit each) whose gain stays as it is in `gains` when a gain is chosen for all.
    pub own_gain: u8,
    /// What each channel measures.
    pub inputs: [Mux; MAX_CHANNELS],
}

/// A register to be written and read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Write {
    /// Where.
    pub address: u8,
    /// Its name in the datasheet.
    pub name: &'static str,
    /// What.
    pub value: u16,
}

/// Registers that are written: MODE, CLOCK, GAIN1, GAIN2, and one for each channel.
pub const MAX_WRITES: usize = 4 + MAX_CHANNELS;

impl Settings {
    /// 1000 frames a second at gain 1, all channels at their pins.
    #[must_use]
    pub const fn new(part: Part) -> Self {
        Self {
            part,
            oversampling: Oversampling::X4096,
            external_clock: true,
            input_crc: true,
            gains: [Gain::X1; MAX_CHANNELS],
            own_gain: 0,
            inputs: [Mux::Normal; MAX_CHANNELS],
        }
    }

    /// At another rate.
    #[must_use]
    pub const fn with_oversampling(mut self, oversampling: Oversampling) -> Self {
        self.oversampling = oversampling;
        self
    }

    /// With all channels at one gain, but for those that have their [own](Self::own_gain).
    #[must_use]
    pub fn with_gain(mut self, gain: Gain) -> Self {
        for (place, channel) in self.gains.iter_mut().enumerate() {
            if self.own_gain >> place & 1 == 0 {
                *channel = gain;
            }
        }
        self
    }

    /// With all channels at one input. The test signal is the positive level on channels 0, 2, ... and the negative one on
    /// those in between, so that a channel that shows its neighbour is found out.
    #[must_use]
    pub fn with_input(mut self, input: Input) -> Self {
        for (channel, mux) in self.inputs.iter_mut().enumerate() {
            *mux = match input {
                Input::Normal => Mux::Normal,
                Input::Shorted => Mux::Shorted,
                Input::TestSignal if channel.is_multiple_of(2) => Mux::TestPositive,
                Input::TestSignal => Mux::TestNegative,
            };
        }
        self
    }

    /// The registers to write, in this order.
    #[must_use]
    pub fn writes(&self) -> heapless::Vec<Write, MAX_WRITES> {
        const CHANNEL_NAMES: [&str; MAX_CHANNELS] =
            ["CH0_CFG", "CH1_CFG", "CH2_CFG", "CH3_CFG", "CH4_CFG", "CH5_CFG", "CH6_CFG", "CH7_CFG"];
        let channels = self.part.channels();
        let mode = Mode { input_crc: self.input_crc, timeout: true };
        let enabled = ((1_u16 << channels) - 1) as u8;
        let clock = Clock { enabled, external: self.external_clock, oversampling: self.oversampling };
        let (low, high) = self.gains.split_at(4);
        let first = [
            Write { address: address::MODE, name: "MODE", value: mode.to_bits() },
            Write { address: address::CLOCK, name: "CLOCK", value: clock.to_bits() },
            Write { address: address::GAIN1, name: "GAIN1", value: Gain::to_bits(low) },
        ];
        let second = Write { address: address::GAIN2, name: "GAIN2", value: Gain::to_bits(high) };
        let place = (address::CH0_CFG..).step_by(address::CHANNEL_STRIDE.into());
        let each = place.zip(CHANNEL_NAMES).zip(self.inputs).take(channels);
        let each = each.map(|((address, name), mux)| Write { address, name, value: mux as u16 });
        first.into_iter().chain((channels > 4).then_some(second)).chain(each).collect()
    }

    /// The gain of a channel that the part has.
    #[must_use]
    pub fn gain(&self, channel: usize) -> Option<Gain> {
        self.gains.get(..self.part.channels())?.get(channel).copied()
    }

    /// Volts for one step of a channel's code: 1.2 V / gain / 2^23 (SBAS950, section 8.5.1.9). `None` when there is no such
    /// channel.
    #[must_use]
    pub fn volts_per_code(&self, channel: usize) -> Option<f64> {
        Some(VREF / f64::from(self.gain(channel)?.factor()) / (f64::from(frame::CODE_MAX) + 1.0))
    }

    /// The test level of a channel, which is the same code at every gain.
    #[must_use]
    pub fn test_signal(&self, channel: usize) -> Option<TestSignal> {
        let volts = TEST_VOLTS / f64::from(self.gain(channel)?.factor());
        let sign = if channel.is_multiple_of(2) { 1.0 } else { -1.0 };
        let amplitude = sign * volts / self.volts_per_code(channel)?;
        Some(TestSignal { amplitude, period: 0, tolerance: TEST_TOLERANCE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_those_of_the_datasheet() {
        let settings = Settings::new(Part::M04).with_gain(Gain::X32).with_input(Input::TestSignal);
        let writes: std::vec::Vec<(u8, u16)> = settings.writes().iter().map(|w| (w.address, w.value)).collect();
        assert_eq!(writes, [(2, 0x1110), (3, 0x0F96), (4, 0x5555), (0x09, 2), (0x0E, 3), (0x13, 2), (0x18, 3)]);
        assert_eq!(Settings::new(Part::M08).writes().len(), MAX_WRITES);
    }

    #[test]
    fn a_channel_may_have_a_gain_of_its_own() {
        let mut settings = Settings { own_gain: 0b0100_0010, ..Settings::new(Part::M08) };
        (settings.gains[1], settings.gains[6]) = (Gain::X128, Gain::X8);
        let settings = settings.with_gain(Gain::X2);
        let value = |name: &str| settings.writes().iter().find(|w| w.name == name).map(|w| w.value);
        // Codes 1, 7, 1, 1 and 1, 1, 3, 1 in nibbles, the first channel lowest (SBAS950, GAIN1 and GAIN2).
        assert_eq!((value("GAIN1"), value("GAIN2")), (Some(0x1171), Some(0x1311)));
        let step = |channel| settings.volts_per_code(channel).unwrap();
        assert_eq!((step(0) / step(1), step(0) / step(6)), (64.0, 4.0));
    }

    #[test]
    fn the_lsb_and_the_test_level_are_those_of_the_datasheet() {
        let settings = Settings::new(Part::M04).with_gain(Gain::X128);
        assert!((settings.volts_per_code(3).unwrap() * 1e9 - 1.117_587).abs() < 1e-5);
        assert_eq!(settings.volts_per_code(4), None);
        assert_eq!(settings.test_signal(0).unwrap().amplitude.round(), 1_118_481.0);
        assert_eq!(settings.test_signal(1).unwrap().amplitude.round(), -1_118_481.0);
    }
}
