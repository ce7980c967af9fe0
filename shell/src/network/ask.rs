//! How lost frames are asked for: the parameters of a query.
//!
//! `instance=<16 hex digits>;missing=<first>-<end>,<first>-<end>...`, where `end` is the number behind the last one. Pure.

use std::fmt::Write as _;
use std::ops::Range;

/// The most ranges that one question may have.
pub const MOST_RANGES: usize = 64;

/// The parameters. Of more than [`MOST_RANGES`] the first ones: nobody would answer the others, which are asked for with the next question.
#[must_use]
pub fn write(instance: u64, missing: &[Range<u64>]) -> String {
    let mut text = format!("instance={instance:016x};missing=");
    for (i, range) in missing.iter().take(MOST_RANGES).enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{}-{}", range.start, range.end);
    }
    text
}

/// What they say; `None` when they are no such question. Ranges come back in order and apart from one another.
#[must_use]
pub fn read(parameters: &str) -> Option<(u64, Vec<Range<u64>>)> {
    let (mut instance, mut missing) = (None, None);
    for parameter in parameters.split(';') {
        match parameter.split_once('=') {
            Some(("instance", hex)) => instance = Some(u64::from_str_radix(hex, 16).ok()?),
            Some(("missing", list)) => missing = Some(ranges(list)?),
            _ => {}
        }
    }
    Some((instance?, missing?))
}

fn ranges(list: &str) -> Option<Vec<Range<u64>>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for range in list.split(',') {
        let (start, end) = range.split_once('-')?;
        let range = start.parse().ok()?..end.parse().ok()?;
        let in_order = ranges.last().is_none_or(|before| before.end <= range.start);
        if range.is_empty() || !in_order || ranges.len() == MOST_RANGES {
            return None;
        }
        ranges.push(range);
    }
    Some(ranges)
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one range of frames is meant")]
mod tests {
    use super::*;

    #[test]
    fn a_question_by_hand() {
        let text = "instance=00000000000000ff;missing=3-5,9-10";
        assert_eq!(write(255, &[3..5, 9..10]), text);
        assert_eq!(read(text), Some((255, vec![3..5, 9..10])));
        assert_eq!(read("missing=3-5;more=x;instance=ff"), Some((255, vec![3..5])));
        for wrong in [
            "",
            "instance=ff",
            "instance=ff;missing=",
            "instance=fg;missing=3-5",
            "instance=ff;missing=5-3",
            "instance=ff;missing=3-5,4-6",
            "instance=ff;missing=-3-5",
            "instance=ff;missing=3-99999999999999999999",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let many: Vec<_> = (0..65).map(|i| format!("{}-{}", 2 * i, 2 * i + 1)).collect();
        assert_eq!(read(&format!("instance=ff;missing={}", many.join(","))), None);
        assert!(read(&format!("instance=ff;missing={}", many[1..].join(","))).is_some());
    }
}
