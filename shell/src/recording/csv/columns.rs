//! What the first line that is no comment says about the columns, and what comments say.
//!
//! Understands what people and programs have written so far; must never take a word for a number. What our own recorder says is `own`'s.

use super::super::content::ChannelInfo;
use super::super::unit;
use super::times::{TimeColumn, TimeKind, date};
use crate::formats::columns::{FRAME, TIME};
use crate::formats::csv::{RATE, UNIT};

/// Characters between `rate` or `unit` and its value in a comment, as in `"sampling rate": 1000`.
const BETWEEN: [char; 8] = ['"', '\'', ':', '=', ' ', '\t', '(', ')'];
/// The largest value in the file's unit; what is larger is no voltage, and overflows further on.
const MAX_VALUE: f64 = 1e30;
/// The unit where nobody says one.
const DEFAULT_UNIT: &str = "uV";
/// Names of a column of times, wherever it is; and of the first column only: elsewhere `T` is a temperature.
const TIMES: [&str; 5] = [TIME, "times", "timestamp", "timestamps", "time_s"];
const FIRST_TIMES: [&str; 3] = ["t", "seconds", "sec"];
/// A number that is missing: empty as pandas writes it, `NA` as R does, `nan` as numpy does.
const MISSING: [&str; 3] = ["", "nan", "NA"];
/// Seconds in units of time.
const TIME_UNITS: [(&str, f64); 5] = [("s", 1.0), ("sec", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) delimiter: char,
    /// Fields of a line.
    pub(super) count: usize,
    /// Which column holds times.
    pub(super) time: Option<TimeColumn>,
    /// Whether the first column holds the frames' numbers, and the second one their times.
    pub(super) has_numbers: bool,
    /// What the header calls each column; empty without one.
    pub(super) names: Vec<String>,
    /// Which columns hold whole numbers alone, as far as the first rows go.
    pub(super) wholes: Vec<bool>,
    /// The columns of the channels, and what they are.
    places: Vec<usize>,
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
        let none = |names| Self {
            delimiter,
            count,
            time: None,
            has_numbers: false,
            names,
            wholes: Vec::new(),
            places: (0..count).collect(),
            channels: Vec::new(),
        };
        let unit = comments.unit.as_deref().unwrap_or(DEFAULT_UNIT);
        // A header begins with a word; a line that begins with a number holds values, and its words are errors.
        let is_value = |field: &String| parse(field, delimiter != ',').is_some() || date(field).is_some();
        if fields.first().is_some_and(is_value) {
            let channels = vec![ChannelInfo { unit: unit.to_owned(), ..ChannelInfo::default() }; count];
            return (Self { channels, ..none(Vec::new()) }, false);
        }
        let column = |i: usize| fields.get(i).map_or("", String::as_str);
        // As `axismirror tail --format csv` has it: the frames' numbers first.
        let has_numbers = column(0) == FRAME && time_unit(column(1), true).is_some();
        let lead = usize::from(has_numbers);
        // Our own has them nowhere else, whatever its labels are.
        let last = if is_own { lead + 1 } else { count };
        let time = (lead..last).filter(|_| count > 1).find_map(|at| {
            time_unit(column(at), at == lead).map(|seconds| TimeColumn { at, kind: TimeKind::Number(seconds) })
        });
        let channels = fields.iter().map(|field| channel(field, unit)).collect();
        let mut columns = Self { channels, has_numbers, ..none(fields) };
        if has_numbers {
            columns.leave_out(0);
        }
        if let Some(time) = time {
            columns.set_time(time);
        }
        (columns, true)
    }
}

impl Columns {
    /// A column holds times and no channel.
    pub(super) fn set_time(&mut self, time: TimeColumn) {
        self.leave_out(time.at);
        self.time = Some(time);
    }

    /// A column holds no channel.
    pub(super) fn leave_out(&mut self, at: usize) {
        if let Some(place) = self.places.iter().position(|p| *p == at) {
            self.places.remove(place);
            self.channels.remove(place);
        }
    }

    /// Whether a column holds a channel.
    pub(super) fn is_channel(&self, at: usize) -> bool {
        self.places.contains(&at)
    }

    /// The columns of the channels, from 0.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// A line's fields. A last one that is empty is one if it is needed: a missing number.
    pub(super) fn fields(&self, line: &str) -> Vec<String> {
        let mut fields = split(line, self.delimiter);
        if fields.len() + 1 == self.count && line.trim_end_matches(' ').ends_with(self.delimiter) {
            fields.push(String::new());
        }
        fields
    }

    /// Whether a field is a number that is missing.
    pub(super) fn is_missing(field: &str) -> bool {
        MISSING.iter().any(|word| word.eq_ignore_ascii_case(field))
    }

    /// The number of a row's frame, where there is a column of them.
    pub(super) fn number(&self, line: &str) -> Option<u64> {
        let (number, _) = line.split_once(self.delimiter).filter(|_| self.has_numbers)?;
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
fn time_unit(field: &str, is_first: bool) -> Option<f64> {
    let (name, unit) = brackets(field).unwrap_or((field, "s"));
    if name.eq_ignore_ascii_case("time_ms") {
        return Some(1e-3);
    }
    let names = TIMES.iter().chain(FIRST_TIMES.iter().filter(|_| is_first));
    names.into_iter().find(|t| t.eq_ignore_ascii_case(name))?;
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
