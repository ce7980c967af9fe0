//! The other end of an emulated board's wires: a simulated device of `boards/`, asked over a Unix socket by the bridge in QEMU.
//!
//! Serves one run of QEMU and ends with it; says at the end what the device has seen, as `PEER key=value ...`, and when which lines
//! fell. Must never decide whether that is right.
#![forbid(unsafe_code)]

mod falls;
mod fault;
mod protocol;
mod world;

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::ExitCode;

use axismirror_boards::board::Board;
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{ScheduledFault, SimSettings};
use clap::Parser;

use protocol::{REQUEST_BYTES, Request};
use world::World;

#[derive(Parser)]
struct Args {
    /// Where to listen.
    socket: PathBuf,
    /// Whose devices to be.
    #[arg(long, default_value = "pieeg8")]
    board: String,
    /// Which chip of the board, from 0.
    #[arg(long, default_value_t = 0)]
    chip: usize,
    /// Frames a second that the host will ask for, in Hz: for chips that convert when they are asked, so that those it left out count too.
    #[arg(long)]
    rate: Option<f64>,
    /// How much too fast the chip's clock is, in parts in a million.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    drift_ppm: f64,
    /// What goes wrong: `KIND[=VALUE][@FRAME][xFRAMES]`, as in the service's settings.
    #[arg(long = "fault", value_parser = fault::parse)]
    faults: Vec<ScheduledFault>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("peer: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), String> {
    let board = Board::find(&args.board).map_err(|e| e.to_string())?;
    let mut settings = SimSettings::new(Signal::Counter);
    settings.drift_ppm = [args.drift_ppm; _];
    for fault in &args.faults {
        let fault = ScheduledFault { chip: args.chip, ..*fault };
        settings = settings.with_fault(fault).map_err(|_| "too many faults".to_owned())?;
    }
    let mut world = World::new(board, settings, args.chip);
    if let Some(rate) = args.rate {
        world.set_rate(rate);
    }
    let listener = UnixListener::bind(&args.socket).map_err(|e| format!("{}: {e}", args.socket.display()))?;
    let (stream, _) = listener.accept().map_err(|e| e.to_string())?;
    serve(stream, &mut world).map_err(|e| e.to_string())?;
    println!("PEER {}", world.seen());
    print!("{}", world.falls());
    Ok(())
}

/// Answers until QEMU ends.
fn serve(mut stream: UnixStream, world: &mut World<'_>) -> io::Result<()> {
    let mut bytes = [0; REQUEST_BYTES];
    loop {
        match stream.read_exact(&mut bytes) {
            Ok(()) => {}
            // QEMU has ended, maybe without having read our last answer.
            Err(e) if matches!(e.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                return Ok(());
            }
            Err(e) => return Err(e),
        }
        let request = Request::from_bytes(bytes).map_err(io::Error::other)?;
        stream.write_all(&world.answer(request).to_bytes())?;
    }
}
