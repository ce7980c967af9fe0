//! What is checked on the target, one function each. Expectations are the datasheet's and the faults' that were asked for.
//!
//! Must never know how text gets out.

use core::cell::RefCell;
use core::fmt::{self, Write as _};

use axismirror_boards::acquisition::{Acquisition, Limits, Step};
use axismirror_boards::adc::{Adc, AdcError, Input};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::NoPace;
use axismirror_boards::self_test::SelfTest;
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, Fault, ScheduledFault, SimBoard, SimSettings};
use axismirror_core::health::Health;
use heapless::String;

use crate::stream::{CHANNELS, CHUNK, Outlet, RATE, RING, Slices, Verifier};

/// Bytes of a failure's text; what is longer is cut.
const TEXT: usize = 160;

/// Why a check failed.
pub(crate) struct Failure(String<TEXT>);

impl Failure {
    /// A plain text.
    pub(crate) fn new(text: &str) -> Self {
        Self::of(format_args!("{text}"))
    }

    /// A text with values.
    pub(crate) fn of(text: fmt::Arguments<'_>) -> Self {
        let mut kept = String::new();
        // What does not fit is left out.
        let _ = kept.write_fmt(text);
        Self(kept)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: core::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::of(format_args!("{error}"))
    }
}

/// What a check saw.
pub(crate) type Seen = String<TEXT>;

/// A check and its name.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Slices) -> Result<Seen, Failure>,
}

/// All of them.
pub(crate) const ALL: &[Check] = &[
    Check { name: "stream", run: stream },
    Check { name: "overtaken", run: overtaken },
    Check { name: "faults", run: faults },
    Check { name: "wrong id", run: wrong_id },
    Check { name: "self-test", run: self_test },
];

const GAIN: u8 = 24;

fn seen(text: fmt::Arguments<'_>) -> Seen {
    Failure::of(text).0
}

fn expect<T: PartialEq + fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    Err(Failure::of(format_args!("{what}: {found:?} where {expected:?} is expected")))
}

/// What an acquisition calls after each frame that was due, and at the end.
type Look<'f> = &'f mut dyn FnMut() -> Result<(), Failure>;

/// Acquires until `due` frames were due, read or lost, and returns what was counted.
fn acquire(
    settings: SimSettings<'_>,
    due: u64,
    outlet: &mut Outlet<'_, '_>,
    look: Look<'_>,
) -> Result<Health, Failure> {
    let board = Board::find("pieeg8")?;
    let world = RefCell::new(SimBoard::new(board, settings));
    let mut adcs = sim::adcs(&world, board, RATE.into(), GAIN, Input::Normal)?;
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default())?;
    acquisition.start()?;
    for _ in 0..due {
        match acquisition.step(outlet)? {
            Step::Frame | Step::Lost => look()?,
            other => return Err(Failure::of(format_args!("a step ended with {other:?}"))),
        }
    }
    outlet.flush()?;
    look()?;
    acquisition.stop()?;
    Ok(*acquisition.health())
}

/// Nothing goes wrong: every frame of the ADC is read back through the ring, in order, whole, with its time.
fn stream(slices: &mut Slices) -> Result<Seen, Failure> {
    const FRAMES: u64 = 1000;
    let store = slices.store()?;
    let mut outlet = Outlet::new(&store)?;
    let mut verifier = Verifier::new(&store)?;
    let settings = SimSettings::new(Signal::Counter);
    let health = acquire(settings, FRAMES, &mut outlet, &mut || verifier.read().map(|_| ()))?;
    expect("frames read", verifier.frames, FRAMES)?;
    expect("gaps", (verifier.gaps, verifier.missed), (0, 0))?;
    let rate = health.measured_rate;
    expect("counted", Health { measured_rate: 0.0, ..health }, Health::default())?;
    // The simulated oscillator does not drift.
    if !(f64::from(RATE) - 1e-6..=f64::from(RATE) + 1e-6).contains(&rate) {
        return Err(Failure::of(format_args!("the rate was measured as {rate} Hz")));
    }
    outlet.close();
    Ok(seen(format_args!("{FRAMES} frames verified, {rate} Hz")))
}

/// A reader that sleeps while the writer goes round gets the last ring's worth, and knows exactly how much it missed.
fn overtaken(slices: &mut Slices) -> Result<Seen, Failure> {
    const FRAMES: u64 = 600;
    const LEFT: u64 = RING as u64;
    const FIRST: u64 = CHUNK as u64;
    let store = slices.store()?;
    let mut outlet = Outlet::new(&store)?;
    let mut verifier = Verifier::new(&store)?;
    acquire(SimSettings::new(Signal::Counter), FRAMES, &mut outlet, &mut || {
        // Reads the first chunk, and no other.
        if verifier.frames == 0 { verifier.read().map(|_| ()) } else { Ok(()) }
    })?;
    expect("frames read early", verifier.frames, FIRST)?;
    verifier.read()?;
    expect("frames read", verifier.frames, FIRST + LEFT)?;
    expect("frames missed", verifier.missed, FRAMES - FIRST - LEFT)?;
    expect("gaps", verifier.gaps, 0)?;
    outlet.close();
    Ok(seen(format_args!("{} frames missed, {LEFT} read behind them", verifier.missed)))
}

/// Each fault is counted as what it is, no other is, and the stream has its gaps exactly there.
fn faults(slices: &mut Slices) -> Result<Seen, Failure> {
    const FRAMES: u64 = 500;
    let faults = [(Fault::StatusBit(3), 100), (Fault::BusError, 200), (Fault::MissedEdge, 300)];
    let mut settings = SimSettings::new(Signal::Counter);
    for (fault, after_frame) in faults {
        let fault = ScheduledFault { fault, chip: 0, after_frame, frames: 1 };
        settings = settings.with_fault(fault).map_err(|_| Failure::new("too many faults"))?;
    }
    let store = slices.store()?;
    let mut outlet = Outlet::new(&store)?;
    let mut verifier = Verifier::new(&store)?;
    let health = acquire(settings, FRAMES, &mut outlet, &mut || verifier.read().map(|_| ()))?;
    // The frame whose edge was missed is not lost: the level of DRDY tells of it.
    let expected = Health { bad_frames: 1, bus_errors: 1, drdy_missed: 1, frames_lost: 2, ..Health::default() };
    expect("counted", Health { measured_rate: 0.0, ..health }, expected)?;
    let carried = verifier.health().unwrap_or_default();
    expect("counted in the stream", Health { measured_rate: 0.0, ..carried }, expected)?;
    expect("frames, absent, gaps", (verifier.frames, verifier.absent, verifier.gaps), (FRAMES - 2, 2, 2))?;
    outlet.close();
    Ok(seen(format_args!("1 bad frame, 1 bus error, 1 missed edge, 2 frames lost of {FRAMES}")))
}

/// Another chip, or none, is refused with what was read.
fn wrong_id(_: &mut Slices) -> Result<Seen, Failure> {
    // SBAS499, ID register: device 11, 8 channels is 0x3E in revision 3; an ADS1298 reads 0x92.
    for (fault, id) in [(Fault::WrongId(0x92), 0x92), (Fault::MisoLow, 0x00), (Fault::MisoHigh, 0xFF)] {
        let board = Board::find("pieeg8")?;
        let fault = ScheduledFault { fault, chip: 0, after_frame: 0, frames: u64::MAX };
        let settings = SimSettings::new(Signal::Counter).with_fault(fault);
        let settings = settings.map_err(|_| Failure::new("too many faults"))?;
        let world = RefCell::new(SimBoard::new(board, settings));
        let mut adcs = sim::adcs(&world, board, RATE.into(), GAIN, Input::Normal)?;
        let first = adcs.first_mut().ok_or_else(|| Failure::new("a board without a chip"))?;
        match first.initialise() {
            Err(AdcError::WrongId { found, .. }) => expect("ID", found, id)?,
            other => return Err(Failure::of(format_args!("ID {id:#x}: {other:?}"))),
        }
    }
    Ok(seen(format_args!("3 identities refused")))
}

/// The chip's own square wave comes out with its period and amplitude.
fn self_test(_: &mut Slices) -> Result<Seen, Failure> {
    let board = Board::find("pieeg8")?;
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Square)));
    let mut adcs = sim::adcs(&world, board, RATE.into(), 1, Input::TestSignal)?;
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default())?;
    acquisition.start()?;
    let mut test = SelfTest::new(acquisition.adcs());
    for _ in 0..1000 {
        acquisition.step(&mut test)?;
    }
    let mut channels = 0;
    for verdict in test.verdicts() {
        let wave = verdict.ok_or_else(|| Failure::new("a channel without a test signal"))??;
        expect("periods", wave.periods >= 2, true)?;
        channels += 1;
    }
    expect("channels", channels, CHANNELS)?;
    Ok(seen(format_args!("{channels} channels")))
}
