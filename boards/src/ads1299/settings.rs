//! How an ADS1299 is set up: all registers that can be written, as one description.
//!
//! A `Settings` can only hold what the chip knows. Must never know of SPI or boards.

use super::registers::{
    COUNT, Channel, Config1, Config2, Config3, Config4, DataRate, Gain, Gpio, LeadOff, LeadOffCurrent,
    LeadOffFrequency, Misc1, Mux, REGISTERS, TestFrequency, address,
};
use super::{CHANNELS, VREF, frame::StatusCheck, volts_per_code};
use crate::adc::{Input, TestSignal};
use crate::self_test::AMPLITUDE_TOLERANCE;

/// Channels of a frame behind those of the chip: electrodes off on the positive side, and on the negative side.
pub const LEAD_OFF_CHANNELS: usize = 2;

/// The registers that can be written, and what frames hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// Rate of frames.
    pub config1: Config1,
    /// Test signal.
    pub config2: Config2,
    /// Reference and bias.
    pub config3: Config3,
    /// Lead-off detection.
    pub lead_off: LeadOff,
    /// Each channel.
    pub channels: [Channel; CHANNELS],
    /// Channels (a bit each) whose gain stays as it is in `channels` when a gain is chosen for all.
    pub own_gain: u8,
    /// Frames have two more channels: the electrodes that are off on the positive and on the negative side, a bit each.
    pub lead_off_channels: bool,
    /// Channels whose positive side goes into the bias.
    pub bias_positive: u8,
    /// Channels whose negative side goes into the bias.
    pub bias_negative: u8,
    /// Channels whose positive lead is watched.
    pub lead_off_positive: u8,
    /// Channels whose negative lead is watched.
    pub lead_off_negative: u8,
    /// Channels whose lead-off current is turned round.
    pub lead_off_flip: u8,
    /// The chip's own pins.
    pub gpio: Gpio,
    /// SRB1.
    pub misc1: Misc1,
    /// Single shot and comparators.
    pub config4: Config4,
}

impl Settings {
    /// The chip's reset values with the reference switched on and all channels at their pins: a chip that measures.
    pub const DEFAULT: Self = Self {
        config1: Config1 { multiple_readback: false, clock_output: false, rate: DataRate::Sps250 },
        config2: Config2 { internal_test: false, double_amplitude: false, frequency: TestFrequency::Slow },
        config3: Config3 {
            reference: true,
            bias_measurement: false,
            bias_reference_internal: false,
            bias: false,
            bias_lead_off: false,
        },
        lead_off: LeadOff { threshold: 0, current: LeadOffCurrent::Na6, frequency: LeadOffFrequency::Dc },
        channels: [Channel { power_down: false, gain: Gain::X24, srb2: false, mux: Mux::Normal }; CHANNELS],
        own_gain: 0,
        lead_off_channels: false,
        bias_positive: 0,
        bias_negative: 0,
        lead_off_positive: 0,
        lead_off_negative: 0,
        lead_off_flip: 0,
        gpio: Gpio { data: 0, inputs: 0b1111 },
        misc1: Misc1 { srb1: false },
        config4: Config4 { single_shot: false, lead_off_comparators: false },
    };

    /// At another rate.
    #[must_use]
    pub const fn with_rate(mut self, rate: DataRate) -> Self {
        self.config1.rate = rate;
        self
    }

    /// With all channels at one gain, but for those that have their [own](Self::own_gain).
    #[must_use]
    pub fn with_gain(mut self, gain: Gain) -> Self {
        for (place, channel) in self.channels.iter_mut().enumerate() {
            if self.own_gain >> place & 1 == 0 {
                channel.gain = gain;
            }
        }
        self
    }

    /// With lead-off detection: the comparators on, and the electrodes of these channels (a bit each) watched on their
    /// positive and negative sides (SBAS499, lead-off detection). The bits are in every frame's
    /// [`FrameStatus`](crate::adc::FrameStatus).
    ///
    /// ```
    /// use axismirror_boards::ads1299::{Settings, registers::{LeadOff, LeadOffCurrent, LeadOffFrequency}};
    /// let how = LeadOff { threshold: 0, current: LeadOffCurrent::Na6, frequency: LeadOffFrequency::Dc };
    /// let image = Settings::DEFAULT.with_lead_off(how, 0xFF, 0x01).image();
    /// assert_eq!((image[0x04], image[0x0F], image[0x10], image[0x17]), (0x00, 0xFF, 0x01, 0x02));
    /// ```
    #[must_use]
    pub const fn with_lead_off(mut self, how: LeadOff, positive: u8, negative: u8) -> Self {
        self.lead_off = how;
        self.lead_off_positive = positive;
        self.lead_off_negative = negative;
        self.config4.lead_off_comparators = positive | negative != 0;
        self
    }

    /// Channels of a frame: those of the chip, and two for lead-off when they were asked for.
    #[must_use]
    pub const fn frame_channels(&self) -> usize {
        if self.lead_off_channels { CHANNELS + LEAD_OFF_CHANNELS } else { CHANNELS }
    }

    /// With all channels at one input. The test signal is the internal one, single amplitude, fCLK / 2^21.
    #[must_use]
    pub fn with_input(mut self, input: Input) -> Self {
        let mux = match input {
            Input::Normal => Mux::Normal,
            Input::Shorted => Mux::Shorted,
            Input::TestSignal => Mux::TestSignal,
        };
        for channel in &mut self.channels {
            channel.mux = mux;
        }
        if input == Input::TestSignal {
            self.config2 = Config2 { internal_test: true, double_amplitude: false, frequency: TestFrequency::Slow };
        }
        self
    }

    /// The registers by address. Those that cannot be written have their reset values.
    #[must_use]
    pub fn image(&self) -> [u8; COUNT] {
        let mut image = REGISTERS.map(|r| r.reset);
        let mut put = |at: u8, byte: u8| {
            if let Some(register) = image.get_mut(usize::from(at)) {
                *register = byte;
            }
        };
        put(address::CONFIG1, self.config1.to_byte());
        put(address::CONFIG2, self.config2.to_byte());
        put(address::CONFIG3, self.config3.to_byte());
        put(address::LOFF, self.lead_off.to_byte());
        for (at, channel) in (address::CH1SET..).zip(&self.channels) {
            put(at, channel.to_byte());
        }
        put(address::BIAS_SENSP, self.bias_positive);
        put(address::BIAS_SENSN, self.bias_negative);
        put(address::LOFF_SENSP, self.lead_off_positive);
        put(address::LOFF_SENSN, self.lead_off_negative);
        put(address::LOFF_FLIP, self.lead_off_flip);
        put(address::GPIO, self.gpio.to_byte());
        put(address::MISC1, self.misc1.to_byte());
        put(address::CONFIG4, self.config4.to_byte());
        image
    }

    /// What is known of the status word of every frame.
    #[must_use]
    pub const fn status_check(&self) -> StatusCheck {
        StatusCheck::new(self.config4.lead_off_comparators, self.gpio)
    }

    /// Volts for one step of a channel's code. `None` when there is no such channel.
    #[must_use]
    pub fn volts_per_code(&self, channel: usize) -> Option<f64> {
        Some(volts_per_code(VREF, self.channels.get(channel)?.gain))
    }

    /// What the internal test signal looks like on a channel. `None` when there is no such channel.
    #[must_use]
    pub fn test_signal(&self, channel: usize) -> Option<TestSignal> {
        let test = self.with_input(Input::TestSignal);
        let period = test.config2.frequency.period_clocks()? / test.config1.rate.clocks();
        let amplitude = test.config2.amplitude(VREF) / self.volts_per_code(channel)?;
        Some(TestSignal { amplitude, period, tolerance: AMPLITUDE_TOLERANCE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lsb_is_that_of_the_datasheet() {
        let at = |gain| Settings::DEFAULT.with_gain(gain).volts_per_code(0).unwrap();
        assert!((at(Gain::X1) * 1e6 - 0.536_44).abs() < 5e-6);
        assert!((at(Gain::X24) * 1e9 - 22.352).abs() < 5e-4);
        assert_eq!(Settings::DEFAULT.volts_per_code(8), None);
    }

    #[test]
    fn the_test_signal_is_that_of_the_datasheet() {
        let at = |gain| Settings::DEFAULT.with_gain(gain).test_signal(7).unwrap();
        assert_eq!((at(Gain::X1).amplitude as i32, at(Gain::X1).period), (3495, 256));
        assert_eq!((at(Gain::X24).amplitude as i32, at(Gain::X24).period), (83886, 256));
        let fast = Settings::DEFAULT.with_rate(DataRate::Sps16000).test_signal(0).unwrap();
        assert_eq!(fast.period, 16384);
    }

    #[test]
    fn a_channel_may_have_a_gain_of_its_own() {
        let mut settings = Settings { own_gain: 0b100, ..Settings::DEFAULT };
        settings.channels[2].gain = Gain::X6;
        let gains = settings.with_gain(Gain::X2).channels.map(|c| c.gain.factor());
        assert_eq!(gains, [2, 2, 6, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn the_image_has_each_register_at_its_address() {
        let image = Settings::DEFAULT.with_input(Input::TestSignal).image();
        assert_eq!(image[..5], [0x3E, 0x96, 0xD0, 0xE0, 0x00]);
        assert_eq!(image[5..13], [0x65; 8]);
        assert_eq!(image[13..], [0, 0, 0, 0, 0, 0, 0, 0x0F, 0, 0, 0]);
    }
}
