//! The ADS131M04 and ADS131M08 over embedded-hal's SPI and delay.
//!
//! SPI mode 1, most significant bit first, at most 25 MHz (SBAS950, section 6.6). Must never know of boards, of DRDY, or of
//! who calls.
//!
//! Every exchange is a whole frame, as the chip wants it for a predictable DRDY (SBAS950, section 8.5.1.7), and every frame
//! that comes in is checked. A response belongs to the frame before: a command takes two. The chip keeps two
//! unread samples, the older of which comes first: at the start and after a pause the driver reads twice (section 8.5.1.9.1).

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::SpiDevice;

use super::frame::{self, MAX_BYTES, Mismatch, WORD_BYTES};
use super::registers::{Status, address};
use super::{Command, MAX_CHANNELS, Settings};
use crate::adc::{Adc, AdcError, Codes, FrameStatus, Input, TestSignal};

mod pause {
    /// From power-up until the chip listens: 250 us (SBAS950, section 6.7, tPOR), four times that.
    pub(super) const POWER_UP_MS: u32 = 1;
    /// Behind RESET: at least 5 us (SBAS950, section 6.7, tREGACQ; so the Linux driver), four times that.
    pub(super) const RESET_US: u32 = 20;
}

/// An ADS131M04 or ADS131M08 behind an SPI device (bus and chip-select).
#[derive(Debug)]
pub struct Ads131m0x<SPI, D> {
    spi: SPI,
    delay: D,
    settings: Settings,
    /// The chip may hold a sample that is older than the newest.
    stale: bool,
}

impl<SPI: SpiDevice, D: DelayNs> Ads131m0x<SPI, D> {
    /// A driver that has not spoken to its chip yet.
    pub const fn new(spi: SPI, delay: D, settings: Settings) -> Self {
        Self { spi, delay, settings, stale: true }
    }

    /// How the chip is, or is to be, set up.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Gives back SPI and delay.
    pub fn release(self) -> (SPI, D) {
        (self.spi, self.delay)
    }

    /// One frame: a command with a register's value, and the checksum of both, which the chip looks at when it was told to.
    fn exchange(&mut self, command: Command, value: Option<u16>) -> Result<[u8; MAX_BYTES], AdcError<SPI::Error>> {
        let mut bytes = [0; MAX_BYTES];
        let mut end = 0;
        for word in [Some(command.to_word()), value].into_iter().flatten() {
            put(&mut bytes, end, word);
            end += WORD_BYTES;
        }
        let checksum = frame::checksum(bytes.get(..end).unwrap_or_default());
        put(&mut bytes, end, checksum);
        let length = self.settings.part.frame_bytes();
        self.spi.transfer_in_place(bytes.get_mut(..length).unwrap_or_default())?;
        Ok(bytes)
    }

    /// The response in a frame, and its samples.
    fn decode<C: Codes + ?Sized>(&self, bytes: &[u8; MAX_BYTES], codes: &mut C) -> Result<u16, AdcError<SPI::Error>> {
        let bytes = bytes.get(..self.settings.part.frame_bytes()).unwrap_or_default();
        frame::decode(bytes, codes)
            .map_err(|Mismatch { received, computed }| AdcError::BadChecksum { received, computed })
    }

    /// Sends a command and fetches its response.
    ///
    /// # Errors
    /// [`AdcError::Bus`], [`AdcError::BadChecksum`].
    pub fn command(&mut self, command: Command, value: Option<u16>) -> Result<u16, AdcError<SPI::Error>> {
        self.exchange(command, value)?;
        let bytes = self.exchange(Command::Null, None)?;
        self.decode(&bytes, &mut [0; MAX_CHANNELS])
    }

    /// Reads a register.
    ///
    /// # Errors
    /// [`AdcError::Bus`], [`AdcError::BadChecksum`].
    pub fn read_register(&mut self, address: u8) -> Result<u16, AdcError<SPI::Error>> {
        self.command(Command::Read { address, count: 1 }, None)
    }

    /// RESET, and whether it is this chip that says that it did it.
    fn reset(&mut self) -> Result<(), AdcError<SPI::Error>> {
        let part = self.settings.part;
        self.exchange(Command::Reset, None)?;
        self.delay.delay_us(pause::RESET_US);
        let bytes = self.exchange(Command::Null, None)?;
        let found = frame::word_at(&bytes, 0);
        let wrong_id = |found| {
            Err(AdcError::WrongId { chip: part.name(), found, expected: u16::from(part.id()) << 8, mask: 0xFF00 })
        };
        // A line that nobody drives has no checksum that fits; and another member's frame is not as long.
        let sent = bytes.get(..part.frame_bytes()).unwrap_or_default();
        if sent.iter().all(|b| *b == 0x00) || sent.iter().all(|b| *b == 0xFF) {
            return wrong_id(found);
        }
        if found != part.reset_done() {
            // The answer to a RESET that was done names the chip; anything else is something else.
            let id = if found >> 8 == 0xFF { found << 8 } else { found };
            return wrong_id(id);
        }
        self.decode(&bytes, &mut [0; MAX_CHANNELS])?;
        let id = self.read_register(address::ID)?;
        if id >> 8 == u16::from(part.id()) { Ok(()) } else { wrong_id(id) }
    }

    /// Writes all registers; each is acknowledged and read back.
    fn configure(&mut self) -> Result<(), AdcError<SPI::Error>> {
        for write in self.settings.writes() {
            let (address, value) = (write.address, write.value);
            let read_back = |read| AdcError::ReadBack { register: write.name, wrote: value, read };
            let answer = self.command(Command::Write { address, count: 1 }, Some(value))?;
            let read = self.read_register(address)?;
            if read != value || answer != Command::written(address, 1) {
                return Err(read_back(read));
            }
        }
        Ok(())
    }
}

fn put(bytes: &mut [u8], at: usize, word: u16) {
    if let Some(place) = bytes.get_mut(at..at + WORD_BYTES) {
        place.copy_from_slice(&frame::word(word));
    }
}

impl<SPI: SpiDevice, D: DelayNs> Adc for Ads131m0x<SPI, D> {
    type BusError = SPI::Error;

    fn name(&self) -> &'static str {
        self.settings.part.name()
    }

    fn channels(&self) -> usize {
        self.settings.part.channels()
    }

    fn rate(&self) -> f64 {
        self.settings.oversampling.hz()
    }

    fn gain(&self, channel: usize) -> Option<u8> {
        self.settings.gain(channel).map(|gain| gain.factor())
    }

    fn code_range(&self) -> (i32, i32) {
        (frame::CODE_MIN, frame::CODE_MAX)
    }

    fn volts_per_code(&self, channel: usize) -> Option<f64> {
        self.settings.volts_per_code(channel)
    }

    fn initialise(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.delay.delay_ms(pause::POWER_UP_MS);
        self.reset()?;
        self.configure()?;
        self.stop()
    }

    fn start(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.stale = true;
        self.exchange(Command::Wakeup, None).map(|_| ())
    }

    fn stop(&mut self) -> Result<(), AdcError<SPI::Error>> {
        self.exchange(Command::Standby, None).map(|_| ())
    }

    /// One transfer; two at the start and after a pause. [`AdcError::BadStatus`] when the chip was reset in between, is
    /// locked, or did not understand the host.
    fn read_frame<C: Codes + ?Sized>(&mut self, codes: &mut C) -> Result<FrameStatus, AdcError<SPI::Error>> {
        let channels = self.channels();
        if codes.channels() != channels {
            return Err(AdcError::FrameBuffer { channels, given: codes.channels() });
        }
        let drained = self.stale;
        if self.stale {
            self.exchange(Command::Null, None)?;
            self.stale = false;
        }
        let bytes = self.exchange(Command::Null, None)?;
        let response = self.decode(&bytes, codes)?;
        let status = Status(response);
        if !status.is_sound() {
            return Err(AdcError::BadStatus { bytes: frame::word(response) });
        }
        // The second of two reads gets again what the first one got, where that was the newest.
        Ok(FrameStatus { repeated: status.ready() == 0 && !drained, ..FrameStatus::default() })
    }

    fn queues_frames(&self) -> bool {
        true
    }

    fn skip_unread(&mut self) {
        self.stale = true;
    }

    fn set_input(&mut self, input: Input) -> Result<(), AdcError<SPI::Error>> {
        self.settings = self.settings.with_input(input);
        self.initialise()
    }

    fn test_signal(&self, channel: usize) -> Option<TestSignal> {
        self.settings.test_signal(channel)
    }
}
