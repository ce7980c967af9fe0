//! The life of a stream: start, publish, change, end.
//!
//! One thread acquires and publishes. It waits for nobody: changes reach it through a queue that it looks into between two frames. The
//! thread that called [`run`] waits for signals. What a frame becomes is the business of `outlet`, `place` and `message`.

mod acquire;
mod change;
mod error;
mod events;
mod faults;
mod message;
mod outlet;
mod place;
mod plan;
mod self_test;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use axismirror_core::name::StreamName;
use axismirror_core::publisher::{Event, Observer, PublishError, Publisher};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

pub use error::ServiceError;
pub use faults::FORM as FAULT_FORM;
pub use self_test::{ChannelReport, SelfTestReport, self_test};

use self::acquire::Acquirer;
pub(crate) use self::events::{Events, marker};
use self::plan::Plan;
use crate::causes;
use crate::config::{Settings, Sources};
use crate::conn::{ConnServer, EventSender};
use crate::control::ControlServer;
use crate::events::{EventStream, Position};
use crate::publication::{notify, this_process};
use crate::shm::{SHM_DIR, ShmStore};

/// Publishes a stream until it is stopped: by SIGINT, SIGTERM, `quit` on the life-cycle channel, or its duration.
///
/// `sources` are read again on SIGHUP.
///
/// # Errors
/// What keeps the stream from starting, or ends it.
pub fn run(sources: &Sources, settings: Settings) -> Result<(), ServiceError> {
    let plan = Plan::new(settings)?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(ServiceError::Signals)?;

    let access = plan.settings.access().map_err(ServiceError::Access)?;
    let store = ShmStore::new(SHM_DIR).with_access(access);
    let ring = plan.ring_settings()?;
    let header = StreamName::new(&plan.settings.name)?.header();
    // In this order the error names the process that has the name, and nothing is left behind when a socket cannot be had.
    store.check_free(&header).map_err(PublishError::Store)?;
    let position = Position::default();
    let event_stream = Arc::new(EventStream::new(position.clone()));
    let control = ControlServer::start(header.as_str(), marker(&event_stream))?;
    let quit = stop.clone();
    let conn = plan.settings.conn.as_deref().map(|path| {
        ConnServer::start(path, access, move || {
            // Relaxed: a flag alone, nothing is published with it.
            if !quit.swap(true, Ordering::Relaxed) {
                tracing::info!("a client of the life-cycle channel asked to quit");
            }
        })
    });
    let conn = conn.transpose()?;
    let observer = Listeners(conn.as_ref().map(ConnServer::sender));
    let mut publisher = Publisher::open(store, observer, ring, this_process(), plan.settings.clock)?;
    // What does not fit is said before anything of a stream is. The header that was opened has made room, if its last writer had left a ring.
    let mut check = || plan.next().and_then(|next| outlet::check_first(&mut publisher, &next).map_err(Into::into));
    let events = check()
        .and_then(|()| Events::start(event_stream.clone(), &plan.settings, access))
        .and_then(|events| check().map(|()| events));
    let _events = match events {
        Ok(events) => events,
        Err(error) => {
            publisher.close();
            return Err(error);
        }
    };

    let (reload, reloaded) = channel();
    let ends = EndsSignals(signals.handle());
    let acquirer = Acquirer::new(plan, stop.clone(), control, event_stream, reloaded);
    let thread = std::thread::Builder::new().name("acquisition".to_owned()).spawn(move || {
        let _ends = ends;
        acquirer.run(publisher, position)
    });
    let thread = thread.map_err(ServiceError::Thread)?;
    for signal in &mut signals {
        match signal {
            SIGHUP => read_again(sources, &reload),
            signal => {
                tracing::info!("stopping on {}", signal_hook::low_level::signal_name(signal).unwrap_or("a signal"));
                notify::stopping();
                // Relaxed: a flag alone, nothing is published with it.
                stop.store(true, Ordering::Relaxed);
            }
        }
    }
    let result = thread.join().unwrap_or(Err(ServiceError::Panicked));
    if let Some(conn) = conn {
        conn.close();
    }
    result
}

/// Ends the loop over signals when the acquisition's thread ends, also when it panics.
struct EndsSignals(Handle);

impl Drop for EndsSignals {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Tells the clients of the life-cycle channel, if there is one, what happens to the stream.
#[derive(Debug)]
pub(crate) struct Listeners(Option<EventSender>);

impl Observer for Listeners {
    fn event(&mut self, event: Event) {
        tracing::debug!("{}", event.as_str());
        if let Some(sender) = &self.0
            && !sender.send(event)
        {
            tracing::warn!("the life-cycle channel is behind: {:?} is lost", event.as_str());
        }
    }
}

fn read_again(sources: &Sources, reload: &Sender<Settings>) {
    match sources.load() {
        Ok(settings) => {
            // Nobody listens any more: the stream is about to end.
            let _ = reload.send(settings);
        }
        Err(error) => tracing::error!("the settings stay as they are: {}", causes::line(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_acquisition_ends_the_wait_for_signals() {
        let mut signals = Signals::new([signal_hook::consts::SIGUSR2]).unwrap();
        let ends = EndsSignals(signals.handle());
        let thread = std::thread::spawn(move || {
            let _ends = ends;
            std::panic::resume_unwind(Box::new("as a defect would"));
        });
        assert_eq!(signals.forever().count(), 0);
        assert!(thread.join().is_err());
    }
}
