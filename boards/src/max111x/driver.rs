//! The MAX1110 and MAX1111 over embedded-hal's SPI.
//!
//! SPI mode 0, most significant bit first, 50 to 500 kHz (19-1194, external clock mode). Must never know of boards, of clocks,
//! or of who calls.
//!
//! A start bit is taken as such when chip-select was high before: a frame is one transaction of three bytes for each
//! channel, and its samples are so far apart as these take. A failure in one of them is a failure of the frame.

use embedded_hal::spi::SpiDevice;

use super::frame::{self, BYTES};
use super::{Settings, volts_per_code};
use crate::adc::{Adc, AdcError, Codes, FrameStatus, Input, TestSignal};

/// A MAX1110 or MAX1111 behind an SPI device.
#[derive(Debug)]
pub struct Max111x<SPI> {
    spi: SPI,
    settings: Settings,
    vref: f64,
    rate: f64,
    input: Input,
}

impl<SPI: SpiDevice> Max111x<SPI> {
    /// A driver at a reference in volts, read `rate` times in a second by whoever calls. The chip has no other input than
    /// its pins: another one is refused by [`Adc::initialise`].
    pub const fn new(spi: SPI, settings: Settings, vref: f64, rate: f64, input: Input) -> Self {
        Self { spi, settings, vref, rate, input }
    }

    /// Gives back the SPI device.
    pub fn release(self) -> SPI {
        self.spi
    }
}

impl<SPI: SpiDevice> Adc for Max111x<SPI> {
    type BusError = SPI::Error;

    fn name(&self) -> &'static str {
        self.settings.part.name()
    }

    fn channels(&self) -> usize {
        self.settings.scan().channels()
    }

    fn rate(&self) -> f64 {
        self.rate
    }

    fn gain(&self, channel: usize) -> Option<u8> {
        self.settings.pair(channel).map(|_| 1)
    }

    fn code_range(&self) -> (i32, i32) {
        self.settings.code_range()
    }

    fn volts_per_code(&self, channel: usize) -> Option<f64> {
        self.settings.pair(channel).map(|_| volts_per_code(self.vref))
    }

    /// There is nothing to set up, and nothing that tells whether a chip is there: the first frames do, by their zero bits.
    fn initialise(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.set_input(self.input)
    }

    fn start(&mut self) -> Result<(), AdcError<SPI::Error>> {
        Ok(())
    }

    fn stop(&mut self) -> Result<(), AdcError<SPI::Error>> {
        Ok(())
    }

    /// One transaction for each channel. [`AdcError::BadStatus`] when the bits around a result are not zero: that is a line that
    /// nobody drives. A line that is stuck low cannot be told from 0 V.
    fn read_frame<C: Codes + ?Sized>(&mut self, codes: &mut C) -> Result<FrameStatus, AdcError<SPI::Error>> {
        let pairs = self.settings.scan().pairs();
        if codes.channels() != pairs.len() {
            return Err(AdcError::FrameBuffer { channels: pairs.len(), given: codes.channels() });
        }
        for (channel, pair) in pairs.iter().enumerate() {
            // The settings hold only what the chip can measure.
            let control = frame::control(self.settings.part, *pair, self.settings.bipolar).unwrap_or_default();
            let mut bytes: [u8; BYTES] = [control, 0, 0];
            self.spi.transfer_in_place(&mut bytes)?;
            let (value, zero) = frame::decode(bytes, self.settings.bipolar);
            if !zero {
                return Err(AdcError::BadStatus { bytes });
            }
            codes.set(channel, value);
        }
        Ok(FrameStatus::default())
    }

    fn set_input(&mut self, input: Input) -> Result<(), AdcError<SPI::Error>> {
        match input {
            Input::Normal => Ok(()),
            Input::Shorted => Err(AdcError::Unsupported { what: "shorted input" }),
            Input::TestSignal => Err(AdcError::Unsupported { what: "test signal" }),
        }
    }

    fn test_signal(&self, _channel: usize) -> Option<TestSignal> {
        None
    }
}
