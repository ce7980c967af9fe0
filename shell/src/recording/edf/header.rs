//! The header of an EDF or BDF file: what each field says, checked.
//!
//! Source of the layout: Kemp et al. 1992 and Kemp & Olivan 2003 (edfplus.info, "specs"); BDF: BioSemi's page on the format, which
//! differs in its first eight bytes and in samples of three bytes. Never panics on any bytes and allocates no more than the file holds.

use super::super::content::Scaling;
use super::super::error::Problem;
use super::super::source::Source;

/// Bytes of the fixed part of the header, and of the part of each signal.
const HEADER: u64 = 256;
/// The most signals that four digits and reason allow.
const MAX_SIGNALS: u64 = 4096;
/// The most samples of one signal in a data record.
const MAX_RECORD_SAMPLES: i64 = 1 << 28;
/// The largest number in a header that can be meant; larger ones overflow further on.
const MAX_NUMBER: f64 = 1e30;
/// The shortest data record, in seconds.
const MIN_DURATION: f64 = 1e-6;
/// Bytes that tell the format.
pub(in super::super) const MAGIC_LEN: usize = 8;
const EDF_MAGIC: &[u8; MAGIC_LEN] = b"0       ";
const BDF_MAGIC: &[u8; MAGIC_LEN] = b"\xffBIOSEMI";

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Edf,
    Bdf,
}

impl Kind {
    /// From the file's first bytes.
    pub(in super::super) fn of(magic: &[u8]) -> Option<Self> {
        match magic {
            m if m.starts_with(EDF_MAGIC) => Some(Self::Edf),
            m if m.starts_with(BDF_MAGIC) => Some(Self::Bdf),
            _ => None,
        }
    }

    /// Bytes of a sample.
    pub(super) const fn sample(self) -> usize {
        match self {
            Self::Edf => 2,
            Self::Bdf => 3,
        }
    }

    /// Little-endian two's complement.
    pub(super) fn decode(self, bytes: &[u8]) -> i32 {
        match (self, bytes) {
            (Self::Edf, &[a, b]) => i32::from(i16::from_le_bytes([a, b])),
            (Self::Bdf, &[a, b, c]) => i32::from_le_bytes([0, a, b, c]) >> 8,
            _ => 0,
        }
    }

    /// Smallest and largest sample.
    const fn range(self) -> (i64, i64) {
        match self {
            Self::Edf => (i16::MIN as i64, i16::MAX as i64),
            Self::Bdf => (-(1 << 23), (1 << 23) - 1),
        }
    }
}

/// The fixed part of the header: offset and length of what is used of it.
const START_DATE: (u64, usize) = (168, 8);
const START_TIME: (u64, usize) = (176, 8);
const HEADER_BYTES: (u64, usize) = (184, 8);
const RESERVED: (u64, usize) = (192, 44);
const RECORDS: (u64, usize) = (236, 8);
const DURATION: (u64, usize) = (244, 8);
const SIGNALS: (u64, usize) = (252, 4);

/// The part of the signals: each field stands there for all signals one after another. Bytes of a signal before it, and its length.
const LABEL: (u64, usize) = (0, 16);
const DIMENSION: (u64, usize) = (96, 8);
const PHYSICAL_MIN: (u64, usize) = (104, 8);
const PHYSICAL_MAX: (u64, usize) = (112, 8);
const DIGITAL_MIN: (u64, usize) = (120, 8);
const DIGITAL_MAX: (u64, usize) = (128, 8);
const SAMPLES: (u64, usize) = (216, 8);

/// What the header says.
#[derive(Debug)]
pub(super) struct Header {
    bytes: Vec<u8>,
    count: u64,
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
    pub(super) index: u64,
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
        matches!(self.label.as_str(), "EDF Annotations" | "BDF Annotations")
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
        let short = |needed| Problem::Truncated { needed, given: len };
        if len < HEADER {
            return Err(short(HEADER));
        }
        let mut bytes = vec![0; HEADER as usize];
        source.read_all(&mut bytes, 0)?;
        let mut header = Self { bytes, count: 0, signals: Vec::new(), record_bytes: 0, duration: 0.0 };
        header.count = header.whole(SIGNALS, "the number of signals", 1, MAX_SIGNALS as i64)?.unsigned_abs();
        let needed = HEADER * (header.count + 1);
        if header.text(HEADER_BYTES).parse() != Ok(needed) {
            let possible = format!("{needed}, for {} signals", header.count);
            return Err(header.wrong(HEADER_BYTES, "the number of bytes of the header", possible));
        }
        if len < needed {
            return Err(short(needed));
        }
        header.bytes.resize(needed as usize, 0);
        source.read_all(header.bytes.get_mut(HEADER as usize..).unwrap_or_default(), HEADER)?;
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
        match self.text(RESERVED) {
            t if t.starts_with("EDF+D") || t.starts_with("BDF+D") => Continuity::Discontinuous,
            t if t.starts_with("EDF+") || t.starts_with("BDF+") => Continuity::Continuous,
            _ => Continuity::Plain,
        }
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
    pub(super) fn scaling(&self, signal: u64, kind: Kind) -> Result<Scaling, Problem> {
        let (low, high) = kind.range();
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

    /// Offset of a field of a signal.
    fn place(&self, signal: u64, (before, len): (u64, usize)) -> (u64, usize) {
        (HEADER + before * self.count + signal * len as u64, len)
    }

    /// A field as text without its padding; bytes above 7F are Latin-1 (a micro sign, against the specification but common).
    fn text(&self, (offset, len): (u64, usize)) -> String {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let field = self.bytes.get(start..).and_then(|rest| rest.get(..len)).unwrap_or_default();
        let text: String = field.iter().map(|b| char::from(*b)).collect();
        text.trim_matches([' ', '\0']).to_owned()
    }

    fn wrong(&self, place: (u64, usize), what: &'static str, possible: impl Into<String>) -> Problem {
        Problem::Header { offset: place.0, what, given: self.text(place), possible: possible.into() }
    }

    fn whole(&self, place: (u64, usize), what: &'static str, low: i64, high: i64) -> Result<i64, Problem> {
        let number = self.text(place).parse().ok().filter(|n| (low..=high).contains(n));
        number.ok_or_else(|| self.wrong(place, what, format!("a whole number from {low} to {high}")))
    }

    fn number(&self, place: (u64, usize), what: &'static str) -> Result<f64, Problem> {
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
