//! `axismirror list`: the streams of this machine.

use axismirror::count::count;
use axismirror::events;
use axismirror::shm::{self, Found, SHM_DIR};
use axismirror_core::header::Description;
use clap::Args;

use super::columns::Rows;
use super::stream::Stream;
use super::{Failure, output};

/// A writer that lives shows it many times a second. After so many without it stands still.
const STOPPED_S: f64 = 5.0;

/// List the streams of this machine, and whether their writers live
#[derive(Debug, Args)]
#[command(after_help = STATES)]
pub(crate) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[cfg(feature = "network")]
    #[command(flatten)]
    network: super::network::list::NetworkListFlags,
    #[cfg(not(feature = "network"))]
    #[arg(long, hide = true)]
    network: bool,
}

const STATES: &str = "\
States:
  live       its writer lives, and its ADC answers
  silent     its writer lives, its ADC does not answer
  stopped    its writer is there and does nothing (SIGSTOP, or it hangs)
  not yet    its writer lives, and publishes nothing at this moment
  no writer  its writer was killed; a new one takes over, `axismirror clean` removes it
  unknown    of another package, whose writer does not say whether it lives
  not valid  the same, and nothing is being published";

/// Prints the streams.
pub(crate) fn run(args: &ListArgs) -> Result<(), Failure> {
    #[cfg(not(feature = "network"))]
    if args.network {
        return super::without_network::refuse("list --network");
    }
    #[cfg(feature = "network")]
    if args.network.network {
        return super::network::list::run(&args.network, args.json);
    }
    let found =
        shm::streams(SHM_DIR).map_err(|e| Failure::failed(format!("{SHM_DIR} cannot be looked into")).because(e))?;
    let found: Vec<Seen> = found.into_iter().map(Seen::of).collect();
    let text = if args.json {
        output::json(&found.iter().map(entry).collect::<Vec<_>>())?
    } else if found.is_empty() {
        "no streams\n".to_owned()
    } else {
        let mut rows = Rows::folding(20, 59);
        found.iter().for_each(|seen| rows.add(name(&seen.found), &line(seen)));
        rows.text()
    };
    output::print(text)
}

/// A Python writer's stream has no name that could be known: its segment's name is a hash.
fn name(found: &Found) -> &str {
    found.name.as_deref().unwrap_or("?")
}

/// A stream that was found, with what a mirror can know of it.
struct Seen {
    found: Found,
    /// Only of a stream with our extension block.
    look: Option<Stream>,
}

impl Seen {
    fn of(found: Found) -> Self {
        let look = found.name.as_deref().and_then(|name| Stream::look(name).ok()?);
        // A copied header carries the name of another stream.
        Self { look: look.filter(|stream| stream.segment == found.segment), found }
    }

    fn state(&self) -> State {
        let look = self.look.as_ref();
        State::of(&Facts {
            valid: self.found.valid,
            ours: self.found.ours,
            written: self.found.writer.is_some(),
            sign_of_life_s: look.and_then(|stream| stream.writer.seconds_since_heartbeat),
            silent: self.silent_s().is_some(),
        })
    }

    /// Frames that were published up to now.
    fn frames(&self) -> Option<u64> {
        Some(self.look.as_ref()?.frames.as_ref()?.published_ever)
    }

    /// How long the ADC has not answered.
    fn silent_s(&self) -> Option<f64> {
        self.look.as_ref()?.adc.as_ref()?.silent_for_s
    }
}

/// What the state of a stream follows from.
struct Facts {
    valid: bool,
    ours: bool,
    /// Whether a process holds the writer's lock.
    written: bool,
    /// Seconds since the writer's last sign of life.
    sign_of_life_s: Option<f64>,
    /// Whether the ADC does not answer.
    silent: bool,
}

/// How a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its writer lives and its ADC answers.
    Live,
    /// Its writer lives, its ADC does not answer.
    Silent,
    /// Its writer is there and shows no sign of life.
    Stopped,
    /// Its writer lives and has not begun, or changes it.
    NotYet,
    /// Its writer went away without ending it: a stream that was ended has no name any more.
    NoWriter,
    /// A published package wrote a valid header: whether the writer lives cannot be known.
    Unknown,
    /// The same, with a header that is not valid.
    NotValid,
}

impl State {
    fn of(facts: &Facts) -> Self {
        match (facts.ours, facts.written) {
            (true, true) if facts.sign_of_life_s.is_some_and(|s| s > STOPPED_S) => Self::Stopped,
            (true, true) if facts.silent => Self::Silent,
            (true, true) if facts.valid => Self::Live,
            (true, true) => Self::NotYet,
            (true, false) => Self::NoWriter,
            (false, _) if facts.valid => Self::Unknown,
            (false, _) => Self::NotValid,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Silent => "silent",
            Self::Stopped => "stopped",
            Self::NotYet => "not yet",
            Self::NoWriter => "no writer",
            Self::Unknown => "unknown",
            Self::NotValid => "not valid",
        }
    }
}

fn line(seen: &Seen) -> String {
    let found = &seen.found;
    let what = match &found.description {
        Some(d) if events::are_events(d) => format!("{} so far", count(seen.frames().unwrap_or(0), "event")),
        Some(d) => {
            let samples = count(d.frame_samples(), "sample");
            format!("{} Hz, {samples} a frame, {}", d.srate(), d.dtype().code())
        }
        None => "nothing described yet".to_owned(),
    };
    let state = seen.state();
    let more = match (state, seen.silent_s()) {
        (State::Silent, Some(seconds)) => format!(", no answer for {seconds:.1} s"),
        (State::Unknown, _) => ", of another package".to_owned(),
        _ if found.received => ", received".to_owned(),
        _ => String::new(),
    };
    format!("{} v{} {:<9} {what}{more}", found.segment, found.version.number(), state.word())
}

fn entry(seen: &Seen) -> serde_json::Value {
    let found = &seen.found;
    serde_json::json!({
        "name": found.name,
        "segment": found.segment,
        "struct_version": found.version.number(),
        "valid": found.valid,
        "state": seen.state().word(),
        "writer_pid": found.writer,
        "received": found.received,
        "silent_for_s": seen.silent_s(),
        "events_of": found.description.as_ref().filter(|d| events::are_events(d)).and(found.name.as_deref()).and_then(events::stream_of),
        "srate": found.description.as_ref().map(Description::srate),
        "frame_shape": found.description.as_ref().map(|d| d.frame_shape().to_vec()),
        "dtype": found.description.as_ref().map(|d| d.dtype().code()),
        "key": found.description.as_ref().map(|d| d.key().as_str().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_what_is_known_and_no_more() {
        let live = Facts { valid: true, ours: true, written: true, sign_of_life_s: Some(0.01), silent: false };
        let gone = Facts { written: false, sign_of_life_s: Some(100.0), ..live };
        let foreign = Facts { ours: false, sign_of_life_s: None, ..gone };
        for (facts, state) in [
            (Facts { silent: true, ..live }, State::Silent),
            (Facts { silent: true, valid: false, ..live }, State::Silent),
            (Facts { sign_of_life_s: Some(5.1), silent: true, ..live }, State::Stopped),
            // A writer that never says so.
            (Facts { sign_of_life_s: None, ..live }, State::Live),
            (Facts { valid: false, ..live }, State::NotYet),
            (Facts { valid: false, ..gone }, State::NoWriter),
            (Facts { valid: false, ..foreign }, State::NotValid),
            (live, State::Live),
            (gone, State::NoWriter),
            (foreign, State::Unknown),
        ] {
            assert_eq!(State::of(&facts), state);
        }
    }
}
