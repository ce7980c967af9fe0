//! Commands that go on until a signal ends them, and then end as if they had come to their end: what is written is whole, and the status is 0.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::pipe;

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

/// A socket that can be read as soon as such a signal has come, for a command that waits for sockets.
pub(crate) fn readable_on_signals() -> Result<UnixStream, Failure> {
    let (readable, written) = UnixStream::pair().map_err(failed)?;
    for signal in SIGNALS {
        let written = written.try_clone().map_err(failed)?;
        pipe::register(signal, written).map_err(failed)?;
    }
    Ok(readable)
}

fn failed(error: std::io::Error) -> Failure {
    Failure::failed("signals cannot be caught").because(error)
}
