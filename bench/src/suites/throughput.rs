//! Publishing a chunk, reading what is new, and finding that nothing is new: one thread on one core, everything warm.

use crate::contestants::python::{Ezmsg, Release, Work};
use crate::contestants::{axismirror, iceoryx, in_place, memcpy, ringfire};
use crate::harness::{Contestant, Measured, compare};
use crate::workload::Workload;

type Made = Result<Box<dyn Contestant>, String>;

fn boxed<C: Contestant + 'static>(contestant: Result<C, String>) -> Made {
    contestant.map(|c| Box::new(c) as Box<dyn Contestant>)
}

/// Publishing one chunk.
///
/// # Errors
/// Of the first contestant that fails.
pub fn publish(workload: Workload, releases: &[Release], rounds: usize) -> Result<Vec<Measured>, String> {
    let mut contestants = vec![
        boxed(memcpy::Publish::new(workload))?,
        boxed(axismirror::Publish::new(workload))?,
        boxed(in_place::InPlace::new(workload))?,
        boxed(axismirror::Message::new(workload))?,
        boxed(iceoryx::Publish::new(workload))?,
        boxed(iceoryx::Publish::with_history(workload))?,
    ];
    match workload.chunk_bytes() {
        32 => contestants.push(boxed(ringfire::Publish::<32>::new(workload))?),
        1024 => contestants.push(boxed(ringfire::Publish::<1024>::new(workload))?),
        16384 => contestants.push(boxed(ringfire::Publish::<16384>::new(workload))?),
        _ => {}
    }
    for release in releases {
        contestants.push(boxed(Ezmsg::new(release, workload, Work::Publish))?);
    }
    compare(&mut contestants, rounds)
}

/// Reading one chunk that is new.
///
/// # Errors
/// Of the first contestant that fails.
pub fn read(workload: Workload, releases: &[Release], rounds: usize) -> Result<Vec<Measured>, String> {
    let mut contestants = vec![
        boxed(memcpy::Read::new(workload))?,
        boxed(axismirror::Read::new(workload))?,
        boxed(axismirror::LibraryRead::new(workload))?,
        boxed(iceoryx::Read::new(workload, false))?,
    ];
    match workload.chunk_bytes() {
        32 => contestants.push(boxed(ringfire::Read::<32>::new(workload, false))?),
        1024 => contestants.push(boxed(ringfire::Read::<1024>::new(workload, false))?),
        16384 => contestants.push(boxed(ringfire::Read::<16384>::new(workload, false))?),
        _ => {}
    }
    for release in releases {
        contestants.push(boxed(Ezmsg::new(release, workload, Work::Read))?);
    }
    compare(&mut contestants, rounds)
}

/// Looking when nothing is new.
///
/// # Errors
/// Of the first contestant that fails.
pub fn nothing_new(releases: &[Release], rounds: usize) -> Result<Vec<Measured>, String> {
    let [w1, ..] = Workload::ALL;
    let mut contestants = vec![
        boxed(axismirror::NothingNew::new(axismirror::Read::new))?,
        boxed(axismirror::NothingNew::new(axismirror::LibraryRead::new))?,
        boxed(iceoryx::Read::new(w1, true))?,
        boxed(ringfire::Read::<32>::new(w1, true))?,
    ];
    for release in releases {
        contestants.push(boxed(Ezmsg::new(release, w1, Work::NothingNew))?);
    }
    compare(&mut contestants, rounds)
}
