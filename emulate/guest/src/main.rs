//! Reads an ADC through spidev and the GPIO character device with the driver of `boards/`, and verifies the counter signal.
//!
//! Runs in the guest. Says at the end what came, as `RESULT key=value ...`. Must never decide whether that is right.
#![forbid(unsafe_code)]

mod data_ready;
mod spi;
mod verify;

use std::error::Error;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Limits, Step};
use axismirror_boards::adc::Input;
use axismirror_boards::board::Board;
use axismirror_boards::drdy::ClockPaced;
use clap::Parser;

use data_ready::{Line, Monotonic, Source};
use spi::{Sleep, SpiDev};
use verify::Verifier;

/// Frames of a chunk.
const CHUNK: usize = 10;
/// How long to wait before an ADC that does not answer is tried again.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Parser)]
struct Args {
    /// The SPI device.
    #[arg(long, default_value = "/dev/spidev0.0")]
    spi: PathBuf,
    /// Label of the GPIO chip that DRDY is on. Without it the clock paces.
    #[arg(long)]
    gpio_chip: Option<String>,
    /// Offset of DRDY on that chip.
    #[arg(long, default_value_t = 0)]
    line: u32,
    #[arg(long, default_value = "pieeg8")]
    board: String,
    /// Hz.
    #[arg(long, default_value_t = 250.0)]
    rate: f64,
    /// Seconds.
    #[arg(long, default_value_t = 1.0)]
    duration: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let board = Board::find(&args.board)?;
    let channels = board.channels();
    let spi = SpiDev::open(&args.spi, board.spi.mode, board.spi.speed_hz)?;
    let mut adcs = [board.driver(0, args.rate, board.default_gain, Input::Normal, spi, Sleep)?];
    let mut drdys = [match &args.gpio_chip {
        Some(label) => Source::Line(Line::request(label, args.line)?),
        None => Source::Clock(ClockPaced::new(Monotonic, args.rate)),
    }];
    let (mut codes, mut times) = (vec![0; CHUNK * channels], vec![0; CHUNK]);
    let mut verifier = Verifier::new(channels, args.rate);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, &mut codes, &mut times, Limits::default())?;
    acquisition.start()?;
    println!("STARTED");
    let end = Monotonic.ns().saturating_add((args.duration * 1e9) as i64);
    let mut refused = 0;
    while Monotonic.ns() < end {
        match acquisition.step(&mut verifier) {
            Ok(Step::Restarted) => verifier.restarted(),
            Ok(_) => {}
            Err(AcquisitionError::Adc { .. }) => {
                refused += 1;
                sleep(PAUSE);
            }
            Err(e) => return Err(e.into()),
        }
    }
    acquisition.flush(&mut verifier)?;
    let health = *acquisition.health();
    // An ADC that is dead at the end need not hear it.
    let _ = acquisition.stop();
    drop(acquisition);
    let [source] = &drdys;
    println!("RESULT {} {} refused={refused} {}", verifier.seen(), source.seen(), verify::health(&health));
    Ok(())
}
