//! What the first line that is no comment says about the columns, and what comments say.
//!
//! Understands what people and programs have written so far; must never take a word for a number. What our own recorder says is `own`'s.

use super::super::content::ChannelInfo;
use super::super::unit;
use crate::formats::columns::{FRAME, TIME};
use crate::formats::csv::{RATE, UNIT};

/// Characters between `rate` or `unit` and its value in a comment, as in `"sampling rate": 1000`.
const BETWEEN: [char; 8] = ['"', '\'', ':', '=', ' ', '\t', '(', ')'];
/// The largest value in the file's unit; what is larger is no voltage, and overflows further on.
const MAX_VALUE: f64 = 1e30;
/// The unit where nobody says one.
const DEFAULT_UNIT: &str = "uV";
/// Names of a column of times.
const TIMES: [&str; 8] = [TIME, "times", "timestamp", "timestamps", "t", "seconds", "sec", "time_s"];
/// Seconds in units of time.
const TIME_UNITS: [(&str, f64); 5] = [("s", 1.0), ("sec", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) delimiter: char,
    /// Fields of a line.
    pub(super) count: usize,
    /// Which column holds times, and the seconds in its unit.
    pub(super) time: Option<(usize, f64)>,
    /// Columns before those of the channels.
    pub(super) lead: usize,
    /// The other columns.
    pub(super) channels: Vec<ChannelInfo>,
}

/// What comments say.
#[derive(Debug, Default)]
pub(super) struct Comments {
    pub(super) rate: Option<f64>,
    unit: Option<String>,
}

impl Comments {
    pub(super) fn take(&mut self, comment: &str) {
        let comment = comment.to_lowercase();
        let behind = |word: &'static str| {
            let places = comment.match_indices(word).filter_map(|(at, word)| comment.get(at + word.len()..));
            places.map(|rest| rest.strip_prefix('s').unwrap_or(rest).trim_start_matches(BETWEEN))
        };
        let number = |rest: &str| {
            let rest = rest.strip_prefix("hz").unwrap_or(rest).trim_start_matches(BETWEEN);
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            rest.get(..end)?.parse().ok().filter(|r: &f64| r.is_finite() && *r > 0.0)
        };
        let unit = |rest: &str| {
            let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            rest.get(..end).filter(|word| unit::volts(word).is_some()).map(str::to_owned)
        };
        if self.rate.is_none() {
            self.rate = behind(RATE).find_map(number);
        }
        if self.unit.is_none() {
            self.unit = behind(UNIT).find_map(unit);
        }
    }
}

impl Columns {
    /// From the first line that is no comment, and whether that is a header. Our own recorder's has commas, and labels with anything.
    pub(super) fn find(line: &str, comments: &Comments, is_own: bool) -> (Self, bool) {
        let delimiter = ['\t', ';'].into_iter().find(|d| !is_own && line.contains(*d)).unwrap_or(',');
        let fields = split(line, delimiter);
        let count = fields.len();
        let unit = comments.unit.as_deref().unwrap_or(DEFAULT_UNIT);
        // A header begins with a word; a line that begins with a number holds values, and its words are errors.
        if fields.first().is_some_and(|field| parse(field, delimiter != ',').is_some()) {
            let channels = vec![ChannelInfo { unit: unit.to_owned(), ..ChannelInfo::default() }; count];
            return (Self { delimiter, count, time: None, lead: 0, channels }, false);
        }
        let column = |i: usize| fields.get(i).map_or("", String::as_str);
        // As `axismirror tail --format csv` has it: the frames' numbers first.
        let at = usize::from(column(0) == FRAME && time_unit(column(1)).is_some());
        let time = time_unit(column(at)).filter(|_| count > 1).map(|seconds| (at, seconds));
        let lead = time.map_or(0, |(at, _)| at + 1);
        let channels = fields.iter().skip(lead).map(|field| channel(field, unit)).collect();
        (Self { delimiter, count, time, lead, channels }, true)
    }
}

impl Columns {
    /// The number of a row's frame, where there is a column of them.
    pub(super) fn number(&self, line: &str) -> Option<u64> {
        let (number, _) = line.split_once(self.delimiter).filter(|_| self.time.is_some_and(|(at, _)| at == 1))?;
        number.parse().ok()
    }
}

/// A line and the comment behind it: `#` at the beginning or behind a blank, so that a label may hold one.
pub(super) fn split_comment(line: &str) -> (&str, &str) {
    let begins = |(at, _): &(usize, &str)| line.get(..*at).is_none_or(|l| l.is_empty() || l.ends_with([' ', '\t']));
    match line.match_indices('#').find(begins) {
        Some((at, _)) => line.split_at(at),
        None => (line, ""),
    }
}

/// Fields without blanks and quotation marks; one empty field behind a last delimiter is none, unless it is in quotation marks.
pub(super) fn split(line: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    // Within quotation marks; and whether the last field has some.
    let (mut quoted, mut has_quotes) = (false, false);
    for c in line.chars() {
        match c {
            '"' => (quoted, has_quotes) = (!quoted, true),
            c if c == delimiter && !quoted => {
                fields.push(String::new());
                has_quotes = false;
            }
            c => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    if fields.len() > 1 && !has_quotes && fields.last().is_some_and(|f| f.trim().is_empty()) {
        fields.pop();
    }
    fields.iter().map(|f| f.trim().to_owned()).collect()
}

/// A finite number of sensible size.
pub(super) fn parse(field: &str, decimal_comma: bool) -> Option<f64> {
    let number = if decimal_comma { field.replace(',', ".").parse() } else { field.parse() };
    number.ok().filter(|n: &f64| n.is_finite() && n.abs() <= MAX_VALUE)
}

/// `Fp1 (uV)`, `Fp1 [uV]`: text and what stands in the brackets.
fn brackets(field: &str) -> Option<(&str, &str)> {
    let inner = field.strip_suffix([')', ']'])?;
    let (text, unit) = inner.rsplit_once(['(', '['])?;
    Some((text.trim(), unit.trim()))
}

/// Seconds in the unit of a column of times, or `None` when it is another column.
fn time_unit(field: &str) -> Option<f64> {
    let (name, unit) = brackets(field).unwrap_or((field, "s"));
    if name.eq_ignore_ascii_case("time_ms") {
        return Some(1e-3);
    }
    TIMES.iter().find(|t| t.eq_ignore_ascii_case(name))?;
    TIME_UNITS.iter().find(|(word, _)| word.eq_ignore_ascii_case(unit)).map(|(_, seconds)| *seconds)
}

/// A channel's label and unit.
fn channel(field: &str, unit: &str) -> ChannelInfo {
    let (label, unit) = match brackets(field).filter(|(_, word)| unit::volts(word).is_some()) {
        Some((text, word)) => (text, word),
        None => (field, unit),
    };
    ChannelInfo { label: label.to_owned(), unit: unit.to_owned(), ..ChannelInfo::default() }
}
