//! `cargo xtask demo`: one service with a simulated ADC, and what a mirror process sees of it.

use std::time::Duration;

use rustix::process::Signal;

use crate::interop::service::{self, Service};
use crate::step::{Outcome, StepResult, Steps};
use crate::sys;

/// Name of the demonstration's stream.
const NAME: &str = "axismirror-demo";
/// A service that nobody stops ends by itself so long after the demonstration.
const SPARE_SECONDS: u64 = 60;

/// Show a simulated acquisition as another process sees it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long to show the data; 0: until Ctrl-C.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        steps.run("build", service::build);
        if steps.all_well() {
            steps.run("demo", || self.show());
        }
    }

    fn show(&self) -> StepResult {
        let duration = (self.seconds + SPARE_SECONDS).to_string();
        let mut flags = vec!["--board", "pieeg8", "--simulate", "--signal", "eeg", "--units", "volts"];
        if self.seconds > 0 {
            flags.extend(["--duration", &duration]);
        }
        let mut service = Service::start(NAME, &flags)?;
        service.wait_ready()?;
        // The ADC takes a moment to power up, and its rate a second to be known.
        std::thread::sleep(Duration::from_millis(1500));
        sys::pass_through(sys::command(service::binary()).args(["info", NAME]))?;

        let mut tail = sys::command(service::binary());
        tail.args(["tail", NAME, "--follow"]);
        println!("    $ {}", sys::line(&tail));
        let mut tail = sys::Child::spawn(&mut tail).map_err(|e| format!("tail: {e}"))?;
        let limit = (self.seconds > 0).then(|| Duration::from_secs(self.seconds));
        if let Some(status) = tail.wait(limit).map_err(|e| format!("tail: {e}"))? {
            return Err(format!("tail ended by itself: {status}"));
        }
        tail.signal(Signal::INT);
        drop(tail);
        service.stop_cleanly()?;
        Ok(Outcome::Passed)
    }
}
