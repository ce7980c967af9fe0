//! The chips' own test signal through the whole path: driver, acquisition, judge. Nothing is published.
//!
//! The same clock makes the square wave and the conversions, so its period in frames proves that none was lost, and its
//! amplitude proves reference, gain and scale.

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Frame, Limits, Sink, Step};
use axismirror_boards::adc::{Adc, Codes, Input, TestSignal};
use axismirror_boards::drdy::DataReady;
use axismirror_boards::self_test::{MIN_FRAMES, MIN_PERIODS, SETTLING_FRAMES, SelfTest, SelfTestError, SquareWave};
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
    /// Whether any channel ever had another code than 0.
    pub heard: bool,
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

    /// Whether every channel showed what it should, the chips were heard at all, and nothing was lost.
    #[must_use]
    pub fn passed(&self) -> bool {
        let channels = self.channels.iter().all(|c| !matches!(c.verdict, Some(Err(_))));
        channels && self.heard && self.frames > 0 && self.losses().iter().all(|(_, n)| *n == 0)
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
    let mut plan = Plan::new(settings)?;
    if !has_test_signal(&plan) {
        // Anything that is not 0 V: whether the chip is heard is all that can be told.
        let mut settings = plan.settings;
        settings.simulate.signal = Some(SignalKind::Counter);
        plan = Plan::new(settings)?;
    }
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

/// Whether all chips make a test signal.
fn has_test_signal(plan: &Plan) -> bool {
    plan.board.chips.iter().all(|c| c.kind.has_test_signal())
}

/// The test signal; the pins of chips that make none.
fn input(plan: &Plan) -> Input {
    if has_test_signal(plan) { plan.world.signal(&plan.settings).input() } else { Input::Normal }
}

fn measure<A: Adc, D: DataReady>(plan: &Plan, adcs: &mut [A], drdys: &mut [D]) -> Result<SelfTestReport, ServiceError>
where
    A::BusError: std::fmt::Debug,
{
    let rate = plan.on_board.rate;
    let signals = adcs.iter().flat_map(|adc| (0..adc.channels()).map(|c| (adc.test_signal(c), adc.volts_per_code(c))));
    let signals: Vec<_> = signals.collect();
    let longest = signals.iter().filter_map(|(signal, _)| Some(u64::from(signal.as_ref()?.period))).max();
    // A constant level has no period.
    let unmoving = ((rate * WITHOUT_SIGNAL_S).ceil() as u64).max(SETTLING_FRAMES + MIN_FRAMES);
    let wanted = longest.filter(|p| *p > 0).map_or(unmoving, |p| p * (MIN_PERIODS + MORE_PERIODS));
    let mut watch = Watch { judge: SelfTest::new(adcs), clock: ClockFit::new(rate, f64::MAX), frames: 0, last: 0 };
    let failed = |started| move |e: AcquisitionError<_, _>| ServiceError::of_acquisition(e, started);
    let mut acquisition = Acquisition::new(adcs, drdys, Limits::default()).map_err(failed(false))?;
    acquisition.start().map_err(failed(false))?;
    while watch.last < wanted && acquisition.health().restarts < MAX_RESTARTS {
        match acquisition.step(&mut watch) {
            Ok(Step::Stopped) => break,
            Ok(_) => {}
            // It did not answer when it was started again.
            Err(AcquisitionError::Adc { .. }) => {}
            Err(error) => return Err(failed(true)(error)),
        }
    }
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
        heard: watch.judge.heard(),
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

    fn codes(&mut self) -> impl Codes + '_ {
        self.judge.codes()
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Infallible> {
        self.frames += 1;
        self.last = frame.number;
        self.clock.push(frame.number, frame.time_ns);
        self.judge.frame(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Key, Sources};

    fn test(board: &str, rate: &str, gain: &str, faults: &[&str]) -> SelfTestReport {
        let given = [(Key::Board, board), (Key::Rate, rate), (Key::Gain, gain), (Key::Simulate, "true")];
        let mut flags: Vec<_> = given.iter().map(|(key, value)| (*key, vec![(*value).to_owned()])).collect();
        flags.push((Key::Faults, faults.iter().map(|&f| f.to_owned()).collect()));
        let settings = Sources { file: None, flags }.load().unwrap();
        self_test(settings, &Arc::default()).unwrap()
    }

    #[test]
    fn a_good_board_shows_the_datasheets_square_wave() {
        for (board, gain, channels) in [("pieeg8", "1", 8), ("pieeg8", "24", 8), ("pieeg16", "1", 16)] {
            let report = test(board, "250", gain, &[]);
            assert!(report.passed(), "{report:#?}");
            assert_eq!(report.channels.len(), channels);
            // 2^21 clocks a period, 8192 clocks a frame at 250 Hz; VREF / 2400 (SBAS499, CONFIG2).
            for channel in &report.channels {
                let wave = channel.verdict.unwrap().unwrap();
                let volts = wave.amplitude * channel.volts_per_code;
                assert!((volts / (4.5 / 2400.0) - 1.0).abs() < 1e-3, "{volts}");
                assert_eq!(channel.expected.unwrap().period, 256);
            }
            let clock = report.clock.unwrap();
            assert!((clock.rate - 250.0).abs() < 1e-6 && clock.jitter_ns < 1.0, "{clock:?}");
        }
    }

    #[test]
    fn a_chip_without_identity_that_is_not_there_fails_the_test() {
        assert!(test("waveshare-adda", "101", "1", &[]).passed());
        for board in ["mcp3008", "mcp3208", "max1111"] {
            assert!(test(board, "250", "1", &[]).passed(), "{board}");
            let report = test(board, "250", "1", &["miso-low@0x100000000"]);
            assert!(!report.passed() && !report.heard, "{board}: {report:#?}");
        }
    }

    #[test]
    fn what_is_lost_is_counted_and_fails_the_test() {
        let lost = |faults: &[&str]| {
            let report = test("pieeg8", "250", "1", faults);
            assert!(!report.passed(), "{faults:?}: {report:#?}");
            report
        };
        let report = lost(&["bus-error@300x5"]);
        assert_eq!((report.health.bus_errors, report.health.frames_lost), (5, 5));
        let shorter = SelfTestError::Period { found: 251, expected: 256 };
        assert_eq!(report.channels[0].verdict, Some(Err(shorter)));
        // A flipped bit of the status word.
        assert_eq!(lost(&["status-bit=23@400x2"]).health.bad_frames, 2);
        let report = lost(&["missed-edge@100x50"]);
        assert!(report.health.drdy_missed >= 10, "{:?}", report.health);
        // Edges that the kernel dropped: the wave is whole where nothing but the count tells.
        let report = lost(&["dropped-edge@100x5"]);
        assert!(report.channels.iter().all(|c| matches!(c.verdict, Some(Ok(_)))), "{report:#?}");
        // No edge any more, and no level: ends all the same.
        let report = lost(&["drdy-high@100x100000"]);
        assert_eq!((report.frames, report.health.restarts), (100, MAX_RESTARTS));
    }
}
