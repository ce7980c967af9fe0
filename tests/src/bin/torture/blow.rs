//! When the service is killed: in the middle of its stream, of its start, of a change, of a change of its name.
//!
//! Knows nothing of readers.

use std::fmt;
use std::thread;
use std::time::Duration;

use axismirror::config::Change;
use axismirror::control;
use axismirror_core::name::StreamName;
use axismirror_tests::process::Running;

/// A service lives at most so long after its first frame.
const LONGEST_LIFE: Duration = Duration::from_millis(60);
/// Longer than any change takes: readers are left 50 ms for the old ring, and 5 ms between the rings.
const LONGEST_CHANGE: Duration = Duration::from_millis(110);

/// Numbers that differ from run to run no more than they have to (a linear congruential generator).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(1)
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// Up to a time.
    fn time(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.next() % (longest.as_micros() as u64).max(1))
    }
}

/// What a service is killed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Its stream.
    Streaming,
    /// Its start.
    Starting,
    /// A change of `buf_dur`: a new ring.
    Changing,
    /// A change of its name: a new header.
    Renaming,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    streaming: u64,
    starting: u64,
    /// In flight, and answered before the kill.
    changing: (u64, u64),
    renaming: (u64, u64),
    /// Services that a frame was seen of: generations that every reader has to have seen.
    pub(crate) published: u64,
    /// The longest that one took until then.
    start: Duration,
    /// Readers of ours and Python's that were killed.
    pub(crate) readers: (u64, u64),
    /// The last service's generation.
    pub(crate) newest: Option<u32>,
}

impl Tally {
    /// A service has published, after so long.
    pub(crate) fn started(&mut self, after: Duration) {
        self.published += 1;
        // Starts are killed anywhere up to the time that they have taken lately.
        self.start = if self.start.is_zero() { after } else { (self.start * 7 + after) / 8 };
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (changing, changed) = self.changing;
        let (renaming, renamed) = self.renaming;
        let all = self.streaming + self.starting + changing + renaming;
        writeln!(
            f,
            "{all} kills of the service: {} while it streamed, {} while it started,",
            self.streaming, self.starting
        )?;
        writeln!(f, "    {changing} with `set buf_dur` in flight ({changed} of them answered before),")?;
        writeln!(f, "    {renaming} with `set name` in flight ({renamed} of them answered before)")?;
        write!(f, "{} kills of our readers, {} of EZShmMirror", self.readers.0, self.readers.1)
    }
}

/// What a stream is called after `set name`.
pub(crate) fn other_name(name: &str) -> String {
    format!("{name}-renamed")
}

impl Blow {
    /// A tenth of all kills meets a change of name, two tenths a change, two tenths the start.
    pub(crate) const fn at(kill: u64) -> Self {
        match kill % 10 {
            3 | 8 => Self::Starting,
            1 | 6 => Self::Changing,
            4 => Self::Renaming,
            _ => Self::Streaming,
        }
    }

    /// Kills it at a random instant of that.
    pub(crate) fn strike(
        self,
        service: Running,
        name: &str,
        random: &mut Random,
        tally: &mut Tally,
    ) -> Result<(), String> {
        match self {
            Self::Streaming => {
                tally.streaming += 1;
                thread::sleep(random.time(LONGEST_LIFE));
                // Drop is SIGKILL.
                drop(service);
            }
            Self::Starting => {
                tally.starting += 1;
                thread::sleep(random.time(tally.start));
                drop(service);
            }
            Self::Changing => {
                let seconds = 2.0 + (random.next() % 8) as f64 / 2.0;
                let done = change(service, name, &format!("buf_dur={seconds}"), random.time(LONGEST_CHANGE))?;
                tally.changing = (tally.changing.0 + 1, tally.changing.1 + u64::from(done));
            }
            Self::Renaming => {
                let to = format!("name={}", other_name(name));
                let done = change(service, name, &to, random.time(LONGEST_CHANGE))?;
                tally.renaming = (tally.renaming.0 + 1, tally.renaming.1 + u64::from(done));
            }
        }
        Ok(())
    }
}

/// Asks for a change and kills the service a moment later. Whether it had said yes.
fn change(service: Running, name: &str, change: &str, moment: Duration) -> Result<bool, String> {
    let changes = [Change::parse(change).map_err(|e| e.to_string())?];
    let segment = StreamName::new(name).map_err(|e| e.to_string())?.header();
    thread::scope(|scope| {
        let asked = scope.spawn(|| control::set(name, segment.as_str(), &changes));
        thread::sleep(moment);
        drop(service);
        match asked.join() {
            Ok(Ok(_)) => Ok(true),
            // It never may say no.
            Ok(Err(control::ControlError::Refused { why, .. })) => Err(format!("{change} was refused: {why}")),
            _ => Ok(false),
        }
    })
}
