//! Runs in the guest: reads an ADC, or the service's stream of one, and verifies the counter signal frame by frame.
//!
//! Says at the end what came, as `RESULT key=value ...`, and when each frame was. Must never decide whether that is right.
#![forbid(unsafe_code)]

mod acquire;
mod anchor;
mod mirror;
mod verify;

use std::error::Error;

use clap::Parser;

#[derive(Parser)]
enum Command {
    /// Read an ADC with the product's drivers, without its service.
    Acquire(acquire::Args),
    /// Say when, by the clock that frames are timed by, the chip is selected: for whoever brings that clock and the chip's together.
    Anchor {
        /// A board's id, or the path of its file.
        board: String,
    },
    /// Read a stream in /dev/shm until it ends.
    Mirror {
        /// The stream's name.
        name: String,
        #[command(flatten)]
        expected: verify::Expected,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    match Command::parse() {
        Command::Acquire(args) => acquire::run(&args),
        Command::Anchor { board } => anchor::run(&board),
        Command::Mirror { name, expected } => mirror::run(&name, expected),
    }
}
