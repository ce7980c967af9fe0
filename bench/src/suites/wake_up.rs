//! A sleeping reader's wake-up: from before the writer publishes a chunk of W1 and wakes until a reader that slept has copied it.
//!
//! The pauses are long enough for the reader to be asleep when the next chunk comes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ::axismirror::mirror::Mirror;
use rustix::thread::futex;

use crate::contestants::{axismirror, iceoryx};
use crate::harness::Measured;
use crate::machine::Cores;
use crate::suites::latency::{Pace, Poll, Run};
use crate::workload::Workload;

/// Far enough apart to fall asleep in between: some 40 to 120 microseconds at 2.5 GHz.
const APART: Pace = Pace { block: 32, warm_up: 4, pauses: (100_000, 300_000) };
/// How long a reader sleeps at most before it looks whether the writer gave up.
const SLEEP: Duration = Duration::from_millis(500);

/// Everybody, in turn, `blocks` blocks each.
///
/// # Errors
/// Of the first contestant that fails.
pub fn wake_up(cores: Cores, blocks: usize) -> Result<Vec<Measured>, String> {
    let [w1, ..] = Workload::ALL;
    let mut runs: [Run; 3] = ["a futex alone", "axismirror", "iceoryx2 0.10"].map(|name| Run::new(name, APART));
    let passes = blocks.clamp(1, 5);
    for _ in 0..passes {
        let [bare, ours, ice] = &mut runs;
        let blocks = blocks / passes;
        futex_alone(bare, cores, blocks)?;
        let mut stream = axismirror::Stream::new(w1, "wake-up")?;
        let mut mirror = Mirror::attach(stream.stream_name()).map_err(|e| e.to_string())?;
        while mirror.read().map_err(|e| e.to_string())?.frames() > 0 {}
        let poll = move || mirror.wait(SLEEP).is_ok_and(|_| mirror.read().is_ok_and(|chunk| chunk.frames() > 0));
        let send = Box::new(|| stream.publish(1).and_then(|()| stream.wake()));
        ours.one_way(cores, blocks, send, move || Ok(Some(Box::new(poll) as Poll)))?;
        let mut sender = iceoryx::Sender::new(w1, "wake-up")?;
        let bell = iceoryx::Bell::new(sender.name())?;
        let name = sender.name().to_owned();
        let make = move || {
            let mut receiver = iceoryx::Receiver::new(&name, w1)?;
            let ear = iceoryx::Ear::new(&name)?;
            // What comes between two looks is there although it rang before.
            Ok(Some(Box::new(move || {
                receiver.poll() || {
                    ear.sleep(SLEEP);
                    receiver.poll()
                }
            }) as Poll))
        };
        ice.one_way(cores, blocks, Box::new(|| sender.send().and_then(|()| bell.ring())), make)?;
    }
    runs.into_iter().map(Run::finish).collect()
}

/// The limit: a counter, and the kernel's wake.
fn futex_alone(run: &mut Run, cores: Cores, blocks: usize) -> Result<(), String> {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let private = futex::Flags::PRIVATE;
    let send = Box::new(move || {
        // Release, pairs with the acquire of the poll.
        WORD.fetch_add(1, Ordering::Release);
        futex::wake(&WORD, private, 1).map(|_| ()).map_err(|e| e.to_string())
    });
    let mut seen = WORD.load(Ordering::Acquire);
    let timeout = futex::Timespec::try_from(SLEEP).map_err(|e| e.to_string())?;
    let poll = move || {
        // What ends the sleep - a wake, another value, the time - is told by the word.
        let _ = futex::wait(&WORD, private, seen, Some(&timeout));
        // Acquire, pairs with the release of the send.
        let now = WORD.load(Ordering::Acquire);
        std::mem::replace(&mut seen, now) != now
    };
    run.one_way(cores, blocks, send, move || Ok(Some(Box::new(poll) as Poll)))
}
