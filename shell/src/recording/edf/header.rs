//! The header of an EDF or BDF file: what each field says, checked. Never panics on any bytes and allocates no more than the file holds.

use super::super::content::{RATES, Scaling};
use super::super::error::Problem;
use super::super::source::Source;
use crate::count::count;
use crate::formats::edf::{
    DIGITAL_MAX, DIGITAL_MIN, DIMENSION, DURATION, Field, HEADER_BYTES, Kind, LABEL, MOST_SIGNALS, PART, PHYSICAL_MAX,
    PHYSICAL_MIN, RECORDS, RESERVED, SAMPLES, SIGNALS, START_DATE, START_TIME, SignalField,
};

/// The most samples of one signal in a data record.
const MAX_RECORD_SAMPLES: i64 = 1 << 28;
/// The largest number in a header that can be meant; larger ones overflow further on.
const MAX_NUMBER: f64 = 1e30;
/// The shortest data record, in seconds.
const MIN_DURATION: f64 = 1e-6;

/// What the header says.
#[derive(Debug)]
pub(super) struct Header {
    bytes: Vec<u8>,
    count: usize,
    /// All signals, in the file's order.
    pub(super) signals: Vec<Signal>,
    /// Bytes of a data record.
    pub(super) record_bytes: u64,
    /// Seconds of a data record.
    pub(super) duration: f64,
}

/// One signal of the file.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    /// Its place in the header.
    pub(super) index: usize,
    /// Where its samples are in a data record, in bytes.
    pub(super) start: u64,
    /// Samples in a data record.
    pub(super) samples: usize,
    pub(super) label: String,
    pub(super) dimension: String,
}

impl Signal {
    /// Whether it holds annotations in the place of samples.
    pub(super) fn is_annotation(&self) -> bool {
        [Kind::Edf, Kind::Bdf].iter().any(|kind| self.label == kind.annotations())
    }
}

/// Whether the data records follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Continuity {
    /// Neither EDF+ nor BDF+, which have no pauses.
    Plain,
    /// EDF+C, BDF+C.
    Continuous,
    /// EDF+D, BDF+D: each record says when it begins.
    Discontinuous,
}

impl Header {
    /// From the beginning of a file.
    pub(super) fn read(source: &impl Source, kind: Kind) -> Result<Self, Problem> {
        let len = source.len();
        let short = |needed: usize| Problem::NoHeader { needed: needed as u64, given: len };
        if len < PART as u64 {
            return Err(short(PART));
        }
        let mut bytes = vec![0; PART];
        source.read_all(&mut bytes, 0)?;
        let mut header = Self { bytes, count: 0, signals: Vec::new(), record_bytes: 0, duration: 0.0 };
        let signals = header.whole(SIGNALS, "the number of signals", 1, MOST_SIGNALS as i64)?;
        header.count = usize::try_from(signals).unwrap_or(0);
        let needed = PART * (header.count + 1);
        if header.text(HEADER_BYTES).parse() != Ok(needed) {
            let possible = format!("{needed}, for {}", count(header.count, "signal"));
            return Err(header.wrong(HEADER_BYTES, "the number of bytes of the header", possible));
        }
        if len < needed as u64 {
            return Err(short(needed));
        }
        header.bytes.resize(needed, 0);
        source.read_all(header.bytes.get_mut(PART..).unwrap_or_default(), PART as u64)?;
        header.duration = header.number(DURATION, "the duration of a data record in seconds")?;
        if header.duration < MIN_DURATION {
            let possible = format!("at least {MIN_DURATION:e}");
            return Err(header.wrong(DURATION, "the duration of a data record in seconds", possible));
        }
        for index in 0..header.count {
            let what = "the number of samples in a data record";
            let samples = header.whole(header.place(index, SAMPLES), what, 0, MAX_RECORD_SAMPLES)?;
            let samples = usize::try_from(samples).unwrap_or(0);
            let text = |field| header.text(header.place(index, field));
            let (label, dimension, start) = (text(LABEL), text(DIMENSION), header.record_bytes);
            header.record_bytes = start.saturating_add(samples.saturating_mul(kind.sample()) as u64);
            header.signals.push(Signal { index, start, samples, label, dimension });
        }
        Ok(header)
    }

    /// Frames per second of a signal with so many samples in a data record, at least 1.
    pub(super) fn rate(&self, samples: usize) -> Result<f64, Problem> {
        let rate = samples as f64 / self.duration;
        if RATES.contains(&rate) {
            return Ok(rate);
        }
        let (least, most) = (RATES.start(), RATES.end());
        let (longest, count) = (samples as f64 / least, count(samples, "sample"));
        let possible = format!(
            "up to {longest:e}, so that its {count} of a signal are at {least:e} to {most:e} Hz; write the true one there, 8 characters long"
        );
        Err(self.wrong(DURATION, "the duration of a data record in seconds", possible))
    }

    /// Bytes of the header: where the first data record begins.
    pub(super) const fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// How many data records there are in a file of `len` bytes: as the header says, or as the file holds when it says -1 (it is being
    /// written).
    pub(super) fn records(&self, len: u64) -> Result<u64, Problem> {
        let data = len.saturating_sub(self.len());
        let given = self.whole(RECORDS, "the number of data records", -1, i64::MAX)?;
        let Ok(records) = u64::try_from(given) else {
            return Ok(data.checked_div(self.record_bytes).unwrap_or(0));
        };
        let needed = records.saturating_mul(self.record_bytes);
        if needed > data {
            return Err(Problem::Truncated { needed: needed.saturating_add(self.len()), given: len });
        }
        Ok(records)
    }

    pub(super) fn continuity(&self) -> Continuity {
        let reserved = self.text(RESERVED);
        let begins_with =
            |of: fn(Kind) -> &'static str| [Kind::Edf, Kind::Bdf].iter().any(|k| reserved.starts_with(of(*k)));
        match () {
            () if begins_with(Kind::discontinuous) => Continuity::Discontinuous,
            // With a letter behind it, mostly.
            () if begins_with(Kind::plus) => Continuity::Continuous,
            () => Continuity::Plain,
        }
    }

    /// The format's name, for people.
    pub(super) fn format(&self, kind: Kind) -> &'static str {
        if self.continuity() == Continuity::Plain { kind.name() } else { kind.plus() }
    }

    /// When the recording began, in seconds since 1970; no field says of which time zone, and UTC is taken. `None` when the fields are none.
    pub(super) fn start(&self) -> Option<f64> {
        let date = numbers(&self.text(START_DATE))?;
        let [hour, minute, second] = numbers(&self.text(START_TIME))?;
        let [day, month, year] = date;
        // Two digits of the year: from 1985 on (EDF+, 2.1.3.2).
        let year = if year >= 85 { 1900 + year } else { 2000 + year };
        let days = days_since_1970(year, month, day)?;
        let is_time = hour < 24 && minute < 60 && second < 61;
        is_time.then(|| (days * 86_400 + hour * 3600 + minute * 60 + second) as f64)
    }

    /// From codes of a signal to its unit.
    pub(super) fn scaling(&self, signal: usize, kind: Kind) -> Result<Scaling, Problem> {
        let (low, high) = (kind.smallest().into(), kind.greatest().into());
        let digital = |field, what| self.whole(self.place(signal, field), what, low, high);
        let physical = |field, what| self.number(self.place(signal, field), what);
        let digital_min = digital(DIGITAL_MIN, "the digital minimum")?;
        let digital_max = digital(DIGITAL_MAX, "the digital maximum")?;
        let physical_min = physical(PHYSICAL_MIN, "the physical minimum")?;
        let physical_max = physical(PHYSICAL_MAX, "the physical maximum")?;
        if digital_max <= digital_min {
            let possible = format!("more than the digital minimum, {digital_min}");
            return Err(self.wrong(self.place(signal, DIGITAL_MAX), "the digital maximum", possible));
        }
        // Maximum below minimum is allowed: it turns the signal over.
        if physical_max == physical_min {
            let possible = format!("another number than the physical minimum, {physical_min}");
            return Err(self.wrong(self.place(signal, PHYSICAL_MAX), "the physical maximum", possible));
        }
        let scale = (physical_max - physical_min) / (digital_max - digital_min) as f64;
        Ok(Scaling { scale, zero: physical_min - digital_min as f64 * scale })
    }

    fn place(&self, signal: usize, field: SignalField) -> Field {
        field.of(signal, self.count)
    }

    /// A field as text without its padding.
    fn text(&self, field: Field) -> String {
        let bytes = self.bytes.get(field.at..).and_then(|rest| rest.get(..field.len)).unwrap_or_default();
        super::text::text(bytes).trim_matches([' ', '\0']).to_owned()
    }

    fn wrong(&self, field: Field, what: &'static str, possible: impl Into<String>) -> Problem {
        Problem::Header { offset: field.at as u64, what, given: self.text(field), possible: possible.into() }
    }

    fn whole(&self, place: Field, what: &'static str, low: i64, high: i64) -> Result<i64, Problem> {
        let number = self.text(place).parse().ok().filter(|n| (low..=high).contains(n));
        number.ok_or_else(|| self.wrong(place, what, format!("a whole number from {low} to {high}")))
    }

    fn number(&self, place: Field, what: &'static str) -> Result<f64, Problem> {
        let number = self.text(place).parse().ok().filter(|n: &f64| n.abs() <= MAX_NUMBER);
        number.ok_or_else(|| self.wrong(place, what, format!("a number up to {MAX_NUMBER:e}")))
    }
}

/// Three numbers between dots.
fn numbers(text: &str) -> Option<[i64; 3]> {
    let mut parts = text.split(['.', ':', '/', '-']).map(|part| part.trim().parse::<u8>().ok().map(i64::from));
    Some([parts.next()??, parts.next()??, parts.next()??])
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` when it is none.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = BEFORE.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    if !(1..=31).contains(&day) {
        return None;
    }
    let leap = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let is_leap = leap(year) > leap(year - 1);
    let days = (year - 1970) * 365 + leap(year - 1) - leap(1969) + before + day - 1;
    Some(days + i64::from(is_leap && month > 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // date -u -d 2020-01-02 +%s divided by 86400, and so on.
        assert_eq!(days_since_1970(1970, 1, 1), Some(0));
        assert_eq!(days_since_1970(2020, 1, 2), Some(18_263));
        assert_eq!(days_since_1970(2024, 2, 29), Some(19_782));
        assert_eq!(days_since_1970(2024, 3, 1), Some(19_783));
        assert_eq!(days_since_1970(2000, 12, 31), Some(11_322));
        assert_eq!(days_since_1970(2023, 13, 1), None);
        assert_eq!(days_since_1970(2023, 0, 1), None);
    }
}
