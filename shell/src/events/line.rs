//! The lines of the socket for programs: a mark each, and its answer.
//!
//! ```text
//! > eyes closed
//! < ok 1234 5123.250417000
//! > stimulus 12<TAB>time=5123.250417
//! < ok 1250 5123.250417000
//! > <TAB>
//! < error an event needs a text; this one is empty
//! ```
//!
//! A line is text in UTF-8 and ends with a newline (a carriage return before it is of no account). A TAB, which no text may have, comes before what
//! is given: `time=` in seconds of the data stream's clock, or `frame=`. Knows neither sockets nor streams.

use super::{Mark, MarkError, Stamped, parse_seconds};

/// The longest line, in bytes: a text of the longest kind, and what can be given.
const MAX_LINE: usize = 512;

/// Why a line is no mark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Too long for any mark.
    #[error("a line has at most {MAX_LINE} bytes; this one was left out")]
    TooLong,
    /// Not text.
    #[error("the line is not UTF-8")]
    NotText,
    /// The connection ended within it.
    #[error("the last line has no newline at its end; nothing was stamped for it")]
    NoEnd,
    /// Something behind a TAB that is not known.
    #[error("behind a TAB come time=SECONDS, such as time=5123.250417, or frame=NUMBER")]
    Option,
    /// Not a mark, or one that is refused.
    #[error(transparent)]
    Mark(#[from] MarkError),
}

/// Bytes as they come, cut into lines.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    /// Whether the rest of a line that is too long still comes.
    skipping: bool,
}

impl Lines {
    /// Takes what has come.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// What the next line marks; `None` until there is a whole one.
    pub fn next_mark(&mut self) -> Option<Result<Mark, LineError>> {
        loop {
            let Some(end) = self.buffer.iter().position(|b| *b == b'\n') else {
                if self.buffer.len() <= MAX_LINE {
                    return None;
                }
                // Said once, however long it is.
                self.buffer.clear();
                if std::mem::replace(&mut self.skipping, true) {
                    return None;
                }
                return Some(Err(LineError::TooLong));
            };
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            return Some(if line.len() > MAX_LINE { Err(LineError::TooLong) } else { parse(line) });
        }
    }

    /// The connection has ended: what is wrong with that.
    pub fn end(&mut self) -> Option<LineError> {
        let within = !self.buffer.is_empty() && !self.skipping;
        *self = Self::default();
        within.then_some(LineError::NoEnd)
    }
}

/// What a line without its newline marks.
fn parse(line: &[u8]) -> Result<Mark, LineError> {
    let line = str::from_utf8(line).map_err(|_| LineError::NotText)?;
    let mut parts = line.strip_suffix('\r').unwrap_or(line).split('\t');
    let mut mark = Mark::now(parts.next().unwrap_or_default());
    for given in parts {
        match given.split_once('=') {
            Some(("time", seconds)) if mark.time_ns.is_none() => {
                mark.time_ns = Some(parse_seconds(seconds).ok_or(LineError::Option)?);
            }
            Some(("frame", number)) if mark.frame.is_none() => {
                mark.frame = Some(number.parse().map_err(|_| LineError::Option)?);
            }
            _ => return Err(LineError::Option),
        }
    }
    mark.check()?;
    Ok(mark)
}

/// The line that answers.
#[must_use]
pub fn answer(outcome: &Result<Stamped, LineError>) -> String {
    match outcome {
        Ok(stamped) => format!("ok {} {}\n", stamped.frame, stamped.time()),
        Err(error) => format!("error {error}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(pieces: &[&[u8]]) -> Vec<Result<Mark, LineError>> {
        let mut lines = Lines::default();
        let mut marks = Vec::new();
        for piece in pieces {
            lines.push(piece);
            marks.extend(std::iter::from_fn(|| lines.next_mark()));
        }
        marks.extend(lines.end().map(Err));
        marks
    }

    #[test]
    fn a_line_is_a_mark_however_it_is_cut() {
        let text = "eyes closed\nstimulus 12\ttime=5123.250417\r\nµV\tframe=1234\n".as_bytes();
        let expected = [
            Ok(Mark::now("eyes closed")),
            Ok(Mark { time_ns: Some(5_123_250_417_000), ..Mark::now("stimulus 12") }),
            Ok(Mark { frame: Some(1234), ..Mark::now("µV") }),
        ];
        assert_eq!(marks(&[text]), expected);
        assert_eq!(marks(&text.chunks(1).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn what_is_no_mark_is_an_error_of_its_own_line() {
        for (line, error) in [
            ("\n", LineError::Mark(MarkError::Empty)),
            ("\t\n", LineError::Option),
            ("x\ttime=abc\n", LineError::Option),
            ("x\ttime=1\ttime=2\n", LineError::Option),
            ("x\tframe=-1\n", LineError::Option),
            ("x\tcolour=red\n", LineError::Option),
            ("x\ttime=1\tframe=2\n", LineError::Mark(MarkError::TimeAndFrame)),
            ("a\u{1b}b\n", LineError::Mark(MarkError::Invisible { character: "\\u{1b}".to_owned(), at: 2 })),
        ] {
            assert_eq!(marks(&[line.as_bytes(), b"next\n"]), [Err(error), Ok(Mark::now("next"))], "{line:?}");
        }
        assert_eq!(marks(&[b"\xff\n"]), [Err(LineError::NotText)]);
        assert_eq!(marks(&[b"half a li"]), [Err(LineError::NoEnd)]);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_takes_no_memory() {
        let mut lines = Lines::default();
        let mut errors = 0;
        for _ in 0..1000 {
            lines.push(&[b'x'; 400]);
            while let Some(mark) = lines.next_mark() {
                assert_eq!(mark, Err(LineError::TooLong));
                errors += 1;
            }
            assert!(lines.buffer.len() <= MAX_LINE);
        }
        assert_eq!(errors, 1);
        lines.push(b"xx\nnext\n");
        assert_eq!(lines.next_mark(), Some(Ok(Mark::now("next"))));
        // In one piece.
        let long = [&[b'x'; 600][..], b"\nnext\n"].concat();
        assert_eq!(marks(&[&long]), [Err(LineError::TooLong), Ok(Mark::now("next"))]);
    }

    #[test]
    fn an_answer_is_a_line() {
        let stamped = Stamped { frame: 12, time_ns: 3_000_000_004 };
        assert_eq!(answer(&Ok(stamped)), "ok 12 3.000000004\n");
        let error = LineError::Mark(Mark::now("a\nb").check().unwrap_err());
        assert_eq!(answer(&Err(error)).matches('\n').count(), 1);
    }
}
