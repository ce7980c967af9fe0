//! What our own recorder writes between the annotations of a file: the description, the stream's own times, and what is no frame of the stream.
//!
//! How each is written is said at [`formats::own::annotations`](crate::formats::own::annotations).
//! Places are counted in frames of the file, those that are filled up too.

use super::super::content::Mark;
use crate::formats::own::annotations::{self, DESCRIPTION, END, GAP, PADDING, TIME};
use crate::formats::own::{Description, frames_of};

/// The largest time in seconds that can be meant; between larger ones numbers overflow.
const MAX_TIME: f64 = 1e15;

/// Frames of the file that are none of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) at: u64,
    pub(super) frames: u64,
    /// Whether they stand for frames that were lost.
    pub(super) is_gap: bool,
}

impl Filled {
    pub(super) const fn end(&self) -> u64 {
        self.at.saturating_add(self.frames)
    }
}

/// All that our recorder said.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) own: Option<Description>,
    /// By their places.
    pub(super) filled: Vec<Filled>,
    /// Places with the stream's time there.
    times: Vec<(u64, f64)>,
    pub(super) marks: Vec<Mark>,
    period: f64,
}

impl Said {
    /// Takes it out of a file's marks, whose first frame is at `begins` and whose frames are `period` apart, in seconds. `None` when nothing of it
    /// is there, or not all.
    pub(super) fn of(marks: &[Mark], begins: f64, period: f64) -> Option<Self> {
        let mut said = Self { period, ..Self::default() };
        let mut pieces = Vec::new();
        // `as` makes 0 of what is negative.
        let place = |mark: &Mark| ((mark.time - begins) / period).round() as u64;
        for mark in marks {
            // A person's event may have the same text, but never a duration.
            let filled = |name| annotations::said(&mark.text, name).filter(|_| mark.duration.is_some());
            if let Some(piece) = annotations::said(&mark.text, TIME) {
                let time = annotations::time_of(piece).filter(|t| t.abs() <= MAX_TIME);
                said.times.extend(time.map(|t| (place(mark), t)));
            } else if annotations::said(&mark.text, END).is_some() {
            } else if let Some(piece) = annotations::said(&mark.text, DESCRIPTION).and_then(annotations::piece_of) {
                pieces.push(piece);
            } else if let Some(line) = filled(GAP) {
                let frames = frames_of(line).unwrap_or(0);
                said.filled.push(Filled { at: place(mark), frames, is_gap: true });
            } else if let Some(frames) = filled(PADDING) {
                let frames = frames_of(frames).unwrap_or(0);
                said.filled.push(Filled { at: place(mark), frames, is_gap: false });
            } else {
                said.marks.push(mark.clone());
            }
        }
        pieces.sort_by_key(|(number, ..)| *number);
        let count = pieces.first().map(|(_, count, _)| *count)?;
        let is_whole = pieces.iter().map(|(number, ..)| *number).eq(1..=count);
        let text: String = pieces.iter().map(|(_, _, text)| *text).collect();
        said.own = Some(text).filter(|_| is_whole).and_then(|text| Description::known_or_told(&text));
        said.own.as_ref()?;
        said.filled.sort_by_key(|f| f.at);
        // None within another: a file that somebody has changed.
        let mut end = 0;
        for filled in &mut said.filled {
            let at = filled.at.max(end);
            *filled = Filled { at, frames: filled.end().saturating_sub(at), ..*filled };
            end = filled.end();
        }
        said.filled.retain(|f| f.frames > 0);
        said.times.sort_by_key(|(place, _)| *place);
        said.times.dedup_by_key(|(place, _)| *place);
        for i in 0..said.marks.len() {
            let at = said.marks.get(i).map_or(0.0, |m| (m.time - begins) / period);
            let time = said.time(at);
            if let Some(mark) = said.marks.get_mut(i) {
                mark.time = time;
            }
        }
        Some(said)
    }

    /// The first ones that end behind a place.
    pub(super) fn filled_from(&self, place: u64) -> Option<Filled> {
        self.filled.get(self.filled.partition_point(|f| f.end() <= place)).copied()
    }

    /// Frames of the stream in a file of `total`.
    pub(super) fn frames(&self, total: u64) -> u64 {
        let filled = self.filled.iter().map(|f| f.frames.min(total.saturating_sub(f.at)));
        total.saturating_sub(filled.fold(0, u64::saturating_add))
    }

    /// The stream's time at a place, between those that were told.
    pub(super) fn time(&self, place: f64) -> f64 {
        let behind = self.times.partition_point(|(at, _)| *at as f64 <= place);
        let told = |i: usize| self.times.get(i).copied();
        match (behind.checked_sub(1).and_then(told), told(behind)) {
            (Some((a, from)), Some((b, to))) => from + (place - a as f64) * ((to - from) / (b - a) as f64),
            (Some((at, time)), None) | (None, Some((at, time))) => time + (place - at as f64) * self.period,
            (None, None) => place * self.period,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(time: f64, text: &str) -> Mark {
        Mark { time, duration: None, text: text.to_owned() }
    }

    fn filled(time: f64, text: &str) -> Mark {
        Mark { duration: Some(0.1), ..mark(time, text) }
    }

    #[test]
    fn what_was_said_is_taken_apart() {
        let marks = [
            mark(0.5, "axismirror 1/2 {\"version\":1,\"dtype\":\"i4\",\"la"),
            mark(0.5, "axismirror 2/2 bels\":[\"a b\"]}"),
            mark(0.5, "axismirror time: frame=100 t=12.5"),
            filled(0.9, "BAD_gap: 2 frames were not acquired"),
            mark(1.1, "eyes closed"),
            mark(1.4, "axismirror time: frame=107 t=13.4"),
            filled(1.5, "BAD_padding: 5 frames"),
            mark(1.2, "BAD_gap: 5000 frames"),
            mark(1.5, "axismirror end 1/1 {}"),
        ];
        let said = Said::of(&marks, 0.5, 0.1).unwrap();
        let gap = Filled { at: 4, frames: 2, is_gap: true };
        assert_eq!(said.filled, [gap, Filled { at: 10, frames: 5, is_gap: false }]);
        assert!((said.time(0.0) - 12.5).abs() < 1e-12 && (said.time(4.5) - 12.95).abs() < 1e-12);
        assert!((said.time(11.0) - 13.6).abs() < 1e-12);
        assert_eq!(
            said.marks.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(),
            ["eyes closed", "BAD_gap: 5000 frames"]
        );
        assert!((said.marks[0].time - 13.1).abs() < 1e-9);
        // A piece is missing: anybody's file.
        assert!(Said::of(&marks[1..], 0.5, 0.1).is_none());
        assert!(Said::of(&marks[4..5], 0.5, 0.1).is_none());
    }
}
