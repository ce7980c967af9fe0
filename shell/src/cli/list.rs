//! `axismirror list`: the streams of this machine.

use std::io::{Write as _, stderr};

use axismirror::config::visible;
use axismirror::count::count;
use axismirror::events;
use axismirror::mirror::{StateFacts, StreamState};
use axismirror::sample::number;
use axismirror::shm::{self, Found, SHM_DIR};
use axismirror_core::header::Description;
use clap::Args;

use super::columns::Rows;
use super::stream::Stream;
use super::{Failure, output};

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
    output::print(text)?;
    if !args.json {
        tell_closed();
    }
    Ok(())
}

/// Says what is there and not for this user: somebody who is not in the group yet would look for the stream elsewhere.
pub(super) fn tell_closed() {
    let closed = shm::closed(SHM_DIR).unwrap_or_default();
    let Some(first) = closed.first() else { return };
    let n = count(closed.len() as u64, "more segment");
    // A file's name is a stranger's.
    let segment = visible(&first.segment);
    // Where standard error is gone there is nobody to tell.
    let _ = writeln!(stderr(), "{n} that you may not read: {segment} of {first}; {}", first.mend());
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

    fn state(&self) -> StreamState {
        let look = self.look.as_ref();
        StreamState::of(&StateFacts {
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

fn line(seen: &Seen) -> String {
    let found = &seen.found;
    let what = match &found.description {
        Some(d) => described(d, Some(seen.frames().unwrap_or(0))),
        None => "nothing described yet".to_owned(),
    };
    let state = seen.state();
    let more = match (state, seen.silent_s()) {
        (StreamState::Silent, Some(seconds)) => format!(", no answer for {seconds:.1} s"),
        (StreamState::Unknown, _) => ", of another package".to_owned(),
        _ if found.received => ", received".to_owned(),
        _ => String::new(),
    };
    format!("{} v{} {:<9} {what}{more}", found.segment, found.version.number(), state.word())
}

/// What a stream is, in a line: as it is here, or as another machine describes it, which does not say how many frames there were.
pub(super) fn described(d: &Description, published: Option<u64>) -> String {
    match published {
        Some(n) if events::are_events(d) => format!("{} so far", count(n, "event")),
        None if events::are_events(d) => "events".to_owned(),
        _ => {
            let rate = if d.srate() > 0.0 { format!("{} Hz", number(d.srate())) } else { "irregular".to_owned() };
            format!("{rate}, {} a frame, {}", count(d.frame_samples(), "sample"), d.dtype().code())
        }
    }
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
