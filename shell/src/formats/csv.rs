//! What our recorder says in comments of a CSV file: a line each, a word and a colon first.
//!
//! ```text
//! # rate: 250 Hz                                 before the first row
//! # axismirror: {...
//! frame,time,Fp1,Fp2
//! 7,1.25,-3,12
//! # gap: 12 frames were not acquired             before the row behind it
//! # event: frame=1000 time=12.5 eyes closed
//! # end: {...                                    behind the last row
//! ```
//!
//! Knows comments alone: what a row is, and how other people's programs write theirs, is said elsewhere.

/// The description.
pub(crate) const DESCRIPTION: &str = super::own::DESCRIPTION;
/// Frames a second, for other programs.
pub(crate) const RATE: &str = "rate";
/// Unit of the samples, for other programs.
pub(crate) const UNIT: &str = "unit";
/// Frames that are missing before the next row.
pub(crate) const GAP: &str = "gap";
/// Something that happened.
pub(crate) const EVENT: &str = "event";
/// The sums.
pub(crate) const END: &str = "end";

/// A comment, without the end of its line.
pub(crate) fn comment(word: &str, what: &str) -> String {
    format!("# {word}: {what}")
}

/// What a comment says behind a word.
pub(crate) fn said<'a>(comment: &'a str, word: &str) -> Option<&'a str> {
    comment.strip_prefix('#')?.trim_start().strip_prefix(word)?.strip_prefix(':').map(str::trim)
}

/// `frame=1000 time=12.5 eyes closed`
pub(crate) fn event(frame: u64, time: f64, text: &str) -> String {
    format!("frame={frame} time={time} {text}")
}

/// Time and text of such an event; `None` when it is none, or has no time that is one.
pub(crate) fn event_of(what: &str) -> Option<(f64, &str)> {
    let mut words = what.splitn(3, ' ').skip(1);
    let time = words.next()?.strip_prefix("time=")?.parse().ok().filter(|t: &f64| t.is_finite())?;
    Some((time, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let line = comment(EVENT, &event(8, 1.5, "two words"));
        assert_eq!(line, "# event: frame=8 time=1.5 two words");
        assert_eq!(said(&line, EVENT).and_then(event_of), Some((1.5, "two words")));
        assert_eq!([said(&line, GAP), said("event: x", EVENT), said("# events: x", EVENT)], [None; 3]);
        assert_eq!([event_of("frame=8"), event_of("frame=8 time=inf x"), event_of("frame=8 time=1")], [None; 3]);
    }
}
