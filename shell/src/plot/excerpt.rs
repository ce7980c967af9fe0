//! Some seconds of a stream, with what is missing among them.

use axismirror_core::extension::Clock;

use crate::mirror::{Frames, StreamInfo, value};
use crate::scope::filter::{Bank, FilterError, Filters};
use crate::scope::{Gap, MOST_CHANNELS, Mark, Missing, Shown};

/// Samples that an excerpt takes at most.
const MOST_SAMPLES: usize = 64 << 20;

/// Why there is no excerpt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExcerptError {
    /// More than fits into memory sensibly.
    #[error("more than {MOST_SAMPLES} samples: fewer seconds or --channels are needed")]
    TooLong,
}

/// Frames in a row, a gap counted as frames that are no numbers.
#[derive(Clone, Debug)]
pub struct Excerpt {
    /// The stream's name.
    pub name: String,
    /// Frames a second, nominally; `None` when irregular.
    pub rate: Option<f64>,
    /// Unit of the samples, and what they are in the stream's.
    pub shown: Shown,
    /// Of the frames' times.
    pub clock: Clock,
    /// A label for each channel: a stranger's text.
    pub labels: Vec<String>,
    /// Whether codes are wanted.
    codes: bool,
    /// Where each channel is in a frame.
    picked: Vec<usize>,
    /// A row a channel.
    pub samples: Vec<Vec<f64>>,
    /// When each frame was acquired; NaN in gaps. Empty without times.
    pub times: Vec<f64>,
    /// Where frames are missing.
    pub gaps: Vec<Gap>,
    /// What happened.
    pub marks: Vec<Mark>,
    /// Numbers of the frames, at the places of the first of each block.
    numbers: Vec<(u64, u64)>,
}

impl Excerpt {
    /// Of a stream; of the channels with these places in a frame, from 0, or of all, up to 256. Codes are volts
    /// where the stream says how, unless `codes`.
    #[must_use]
    pub fn new(info: &StreamInfo, chosen: Option<&[usize]>, codes: bool) -> Self {
        let all: Vec<usize> = chosen.map_or_else(|| (0..info.channels).collect(), <[usize]>::to_vec);
        let picked: Vec<usize> = all.into_iter().filter(|c| *c < info.channels).take(MOST_CHANNELS).collect();
        Self {
            name: info.name.clone(),
            rate: info.rate,
            shown: Shown::of(info, codes),
            codes,
            clock: info.clock,
            labels: picked.iter().map(|c| info.labels.get(*c).cloned().unwrap_or_default()).collect(),
            samples: vec![Vec::new(); picked.len()],
            picked,
            times: Vec::new(),
            gaps: Vec::new(),
            marks: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Whether frames of another description are of the same kind.
    #[must_use]
    pub fn goes_on_with(&self, info: &StreamInfo) -> bool {
        let labels = self.picked.iter().map(|c| info.labels.get(*c));
        let shown = Shown::of(info, self.codes);
        self.rate == info.rate && self.shown == shown && self.labels.iter().map(Some).eq(labels)
    }

    /// How many frames, gaps included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.first().map_or(0, Vec::len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next frames.
    ///
    /// # Errors
    /// [`ExcerptError::TooLong`].
    pub fn push(&mut self, frames: &Frames<'_>) -> Result<(), ExcerptError> {
        let missing = if self.is_empty() { 0 } else { frames.overwritten.saturating_add(frames.not_acquired) };
        let more = usize::try_from(missing).unwrap_or(usize::MAX).saturating_add(frames.len());
        if self.len().saturating_add(more).saturating_mul(self.samples.len()) > MOST_SAMPLES {
            return Err(ExcerptError::TooLong);
        }
        if missing > 0 {
            self.skip(frames.overwritten, Missing::Overwritten);
            self.skip(frames.not_acquired, Missing::NotAcquired);
        }
        self.numbers.push((self.len() as u64, frames.first));
        let factor = self.shown.factor;
        for (row, &channel) in self.samples.iter_mut().zip(&self.picked) {
            row.extend((0..frames.len()).map(|i| value::value(frames.dtype, frames.sample(i, channel)) * factor));
        }
        self.times.extend_from_slice(frames.times);
        Ok(())
    }

    fn skip(&mut self, frames: u64, missing: Missing) {
        if frames > 0 {
            self.gaps.push(Gap { place: self.len() as u64, frames, missing });
            let longer = |row: &mut Vec<f64>| row.resize(row.len() + frames as usize, f64::NAN);
            self.samples.iter_mut().for_each(longer);
            if !self.times.is_empty() {
                longer(&mut self.times);
            }
        }
    }

    /// Something happened at the frame of this number; nothing when that is none of these.
    pub fn mark(&mut self, number: u64, text: String) {
        let block = self.numbers.iter().rev().find(|(_, first)| *first <= number);
        let place =
            block.map(|(place, first)| place.saturating_add(number - first)).filter(|place| *place < self.len() as u64);
        self.marks.extend(place.map(|place| Mark { place, text }));
    }

    /// The newest `frames` alone.
    pub fn keep_newest(&mut self, frames: usize) {
        let before = self.len().saturating_sub(frames);
        let cut = |row: &mut Vec<f64>| drop(row.drain(..before.min(row.len())));
        self.samples.iter_mut().for_each(cut);
        cut(&mut self.times);
        let before = before as u64;
        self.gaps.retain_mut(|gap| {
            let end = (gap.place + gap.frames).saturating_sub(before);
            gap.place = gap.place.saturating_sub(before);
            gap.frames = end.saturating_sub(gap.place);
            gap.frames > 0
        });
        self.marks.retain_mut(|mark| {
            let stays = mark.place >= before;
            mark.place = mark.place.saturating_sub(before);
            stays
        });
        self.numbers.retain_mut(|(place, first)| {
            *first = first.saturating_add(before.saturating_sub(*place));
            *place = place.saturating_sub(before);
            true
        });
    }

    /// The newest seconds alone, by the frames' times; all when there are none.
    pub fn keep_seconds(&mut self, seconds: f64) {
        let newest = self.times.last().copied().unwrap_or(0.0);
        let before = self.times.iter().position(|t| newest - t <= seconds).unwrap_or(0);
        self.keep_newest(self.len() - before);
    }

    /// What is shown of the samples through filters.
    ///
    /// # Errors
    /// When they cannot be had at this rate.
    pub fn filter(&mut self, filters: &Filters) -> Result<(), FilterError> {
        let mut bank = Bank::new(filters, self.rate, self.samples.len())?;
        for (c, row) in self.samples.iter_mut().enumerate() {
            // What is missing is no number, behind which a filter starts anew.
            row.iter_mut().for_each(|x| *x = bank.run(c, *x));
        }
        Ok(())
    }

    /// When each frame was, in seconds after the last one; in frames where neither rate nor times are known.
    #[must_use]
    pub fn places(&self) -> Vec<f64> {
        let last = self.len().saturating_sub(1);
        match (self.rate, self.times.last()) {
            (Some(rate), _) => (0..=last).map(|i| (i as f64 - last as f64) / rate).collect(),
            (None, Some(newest)) => self.times.iter().map(|t| t - newest).collect(),
            (None, None) => (0..=last).map(|i| i as f64 - last as f64).collect(),
        }
    }

    /// Seconds from the first frame to behind the last; `None` without rate and times.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        match (self.rate, self.times.first(), self.times.last()) {
            (Some(rate), ..) => Some(self.len() as f64 / rate),
            (None, Some(first), Some(last)) => Some(last - first),
            _ => None,
        }
    }
}
