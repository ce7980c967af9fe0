//! ADS1256: a host that stalls, for any time and at any byte of a transaction, never gets one input's result for another's.
//!
//! The simulated chip converts on while the host is late. At the greatest rate, where a conversion is the shortest.

use std::cell::RefCell;
use std::convert::Infallible;

use axismirror_boards::acquisition::{Acquisition, Chunk, Limits, Sink, Step};
use axismirror_boards::ads1256::{Ads1256, MAX_SPEED_HZ, Settings};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::NoPace;
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, SimBoard, SimBusError, SimDelay, SimSettings, SimSpi};
use axismirror_core::health::Health;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};

/// A conversion of the same input at 30000 SPS, and a settled one (SBAS288, table 13).
const CONVERSION_NS: u32 = 33_333;
const SETTLED_NS: u32 = 210_000;
const BYTE_NS: u32 = 8 * 1_000_000_000_u64.div_ceil(MAX_SPEED_HZ as u64) as u32;
/// Bytes of the transaction that fetches and switches: SYNC, WAKEUP, RDATA and 3, WREG MUX, SYNC, WAKEUP.
const BYTES: u32 = 11;

/// Says before which byte of each transaction the host stalls, and for how many nanoseconds.
type Stall = fn(&mut u32, u32) -> (u32, u32);

/// A bus whose host stalls.
struct Late<'s, 'a> {
    spi: SimSpi<'s, 'a>,
    stall: Stall,
    state: u32,
    /// For `stall`.
    given: u32,
}

impl ErrorType for Late<'_, '_> {
    type Error = SimBusError;
}

impl SpiDevice for Late<'_, '_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), SimBusError> {
        let (mut at, ns) = (self.stall)(&mut self.state, self.given);
        let mut all = Vec::new();
        let mut stall = |all: &mut Vec<Operation<'_, u8>>| {
            if at == 0 {
                all.push(Operation::DelayNs(ns));
            }
            at = at.wrapping_sub(1);
        };
        for operation in operations {
            match operation {
                Operation::Write(bytes) => bytes.chunks(1).for_each(|byte| {
                    stall(&mut all);
                    all.push(Operation::Write(byte));
                }),
                Operation::Read(bytes) => bytes.chunks_mut(1).for_each(|byte| {
                    stall(&mut all);
                    all.push(Operation::Read(byte));
                }),
                Operation::DelayNs(ns) => all.push(Operation::DelayNs(*ns)),
                other => panic!("the driver has no {other:?}"),
            }
        }
        stall(&mut all);
        self.spi.transaction(&mut all)
    }
}

#[derive(Default)]
struct Frames(Vec<(u64, i64, Vec<i32>)>);

impl Sink for Frames {
    type Error = Infallible;

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Infallible> {
        self.0.push((chunk.first_frame, chunk.times_ns[0], chunk.codes.to_vec()));
        Ok(())
    }
}

/// Frames of the counter signal, and the counters, after so many steps.
fn run(stall: Stall, given: u32, steps: usize) -> (Frames, Health) {
    let board = Board::find("waveshare-adda").unwrap();
    let settings = SimSettings { byte_ns: BYTE_NS, ..SimSettings::new(Signal::Counter) };
    let world = RefCell::new(SimBoard::new(board, settings));
    let late = Late { spi: SimSpi::new(&world, 0), stall, state: given, given };
    let mut adcs = [Ads1256::new(late, SimDelay::new(&world), Settings::DEFAULT, 2.5)];
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let (mut codes, mut times) = ([0; 8], [0; 1]);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, &mut codes, &mut times, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::default();
    for _ in 0..steps {
        assert_ne!(acquisition.step(&mut sink).unwrap(), Step::Stopped);
    }
    let health = *acquisition.health();
    (sink, health)
}

/// Every frame is a scan of the inputs in their order, the scans follow one another, and who is missing was counted.
fn is_sound(frames: &Frames, health: &Health) -> Result<(), String> {
    let mut before = (None, -1);
    for (number, time_ns, codes) in &frames.0 {
        let scan = codes[0] / 8;
        if !codes.iter().zip(8 * scan..).all(|(code, expected)| *code == expected) || scan <= before.1 {
            return Err(format!("frame {number} at {time_ns} is {codes:?}, behind {before:?}"));
        }
        before = (Some(*number), scan);
    }
    let last = before.0.ok_or("no frame at all")?;
    let missing = last + 1 - frames.0.len() as u64;
    if missing <= health.frames_lost { Ok(()) } else { Err(format!("{missing} frames are missing, of {health:?}")) }
}

/// The place and the length of a stall that comes in every transaction.
fn place(given: u32) -> (u32, u32) {
    (given % (BYTES + 1), given / (BYTES + 1) * 23_000)
}

#[test]
fn a_stall_at_any_byte_of_every_transaction() {
    let longest = 4 * SETTLED_NS + 2 * CONVERSION_NS;
    for given in 0..(longest / 23_000 + 1) * (BYTES + 1) {
        let (frames, health) = run(|_, given| place(given), given, 20);
        is_sound(&frames, &health).unwrap_or_else(|e| panic!("(byte, ns) {:?}: {e}", place(given)));
        // A host that is always as late is only slow.
        assert!(frames.0.len() >= 8, "{:?}: {} {health:?}", place(given), frames.0.len());
    }
}

#[test]
fn stalls_of_any_length_now_and_then() {
    /// Numerical Recipes' generator.
    fn next(state: &mut u32) -> u32 {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *state >> 8
    }
    for seed in 0..100 {
        let (frames, health) = run(
            |state, _| {
                let often = next(state).is_multiple_of(4);
                (next(state) % (BYTES + 1), if often { next(state) % (6 * SETTLED_NS) } else { 0 })
            },
            seed,
            60,
        );
        is_sound(&frames, &health).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        assert!(frames.0.len() > 20, "seed {seed}: {} {health:?}", frames.0.len());
    }
}
