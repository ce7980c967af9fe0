//! The chips' own test signal through the whole path: driver, acquisition, judge. Nothing is published.
//!
//! The same clock makes the square wave and the conversions, so its period in frames proves that none was lost, and its
//! amplitude proves reference, gain and scale.

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Chunk, Limits, Sink, Step};
use axismirror_boards::adc::{Adc, Input, TestSignal};
use axismirror_boards::drdy::DataReady;
use axismirror_boards::self_test::{MIN_PERIODS, SelfTest, SelfTestError, SquareWave};
use axismirror_boards::sim::{self, SimBoard};
use axismirror_core::health::Health;

use super::ServiceError;
use super::plan::Plan;
use crate::clock::fit::{ClockFit, Fitted};
use crate::clock::{self, HostPace};
use crate::config::{Settings, SignalKind};
use crate::hardware::{Hardware, Wanted};

/// Periods that are run beyond those that have to be seen whole.
const MORE_PERIODS: u64 = 2;
/// Seconds of a chip without a test signal.
const WITHOUT_SIGNAL_S: f64 = 2.0;
/// Restarts after which nobody believes any more that frames will come.
const MAX_RESTARTS: u64 = 3;
/// Frames that are handed on at once.
const CHUNK: usize = 16;

/// What a channel showed.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelReport {
    /// Its label on the board.
    pub label: String,
    /// What it should show; `None` where the chip makes no test signal.
    pub expected: Option<TestSignal>,
    /// What it showed.
    pub verdict: Option<Result<SquareWave, SelfTestError>>,
    /// Volts for one step of its code.
    pub volts_per_code: f64,
}

/// What a self-test showed.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfTestReport {
    /// Board id.
    pub board: String,
    /// Nominal rate in Hz.
    pub rate: f64,
    /// Gain.
    pub gain: u32,
    /// All channels of the board.
    pub channels: Vec<ChannelReport>,
    /// Frames that were read.
    pub frames: u64,
    /// What went wrong on the way.
    pub health: Health,
    /// The line through the times of DRDY.
    pub clock: Option<Fitted>,
}

impl SelfTestReport {
    /// Counts of what may not happen in a self-test, by name.
    #[must_use]
    pub const fn losses(&self) -> [(&'static str, u64); 6] {
        let h = &self.health;
        [
            ("frames lost", h.frames_lost),
            ("DRDY edges missed", h.drdy_missed),
            ("bad frames", h.bad_frames),
            ("SPI errors", h.bus_errors),
            ("overruns", h.overruns),
            ("restarts", h.restarts),
        ]
    }

    /// Whether every channel showed what it should and nothing was lost.
    #[must_use]
    pub fn passed(&self) -> bool {
        let channels = self.channels.iter().all(|c| !matches!(c.verdict, Some(Err(_))));
        channels && self.frames > 0 && self.losses().iter().all(|(_, n)| *n == 0)
    }
}

/// Runs the test with the board, rate, gain, SPI and faults of the settings; a simulated board as fast as it can.
///
/// # Errors
/// What keeps the board from being opened or started.
pub fn self_test(mut settings: Settings, stop: &Arc<AtomicBool>) -> Result<SelfTestReport, ServiceError> {
    settings.channels = None;
    settings.labels = None;
    settings.simulate.signal = Some(SignalKind::Square);
    let plan = Plan::new(settings)?;
    if !plan.settings.simulate.enabled {
        let wanted = Wanted {
            rate: plan.on_board.rate,
            gain: plan.gain(),
            input: input(&plan),
            spi: plan.settings.spi,
            stop: stop.clone(),
        };
        let mut hardware = Hardware::open(plan.board, &wanted)?;
        return measure(&plan, &mut hardware.adcs, &mut hardware.data_ready);
    }
    let world = RefCell::new(SimBoard::new(plan.board, plan.world.sim_settings(&plan.settings)));
    let mut adcs = sim::adcs(&world, plan.board, plan.on_board.rate, plan.gain(), input(&plan))?;
    let mut drdys = sim::data_ready(&world, clock::monotonic_ns(), || HostPace::new(stop.clone(), true));
    measure(&plan, &mut adcs, &mut drdys)
}

/// The test signal.
fn input(plan: &Plan) -> Input {
    plan.world.signal(&plan.settings).input()
}

fn measure<A: Adc, D: DataReady>(plan: &Plan, adcs: &mut [A], drdys: &mut [D]) -> Result<SelfTestReport, ServiceError>
where
    A::BusError: std::fmt::Debug,
{
    let rate = plan.on_board.rate;
    let signals = adcs.iter().flat_map(|adc| (0..adc.channels()).map(|c| (adc.test_signal(c), adc.volts_per_code(c))));
    let signals: Vec<_> = signals.collect();
    let longest = signals.iter().filter_map(|(signal, _)| Some(u64::from(signal.as_ref()?.period))).max();
    let wanted = longest.map_or((rate * WITHOUT_SIGNAL_S).ceil() as u64, |p| p * (MIN_PERIODS + MORE_PERIODS));
    let mut watch = Watch { judge: SelfTest::new(adcs), clock: ClockFit::new(rate, f64::MAX), frames: 0, last: 0 };
    let mut codes = vec![0; CHUNK * plan.board.channels()];
    let mut times = [0; CHUNK];
    let failed = |e: AcquisitionError<_, _>| ServiceError::Adc(e.to_string());
    let mut acquisition = Acquisition::new(adcs, drdys, &mut codes, &mut times, Limits::default()).map_err(failed)?;
    acquisition.start().map_err(failed)?;
    while watch.last < wanted && acquisition.health().restarts < MAX_RESTARTS {
        match acquisition.step(&mut watch) {
            Ok(Step::Stopped) => break,
            Ok(_) => {}
            // It did not answer when it was started again.
            Err(AcquisitionError::Adc { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    acquisition.flush(&mut watch).map_err(failed)?;
    if let Err(error) = acquisition.stop() {
        tracing::warn!("the ADC was not stopped: {error}");
    }
    let channel = |(((expected, volts), verdict), label): (((_, Option<f64>), _), &&str)| ChannelReport {
        label: (*label).to_owned(),
        expected,
        verdict,
        volts_per_code: volts.unwrap_or(f64::NAN),
    };
    Ok(SelfTestReport {
        board: plan.board.id.to_owned(),
        rate,
        gain: plan.on_board.gain,
        channels: signals.into_iter().zip(watch.judge.verdicts()).zip(plan.board.labels).map(channel).collect(),
        frames: watch.frames,
        health: *acquisition.health(),
        clock: watch.clock.fitted(),
    })
}

/// Judges the frames and their times.
struct Watch {
    judge: SelfTest,
    clock: ClockFit,
    frames: u64,
    last: u64,
}

impl Sink for Watch {
    type Error = Infallible;

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Infallible> {
        self.frames += chunk.times_ns.len() as u64;
        self.last = chunk.last_frame;
        self.clock.push_chunk(chunk.first_frame, chunk.last_frame, chunk.times_ns);
        self.judge.chunk(chunk)
    }
}
