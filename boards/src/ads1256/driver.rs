//! The ADS1256 over embedded-hal's SPI and delay.
//!
//! SPI mode 1, most significant bit first, at most 1.92 MHz (SBAS288, timing characteristics). Must never know of boards, of
//! DRDY, or of who calls.
//!
//! At each DRDY the driver holds the result, fetches it, and only then switches to the next input, all in one transaction
//! with the pauses that the chip wants:
//!
//! | bytes | what | what a host that is late finds |
//! |---|---|---|
//! | SYNC, WAKEUP | the result stays for t18: no update falls into the fetching | a newer result of the same input |
//! | RDATA and its 3 bytes | the result | a newer result of the same input |
//! | WREG MUX | the next input | DRDY may fall once more; the result is of no input, and is not fetched |
//! | SYNC, WAKEUP | DRDY high, the filter begins anew | |
//!
//! The datasheet's own cycle (SBAS288, settling time using the input multiplexer, steps 1 to 4) switches first and fetches
//! while the next conversion runs. That saves 36 us, and wants a host that has switched before the chip's next result (33 us at
//! 30000 SPS), which else is one of both inputs, and has fetched before the next input has settled (0.21 ms): nothing would
//! tell that it has not. Here no delay gives an input the result of another.
//!
//! The last conversion of a scan is followed by a look at STATUS and MUX: see [`frame::is_sound`].

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{Operation, SpiDevice};

use super::registers::{Status, address};
use super::settings::IMAGE;
use super::{Command, READ_REGISTERS, Settings, WRITE_REGISTERS, frame};
use crate::adc::{Adc, AdcError, FrameStatus, Input, TestSignal};

/// All pauses are a little longer than at 7.68 MHz.
mod pause {
    /// 4 tCLKIN behind WREG, RREG and WAKEUP.
    pub(super) const COMMAND_NS: u32 = 600;
    /// 24 tCLKIN behind SYNC.
    pub(super) const SYNC_NS: u32 = 3_200;
    /// 50 tCLKIN before data.
    pub(super) const DATA_NS: u32 = 6_600;
    /// Until the crystal swings, from power-up.
    pub(super) const POWER_UP_MS: u32 = 50;
    /// The calibration behind a reset, which has the chip at 30000 SPS.
    pub(super) const RESET_MS: u32 = 5;
}

/// An ADS1256 behind an SPI device (bus and chip-select).
#[derive(Debug)]
pub struct Ads1256<SPI, D> {
    spi: SPI,
    delay: D,
    settings: Settings,
    vref: f64,
    test_signal_asked: bool,
    /// The channel that is being converted.
    position: usize,
}

impl<SPI: SpiDevice, D: DelayNs> Ads1256<SPI, D> {
    /// A driver that has not spoken to its chip yet, at a reference in volts.
    pub const fn new(spi: SPI, delay: D, settings: Settings, vref: f64) -> Self {
        Self { spi, delay, settings, vref, test_signal_asked: false, position: 0 }
    }

    /// How the chip is, or is to be, set up.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Gives back SPI and delay.
    pub fn release(self) -> (SPI, D) {
        (self.spi, self.delay)
    }

    /// With an input that the chip may not have, which [`Adc::initialise`] then says.
    #[must_use]
    pub fn with_input(mut self, input: Input) -> Self {
        self.settings.shorted = input == Input::Shorted;
        self.test_signal_asked = input == Input::TestSignal;
        self
    }

    /// Sends a one-byte command.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    pub fn command(&mut self, command: Command) -> Result<(), AdcError<SPI::Error>> {
        Ok(self.spi.transaction(&mut [Operation::Write(&[command as u8]), Operation::DelayNs(pause::SYNC_NS)])?)
    }

    /// Reads registers from `first` on.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    pub fn read_registers(&mut self, first: u8, values: &mut [u8]) -> Result<(), AdcError<SPI::Error>> {
        let header = [READ_REGISTERS | first & 0x0F, values.len().saturating_sub(1) as u8];
        Ok(self.spi.transaction(&mut [
            Operation::Write(&header),
            Operation::DelayNs(pause::DATA_NS),
            Operation::Read(values),
            Operation::DelayNs(pause::COMMAND_NS),
        ])?)
    }

    fn identify(&mut self) -> Result<(), AdcError<SPI::Error>> {
        let mut status = [0];
        self.read_registers(address::STATUS, &mut status)?;
        let [status] = status;
        if Status::from_byte(status).id == Status::ID {
            return Ok(());
        }
        let (found, expected) = (status.into(), u16::from(Status::ID << 4));
        Err(AdcError::WrongId { chip: self.name(), found, expected, mask: 0xF0 })
    }

    fn write_settings(&mut self) -> Result<(), AdcError<SPI::Error>> {
        const NAMES: [&str; IMAGE] = ["STATUS", "MUX", "ADCON", "DRATE"];
        /// Bits that can be written.
        const MASKS: [u8; IMAGE] = [0x0E, 0xFF, 0x7F, 0xFF];
        let image = self.settings.image();
        let header = [WRITE_REGISTERS | address::STATUS, (IMAGE - 1) as u8];
        self.spi.transaction(&mut [
            Operation::Write(&header),
            Operation::Write(&image),
            Operation::DelayNs(pause::COMMAND_NS),
        ])?;
        let mut read = [0; IMAGE];
        self.read_registers(address::STATUS, &mut read)?;
        for (((register, mask), wrote), read) in NAMES.into_iter().zip(MASKS).zip(image).zip(read) {
            if (wrote ^ read) & mask != 0 {
                return Err(AdcError::ReadBack { register, wrote: wrote.into(), read: read.into() });
            }
        }
        Ok(())
    }
}

impl<SPI: SpiDevice, D: DelayNs> Adc for Ads1256<SPI, D> {
    type BusError = SPI::Error;

    fn name(&self) -> &'static str {
        "ADS1256"
    }

    fn channels(&self) -> usize {
        self.settings.scan().channels()
    }

    fn conversions_per_frame(&self) -> usize {
        self.channels()
    }

    fn rate(&self) -> f64 {
        self.settings.rate()
    }

    fn gain(&self, channel: usize) -> Option<u8> {
        self.settings.scan().pairs().get(channel).map(|_| self.settings.gain.factor())
    }

    fn code_range(&self) -> (i32, i32) {
        (frame::CODE_MIN, frame::CODE_MAX)
    }

    fn volts_per_code(&self, channel: usize) -> Option<f64> {
        self.settings.volts_per_code(self.vref, channel)
    }

    /// Reset, identity, registers with read-back, and a self-calibration, which rate and gain need (SBAS288, calibration).
    fn initialise(&mut self) -> Result<(), AdcError<SPI::Error>> {
        if self.test_signal_asked {
            return Err(AdcError::Unsupported { what: "test signal" });
        }
        self.delay.delay_ms(pause::POWER_UP_MS);
        // From standby and from continuous reading, where it may have been left, the chip would not hear the reset.
        self.command(Command::Wakeup)?;
        self.command(Command::StopReadingContinuously)?;
        self.command(Command::Reset)?;
        self.delay.delay_ms(pause::RESET_MS);
        self.identify()?;
        self.write_settings()?;
        self.command(Command::SelfCalibrate)?;
        self.delay.delay_ms(self.settings.data_rate().calibration_ms());
        self.stop()
    }

    /// Also ends a scan that failed and begins another one.
    fn start(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.position = 0;
        let switch = [WRITE_REGISTERS | address::MUX, 0, self.settings.mux(0)];
        Ok(self.spi.transaction(&mut [
            Operation::Write(&[Command::Wakeup as u8]),
            Operation::DelayNs(pause::COMMAND_NS),
            Operation::Write(&switch),
            Operation::DelayNs(pause::COMMAND_NS),
            Operation::Write(&[Command::Sync as u8]),
            Operation::DelayNs(pause::SYNC_NS),
            Operation::Write(&[Command::Wakeup as u8]),
            Operation::DelayNs(pause::COMMAND_NS),
        ])?)
    }

    fn stop(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.command(Command::Standby)
    }

    /// One conversion of the scan, and with the last one the check of the whole.
    fn read_frame(&mut self, codes: &mut [i32]) -> Result<FrameStatus, AdcError<SPI::Error>> {
        let channels = self.channels();
        let given = codes.len();
        if given != channels {
            return Err(AdcError::FrameBuffer { channels, given });
        }
        let channel = self.position;
        let next = if channel + 1 < channels { channel + 1 } else { 0 };
        let mux = self.settings.mux(next);
        let mut sample = [0; frame::SAMPLE_BYTES];
        self.spi.transaction(&mut [
            Operation::Write(&[Command::Sync as u8]),
            Operation::DelayNs(pause::SYNC_NS),
            Operation::Write(&[Command::Wakeup as u8]),
            Operation::DelayNs(pause::COMMAND_NS),
            Operation::Write(&[Command::ReadData as u8]),
            Operation::DelayNs(pause::DATA_NS),
            Operation::Read(&mut sample),
            Operation::DelayNs(pause::COMMAND_NS),
            Operation::Write(&[WRITE_REGISTERS | address::MUX, 0, mux]),
            Operation::DelayNs(pause::COMMAND_NS),
            Operation::Write(&[Command::Sync as u8]),
            Operation::DelayNs(pause::SYNC_NS),
            Operation::Write(&[Command::Wakeup as u8]),
            Operation::DelayNs(pause::COMMAND_NS),
        ])?;
        self.position = next;
        if let Some(code) = codes.get_mut(channel) {
            *code = frame::decode_sample(sample);
        }
        if next == 0 {
            let mut read = [0; 2];
            self.read_registers(address::STATUS, &mut read)?;
            let [status, found] = read;
            if !frame::is_sound(status, found, mux) {
                return Err(AdcError::BadStatus { bytes: [status, found, 0] });
            }
        }
        Ok(FrameStatus::default())
    }

    fn set_input(&mut self, input: Input) -> Result<(), AdcError<SPI::Error>> {
        self.settings.shorted = input == Input::Shorted;
        self.test_signal_asked = input == Input::TestSignal;
        self.initialise()
    }

    fn test_signal(&self, _channel: usize) -> Option<TestSignal> {
        None
    }
}
