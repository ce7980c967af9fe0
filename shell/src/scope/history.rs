//! What was seen of a stream, as the smallest and largest sample of longer and longer pieces: a picture of any length costs little to draw.
//!
//! Level 0 keeps each frame, level k the least and greatest of 16^k frames. A frame costs a comparison a level, whatever is drawn; a column of a
//! picture merges at most 17 pieces. Memory is bounded, and older frames are left in the coarser levels alone. Places count
//! frames from the first that was kept, gaps included; what is in a gap is NaN.

/// Frames of a piece, by those of a piece one level finer.
const FACTOR: u64 = 16;
/// Samples that level 0 keeps, all channels together, while each channel has at least [`LEAST`] frames.
const SAMPLES: usize = 1 << 20;
/// Frames or pieces that a level keeps at least.
const LEAST: usize = 8192;

/// Least and greatest sample of a piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    /// The least one.
    pub min: f64,
    /// The greatest one.
    pub max: f64,
}

/// Pieces of one size.
#[derive(Clone, Debug)]
struct Level {
    /// Frames of a piece.
    frames: u64,
    /// Pieces that are kept.
    len: u64,
    /// A row of channels a piece.
    min: Vec<f32>,
    /// Not of level 0, where it is `min`.
    max: Vec<f32>,
}

/// Frames of some channels.
#[derive(Clone, Debug)]
pub struct History {
    channels: usize,
    levels: Vec<Level>,
    /// Of each channel, the sample that others are kept relative to: `f32` is then exact for what is seen beside a large offset.
    reference: Vec<Option<f64>>,
    /// Place of the first frame that was ever kept.
    begin: u64,
    /// Place of the next frame.
    end: u64,
}

impl History {
    /// For so many channels, with the place of its first frame. With `coarse`, also of longer pieces than single frames.
    #[must_use]
    pub fn new(channels: usize, begin: u64, coarse: bool) -> Self {
        let frames = (SAMPLES / channels.max(1)).max(LEAST);
        let level = |k: u32| {
            let (len, pairs) = if k == 0 { (frames, 0) } else { ((frames / 2).max(LEAST), 1) };
            let empty = |n: usize| vec![f32::NAN; n * len * channels];
            Level { frames: FACTOR.pow(k), len: len as u64, min: empty(1), max: empty(pairs) }
        };
        let levels = (0..if coarse { 4 } else { 1 }).map(level).collect();
        Self { channels, levels, reference: vec![None; channels], begin, end: begin }
    }

    /// Place of the next frame.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Place of the oldest frame that any level keeps.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.levels.last().map_or(self.end, |level| self.kept_from(level))
    }

    /// Frames that are kept at most, in one level or another.
    #[must_use]
    pub fn longest(&self) -> u64 {
        self.levels.last().map_or(0, |level| level.frames * level.len)
    }

    /// Place of the oldest frame that is kept as it is.
    #[must_use]
    pub fn begin_of_frames(&self) -> u64 {
        self.levels.first().map_or(self.end, |level| self.kept_from(level))
    }

    fn kept_from(&self, level: &Level) -> u64 {
        let oldest = (self.end.div_ceil(level.frames)).saturating_sub(level.len) * level.frames;
        oldest.max(self.begin)
    }

    /// One more frame: a sample a channel, NaN for what is no number.
    pub fn push(&mut self, frame: &[f64]) {
        for level in &mut self.levels {
            let Some(row) = row(level, self.channels, self.end) else { continue };
            let first = self.end.is_multiple_of(level.frames) || self.end == self.begin;
            let samples = frame.iter().zip(&mut self.reference);
            let values = samples.map(|(sample, reference)| relative(*sample, reference));
            let Some(min) = level.min.get_mut(row.clone()) else { continue };
            match level.max.get_mut(row) {
                None => min.iter_mut().zip(values).for_each(|(at, value)| *at = value),
                Some(max) => {
                    for ((min, max), value) in min.iter_mut().zip(max).zip(values) {
                        // Of a number and NaN, `min` and `max` take the number.
                        *min = if first { value } else { min.min(value) };
                        *max = if first { value } else { max.max(value) };
                    }
                }
            }
        }
        self.end += 1;
    }

    /// So many frames are missing here.
    pub fn skip(&mut self, frames: u64) {
        let end = self.end.saturating_add(frames);
        for level in &mut self.levels {
            // Those that begin in the gap; the piece in which it begins keeps what it has.
            let (from, to) = (self.end.div_ceil(level.frames), end.div_ceil(level.frames));
            for piece in from.max(to.saturating_sub(level.len))..to {
                let Some(row) = row(level, self.channels, piece * level.frames) else { continue };
                [&mut level.min, &mut level.max]
                    .into_iter()
                    .filter_map(|all| all.get_mut(row.clone()))
                    .for_each(|r| r.fill(f32::NAN));
            }
        }
        self.end = end;
    }

    /// A sample as it was; `None` when it is not kept any more, or never was.
    #[must_use]
    pub fn sample(&self, channel: usize, place: u64) -> Option<f64> {
        let level = self.levels.first().filter(|_| place >= self.begin_of_frames() && place < self.end)?;
        let at = row(level, self.channels, place)?.start + channel;
        let value = f64::from(*level.min.get(at)?) + (*self.reference.get(channel)?)?;
        (channel < self.channels && !value.is_nan()).then_some(value)
    }

    /// The level from whose pieces columns of so many frames are made, so that a picture from `from` on is there as far as possible.
    fn level_for(&self, frames: f64, from: u64) -> Option<&Level> {
        let fine = self.levels.iter().take_while(|level| level.frames as f64 <= frames.max(1.0)).count().max(1) - 1;
        let enough = |level: &&Level| self.kept_from(level) <= from.max(self.begin());
        self.levels.iter().skip(fine).find(enough).or(self.levels.last())
    }

    /// Least and greatest sample of a channel in each of `columns` columns of `frames` frames (at least 1), the first of which begins at column number `first`, counted
    /// from place 0; `None` where there is none. A sample is in one column and no other; columns end with whole pieces, which are no longer than a column.
    pub fn columns(
        &self,
        channel: usize,
        first: u64,
        columns: usize,
        frames: f64,
    ) -> impl Iterator<Item = Option<Envelope>> + '_ {
        let frames = frames.max(1.0);
        let level = self.level_for(frames, (first as f64 * frames) as u64);
        let size = level.map_or(1, |level| level.frames);
        let kept = level.map_or(u64::MAX, |level| self.kept_from(level)) / size;
        let border = move |column: u64| (column as f64 * frames / size as f64).round() as u64;
        (0..columns as u64).map(move |i| {
            let column = first.saturating_add(i);
            let (from, to) = (border(column).max(kept), border(column + 1).min(self.end.div_ceil(size)));
            self.merged(level?, channel, from, to)
        })
    }

    /// Over pieces of a level.
    fn merged(&self, level: &Level, channel: usize, from: u64, to: u64) -> Option<Envelope> {
        let reference = (*self.reference.get(channel)?)?;
        let (mut least, mut greatest) = (f32::NAN, f32::NAN);
        for piece in from..to {
            let at = row(level, self.channels, piece * level.frames)?.start + channel;
            let min = *level.min.get(at)?;
            least = least.min(min);
            greatest = greatest.max(level.max.get(at).copied().unwrap_or(min));
        }
        let envelope = Envelope { min: f64::from(least) + reference, max: f64::from(greatest) + reference };
        (!least.is_nan()).then_some(envelope)
    }
}

/// Where the row of the piece lies that a place is in.
fn row(level: &Level, channels: usize, place: u64) -> Option<std::ops::Range<usize>> {
    let row = usize::try_from(place / level.frames % level.len).ok()? * channels;
    Some(row..row + channels)
}

/// A sample as it is kept.
fn relative(sample: f64, reference: &mut Option<f64>) -> f32 {
    if !sample.is_finite() {
        return f32::NAN;
    }
    (sample - *reference.get_or_insert(sample)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sawtooth with a spike, counted from 0; channel 1 is its negative, beside a large offset.
    fn frame(place: u64) -> [f64; 2] {
        let value = (place * 37 % 101) as f64 + if place == 12_345 { 5000.0 } else { 0.0 };
        [value, 1e12 - value]
    }

    fn history(frames: u64) -> History {
        let mut history = History::new(2, 0, true);
        (0..frames).for_each(|place| history.push(&frame(place)));
        history
    }

    /// The least and greatest of each column, by looking at each frame.
    fn slowly(channel: usize, from: u64, to: u64) -> Option<Envelope> {
        let samples = || (from..to).map(|place| frame(place)[channel]);
        let found =
            Envelope { min: samples().fold(f64::INFINITY, f64::min), max: samples().fold(f64::NEG_INFINITY, f64::max) };
        (from < to).then_some(found)
    }

    #[test]
    fn columns_are_what_their_frames_are_at_every_level() {
        let history = history(100_000);
        for frames in [1, 3, 15, 16, 64, 256, 4096] {
            let first = (99_000_u64 / frames).saturating_sub(60);
            for channel in [0, 1] {
                let columns: Vec<_> = history.columns(channel, first, 80, frames as f64).collect();
                for (column, found) in (first..).zip(columns) {
                    let (from, to) = (column * frames, ((column + 1) * frames).min(100_000));
                    assert_eq!(found, slowly(channel, from, to), "{frames} frames, column {column}");
                }
            }
        }
    }

    #[test]
    fn a_spike_of_one_frame_is_in_one_column_of_any_width() {
        let history = history(100_000);
        for frames in [1.0, 1.7, 16.5, 33.3, 100.0, 999.9, 5000.0] {
            let first = (12_345.0_f64 / frames) as u64 - 2;
            let spikes = history.columns(0, first, 6, frames).flatten().filter(|e| e.max > 1000.0).count();
            assert_eq!(spikes, 1, "{frames}");
        }
    }

    #[test]
    fn what_is_missing_is_in_no_column_and_what_follows_is_in_its_place() {
        let mut history = history(1000);
        history.skip(500);
        assert_eq!(history.end(), 1500);
        history.push(&[7.0, 7.0]);
        for frames in [1_u64, 16, 100] {
            let columns: Vec<_> = history.columns(0, 0, 1600 / frames as usize, frames as f64).collect();
            let gap = |i: usize| i as u64 * frames >= 1000 + frames && (i as u64 + 1) * frames <= 1500 - frames;
            assert!(columns.iter().enumerate().all(|(i, column)| column.is_none() || !gap(i)), "{frames}");
            let last = columns.iter().rposition(Option::is_some).unwrap();
            // Pieces of 16 frames: the one of frame 1500 begins with 1488, and is nearer to the column before.
            assert_eq!(last as u64, if frames == 100 { 14 } else { 1500 / frames });
            assert_eq!(columns[last].unwrap().max, 7.0);
        }
        assert_eq!(history.sample(0, 1499), None);
        assert_eq!(history.sample(0, 1500), Some(7.0));
        // Longer than anything that is kept.
        history.skip(u64::MAX / 2);
        assert!(history.columns(0, 0, 100, 1e4).all(|column| column.is_none()));
        history.push(&[1.0, 2.0]);
        assert_eq!(history.sample(0, history.end() - 1), Some(1.0));
    }

    /// Rows that held older frames hold none of them behind a gap.
    #[test]
    fn a_gap_hides_what_was_in_its_rows() {
        let mut history = History::new(256, 0, true);
        let frames = 3 * LEAST as u64;
        (0..frames).for_each(|_| history.push(&[1.0; 256]));
        history.skip(1000);
        history.push(&[2.0; 256]);
        assert_eq!([frames - 1, frames, frames + 999].map(|place| history.sample(0, place)), [Some(1.0), None, None]);
        for (size, first) in [(1, frames), (16, frames / 16)] {
            let columns: Vec<_> = history.columns(0, first, 1000 / size, size as f64).collect();
            assert!(columns.iter().all(Option::is_none), "{size}");
        }
    }

    #[test]
    fn what_is_old_is_kept_coarsely_and_then_no_more() {
        let frames = 600_000;
        let history = history(frames);
        assert_eq!(frames - history.begin_of_frames(), 1 << 19);
        assert_eq!(history.sample(0, history.begin_of_frames()), Some(frame(history.begin_of_frames())[0]));
        assert_eq!(history.sample(0, history.begin_of_frames() - 1), None);
        let columns: Vec<_> = history.columns(0, 0, 100, 6000.0).collect();
        assert!(columns.iter().all(Option::is_some));
        assert!(columns[2].unwrap().max > 5000.0, "the spike is still there");
    }

    #[test]
    fn numbers_that_are_none_are_not_drawn_and_hide_nothing() {
        let mut history = History::new(1, 5, true);
        for sample in [f64::NAN, 3.0, f64::INFINITY, 4.0] {
            history.push(&[sample]);
        }
        assert_eq!((history.begin(), history.end()), (5, 9));
        let all: Vec<_> = history.columns(0, 0, 1, 16.0).collect();
        assert_eq!(all, [Some(Envelope { min: 3.0, max: 4.0 })]);
        assert_eq!(history.sample(0, 5), None);
        assert_eq!(History::new(0, 0, true).columns(0, 0, 3, 1.0).count(), 3);
    }
}
