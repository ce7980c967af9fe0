//! Tells systemd how the service fares (sd_notify(3)): READY with the first frames, WATCHDOG as long as the acquisition shows that it lives.
//!
//! Without systemd all of it does nothing. Called from the thread that wakes readers: the acquisition makes no such call.

use std::time::{Duration, Instant};

use axismirror_core::extension::Extension;
use axismirror_core::header::HeaderView;
use sd_notify::NotifyState;

use crate::shm::Segment;

/// What systemd was told.
#[derive(Debug)]
pub(super) struct Systemd {
    is_ready: bool,
    /// Half of the time that systemd waits, as it recommends; `None` when it does not watch.
    every: Option<Duration>,
    next: Instant,
    heartbeat: i64,
}

impl Systemd {
    /// At the service's start.
    pub(super) fn new() -> Self {
        let every = sd_notify::watchdog_enabled().map(|d| d / 2);
        Self { is_ready: false, every, next: Instant::now(), heartbeat: 0 }
    }

    /// Looks at the stream and tells what there is to tell.
    pub(super) fn look(&mut self, extension: &Extension<Segment>) {
        if !self.is_ready && publishes(extension) {
            self.is_ready = true;
            tell(NotifyState::Ready);
        }
        let Some(every) = self.every.filter(|_| Instant::now() >= self.next) else { return };
        // The acquisition beats between frames and while it tries a silent ADC again. One that hangs does not.
        let heartbeat = extension.heartbeat();
        if heartbeat != self.heartbeat {
            self.heartbeat = heartbeat;
            self.next = Instant::now() + every / 2;
            tell(NotifyState::Watchdog);
        }
    }
}

fn publishes(extension: &Extension<Segment>) -> bool {
    HeaderView::detect(extension.memory().clone())
        .is_ok_and(|h| h.bvalid() && extension.counters(h.buffer_generation()).committed() > 0)
}

/// The stream is about to end.
pub(crate) fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!("systemd was not told: {error}");
    }
}
