//! A stream followed from a place on: what its frames are, the frames in order, and what is missing between them.
//!
//! What everybody needs who shows, keeps or sends on a stream: changes come before the frames that they are about, gaps before the frame behind
//! them. Waits for no longer than it is told to, and takes whatever a mirror takes.

use std::time::Duration;

use axismirror_core::dtype::DType;

use super::{Mirror, MirrorError, Proof, Start, State, StreamInfo, Take, value};

/// Between two looks for a stream, or for its first frames.
const LOOK: Duration = Duration::from_millis(20);

/// What comes next in a stream.
#[derive(Debug)]
pub enum News<'a> {
    /// Nothing new within the time.
    Nothing,
    /// There is no stream (yet, or any more), or it publishes nothing. Comes again with each call as long as it is so.
    Waiting(State),
    /// What the frames from here on are. Comes before the first frame and after each change.
    Stream(&'a StreamInfo),
    /// Frames. At least one; a gap can be in front of them, none is among them.
    Frames(Frames<'a>),
}

/// Frames in a row.
#[derive(Clone, Copy, Debug)]
pub struct Frames<'a> {
    /// Number of the first one, counted over all generations of the stream.
    pub first: u64,
    /// One after another, samples in C order, little-endian.
    pub bytes: &'a [u8],
    /// The time of each in seconds; empty when the stream has no times (wire versions 0 and 1).
    pub times: &'a [f64],
    /// Frames before the first one that were published, and overwritten before this reader had them.
    pub overwritten: u64,
    /// Frames before the first one that nobody published: their times are missing. Not known of streams without times or of irregular rate.
    pub not_acquired: u64,
    /// Whether it is proven that none is torn.
    pub proof: Proof,
    /// Type of a sample.
    pub dtype: DType,
    /// Samples of a frame.
    pub channels: usize,
}

impl<'a> Frames<'a> {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() / self.frame_bytes()
    }

    /// Whether there are none: never so in [`News::Frames`], but behind [`truncated`](Self::truncated) of 0.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of the frame at a place here, from 0.
    #[must_use]
    pub const fn number(&self, frame: usize) -> u64 {
        // Where the first one's number comes from, anything may be.
        self.first.saturating_add(frame as u64)
    }

    fn frame_bytes(&self) -> usize {
        (self.channels * self.dtype.size()).max(1)
    }

    /// Each frame's bytes.
    pub fn frames(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.bytes.chunks_exact(self.frame_bytes())
    }

    /// All samples as numbers, frame by frame (see [`value()`](value::value)).
    pub fn values(&self) -> impl Iterator<Item = f64> + use<'a> {
        let dtype = self.dtype;
        self.bytes.chunks_exact(dtype.size()).map(move |sample| value::value(dtype, sample))
    }

    /// The bytes of a sample, by the frame's place here and the channel, both from 0; empty when there is none.
    #[must_use]
    pub fn sample(&self, frame: usize, channel: usize) -> &'a [u8] {
        let size = self.dtype.size();
        let at = frame * self.frame_bytes() + channel * size;
        if channel < self.channels { self.bytes.get(at..at + size).unwrap_or_default() } else { &[] }
    }

    /// The first ones alone, at most `most`.
    #[must_use]
    pub fn truncated(mut self, most: usize) -> Self {
        self.bytes = self.bytes.get(..most.saturating_mul(self.frame_bytes())).unwrap_or(self.bytes);
        self.times = self.times.get(..most).unwrap_or(self.times);
        self
    }
}

/// Frames of one read that have not all been handed out.
#[derive(Debug, Default)]
struct Batch {
    first: u64,
    bytes: Vec<u8>,
    times: Vec<f64>,
    has_times: bool,
    frames: usize,
    /// Those that were handed out.
    done: usize,
    overwritten: u64,
    proven: bool,
}

/// Follows a stream.
#[derive(Debug)]
pub struct Follower {
    mirror: Mirror,
    /// How the next read takes frames.
    take: Take,
    info: Option<StreamInfo>,
    /// `info` is not that of the batch's frames.
    stale: bool,
    batch: Batch,
    /// Of the last frame that was handed out.
    last_time: Option<f64>,
}

impl Follower {
    /// Of a stream that need not be there yet.
    ///
    /// # Errors
    /// [`MirrorError::Name`].
    pub fn open(name: &str, start: Start) -> Result<Self, MirrorError> {
        Mirror::open(name, start).map(Self::of)
    }

    /// Of a mirror, with the frames that it has not handed out yet.
    #[must_use]
    pub fn of(mirror: Mirror) -> Self {
        Self { mirror, take: Take::UpTo(usize::MAX), info: None, stale: true, batch: Batch::default(), last_time: None }
    }

    /// Begins with the newest frames that there are now, at most `frames` of them.
    #[must_use]
    pub fn from_latest(mut self, frames: usize) -> Self {
        self.take = Take::Latest(frames);
        self
    }

    /// What comes next. When there is nothing, waits for it for at most `longest`.
    ///
    /// # Errors
    /// [`MirrorError::Stream`], [`MirrorError::Memory`].
    pub fn next(&mut self, longest: Duration) -> Result<News<'_>, MirrorError> {
        if self.batch.done == self.batch.frames {
            match self.read()? {
                State::Valid if self.batch.frames > 0 => {}
                State::Valid => {
                    if !self.mirror.wait(longest)? || self.read()? != State::Valid || self.batch.frames == 0 {
                        return Ok(News::Nothing);
                    }
                }
                state => {
                    std::thread::sleep(longest.min(LOOK));
                    return Ok(News::Waiting(state));
                }
            }
        }
        // Not before there are frames: only then is the static metadata sure to be theirs.
        if self.stale {
            self.info = StreamInfo::of(&mut self.mirror)?;
            self.stale = self.info.is_none();
            return Ok(self.info.as_ref().map_or(News::Nothing, News::Stream));
        }
        Ok(self.hand_out())
    }

    /// Frames that are in hand, up to the next gap.
    fn hand_out(&mut self) -> News<'_> {
        let (Some(info), batch) = (&self.info, &mut self.batch) else { return News::Nothing };
        let period = info.rate.map(|rate| 1.0 / rate);
        let begin = batch.done;
        let times = batch.times.get(begin..).unwrap_or_default();
        let overwritten = std::mem::take(&mut batch.overwritten);
        let missing = |before: Option<f64>, now: Option<f64>, overwritten| match (before, now, period) {
            (Some(before), Some(now), Some(period)) => not_acquired(now - before, period, overwritten),
            _ => 0,
        };
        let not_acquired = missing(self.last_time, times.first().copied(), overwritten);
        let gap = times.windows(2).position(|t| missing(t.first().copied(), t.last().copied(), 0) > 0);
        batch.done = gap.map_or(batch.frames, |place| begin + place + 1);
        self.last_time = batch.times.get(..batch.done).and_then(|times| times.last().copied());
        let size = info.frame_bytes();
        News::Frames(Frames {
            first: batch.first.saturating_add(begin as u64),
            bytes: batch.bytes.get(begin * size..batch.done * size).unwrap_or_default(),
            times: if batch.has_times { batch.times.get(begin..batch.done).unwrap_or_default() } else { &[] },
            overwritten,
            not_acquired,
            proof: if batch.proven { Proof::Untorn } else { Proof::Unproven },
            dtype: info.dtype,
            channels: info.channels,
        })
    }

    /// Takes what is new into the batch.
    fn read(&mut self) -> Result<State, MirrorError> {
        let batch = &mut self.batch;
        let chunk = self.mirror.take(self.take)?;
        let state = chunk.state();
        batch.bytes.clear();
        batch.bytes.extend_from_slice(chunk.bytes());
        batch.times.clear();
        batch.times.extend_from_slice(chunk.times());
        batch.has_times = chunk.has_times();
        (batch.first, batch.frames, batch.done) = (chunk.first(), chunk.frames(), 0);
        // What was missed with a read that brought no frame belongs before the next one.
        batch.overwritten = batch.overwritten.saturating_add(chunk.missed());
        batch.proven = chunk.proof() == Proof::Untorn;
        if batch.frames > 0 {
            self.take = Take::UpTo(usize::MAX);
        }
        // Asked behind the read, which may itself have met a new buffer.
        let changes = self.mirror.changes();
        self.stale |= changes.buffer || changes.static_metadata;
        Ok(state)
    }

    /// What the frames are that were handed out last.
    #[must_use]
    pub const fn info(&self) -> Option<&StreamInfo> {
        self.info.as_ref()
    }

    /// The mirror: health, timing and writer are in its [`extension`](Mirror::extension).
    #[must_use]
    pub const fn mirror(&self) -> &Mirror {
        &self.mirror
    }
}

/// Frames that do not exist between two that do, of which `overwritten` are known to exist.
fn not_acquired(seconds: f64, period: f64, overwritten: u64) -> u64 {
    // `as` makes 0 of what is negative.
    (((seconds / period).round() - 1.0) as u64).saturating_sub(overwritten)
}

#[cfg(test)]
mod tests {
    use super::not_acquired;

    #[test]
    fn frames_that_were_overwritten_were_acquired() {
        // 10 periods from one frame to the next: 9 are between them.
        assert_eq!(not_acquired(0.0401, 0.004, 0), 9);
        assert_eq!(not_acquired(0.0401, 0.004, 9), 0);
        assert_eq!(not_acquired(0.0401, 0.004, 7), 2);
        assert_eq!(not_acquired(0.004, 0.004, 0), 0);
        assert_eq!(not_acquired(-1.0, 0.004, 3), 0);
    }
}
