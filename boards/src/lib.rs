//! ADC drivers over embedded-hal, boards as data, and simulated ADCs that answer on the SPI level.
//!
//! | module | subject |
//! |---|---|
//! | [`adc`] | what every ADC driver offers, whatever the chip |
//! | [`ads1299`] | TI's ADS1299: registers, frames, driver, and a simulated chip |
//! | [`ads131m0x`] | TI's ADS131M04 and ADS131M08: registers, frames with checksum, driver, and a simulated chip |
//! | [`ads1256`] | TI's ADS1256: a scan of its inputs is a frame; registers, driver, and a simulated chip |
//! | [`max111x`] | Maxim's MAX1110 and MAX1111: frames, driver, and a simulated chip |
//! | [`mcp320x`] | Microchip's MCP3008 and MCP3208: frames, driver, and a simulated chip |
//! | [`scan`] | which pins a converter with a multiplexer measures |
//! | [`drdy`] | when a frame is due: a DRDY line or a clock |
//! | [`acquisition`] | DRDY to driver to sink, counting everything that goes wrong |
//! | [`self_test`] | judges the square wave that a chip makes for itself |
//! | [`board`], [`driver`] | boards as data, and the right driver for each of their chips |
//! | [`signal`] | what a simulated ADC measures |
//! | [`sim`] | a simulated board: chips, SPI, DRDY and time, with faults on request |
//!
//! Nothing here knows of files, threads or an operating system: the shell brings SPI, GPIO and clocks through
//! embedded-hal's traits and [`drdy::DataReady`].
//!
//! ```
//! use axismirror_boards::acquisition::{Acquisition, Frame, Limits, Sink, Step};
//! use axismirror_boards::{adc::{Codes, Input}, board::Board, drdy::NoPace, signal::Signal, sim};
//! use core::{cell::RefCell, convert::Infallible};
//!
//! struct Last {
//!     codes: [i32; 8],
//!     number: u64,
//! }
//! impl Sink for Last {
//!     type Error = Infallible;
//!     fn codes(&mut self) -> impl Codes + '_ {
//!         &mut self.codes
//!     }
//!     fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Infallible> {
//!         self.number = frame.number;
//!         Ok(())
//!     }
//! }
//!
//! let board = Board::find("pieeg8")?;
//! let world = RefCell::new(sim::SimBoard::new(board, sim::SimSettings::new(Signal::Counter)));
//! let mut adcs = sim::adcs(&world, board, 250.0, 24, Input::Normal)?;
//! let mut drdys = sim::data_ready(&world, 0, || NoPace);
//! let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default())?;
//! acquisition.start()?;
//! let mut sink = Last { codes: [0; 8], number: 0 };
//! for _ in 0..10 {
//!     assert_eq!(acquisition.step(&mut sink)?, Step::Frame);
//! }
//! // The simulated ADC counts: channel c of frame k has the code 8 k + c.
//! assert_eq!((sink.number, sink.codes), (9, [72, 73, 74, 75, 76, 77, 78, 79]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod acquisition;
pub mod adc;
pub mod ads1256;
pub mod ads1299;
pub mod ads131m0x;
pub mod board;
pub mod drdy;
pub mod driver;
pub mod max111x;
pub mod mcp320x;
pub mod scan;
pub mod self_test;
pub mod signal;
pub mod sim;
