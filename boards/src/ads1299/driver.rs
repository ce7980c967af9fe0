//! The ADS1299 over embedded-hal's SPI and delay.
//!
//! SPI mode 1 (CPOL 0, CPHA 1), most significant bit first, at most 20 MHz (SBAS499, SPI timing). Must never know of
//! boards, of DRDY, or of who calls.
//!
//! The chip takes 4 tCLK (1.95 us) to decode each byte of a command, and wants its select to stay low so long after
//! the last one. Each byte of a command is therefore an operation of its own with a pause behind it, all within one
//! transaction: right at any SPI speed. Frames are not commands and go in one transfer without pauses.

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{Operation, SpiDevice};
use heapless::Vec;

use super::registers::{COUNT, Id, REGISTERS, address};
use super::{ADDRESS_MASK, CHANNELS, Command, READ_REGISTERS, REFERENCE_SETTLING_MS, Settings, WRITE_REGISTERS, frame};
use crate::adc::{Adc, AdcError, Codes, FrameStatus, Input, TestSignal};

/// The internal oscillator is within 2.5 % of 2.048 MHz over temperature (SBAS499, electrical characteristics, clock);
/// all pauses below are so much longer than at its nominal frequency.
mod pause {
    /// 4 tCLK behind each byte of a command.
    pub(super) const DECODE_NS: u32 = 2_100;
    /// 2^18 tCLK from power-up to the first command.
    pub(super) const POWER_UP_MS: u32 = 132;
    /// 18 tCLK behind a reset.
    pub(super) const RESET_US: u32 = 10;
}

/// Opcode and count, then all registers.
const COMMAND_BYTES: usize = 2 + COUNT;

/// An ADS1299 behind an SPI device (bus and chip-select).
#[derive(Debug)]
pub struct Ads1299<SPI, D> {
    spi: SPI,
    delay: D,
    settings: Settings,
}

impl<SPI: SpiDevice, D: DelayNs> Ads1299<SPI, D> {
    /// A driver that has not spoken to its chip yet.
    pub const fn new(spi: SPI, delay: D, settings: Settings) -> Self {
        Self { spi, delay, settings }
    }

    /// How the chip is, or is to be, set up.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Gives back SPI and delay.
    pub fn release(self) -> (SPI, D) {
        (self.spi, self.delay)
    }

    /// Sends a one-byte command.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    pub fn command(&mut self, command: Command) -> Result<(), AdcError<SPI::Error>> {
        Ok(self.spi.transaction(&mut [Operation::Write(&[command as u8]), Operation::DelayNs(pause::DECODE_NS)])?)
    }

    /// Reads registers from `first` on. The chip must not be in RDATAC.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    pub fn read_registers(&mut self, first: u8, values: &mut [u8]) -> Result<(), AdcError<SPI::Error>> {
        let header = header(READ_REGISTERS, first, values.len());
        let mut operations: Vec<Operation<'_, u8>, { 2 * COMMAND_BYTES }> = Vec::new();
        // Neither push can fail: `values` beyond the last register are not asked for.
        for byte in header.chunks(1) {
            let _ = operations.push(Operation::Write(byte));
            let _ = operations.push(Operation::DelayNs(pause::DECODE_NS));
        }
        for byte in values.chunks_mut(1).take(COUNT) {
            let _ = operations.push(Operation::Read(byte));
            let _ = operations.push(Operation::DelayNs(pause::DECODE_NS));
        }
        Ok(self.spi.transaction(&mut operations)?)
    }

    /// Writes registers from `first` on. The chip must not be in RDATAC, where it would ignore this.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    pub fn write_registers(&mut self, first: u8, values: &[u8]) -> Result<(), AdcError<SPI::Error>> {
        let header = header(WRITE_REGISTERS, first, values.len());
        let mut operations: Vec<Operation<'_, u8>, { 2 * COMMAND_BYTES }> = Vec::new();
        for byte in header.chunks(1).chain(values.chunks(1).take(COUNT)) {
            let _ = operations.push(Operation::Write(byte));
            let _ = operations.push(Operation::DelayNs(pause::DECODE_NS));
        }
        Ok(self.spi.transaction(&mut operations)?)
    }

    /// The ID register. The chip must not be in RDATAC.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    pub fn id(&mut self) -> Result<Id, AdcError<SPI::Error>> {
        let mut id = [0];
        self.read_registers(address::ID, &mut id)?;
        Ok(Id(id[0]))
    }

    /// Stops the chip, sets it up anew and reads back what was written.
    ///
    /// # Errors
    /// [`AdcError::Bus`], [`AdcError::ReadBack`].
    pub fn configure(&mut self, settings: Settings) -> Result<(), AdcError<SPI::Error>> {
        self.settings = settings;
        self.stop()?;
        self.write_settings()
    }

    /// Writes all registers in two runs, around the read-only LOFF_STATP and LOFF_STATN, and reads them back.
    fn write_settings(&mut self) -> Result<(), AdcError<SPI::Error>> {
        let image = self.settings.image();
        for run in [address::CONFIG1..=address::LOFF_FLIP, address::GPIO..=address::CONFIG4] {
            let first = *run.start();
            let values = image.get(usize::from(first)..=usize::from(*run.end())).unwrap_or_default();
            self.write_registers(first, values)?;
        }
        let mut read = [0; COUNT];
        self.read_registers(address::ID, &mut read)?;
        for ((register, wrote), read) in REGISTERS.iter().zip(image).zip(read) {
            // Data bits of GPIO pins that are inputs show the pins, not what was written.
            let judged = if register.name == "GPIO" { !(self.settings.gpio.inputs << 4) } else { register.writable };
            if (wrote ^ read) & judged != 0 {
                return Err(AdcError::ReadBack { register: register.name, wrote: wrote.into(), read: read.into() });
            }
        }
        Ok(())
    }
}

/// Opcode with address, and count - 1.
fn header(opcode: u8, first: u8, count: usize) -> [u8; 2] {
    let count = count.clamp(1, COUNT) as u8;
    [opcode | first & ADDRESS_MASK, count - 1]
}

impl<SPI: SpiDevice, D: DelayNs> Adc for Ads1299<SPI, D> {
    type BusError = SPI::Error;

    fn name(&self) -> &'static str {
        "ADS1299"
    }

    fn channels(&self) -> usize {
        self.settings.frame_channels()
    }

    fn rate(&self) -> f64 {
        f64::from(self.settings.config1.rate.hz())
    }

    fn gain(&self, channel: usize) -> Option<u8> {
        Some(self.settings.channels.get(channel)?.gain.factor())
    }

    fn code_range(&self) -> (i32, i32) {
        (frame::CODE_MIN, frame::CODE_MAX)
    }

    /// Of the channels for lead-off 1: their codes are no volts.
    fn volts_per_code(&self, channel: usize) -> Option<f64> {
        let bits = (CHANNELS..self.settings.frame_channels()).contains(&channel);
        if bits { Some(1.0) } else { self.settings.volts_per_code(channel) }
    }

    /// The sequence of SBAS499, section 11.1: power-up time, RESET, SDATAC, ID, reference, configuration, read-back.
    fn initialise(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.delay.delay_ms(pause::POWER_UP_MS);
        self.command(Command::Reset)?;
        self.delay.delay_us(pause::RESET_US);
        self.command(Command::StopReadingContinuously)?;
        let id = self.id()?;
        if id.channels() != Some(CHANNELS) {
            return Err(AdcError::WrongId {
                chip: self.name(),
                found: id.0.into(),
                expected: Id::EIGHT_CHANNELS.into(),
                mask: Id::MASK.into(),
            });
        }
        self.write_registers(address::CONFIG3, &[self.settings.config3.to_byte()])?;
        self.delay.delay_ms(REFERENCE_SETTLING_MS);
        self.write_settings()
    }

    fn start(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.command(Command::ReadContinuously)?;
        self.command(Command::Start)
    }

    fn stop(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.command(Command::StopReadingContinuously)?;
        self.command(Command::Stop)
    }

    fn read_frame<C: Codes + ?Sized>(&mut self, codes: &mut C) -> Result<FrameStatus, AdcError<SPI::Error>> {
        let (given, channels) = (codes.channels(), self.settings.frame_channels());
        if given != channels {
            return Err(AdcError::FrameBuffer { channels, given });
        }
        // Zeros go out, which are no command: the chip listens while it sends.
        let mut bytes = [0; frame::FRAME_BYTES];
        self.spi.transfer_in_place(&mut bytes)?;
        let word = frame::decode(&bytes, codes);
        if self.settings.status_check().accepts(word) {
            let status = word.status();
            // Where these channels were not asked for, nothing is set.
            codes.set(CHANNELS, status.lead_off_positive as i32);
            codes.set(CHANNELS + 1, status.lead_off_negative as i32);
            Ok(status)
        } else {
            Err(AdcError::BadStatus { bytes: word.to_bytes() })
        }
    }

    fn set_input(&mut self, input: Input) -> Result<(), AdcError<SPI::Error>> {
        self.configure(self.settings.with_input(input))
    }

    fn test_signal(&self, channel: usize) -> Option<TestSignal> {
        self.settings.test_signal(channel)
    }
}
