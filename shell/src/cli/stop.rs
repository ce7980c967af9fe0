//! Commands that go on until a signal ends them, and then end as if they had come to their end: what is written is whole, and the status is 0.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use super::Failure;

const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// A flag that the signals set which end a command.
pub(crate) fn on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in SIGNALS {
        flag::register(signal, stop.clone()).map_err(failed)?;
    }
    Ok(stop)
}

/// The same of a command that may be stuck in its output, which somebody does not read: the second signal ends it at once.
pub(crate) fn on_signals_or_at_once() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in SIGNALS {
        // This one first: it sees whether the flag was set before.
        flag::register_conditional_default(signal, stop.clone()).map_err(failed)?;
        flag::register(signal, stop.clone()).map_err(failed)?;
    }
    Ok(stop)
}

fn failed(error: std::io::Error) -> Failure {
    Failure::failed("signals cannot be caught").because(error)
}
