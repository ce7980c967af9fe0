//! Numbers in columns: CSV and its relatives.
//!
//! What is understood is said at [`super::Recording::open`]. A missing or broken value is an error with its line and field, never
//! a silent zero.

use std::io::{BufRead, Read};

use super::{Channel, MAX_SAMPLES, Problem, Recording, unit};

/// The longest line, in bytes.
const MAX_LINE: usize = 1 << 20;
/// The longest part of a field that a message repeats, in characters.
const SHOWN: usize = 40;
/// Characters between `rate` or `unit` and its value in a comment, as in `"sampling rate": 1000`.
const BETWEEN: [char; 8] = ['"', '\'', ':', '=', ' ', '\t', '(', ')'];
/// The largest value in the file's unit; what is larger is no voltage, and overflows further on.
const MAX_VALUE: f64 = 1e30;
/// Names of a column of times.
const TIMES: [&str; 8] = ["time", "times", "timestamp", "timestamps", "t", "seconds", "sec", "time_s"];
/// Seconds in units of time.
const TIME_UNITS: [(&str, f64); 5] = [("s", 1.0), ("sec", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];

/// What the first line that is no comment says about the columns.
struct Columns {
    delimiter: char,
    /// Fields of a line.
    count: usize,
    /// Seconds in the unit of the first column, when that holds times.
    time: Option<f64>,
    /// Volts in the unit of each channel.
    scale: Vec<f64>,
}

/// What comments say.
#[derive(Default)]
struct Comments {
    rate: Option<f64>,
    unit: Option<f64>,
}

impl Comments {
    fn take(&mut self, comment: &str) {
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
            rest.get(..end).and_then(unit::volts)
        };
        self.rate = self.rate.or_else(|| behind("rate").find_map(number));
        self.unit = self.unit.or_else(|| behind("unit").find_map(unit));
    }
}

/// A line and the comment behind it: `#` at the beginning or behind a blank, so that a label may hold one.
fn split_comment(line: &str) -> (&str, &str) {
    let begins = |(at, _): &(usize, &str)| line.get(..*at).is_none_or(|l| l.is_empty() || l.ends_with([' ', '\t']));
    match line.match_indices('#').find(begins) {
        Some((at, _)) => line.split_at(at),
        None => (line, ""),
    }
}

/// Reads a file.
pub(super) fn read(mut file: impl BufRead) -> Result<Recording, Problem> {
    let mut comments = Comments::default();
    let mut columns: Option<Columns> = None;
    let mut channels: Vec<Channel> = Vec::new();
    let mut times = Vec::new();
    let mut samples = 0;
    let mut number = 0;
    while let Some(line) = next_line(&mut file, number + 1)? {
        number += 1;
        let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { &line };
        let (line, comment) = split_comment(line);
        comments.take(comment);
        if line.trim().is_empty() {
            continue;
        }
        let columns = match &mut columns {
            Some(columns) => columns,
            none => {
                let (found, labels) = find_columns(line, &comments);
                channels = labels.iter().flatten().map(|l| Channel { label: l.clone(), volts: Vec::new() }).collect();
                let is_header = labels.is_some();
                if !is_header {
                    let unnamed = || Channel { label: String::new(), volts: Vec::new() };
                    channels = std::iter::repeat_with(unnamed).take(found.count).collect();
                }
                let columns = none.insert(found);
                if is_header {
                    continue;
                }
                columns
            }
        };
        let fields = split(line, columns.delimiter);
        if fields.len() != columns.count {
            return Err(Problem::FieldCount { line: number, given: fields.len(), needed: columns.count });
        }
        let decimal_comma = columns.delimiter != ',';
        let value =
            |i: usize, field: &str| parse(field, decimal_comma).ok_or_else(|| not_a_number(number, i + 1, field));
        let first = usize::from(columns.time.is_some());
        if let (Some(scale), Some(field)) = (columns.time, fields.first()) {
            let time = value(0, field)? * scale;
            if times.last().is_some_and(|last| time <= *last) {
                let given = shown(field);
                return Err(Problem::Field {
                    line: number,
                    field: 1,
                    given,
                    possible: "a later time than the one before",
                });
            }
            times.push(time);
        }
        for (i, (channel, scale)) in channels.iter_mut().zip(&columns.scale).enumerate() {
            let field = fields.get(first + i).map_or("", String::as_str);
            channel.volts.push((value(first + i, field)? * scale) as f32);
        }
        samples += channels.len() as u64;
        if samples > MAX_SAMPLES {
            return Err(Problem::TooLong { samples });
        }
    }
    if channels.first().is_none_or(|c| c.volts.is_empty()) {
        return Err(Problem::Empty);
    }
    Ok(Recording { rate: rate_of(&times).or(comments.rate), channels })
}

/// A line without its end, or `None` at the end of the file.
fn next_line(file: &mut impl BufRead, line: usize) -> Result<Option<String>, Problem> {
    let mut bytes = Vec::new();
    file.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::Line { line, limit: MAX_LINE };
    if bytes.len() > MAX_LINE || bytes.contains(&0) {
        return Err(wrong());
    }
    // Latin-1 is common in units (a micro sign); values are ASCII in any case.
    let text = String::from_utf8(bytes).unwrap_or_else(|e| e.as_bytes().iter().map(|b| char::from(*b)).collect());
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Columns, and the channels' labels when the line is a header.
fn find_columns(line: &str, comments: &Comments) -> (Columns, Option<Vec<String>>) {
    let delimiter = ['\t', ';', ','].into_iter().find(|d| line.contains(*d)).unwrap_or(',');
    let fields = split(line, delimiter);
    let count = fields.len();
    let unit = comments.unit.unwrap_or(1e-6);
    // A header begins with a word; a line that begins with a number holds values, and its words are errors.
    if fields.first().is_some_and(|field| parse(field, delimiter != ',').is_some()) {
        return (Columns { delimiter, count, time: None, scale: vec![unit; count] }, None);
    }
    let time = fields.first().and_then(|field| time_unit(field)).filter(|_| count > 1);
    let (labels, scale) = fields.iter().skip(usize::from(time.is_some())).map(|field| label(field, unit)).unzip();
    (Columns { delimiter, count, time, scale }, Some(labels))
}

/// Fields without blanks and quotation marks; one empty field behind a last delimiter is none.
fn split(line: &str, delimiter: char) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == delimiter && !quoted => fields.push(String::new()),
            c => {
                if let Some(field) = fields.last_mut() {
                    field.push(c);
                }
            }
        }
    }
    if fields.len() > 1 && fields.last().is_some_and(|f| f.trim().is_empty()) {
        fields.pop();
    }
    fields.iter().map(|f| f.trim().to_owned()).collect()
}

/// A finite number of sensible size.
fn parse(field: &str, decimal_comma: bool) -> Option<f64> {
    let number = if decimal_comma { field.replace(',', ".").parse() } else { field.parse() };
    number.ok().filter(|n: &f64| n.is_finite() && n.abs() <= MAX_VALUE)
}

fn not_a_number(line: usize, field: usize, given: &str) -> Problem {
    Problem::Field { line, field, given: shown(given), possible: "a number" }
}

fn shown(field: &str) -> String {
    field.chars().take(SHOWN).collect()
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

/// A channel's label and the volts in its unit.
fn label(field: &str, unit: f64) -> (String, f64) {
    match brackets(field).and_then(|(text, word)| unit::volts(word).map(|volts| (text, volts))) {
        Some((text, volts)) => (text.to_owned(), volts),
        None => (field.to_owned(), unit),
    }
}

/// Samples per second over all of the times, or `None` when there are fewer than two.
fn rate_of(times: &[f64]) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    let rate = (times.len() - 1) as f64 / (last - first);
    Some(rate).filter(|r| r.is_finite() && *r > 0.0)
}
