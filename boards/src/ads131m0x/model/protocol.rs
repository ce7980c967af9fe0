//! The chip's serial interface: frames in, frames out, each answered in the next (SBAS950, section 8.5.1).
//!
//! Must never know what a sample is worth.

use super::{Model, RESET_CLOCKS, Response};
use crate::ads131m0x::Command;
use crate::ads131m0x::frame::{self, WORD_BYTES};
use crate::ads131m0x::registers::{Mode, Status, address};
use crate::sim::fault::{self, Fault};

impl Model<'_> {
    /// Chip-select falls: the whole frame is ready to be shifted out.
    pub(super) fn begin_frame(&mut self) {
        self.selected = true;
        self.position = 0;
        self.received.clear();
        self.sent.clear();
        if self.clocks() < self.deaf_until {
            return;
        }
        let response = core::mem::replace(&mut self.response, Response::Status);
        match response {
            Response::Status => {
                let status = self.status();
                self.input_crc_error = false;
                self.frame_of_samples(status);
            }
            Response::Word(word) => self.frame_of_samples(word),
            Response::Registers { address, count } => {
                self.push(frame::word(Command::several(address, count)));
                for at in (address..).take(count.into()) {
                    self.push(frame::word(self.read_register(at)));
                }
            }
        }
        let checksum = frame::checksum(&self.sent);
        self.push(frame::word(checksum));
        self.flip_bits();
    }

    fn frame_of_samples(&mut self, response: u16) {
        self.push(frame::word(response));
        for code in self.samples().into_iter().take(self.part.channels()) {
            self.push(frame::encode_sample(code));
        }
    }

    fn push(&mut self, word: [u8; WORD_BYTES]) {
        // There is room for all registers at once.
        let _ = self.sent.extend_from_slice(&word);
    }

    /// What goes wrong on the wire, by the conversion that the frame holds.
    fn flip_bits(&mut self) {
        let index = self.fifo.front().or(self.latest.as_ref()).map_or(0, |c| c.index);
        let (status, data) = fault::flipped(&self.faults, index);
        if let Some((word, rest)) = self.sent.split_at_mut_checked(WORD_BYTES) {
            fault::flip(word.get_mut(..2).unwrap_or_default(), status);
            let samples = rest.len().saturating_sub(WORD_BYTES);
            fault::flip(rest.get_mut(..samples).unwrap_or_default(), data);
        }
    }

    /// Eight clocks, before anything on the wires goes wrong.
    pub(super) fn exchange(&mut self, mosi: u8) -> u8 {
        let miso = self.sent.get(self.position).copied().unwrap_or_default();
        self.position += 1;
        // What does not fit is behind everything that means something.
        let _ = self.received.push(mosi);
        if self.position == (1 + self.part.channels()) * WORD_BYTES && !self.sent.is_empty() {
            self.fifo.pop_front();
        }
        miso
    }

    /// Chip-select rises: what came in is carried out.
    pub(super) fn end_frame(&mut self) {
        self.selected = false;
        let now = self.clocks();
        if now < self.deaf_until || self.received.len() < WORD_BYTES {
            return;
        }
        let word = frame::word_at(&self.received, 0);
        let Some(command) = Command::from_word(word) else { return };
        let values = if let Command::Write { count, .. } = command { usize::from(count) } else { 0 };
        if Mode::from_bits(self.at(address::MODE)).input_crc {
            let end = (1 + values) * WORD_BYTES;
            let computed = frame::checksum(self.received.get(..end).unwrap_or_default());
            if computed != frame::word_at(&self.received, end) {
                self.input_crc_error = true;
                return;
            }
        }
        let allowed = matches!(command, Command::Null | Command::Unlock | Command::Read { .. });
        if self.locked && !allowed {
            return;
        }
        match command {
            Command::Null => {}
            Command::Reset if self.received.len() < self.part.frame_bytes() => {
                self.response = Response::Word(Command::Reset.to_word());
            }
            Command::Reset => {
                self.reset_registers();
                self.standby = false;
                self.input_crc_error = false;
                self.deaf_until = now + RESET_CLOCKS;
                self.restart_filter(self.deaf_until);
                self.response = Response::Word(0xFF00 | u16::from(self.id()));
            }
            Command::Standby => {
                self.standby = true;
                self.next = None;
                self.response = Response::Word(word);
            }
            Command::Wakeup => {
                self.standby = false;
                self.restart_filter(now);
                self.response = Response::Word(word);
            }
            Command::Lock | Command::Unlock => {
                self.locked = command == Command::Lock;
                self.response = Response::Word(word);
            }
            Command::Read { address, count: 1 } => self.response = Response::Word(self.read_register(address)),
            Command::Read { address, count } => {
                let count = count.min((super::REGISTERS as u8).saturating_sub(address));
                self.response = Response::Registers { address, count };
            }
            Command::Write { address, count } => {
                for (at, place) in (address..).zip(1..=values) {
                    let value = frame::word_at(&self.received, place * WORD_BYTES);
                    self.write_register(at, value);
                }
                self.response = Response::Word(Command::written(address, count));
            }
        }
    }

    fn write_register(&mut self, at: u8, value: u16) {
        match at {
            address::ID | address::STATUS | address::REGMAP_CRC => {}
            address::GAIN2 if self.part.channels() <= 4 => {}
            address::CLOCK => {
                let channels = (1_u16 << self.part.channels()) - 1;
                self.set(at, value & (channels << 8 | 0xFF));
                self.restart_filter(self.clocks());
            }
            _ => self.set(at, value),
        }
    }

    fn id(&self) -> u8 {
        let wrong = |f| if let Fault::WrongId(id) = f { Some(id) } else { None };
        fault::pick(&self.faults, self.frame_now(), wrong).unwrap_or(self.part.id())
    }

    fn read_register(&self, at: u8) -> u16 {
        match at {
            address::ID => u16::from(self.id()) << 8 | self.at(at) & 0xFF,
            address::STATUS => self.status(),
            _ => self.at(at),
        }
    }

    fn status(&self) -> u16 {
        let mode = self.at(address::MODE);
        let ready = if self.fifo.is_empty() { 0 } else { (1_u16 << self.part.channels()) - 1 };
        // Checksum type, reset and length of words sit where MODE has them.
        let from_mode = mode & (Status::ANSI_CRC | Status::WAS_RESET | 0b11 << 8);
        let locked = if self.locked { Status::LOCKED } else { 0 };
        let error = if self.input_crc_error { Status::INPUT_CRC_ERROR } else { 0 };
        locked | error | from_mode | ready
    }
}
