//! What was seen of a stream: samples as they came and as filters show them, gaps and marks in their places.
//!
//! Takes frames; knows nothing of how they are drawn. A change of the filters is a change of the picture: what is still kept as it came goes through the new
//! ones.

use std::collections::VecDeque;

use axismirror_core::extension::Clock;
use axismirror_core::header::Generation;

use super::filter::{Bank, FilterError, Filters};
use super::history::{Envelope, History};
use super::shown::Shown;
use super::spectrum::{self, Spectrum};
use super::text;
use crate::mirror::{Frames, StreamInfo, value};

/// Channels that are kept; of a frame with more, the first ones.
pub const MOST_CHANNELS: usize = 256;
/// Gaps and marks that are kept.
const MOST_PLACES: usize = 1000;
/// After a longer gap, the picture begins anew: nothing of before would be in it.
const LONGEST_GAP: u64 = 1 << 31;

/// What the samples are.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The stream's name.
    pub name: String,
    /// Frames a second, nominally; `None` when irregular.
    pub rate: Option<f64>,
    /// Unit of the samples, and what they are in the stream's.
    pub shown: Shown,
    /// A label for each channel that is kept: a stranger's text.
    pub labels: Vec<String>,
    /// Channels of a frame.
    pub channels: usize,
    /// Of the frames' times.
    pub clock: Clock,
}

/// Why frames are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Overwritten before this reader had them.
    Overwritten,
    /// Nobody acquired them.
    NotAcquired,
    /// The picture was held meanwhile.
    Held,
}

/// Where frames are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Place of the first one.
    pub place: u64,
    /// How many.
    pub frames: u64,
    /// Why.
    pub missing: Missing,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Place of the frame that it is at.
    pub place: u64,
    /// A stranger's text.
    pub text: String,
}

/// Samples of a stream.
#[derive(Debug, Default)]
pub struct Signals {
    source: Option<Source>,
    generation: Option<Generation>,
    /// Which samples of a frame are kept, from 0; as many as there are, up to [`MOST_CHANNELS`], when nobody chose.
    chosen: Option<Vec<usize>>,
    /// Whether codes are shown as codes.
    codes: bool,
    picked: Vec<usize>,
    kept: Option<Kept>,
    filters: Filters,
    gaps: VecDeque<Gap>,
    marks: VecDeque<Mark>,
    /// Number and time of the last frame.
    last: Option<(u64, Option<f64>)>,
    /// Frames that came while the picture was held; `None` when it is not.
    held: Option<u64>,
    /// Frames that were overwritten, and such that nobody acquired, since the start.
    overwritten: u64,
    not_acquired: u64,
    frames: u64,
}

#[derive(Debug)]
struct Kept {
    /// As they came.
    raw: History,
    /// As they are shown.
    shown: History,
    bank: Bank,
}

impl Signals {
    /// Of the channels with these places in a frame, from 0; of all when `None`. Codes are shown as volts where the stream says how, unless `codes`.
    #[must_use]
    pub fn new(chosen: Option<Vec<usize>>, codes: bool) -> Self {
        Self { chosen, codes, ..Self::default() }
    }

    /// What the frames from here on are. What was seen stays where it was the same stream, even with another buffer or writer. Whether it was.
    pub fn stream(&mut self, info: &StreamInfo) -> bool {
        let generation = self.generation.replace(info.generation);
        let picked: Vec<usize> = match &self.chosen {
            Some(chosen) => chosen.iter().copied().filter(|c| *c < info.channels).take(MOST_CHANNELS).collect(),
            None => (0..info.channels.min(MOST_CHANNELS)).collect(),
        };
        let label = |c: &usize| info.labels.get(*c).cloned().unwrap_or_else(|| format!("ch{}", c + 1));
        let source = Source {
            name: info.name.clone(),
            rate: info.rate,
            shown: Shown::of(info, self.codes),
            labels: picked.iter().map(label).collect(),
            channels: info.channels,
            clock: info.clock,
        };
        let same = self.source.as_ref() == Some(&source) && self.picked == picked;
        (self.source, self.picked) = (Some(source), picked);
        if !same {
            self.begin();
        } else if let Some(kept) = self.kept.as_mut().filter(|_| generation != Some(info.generation)) {
            kept.bank.reset();
        }
        same
    }

    /// Nothing was seen yet.
    fn begin(&mut self) {
        let channels = self.picked.len();
        let rate = self.source.as_ref().and_then(|s| s.rate);
        if self.filters.check(rate).is_err() {
            self.filters = Filters::default();
        }
        self.kept = Bank::new(&self.filters, rate, channels).ok().map(|bank| Kept {
            raw: History::new(channels, 0, false),
            shown: History::new(channels, 0, true),
            bank,
        });
        self.gaps.clear();
        self.marks.clear();
        self.last = None;
        self.held = self.held.map(|_| 0);
    }

    /// The next frames.
    pub fn frames(&mut self, frames: &Frames<'_>) {
        let number = |i: usize| frames.number(i);
        self.frames += frames.len() as u64;
        // What was overwritten while the first ones were looked for was never to be seen.
        if self.last.is_some() || self.frames > frames.len() as u64 {
            self.overwritten = self.overwritten.saturating_add(frames.overwritten);
            self.not_acquired = self.not_acquired.saturating_add(frames.not_acquired);
        }
        if let Some(held) = &mut self.held {
            let missing = frames.overwritten.saturating_add(frames.not_acquired);
            *held = held.saturating_add(missing).saturating_add(frames.len() as u64);
        } else {
            if self.last.is_some() {
                self.gap(frames.overwritten, Missing::Overwritten);
                self.gap(frames.not_acquired, Missing::NotAcquired);
            }
            let Some(Kept { raw, shown, bank }) = &mut self.kept else { return };
            let factor = self.source.as_ref().map_or(1.0, |s| s.shown.factor);
            let mut row = vec![0.0; self.picked.len()];
            for i in 0..frames.len() {
                for (to, &channel) in row.iter_mut().zip(&self.picked) {
                    *to = value::value(frames.dtype, frames.sample(i, channel)) * factor;
                }
                raw.push(&row);
                row.iter_mut().enumerate().for_each(|(c, x)| *x = bank.run(c, *x));
                shown.push(&row);
            }
        }
        if let Some(i) = frames.len().checked_sub(1) {
            self.last = Some((number(i), frames.times.last().copied()));
        }
    }

    fn gap(&mut self, frames: u64, missing: Missing) {
        if frames == 0 {
            return;
        }
        if frames > LONGEST_GAP {
            self.begin();
            return;
        }
        let Some(Kept { raw, shown, bank }) = &mut self.kept else { return };
        keep(&mut self.gaps, Gap { place: shown.end(), frames, missing });
        raw.skip(frames);
        shown.skip(frames);
        bank.reset();
    }

    /// Holds the picture, or lets it run on behind a gap. Frames are taken and counted all the same.
    pub fn hold(&mut self, hold: bool) {
        match (hold, self.held) {
            (true, None) => self.held = Some(0),
            (false, Some(frames)) => {
                self.held = None;
                self.gap(frames, Missing::Held);
            }
            _ => {}
        }
    }

    /// Shows what is kept, and what comes, through other filters.
    ///
    /// # Errors
    /// When they cannot be had at this stream's rate; the ones before stay.
    pub fn set_filters(&mut self, filters: Filters) -> Result<(), FilterError> {
        let (Some(source), Some(kept)) = (&self.source, &mut self.kept) else {
            self.filters = filters;
            return Ok(());
        };
        let mut bank = Bank::new(&filters, source.rate, self.picked.len())?;
        self.filters = filters;
        let begin = kept.raw.begin_of_frames();
        let mut shown = History::new(self.picked.len(), begin, true);
        let mut gaps = self.gaps.iter().skip_while(|gap| gap.place + gap.frames <= begin).peekable();
        let mut row = vec![0.0; self.picked.len()];
        while shown.end() < kept.raw.end() {
            if let Some(gap) = gaps.next_if(|gap| gap.place <= shown.end()) {
                shown.skip((gap.place + gap.frames).saturating_sub(shown.end()));
                bank.reset();
                continue;
            }
            for (c, to) in row.iter_mut().enumerate() {
                *to = bank.run(c, kept.raw.sample(c, shown.end()).unwrap_or(f64::NAN));
            }
            shown.push(&row);
        }
        (kept.shown, kept.bank) = (shown, bank);
        Ok(())
    }

    /// Something happened at the frame of this number, which need not be there yet; nothing where that is not kept any more.
    pub fn mark(&mut self, number: u64, text: String) {
        let (Some((last, _)), Some(kept)) = (self.last, &self.kept) else { return };
        let end = kept.shown.end();
        let place = if self.held.is_some() {
            Some(end)
        } else if let Some(ahead) = number.checked_sub(last) {
            Some(end.saturating_add(ahead).saturating_sub(1))
        } else {
            // Frames behind the number, and those that are missing among them without one.
            let mut place = end.checked_sub(1 + last - number);
            for gap in self.gaps.iter().rev().filter(|gap| gap.missing == Missing::NotAcquired) {
                if place.is_some_and(|place| gap.place + gap.frames > place) {
                    place = place.and_then(|place| place.checked_sub(gap.frames));
                }
            }
            place
        };
        if let Some(place) = place {
            self.mark_at(place, text);
        }
    }

    /// Something happened before the next frame.
    pub fn mark_next(&mut self, text: String) {
        if let Some(kept) = &self.kept {
            self.mark_at(kept.shown.end(), text);
        }
    }

    fn mark_at(&mut self, place: u64, text: String) {
        keep(&mut self.marks, Mark { place, text });
    }

    /// What the samples are; `None` before there are any.
    #[must_use]
    pub const fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// What is shown.
    #[must_use]
    pub fn history(&self) -> Option<&History> {
        self.kept.as_ref().map(|kept| &kept.shown)
    }

    /// The filters that it is shown through.
    #[must_use]
    pub const fn filters(&self) -> &Filters {
        &self.filters
    }

    /// Where frames are missing, oldest first.
    pub fn gaps(&self) -> impl DoubleEndedIterator<Item = &Gap> {
        self.gaps.iter()
    }

    /// What happened, as far as it is kept.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.marks.iter()
    }

    /// Frames that came; that were overwritten before; that nobody acquired: since the start.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64, u64) {
        (self.frames, self.overwritten, self.not_acquired)
    }

    /// Number and time of the newest frame.
    #[must_use]
    pub const fn last(&self) -> Option<(u64, Option<f64>)> {
        self.last
    }

    /// A channel in each of `columns` columns of `frames` frames, the first of which is column `first` counted from place 0. Columns that are shorter than a frame are
    /// points of the lines from sample to sample.
    #[must_use]
    pub fn trace(&self, channel: usize, first: u64, columns: usize, frames: f64) -> Vec<Option<Envelope>> {
        let Some(history) = self.history() else { return vec![None; columns] };
        if frames >= 1.0 {
            return history.columns(channel, first, columns, frames).collect();
        }
        let at = |place: f64| {
            let (before, part) = (place.floor() as u64, place.fract());
            let from = history.sample(channel, before)?;
            if part < 1e-9 {
                return Some(from);
            }
            Some(from + (history.sample(channel, before + 1)? - from) * part)
        };
        let column = |i: usize| {
            let begin = at((first + i as u64) as f64 * frames)?;
            let end = at((first + i as u64 + 1) as f64 * frames).unwrap_or(begin);
            Some(Envelope { min: begin.min(end), max: begin.max(end) })
        };
        (0..columns).map(column).collect()
    }

    /// Spectrum of what is shown of a channel before a place, back to the last gap; `None` when that is too short or the rate irregular.
    #[must_use]
    pub fn spectrum(&self, channel: usize, end: u64) -> Option<Spectrum> {
        let (history, rate) = (self.history()?, self.source.as_ref()?.rate?);
        let end = end.min(history.end());
        let from = end.saturating_sub(spectrum::samples(rate) as u64);
        let mut samples: Vec<f64> = (from..end).rev().map_while(|place| history.sample(channel, place)).collect();
        samples.reverse();
        Spectrum::of(&samples, rate, spectrum::piece(rate))
    }

    /// When the newest frame was acquired, in words; `None` without times.
    #[must_use]
    pub fn newest(&self) -> Option<String> {
        let (time, clock) = (self.last?.1?, self.source.as_ref()?.clock);
        Some(text::time_of_day(time, clock))
    }
}

/// Adds the newest, and drops the oldest when there are many.
fn keep<T>(all: &mut VecDeque<T>, one: T) {
    if all.len() == MOST_PLACES {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
pub(crate) mod tests;
