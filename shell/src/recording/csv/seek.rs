//! The row of a frame, found by its number: rows of our own recorder are in the order of their numbers.
//!
//! Halves the file until a little of it is left, so that a row of the last minute of a night is found at once.

use super::super::error::Problem;
use super::super::source::Source;
use super::{Among, Csv, Place};

/// So few bytes are read line by line.
const LITTLE: u64 = 64 << 10;

impl<S: Source> Csv<S> {
    /// Whether each row begins with its frame's number.
    pub(super) fn has_numbers(&self) -> bool {
        self.own.is_some() && self.columns.has_numbers
    }

    /// Goes on with the first row whose frame has this number or a later one. `false`: rows have no numbers. Lines are no longer counted from the
    /// file's first one.
    pub(super) fn seek_frame(&mut self, frame: u64) -> Result<bool, Problem> {
        if !self.has_numbers() {
            return Ok(false);
        }
        let (mut low, mut high) = (self.begin.at, self.lines.file.get_ref().source().len());
        while high.saturating_sub(low) > LITTLE {
            let middle = low + (high - low) / 2;
            self.go_to(middle)?;
            // The rest of the line that is there.
            self.lines.next()?;
            match self.next_number()?.filter(|(at, _)| *at < high) {
                Some((at, number)) if number <= frame => low = at,
                _ => high = middle,
            }
        }
        self.go_to(low)?;
        while let Some((at, number)) = self.next_number()? {
            if number >= frame {
                self.go_to(at)?;
                break;
            }
        }
        self.last_time = None;
        self.among = Among::default();
        Ok(true)
    }

    fn go_to(&mut self, at: u64) -> Result<(), Problem> {
        self.lines.go_to(Place { at, line: 0 })
    }

    /// The next row that is whole: where it begins, and the number of its frame.
    fn next_number(&mut self) -> Result<Option<(u64, u64)>, Problem> {
        loop {
            let at = self.lines.place.at;
            let Some((line, _)) = self.lines.next()? else { return Ok(None) };
            if !self.lines.is_ended {
                return Ok(None);
            }
            if let Some(number) = self.columns.number(&line) {
                return Ok(Some((at, number)));
            }
        }
    }
}
