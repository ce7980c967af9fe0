//! `axismirror selftest`: the chips' own test signal through the whole path, and what was measured of it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axismirror::config::{Key, Sources};
use axismirror::service::{ChannelReport, SelfTestReport, self_test};
use clap::Args;

use super::{Failure, output};

/// Measure the chips' own test signal: period, amplitude and loss. Takes about five seconds and publishes nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  axismirror selftest --board pieeg8\n  axismirror selftest --simulate\n  \
                        axismirror selftest --simulate --faults bus-error@300x5\n\n\
                        Exit status: 0 passed, 1 failed.")]
pub(crate) struct SelfTestArgs {
    /// Board id; `axismirror boards` lists them [default: pieeg8]
    #[arg(long, value_name = "BOARD")]
    board: Option<String>,
    /// Frames per second, in Hz [default: the board's]
    #[arg(long, value_name = "HZ")]
    rate: Option<String>,
    /// Gain of the ADC's amplifier [default: the board's]
    #[arg(long, value_name = "N")]
    gain: Option<String>,
    /// How the board's SPI is reached [default: kernel]
    #[arg(long, value_name = "ACCESS", value_parser = ["kernel", "mapped"])]
    spi: Option<String>,
    /// Test a simulated board
    #[arg(long)]
    simulate: bool,
    /// Faults that the simulated board is to show, as of `axismirror run`
    #[arg(long, alias = "fault", value_name = "FAULT", requires = "simulate")]
    faults: Vec<String>,
}

impl SelfTestArgs {
    fn sources(&self) -> Sources {
        let one = |key, value: &Option<String>| value.clone().map(|v| (key, vec![v]));
        let simulate = self.simulate.then(|| (Key::Simulate, vec!["true".to_owned()]));
        let faults = (!self.faults.is_empty()).then(|| (Key::Faults, self.faults.clone()));
        let flags = [
            one(Key::Board, &self.board),
            one(Key::Rate, &self.rate),
            one(Key::Gain, &self.gain),
            one(Key::Spi, &self.spi),
            simulate,
            faults,
        ];
        Sources { file: None, flags: flags.into_iter().flatten().collect() }
    }
}

/// Tests the board.
pub(crate) fn run(args: &SelfTestArgs) -> Result<(), Failure> {
    let settings = args.sources().load()?;
    let report = self_test(settings, &Arc::new(AtomicBool::new(false)))?;
    output::print(text(&report, args.simulate))?;
    if report.passed() {
        return Ok(());
    }
    let hint = if report.frames == 0 && report.health.drdy_missed > 0 {
        // Its registers were read back before: only DRDY can be missing.
        Some("the chips answer, but DRDY never fell: check the wire of the line that `axismirror boards` names")
    } else if report.frames > 0 && !report.heard {
        Some("every channel reads 0: check power and MISO, and put a voltage on an input")
    } else {
        None
    };
    let failure = Failure::failed(format!("the self-test of {} failed", report.board));
    Err(failure.hint(hint.map(str::to_owned)))
}

fn text(report: &SelfTestReport, simulated: bool) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: String| out.push_str(&format!("{name:<9} {value}\n"));
    let kind = if simulated { ", simulated" } else { "" };
    row("board", format!("{}{kind}, {} Hz, gain {}", report.board, report.rate, report.gain));
    row("frames", report.frames.to_string());
    if let Some(clock) = report.clock {
        let (rate, ppm, jitter) = (clock.rate, clock.drift_ppm, clock.jitter_ns / 1000.0);
        row("clock", format!("{rate:.4} Hz by this machine's clock ({ppm:+.1} ppm), jitter {jitter:.1} us"));
    }
    let losses: Vec<String> =
        report.losses().iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{n} {what}")).collect();
    row("loss", if losses.is_empty() { "none".to_owned() } else { losses.join(", ") });
    for channel in &report.channels {
        row(&channel.label, verdict(channel, report.rate));
    }
    row("result", if report.passed() { "passed" } else { "FAILED" }.to_owned());
    out
}

fn verdict(channel: &ChannelReport, rate: f64) -> String {
    match (&channel.verdict, channel.expected) {
        (Some(Ok(wave)), Some(expected)) => {
            let millivolts = wave.amplitude * channel.volts_per_code * 1e3;
            let off = (wave.amplitude / expected.amplitude - 1.0) * 100.0;
            if expected.period == 0 {
                return format!("ok: {:.0} codes = {millivolts:.4} mV ({off:+.2} %), constant", wave.amplitude);
            }
            format!(
                "ok: {:.0} codes = {millivolts:.4} mV ({off:+.2} %), offset {:.1} codes, {} periods of {} frames = {:.4} s",
                wave.amplitude,
                wave.offset,
                wave.periods,
                expected.period,
                f64::from(expected.period) / rate
            )
        }
        (Some(Err(error)), _) => format!("FAILED: {error}"),
        _ => "this chip makes no test signal: only the way to it was tested".to_owned(),
    }
}
