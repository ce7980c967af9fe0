//! CSV with the columns of `tail --format csv`: `frame,time,` and one a channel; what is no sample stands behind `#`.
//!
//! Samples, gaps and events are written as `tail` prints them. Two things are not: times are the shortest numbers that read back to the same value,
//! where `tail` rounds to microseconds, and the description, the rate, the unit and the sums have lines of their own.

use std::fmt::Write as _;
use std::path::Path;

use axismirror_core::dtype::DType;

use super::out::Out;
use super::{Block, End, Event, Gap, Goes, Head, RecordError, Writer};
use crate::config::{visible, visible_json};
use crate::formats::columns::{FRAME, TIME};
use crate::formats::csv as words;
use crate::sample;

/// So many bytes of lines are not held back until the next flush.
const ENOUGH: usize = 4 << 20;

/// A file being written.
#[derive(Debug)]
pub(super) struct Csv {
    out: Out,
    dtype: DType,
    channels: usize,
    lines: String,
    /// Frames, and those in the file.
    frames: u64,
    saved: u64,
}

impl Csv {
    pub(super) fn create(path: &Path, overwrite: bool, head: &Head) -> Result<Self, RecordError> {
        let out = Out::create(path, overwrite)?;
        let mut csv =
            Self { out, dtype: head.dtype, channels: head.channels.len(), lines: String::new(), frames: 0, saved: 0 };
        // Rate and unit first: other programs look no further.
        let rate = head.rate.map_or_else(|| "irregular".to_owned(), |rate| format!("{rate} Hz"));
        csv.comment(words::RATE, &rate);
        csv.comment(words::UNIT, &head.unit);
        csv.comment(words::DESCRIPTION, &visible_json(&head.description().json().to_string()));
        let labels: Vec<String> =
            head.labels.iter().map(|label| sample::quoted(&visible(label)).into_owned()).collect();
        csv.lines.push_str(&format!("{FRAME},{TIME},{}\n", labels.join(",")));
        csv.flush()?;
        Ok(csv)
    }

    fn comment(&mut self, word: &str, what: &str) {
        self.lines.push_str(&words::comment(word, &visible(what)));
        self.lines.push('\n');
    }
}

impl Writer for Csv {
    fn append(&mut self, block: &Block<'_>) -> Result<(), RecordError> {
        let size = self.dtype.size().max(1);
        for (i, frame) in block.bytes.chunks_exact((size * self.channels).max(1)).enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(self.lines, "{},", block.number(i));
            if let Some(time) = block.times.get(i) {
                self.lines.push_str(&sample::number(*time));
            }
            for sample in frame.chunks_exact(size) {
                self.lines.push(',');
                self.lines.push_str(&sample::text(self.dtype, sample));
            }
            self.lines.push('\n');
        }
        self.frames += block.frames as u64;
        if self.lines.len() >= ENOUGH { self.flush() } else { Ok(()) }
    }

    fn gap(&mut self, gap: &Gap) -> Result<Goes, RecordError> {
        for line in gap.lines() {
            self.comment(words::GAP, &line);
        }
        Ok(Goes::On)
    }

    fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        self.comment(words::EVENT, &words::event(event.frame, event.time, &event.text));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        let lines = std::mem::take(&mut self.lines);
        self.out.append(lines.as_bytes())?;
        self.saved = self.frames;
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Result<(), RecordError> {
        self.comment(words::END, &end.json().to_string());
        self.flush()
    }

    fn bytes(&self) -> u64 {
        self.out.end()
    }

    fn saved(&self) -> u64 {
        self.saved
    }

    fn pending(&self) -> u64 {
        self.lines.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{bytes_of, head, temp};

    #[test]
    fn lines_are_those_of_tail_with_comments_among_them() {
        let path = temp("csv.csv");
        let mut head = head(DType::F64, 2);
        head.labels = vec!["a,b".to_owned(), "C\u{202e}".to_owned()];
        head.unit = "V".to_owned();
        let mut csv = Csv::create(&path, false, &head).unwrap();
        let values = bytes_of(&[0.1f64, -2.5e-5, 1e300, 3.0], f64::to_le_bytes);
        csv.append(&Block { first: 7, frames: 2, bytes: &values, times: &[1.25, 1.5000000001] }).unwrap();
        let gap = Gap { frame: 12, time: Some(2.0), overwritten: 3, not_acquired: 1 };
        assert_eq!(csv.gap(&gap).unwrap(), Goes::On);
        csv.event(&Event { frame: 8, time: 1.5, text: "two\nlines".to_owned() }).unwrap();
        csv.append(&Block { first: 12, frames: 1, bytes: &values[..16], times: &[] }).unwrap();
        csv.finish(&End { frames: 3, ..End::default() }).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["# rate: 250 Hz", "# unit: V"]);
        assert!(lines[2].starts_with("# axismirror: {"), "{}", lines[2]);
        assert_eq!(
            lines[3..10],
            [
                "frame,time,\"a,b\",C\\u{202e}",
                "7,1.25,0.1,-2.5e-5",
                "8,1.5000000001,1e300,3",
                "# gap: 3 frames were overwritten before they were read",
                "# gap: 1 frame was not acquired",
                "# event: frame=8 time=1.5 two\\nlines",
                "12,,0.1,-2.5e-5"
            ]
        );
        assert!(lines[10].starts_with("# end: {") && lines.len() == 11);
    }
}
