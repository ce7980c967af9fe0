//! The chip's serial interface: opcodes in, frames and registers out, byte by byte (SBAS499, SPI command definitions).
//!
//! Must never know what a sample is worth.

use super::Model;
use crate::ads1299::registers::{COUNT, REGISTERS};
use crate::ads1299::{ADDRESS_MASK, Command, DECODE_CLOCKS, READ_REGISTERS, RESET_CLOCKS, WRITE_REGISTERS};

/// Where in a command the host is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parser {
    /// Between commands.
    Opcode,
    /// The opcode of WREG or RREG came, the count is due. `deaf` while in RDATAC: the chip goes along and does nothing.
    Count { write: bool, address: u8, deaf: bool },
    /// Registers to come.
    Write { address: u8, left: u8, deaf: bool },
    /// Registers to go.
    Read { left: u8 },
    /// A byte came too fast; nothing is understood until chip-select rises.
    Lost,
}

/// What the chip shifts out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// Zeros.
    Nothing,
    /// The frame, from this byte on; then zeros, which is what a daisy chain's input pin reads when it is tied low.
    Frame { position: usize },
    /// Registers from this one on.
    Registers { address: u8 },
}

impl Model<'_> {
    /// Eight clocks, before anything on the wires goes wrong.
    pub(super) fn exchange(&mut self, mosi: u8) -> u8 {
        let now = self.clocks();
        if now < self.deaf_until {
            return 0;
        }
        self.ready = false;
        let miso = self.shift_out();
        self.shift_in(mosi, now);
        self.byte_clocks = now;
        miso
    }

    fn shift_out(&mut self) -> u8 {
        match self.reply {
            Reply::Nothing => 0,
            Reply::Frame { position } => {
                if position == 0 {
                    self.load_frame();
                }
                self.reply = Reply::Frame { position: position + 1 };
                self.frame.get(position).copied().unwrap_or_default()
            }
            Reply::Registers { address } => {
                self.reply = Reply::Registers { address: address.wrapping_add(1) };
                self.read_register(address)
            }
        }
    }

    fn shift_in(&mut self, mosi: u8, now: u64) {
        let too_fast = now - self.byte_clocks < u64::from(DECODE_CLOCKS);
        self.parser = match self.parser {
            Parser::Opcode => self.opcode(mosi),
            Parser::Lost => Parser::Lost,
            Parser::Count { .. } | Parser::Write { .. } if too_fast => {
                self.dropped_commands += 1;
                Parser::Lost
            }
            Parser::Count { write, address, deaf } => {
                let left = (mosi & ADDRESS_MASK) + 1;
                if write {
                    Parser::Write { address, left, deaf }
                } else {
                    if !deaf {
                        self.reply = Reply::Registers { address };
                    }
                    Parser::Read { left }
                }
            }
            Parser::Write { address, left, deaf } => {
                if !deaf {
                    self.write_register(address, mosi);
                }
                if left > 1 {
                    Parser::Write { address: address.wrapping_add(1), left: left - 1, deaf }
                } else {
                    Parser::Opcode
                }
            }
            Parser::Read { left } if left > 1 => Parser::Read { left: left - 1 },
            Parser::Read { .. } => {
                if matches!(self.reply, Reply::Registers { .. }) {
                    self.reply = Reply::Nothing;
                }
                Parser::Opcode
            }
        };
    }

    fn opcode(&mut self, byte: u8) -> Parser {
        if let Some(command) = Command::from_byte(byte) {
            self.command(command);
            return Parser::Opcode;
        }
        let write = match byte & !ADDRESS_MASK {
            READ_REGISTERS => false,
            WRITE_REGISTERS => true,
            // Zero, and everything that is no command.
            _ => return Parser::Opcode,
        };
        Parser::Count { write, address: byte & ADDRESS_MASK, deaf: self.continuous || self.standby }
    }

    fn command(&mut self, command: Command) {
        if self.standby && command != Command::Wakeup {
            return;
        }
        match command {
            Command::Wakeup => {
                if self.standby {
                    self.standby = false;
                    self.restart_filter();
                }
            }
            Command::Standby => {
                self.standby = true;
                self.next = None;
            }
            Command::Reset => {
                self.registers = [0; COUNT];
                for (register, map) in self.registers.iter_mut().zip(&REGISTERS) {
                    *register = map.reset;
                }
                self.reference_from = None;
                self.continuous = true;
                self.started = false;
                self.next = None;
                self.latest = None;
                self.reply = Reply::Nothing;
                self.deaf_until = self.clocks() + u64::from(RESET_CLOCKS);
            }
            Command::Start => {
                // While converting, START does nothing; in single shot it asks for the next conversion.
                if self.next.is_none() {
                    self.started = true;
                    self.restart_filter();
                }
            }
            Command::Stop => {
                self.started = false;
                self.next = None;
            }
            Command::ReadContinuously => self.continuous = true,
            Command::StopReadingContinuously => {
                self.continuous = false;
                self.reply = Reply::Nothing;
            }
            Command::ReadData => {
                if !self.continuous {
                    self.reply = Reply::Frame { position: 0 };
                }
            }
        }
    }
}
