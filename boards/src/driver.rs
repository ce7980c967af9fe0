//! A driver for any chip that a board can have, over one kind of SPI device.
//!
//! One enum instead of a box: a board's chips sit in an array without an allocator. Each new chip adds a variant here
//! and in [`crate::board::ChipKind`].

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::SpiDevice;

use crate::adc::{Adc, AdcError, FrameStatus, Input, TestSignal};
use crate::ads131m0x::Ads131m0x;
use crate::ads1256::Ads1256;
use crate::ads1299::Ads1299;
use crate::max111x::Max111x;
use crate::mcp320x::Mcp320x;

/// The driver of a chip.
#[derive(Debug)]
pub enum Driver<SPI, D> {
    /// ADS1299
    Ads1299(Ads1299<SPI, D>),
    /// ADS1256
    Ads1256(Ads1256<SPI, D>),
    /// ADS131M04, ADS131M08
    Ads131m0x(Ads131m0x<SPI, D>),
    /// MAX1110, MAX1111
    Max111x(Max111x<SPI>),
    /// MCP3008, MCP3208
    Mcp320x(Mcp320x<SPI>),
}

macro_rules! each {
    ($driver:expr, $chip:ident => $what:expr) => {
        match $driver {
            Driver::Ads1299($chip) => $what,
            Driver::Ads1256($chip) => $what,
            Driver::Ads131m0x($chip) => $what,
            Driver::Max111x($chip) => $what,
            Driver::Mcp320x($chip) => $what,
        }
    };
}

impl<SPI: SpiDevice, D: DelayNs> Adc for Driver<SPI, D> {
    type BusError = SPI::Error;

    fn name(&self) -> &'static str {
        each!(self, chip => chip.name())
    }

    fn channels(&self) -> usize {
        each!(self, chip => chip.channels())
    }

    fn conversions_per_frame(&self) -> usize {
        each!(self, chip => chip.conversions_per_frame())
    }

    fn rate(&self) -> f64 {
        each!(self, chip => chip.rate())
    }

    fn gain(&self, channel: usize) -> Option<u8> {
        each!(self, chip => chip.gain(channel))
    }

    fn code_range(&self) -> (i32, i32) {
        each!(self, chip => chip.code_range())
    }

    fn volts_per_code(&self, channel: usize) -> Option<f64> {
        each!(self, chip => chip.volts_per_code(channel))
    }

    fn initialise(&mut self) -> Result<(), AdcError<SPI::Error>> {
        each!(self, chip => chip.initialise())
    }

    fn start(&mut self) -> Result<(), AdcError<SPI::Error>> {
        each!(self, chip => chip.start())
    }

    fn stop(&mut self) -> Result<(), AdcError<SPI::Error>> {
        each!(self, chip => chip.stop())
    }

    fn read_frame(&mut self, codes: &mut [i32]) -> Result<FrameStatus, AdcError<SPI::Error>> {
        each!(self, chip => chip.read_frame(codes))
    }

    fn queues_frames(&self) -> bool {
        each!(self, chip => chip.queues_frames())
    }

    fn skip_unread(&mut self) {
        each!(self, chip => chip.skip_unread());
    }

    fn set_input(&mut self, input: Input) -> Result<(), AdcError<SPI::Error>> {
        each!(self, chip => chip.set_input(input))
    }

    fn test_signal(&self, channel: usize) -> Option<TestSignal> {
        each!(self, chip => chip.test_signal(channel))
    }
}
