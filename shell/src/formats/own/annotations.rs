//! What our recorder says in annotations of EDF and BDF, where every text has an onset and little room.
//!
//! ```text
//! axismirror 1/3 {...                          the description, in pieces
//! axismirror time: frame=1000 t=12.000123      the stream's time at this place
//! BAD_gap: 12 frames were not acquired         as many frames here are filled up
//! BAD_padding: 3 frames                        so are those up to the end of the last record
//! axismirror end 1/2 {...                      sums
//! ```
//!
//! Knows texts alone: where in a file they stand, and when, is the formats' own matter.

/// What the description's pieces begin with, and a blank behind it, as behind each of these.
pub(crate) const DESCRIPTION: &str = super::DESCRIPTION;
/// What the sums' pieces begin with.
pub(crate) const END: &str = "axismirror end";
/// What the stream's time at a place begins with.
pub(crate) const TIME: &str = "axismirror time:";
/// Frames that stand for lost ones: a duration, and how many. MNE leaves out what is `BAD_`.
pub(crate) const GAP: &str = "BAD_gap:";
/// Frames up to the end of the last record.
pub(crate) const PADDING: &str = "BAD_padding:";

/// What stands behind a name and a blank.
pub(crate) fn said<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix(' ')
}

/// `axismirror time: frame=1000 t=12.000123`
pub(crate) fn time_line(frame: u64, time: f64) -> String {
    format!("{TIME} frame={frame} t={time}")
}

/// The time of such a line, without its name.
pub(crate) fn time_of(line: &str) -> Option<f64> {
    line.split_once(" t=")?.1.parse().ok()
}

/// A piece of a long text: its name, its number from 1, how many there are, and the piece itself.
pub(crate) fn piece(name: &str, number: usize, count: usize, text: &str) -> String {
    format!("{name} {number}/{count} {text}")
}

/// Number, count and text of a piece, without its name.
pub(crate) fn piece_of(line: &str) -> Option<(usize, usize, &str)> {
    let (numbers, text) = line.split_once(' ')?;
    let (number, count) = numbers.split_once('/')?;
    Some((number.parse().ok()?, count.parse().ok()?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let line = time_line(1000, 12.000_123);
        assert_eq!(line, "axismirror time: frame=1000 t=12.000123");
        assert_eq!(said(&line, TIME).and_then(time_of), Some(12.000_123));
        let line = piece(END, 2, 13, "{\"a b\"");
        assert_eq!(line, "axismirror end 2/13 {\"a b\"");
        assert_eq!(said(&line, END).and_then(piece_of), Some((2, 13, "{\"a b\"")));
        assert_eq!([piece_of("end 1/2 {}"), piece_of("1 {}"), piece_of("x/2 {}")], [None; 3]);
        assert_eq!([said("axismirror", DESCRIPTION), said("BAD_gap:12", GAP)], [None; 2]);
    }
}
