//! A service whose board is missing.

use std::sync::mpsc::channel;

use axismirror_core::extension::{Clock, Writer};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;

use super::*;
use crate::config::Change;
use crate::control;
use crate::events::Like;
use crate::service::Listeners;
use crate::service::events::marker;
use crate::shm::{SHM_DIR, ShmStore};

/// A board that was there and is gone: what a person asks for meanwhile is answered at once.
#[test]
fn changes_are_answered_while_the_board_is_missing() {
    let name = format!("missing-{}", std::process::id());
    let segment = StreamName::new(&name).unwrap().header();
    let settings = Settings { name: name.clone(), ..Settings::default() };
    let plan = Plan::new(settings).unwrap();
    let writer = Writer { pid: std::process::id(), start: 0 };
    let ring = plan.ring_settings().unwrap();
    let store = ShmStore::new(SHM_DIR);
    let publisher = Publisher::open(store, Listeners(None), ring, writer, Clock::Monotonic).unwrap();
    let mut outlet = Outlet::new(publisher, Clock::Monotonic, Position::default());
    let like = Like { name: name.clone(), version: plan.settings.struct_version };
    let store = ShmStore::new(SHM_DIR);
    let events = Arc::new(EventStream::new(Position::default()));
    events.open(&like, store, writer, Clock::Monotonic).unwrap();
    let control = ControlServer::start(segment.as_str(), marker(&events)).unwrap();
    let (_reload, reloaded) = channel();
    let mut acquirer = Acquirer::new(plan, Arc::default(), control, events.clone(), reloaded);
    acquirer.begin(&mut outlet).unwrap();
    let ask = |change: &'static str| {
        let (name, segment) = (name.clone(), segment.clone());
        std::thread::spawn(move || control::set(&name, segment.as_str(), &[Change::parse(change).unwrap()]))
    };
    let answer = |acquirer: &mut Acquirer, outlet: &mut Outlet, change| {
        let asked = ask(change);
        while !asked.is_finished() {
            assert!(acquirer.wait(PAUSE_SLICE, outlet).is_none(), "{change}");
        }
        asked.join().unwrap()
    };
    // Nothing of the ADC: it holds.
    answer(&mut acquirer, &mut outlet, "buf_dur=3").unwrap();
    assert!((acquirer.plan.settings.buf_dur - 3.0).abs() < 1e-9);
    // Impossible whatever there is.
    assert!(answer(&mut acquirer, &mut outlet, "rate=251").unwrap_err().to_string().contains("251"));
    // The ADC's: it is tried with that at once.
    let asked = ask("gain=2");
    assert!(matches!(acquirer.wait(Duration::from_secs(4), &mut outlet), Some(End::SetUpAgain)));
    assert_eq!((acquirer.wanted().on_board.gain, acquirer.plan.on_board.gain), (2, 1));
    if !std::path::Path::new("/dev/spidev0.0").exists() {
        let error = acquirer.acquire(&mut outlet).unwrap_err();
        acquirer.pending.take().unwrap().refused(error);
        let error = asked.join().unwrap().unwrap_err().to_string();
        assert!(error.contains("/dev/spidev0.0"), "{error}");
    }
    events.close();
    outlet.close();
}
