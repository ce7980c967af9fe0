//! A stream as it is received: which run of which relay it is, what its frames are, and their order.
//!
//! Pure: messages and the time of day go in, [`Action`]s come out, which others carry out. Of two relays that publish different streams under one
//! key, the one that was first is heard until it has been silent for a while. Knows neither zenoh nor shared memory.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::chunk::{Chunk, ChunkError, ChunkView, Content};
use super::info::Announced;
use super::reorder::{Limits, Reorder, Step};
use super::state::State;

/// How long the run of a stream has to be silent before one of another relay takes its place.
const TAKEOVER_NS: i64 = 1_500_000_000;
/// Between two questions what frames are.
const ASK_INFO_EVERY_NS: i64 = 200_000_000;
/// Descriptions that are remembered.
const REMEMBERED: usize = 8;

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Action {
    /// What the frames from here on are.
    Describe(Arc<Announced>),
    /// The frames of a message, but for the first `skip`.
    Frames {
        /// A message that [`ChunkView::new`] takes.
        message: Vec<u8>,
        /// Frames that are not new.
        skip: u64,
    },
    /// So many frames are lost for good.
    Lost(u64),
}

/// What has to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Frames of an instance.
    Frames {
        /// Their numbering.
        instance: u64,
        /// Which.
        missing: Vec<Range<u64>>,
    },
    /// What the frames are.
    Info,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No chunk.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// Of another stream than the one that is being received.
    #[error("another relay publishes another stream under the same key: give each box a name of its own (--box)")]
    OtherRelay,
}

/// The state of a reception.
#[derive(Debug)]
pub struct Reception {
    limits: Limits,
    run: Option<Run>,
    /// The newest last.
    known: VecDeque<Arc<Announced>>,
    /// The description that was acted on last.
    current: Option<Arc<Announced>>,
    reorder: Reorder<Vec<u8>>,
    actions: VecDeque<Action>,
    asked_info_ns: Option<i64>,
    /// Since when frames wait to be understood.
    waiting_ns: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    relay: u64,
    instance: u64,
    /// When it was last heard of.
    heard_ns: i64,
    /// Whether it followed another: then it begins where it says that it began.
    follows: bool,
}

impl Reception {
    /// Of a stream that has not been heard of.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            run: None,
            known: VecDeque::new(),
            current: None,
            reorder: Reorder::new(limits),
            actions: VecDeque::new(),
            asked_info_ns: None,
            waiting_ns: None,
        }
    }

    /// The run of the relay that is heard.
    #[must_use]
    pub fn relay(&self) -> Option<u64> {
        self.run.map(|run| run.relay)
    }

    /// When it was last heard of.
    #[must_use]
    pub fn heard_ns(&self) -> Option<i64> {
        self.run.map(|run| run.heard_ns)
    }

    /// A chunk came, maybe as an answer.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn chunk(&mut self, message: Vec<u8>, answer: bool, now_ns: i64) -> Result<(), Refused> {
        let chunk = Chunk::parse(&ChunkView::new(&message)?);
        if answer && self.run.is_some_and(|run| run.instance != chunk.instance) {
            // To a question about what is over.
            return Ok(());
        }
        self.admit(chunk.relay, chunk.instance, now_ns)?;
        let frames = chunk.first..chunk.end();
        match chunk.content {
            Content::Gone => self.reorder.gone(frames, now_ns),
            Content::Frames | Content::TimedFrames => {
                if self.run.is_some_and(|run| !run.follows) {
                    self.reorder.begin(frames.start);
                }
                self.reorder.push(frames, message.len(), message, answer, now_ns);
            }
        }
        Ok(())
    }

    /// What frames are was said.
    ///
    /// # Errors
    /// [`Refused::OtherRelay`].
    pub fn info(&mut self, announced: Announced, now_ns: i64) -> Result<(), Refused> {
        let info = &announced.info;
        self.admit(info.relay, info.instance, now_ns)?;
        let (first, description) = (info.first, info.description);
        if self.run.is_some_and(|run| run.follows) {
            self.reorder.begin(first);
        }
        self.known.retain(|known| known.info.description != description);
        if self.known.len() == REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back(Arc::new(announced));
        Ok(())
    }

    /// How the stream fares was said.
    ///
    /// # Errors
    /// [`Refused::OtherRelay`].
    pub fn state(&mut self, state: &State, now_ns: i64) -> Result<(), Refused> {
        self.admit(state.relay, state.instance, now_ns)?;
        if self.run.is_some_and(|run| !run.follows) {
            self.reorder.begin(state.next);
        }
        self.reorder.tip(state.next, now_ns);
        Ok(())
    }

    /// A question for frames was answered, as far as it was.
    pub fn answered(&mut self, now_ns: i64) {
        self.reorder.answered(now_ns);
    }

    /// What is ready is not taken at the moment.
    pub const fn wait(&mut self, now_ns: i64) {
        self.reorder.wait(now_ns);
    }

    /// Whether a message is of the run that is received. A new one begins when the relay says so, or when the old one has been silent.
    fn admit(&mut self, relay: u64, instance: u64, now_ns: i64) -> Result<(), Refused> {
        let follows = match self.run {
            None => false,
            Some(run) if run.instance == instance => run.follows,
            Some(run) if run.relay == relay || now_ns.saturating_sub(run.heard_ns) > TAKEOVER_NS => {
                self.end_run();
                true
            }
            Some(_) => return Err(Refused::OtherRelay),
        };
        self.run = Some(Run { relay, instance, heard_ns: now_ns, follows });
        Ok(())
    }

    /// Nothing of a run will come any more: what there is of it is all.
    fn end_run(&mut self) {
        while let Some(step) = self.reorder.finish() {
            self.act(step);
        }
        self.reorder = Reorder::new(self.limits);
        self.waiting_ns = None;
    }

    /// What to do next; nothing when there is nothing (yet).
    pub fn next(&mut self, now_ns: i64) -> Option<Action> {
        loop {
            if let Some(action) = self.actions.pop_front() {
                return Some(action);
            }
            if let Some(message) = self.reorder.peek()
                && self.knows(message).is_none()
            {
                // It waits for a while for somebody to say what it is.
                let since = *self.waiting_ns.get_or_insert(now_ns);
                if now_ns.saturating_sub(since) < self.limits.give_up_ns {
                    return None;
                }
            }
            self.waiting_ns = None;
            if !self.reorder.has_begun() {
                return None;
            }
            // A stream that has no frame yet, or none that is new, is there nevertheless.
            if self.current.is_none()
                && self.reorder.peek().is_none()
                && let Some(newest) = self.known.back().cloned()
            {
                self.current = Some(newest.clone());
                return Some(Action::Describe(newest));
            }
            let step = self.reorder.pop(now_ns)?;
            self.act(step);
        }
    }

    fn act(&mut self, step: Step<Vec<u8>>) {
        match step {
            Step::Lost(frames) => self.actions.push_back(Action::Lost(frames)),
            Step::Piece { piece: message, skip } => match self.knows(&message) {
                Some(announced) => {
                    if self.current.as_ref().is_none_or(|c| c.info.description != announced.info.description) {
                        self.current = Some(announced.clone());
                        self.actions.push_back(Action::Describe(announced));
                    }
                    self.actions.push_back(Action::Frames { message, skip });
                }
                None => {
                    let frames = ChunkView::new(&message).map_or(0, |view| Chunk::parse(&view).frames);
                    self.actions.push_back(Action::Lost(u64::from(frames).saturating_sub(skip)));
                }
            },
        }
    }

    /// What the frames of a message are.
    fn knows(&self, message: &[u8]) -> Option<Arc<Announced>> {
        let chunk = Chunk::parse(&ChunkView::new(message).ok()?);
        self.known.iter().find(|known| known.info.description == chunk.description).cloned()
    }

    /// What to ask now. To be called often.
    pub fn ask(&mut self, now_ns: i64) -> Vec<Question> {
        let mut questions = Vec::new();
        let of_run = |known: &Arc<Announced>| self.run.is_some_and(|run| run.instance == known.info.instance);
        let unknown = self.waiting_ns.is_some() || self.run.is_some() && !self.known.iter().any(of_run);
        if unknown && self.asked_info_ns.is_none_or(|at| now_ns.saturating_sub(at) >= ASK_INFO_EVERY_NS) {
            self.asked_info_ns = Some(now_ns);
            questions.push(Question::Info);
        }
        if let Some(run) = self.run {
            let missing = self.reorder.ask(now_ns);
            if !missing.is_empty() {
                questions.push(Question::Frames { instance: run.instance, missing });
            }
        }
        questions
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one range of frames is meant")]
mod tests;
