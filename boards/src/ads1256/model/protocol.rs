//! The chip's serial interface: commands in, results and registers out, byte by byte (SBAS288, command definitions).
//!
//! Must never know what a sample is worth.

use super::{Model, sent};
use crate::ads1256::registers::{COUNT, Status, address};
use crate::ads1256::{Command, DATA_CLOCKS, READ_REGISTERS, SYNC_CLOCKS, WRITE_REGISTERS};
use crate::sim::fault::{self, Fault};

/// Where in a command the host is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parser {
    /// Between commands.
    Opcode,
    /// Not before this tCLK the chip understands a command; SYNC goes before.
    Synchronising { until: u64 },
    /// The opcode of WREG or RREG came, the count is due.
    Count { write: bool, address: u8 },
    /// Registers to come.
    Write { address: u8, left: u8 },
    /// Data to go: the host's bytes mean nothing.
    Sending { left: u8 },
}

/// What the chip shifts out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// Nothing: nobody drives the line.
    Nothing,
    /// The result, good from a tCLK on.
    Result { bytes: [u8; 3], position: u8, from: u64 },
    /// Registers from this one on, good from a tCLK on.
    Registers { address: u8, from: u64 },
}

impl Model<'_> {
    /// Chip-select falls or rises.
    pub(super) fn begin(&mut self) {
        self.parser = Parser::Opcode;
        self.reply = Reply::Nothing;
    }

    /// Eight clocks, before anything on the wires goes wrong.
    pub(super) fn exchange(&mut self, mosi: u8) -> u8 {
        let now = self.clocks();
        if now < self.deaf_until {
            return 0xFF;
        }
        let miso = self.shift_out(now);
        self.shift_in(mosi, now);
        miso
    }

    /// Data that are asked for before their time are not there yet.
    fn on_time(&mut self, byte: u8, now: u64, from: u64) -> u8 {
        if now >= from {
            return byte;
        }
        self.dropped_commands += 1;
        0xFF
    }

    fn shift_out(&mut self, now: u64) -> u8 {
        match self.reply {
            Reply::Nothing => 0xFF,
            Reply::Result { bytes, position, from } => {
                self.reply = Reply::Result { bytes, position: position.saturating_add(1), from };
                let byte = bytes.get(usize::from(position)).copied().unwrap_or(0xFF);
                self.on_time(byte, now, from)
            }
            Reply::Registers { address, from } => {
                self.reply = Reply::Registers { address: address.wrapping_add(1), from };
                let byte = self.read_register(address);
                self.on_time(byte, now, from)
            }
        }
    }

    fn shift_in(&mut self, mosi: u8, now: u64) {
        self.parser = match self.parser {
            Parser::Synchronising { until } if now < until => {
                self.dropped_commands += 1;
                Parser::Synchronising { until }
            }
            Parser::Opcode | Parser::Synchronising { .. } => self.opcode(mosi, now),
            Parser::Count { write, address } => {
                let left = (mosi & 0x0F) + 1;
                if write {
                    Parser::Write { address, left }
                } else {
                    self.reply = Reply::Registers { address, from: now + u64::from(DATA_CLOCKS) };
                    Parser::Sending { left }
                }
            }
            Parser::Write { address, left } => {
                self.write_register(address, mosi);
                if left > 1 {
                    Parser::Write { address: address.wrapping_add(1), left: left - 1 }
                } else {
                    Parser::Opcode
                }
            }
            Parser::Sending { left } if left > 1 => Parser::Sending { left: left - 1 },
            Parser::Sending { .. } => {
                self.reply = Reply::Nothing;
                Parser::Opcode
            }
        };
    }

    fn opcode(&mut self, byte: u8, now: u64) -> Parser {
        if self.standby && Command::from_byte(byte) != Some(Command::Wakeup) {
            return Parser::Opcode;
        }
        match byte & 0xF0 {
            READ_REGISTERS => return Parser::Count { write: false, address: byte & 0x0F },
            WRITE_REGISTERS => return Parser::Count { write: true, address: byte & 0x0F },
            _ => {}
        }
        match Command::from_byte(byte) {
            Some(Command::Wakeup) => {
                let woken = core::mem::take(&mut self.standby);
                let synchronised = core::mem::take(&mut self.synchronising);
                if synchronised {
                    self.restart();
                } else if woken {
                    self.next = Some(now + self.settling());
                }
            }
            Some(Command::ReadData) => {
                self.ready = self.ready && self.next.is_none();
                let from = now + u64::from(DATA_CLOCKS);
                self.reply = Reply::Result { bytes: sent(self), position: 0, from };
                return Parser::Sending { left: 3 };
            }
            Some(Command::ReadContinuously) => self.continuous = true,
            Some(Command::StopReadingContinuously) => self.continuous = false,
            Some(Command::SelfCalibrate) => self.calibrate(now),
            Some(Command::Sync) => {
                self.synchronising = true;
                self.next = None;
                self.ready = false;
                return Parser::Synchronising { until: now + u64::from(SYNC_CLOCKS) };
            }
            Some(Command::Standby) => {
                self.standby = true;
                self.next = None;
                self.ready = false;
            }
            Some(Command::Reset) => self.reset(now),
            None => {}
        }
        Parser::Opcode
    }

    fn write_register(&mut self, at: u8, value: u8) {
        let Some(held) = self.registers.get_mut(usize::from(at)) else { return };
        let writable = match at {
            address::STATUS => 0x0E,
            address::ADCON => 0x7F,
            _ => 0xFF,
        };
        *held = *held & !writable | value & writable;
        self.scans.switched |= at == address::MUX;
    }

    fn read_register(&self, at: u8) -> u8 {
        let held = self.at(at % COUNT as u8);
        if at != address::STATUS {
            return held;
        }
        let (status_bit, _) = fault::flipped(&self.faults, self.frame_on_wire());
        let wrong = |f| if let Fault::WrongId(id) = f { Some(id) } else { None };
        let wrong = fault::pick(&self.faults, self.frame_on_wire(), wrong);
        let status = Status { not_ready: !self.ready, ..Status::from_byte(held) };
        let mut bytes = [wrong.map_or(status.to_byte(), |id| id << 4)];
        fault::flip(&mut bytes, status_bit);
        let [byte] = bytes;
        byte
    }
}
