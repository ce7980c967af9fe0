//! EDF and EDF+ (16 bits), BDF and BDF+ (24 bits), from their specification.
//!
//! Source of the layout: Kemp et al. 1992 and Kemp & Olivan 2003 (edfplus.info, "specs"); BDF: BioSemi's page on the format, which
//! differs in its first eight bytes and in samples of three bytes. Never panics on any bytes and allocates no more than the file holds.

use std::io::Read;

use super::{Channel, MAX_SAMPLES, Problem, Recording, unit};

/// Bytes of the fixed part of the header, and of the part of each signal.
const HEADER: u64 = 256;
/// The most signals that four digits and reason allow.
const MAX_SIGNALS: u64 = 4096;
/// The largest number in a header that can be meant; larger ones overflow further on.
const MAX_NUMBER: f64 = 1e30;
/// The shortest data record, in seconds.
const MIN_DURATION: f64 = 1e-6;
/// Bytes that tell the format.
pub(super) const MAGIC_LEN: usize = 8;
const EDF_MAGIC: &[u8; MAGIC_LEN] = b"0       ";
const BDF_MAGIC: &[u8; MAGIC_LEN] = b"\xffBIOSEMI";

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Edf,
    Bdf,
}

impl Kind {
    /// From the file's first bytes.
    pub(super) fn of(magic: &[u8]) -> Option<Self> {
        match magic {
            m if m == EDF_MAGIC => Some(Self::Edf),
            m if m == BDF_MAGIC => Some(Self::Bdf),
            _ => None,
        }
    }

    /// Bytes of a sample.
    const fn sample(self) -> usize {
        match self {
            Self::Edf => 2,
            Self::Bdf => 3,
        }
    }

    /// Little-endian two's complement.
    fn decode(self, bytes: &[u8]) -> i32 {
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
const HEADER_BYTES: (u64, usize) = (184, 8);
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

struct Header {
    bytes: Vec<u8>,
    signals: u64,
}

impl Header {
    /// Offset of a field of a signal.
    fn place(&self, signal: u64, (before, len): (u64, usize)) -> (u64, usize) {
        (HEADER + before * self.signals + signal * len as u64, len)
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

/// A signal that is played.
struct Signal {
    /// Its place among all signals' samples in a record, in bytes.
    start: usize,
    samples: usize,
    label: String,
    /// volts = code * scale + zero
    scale: f64,
    zero: f64,
}

/// Reads a file of `len` bytes.
pub(super) fn read(mut file: impl Read, len: u64, kind: Kind) -> Result<Recording, Problem> {
    let header = read_header(&mut file, len)?;
    let duration = header.number(DURATION, "the duration of a data record in seconds")?;
    if duration < MIN_DURATION {
        return Err(header.wrong(
            DURATION,
            "the duration of a data record in seconds",
            format!("at least {MIN_DURATION:e}"),
        ));
    }
    let (signals, record) = signals(&header, kind)?;
    let samples = signals.first().map_or(0, |s| s.samples);
    let records = records(&header, len, record as u64)?;
    let total = (signals.len() as u64 * samples as u64).checked_mul(records).filter(|n| *n <= MAX_SAMPLES);
    total.ok_or(Problem::TooLong { samples: MAX_SAMPLES })?;
    if records == 0 {
        return Err(Problem::Empty);
    }
    let mut channels: Vec<_> = signals.iter().map(|s| Channel { label: s.label.clone(), volts: Vec::new() }).collect();
    let mut bytes = vec![0; record];
    for _ in 0..records {
        file.read_exact(&mut bytes)?;
        for (signal, channel) in signals.iter().zip(&mut channels) {
            let samples =
                bytes.get(signal.start..).unwrap_or_default().chunks_exact(kind.sample()).take(signal.samples);
            let volts = |code: &[u8]| (f64::from(kind.decode(code)) * signal.scale + signal.zero) as f32;
            channel.volts.extend(samples.map(volts));
        }
    }
    Ok(Recording { rate: Some(samples as f64 / duration), channels })
}

fn read_header(file: &mut impl Read, len: u64) -> Result<Header, Problem> {
    let short = |needed| Problem::Truncated { needed, given: len };
    if len < HEADER {
        return Err(short(HEADER));
    }
    let mut header = Header { bytes: vec![0; HEADER as usize], signals: 0 };
    file.read_exact(&mut header.bytes)?;
    header.signals = header.whole(SIGNALS, "the number of signals", 1, MAX_SIGNALS as i64)?.unsigned_abs();
    let needed = HEADER * (header.signals + 1);
    if header.text(HEADER_BYTES).parse() != Ok(needed) {
        let possible = format!("{needed}, for {} signals", header.signals);
        return Err(header.wrong(HEADER_BYTES, "the number of bytes of the header", possible));
    }
    if len < needed {
        return Err(short(needed));
    }
    header.bytes.resize(needed as usize, 0);
    file.read_exact(&mut header.bytes[HEADER as usize..])?;
    Ok(header)
}

/// How many data records there are: as the header says, or as the file holds when it says -1 (it is being written).
fn records(header: &Header, len: u64, record: u64) -> Result<u64, Problem> {
    let data = len.saturating_sub(header.bytes.len() as u64);
    let given = header.whole(RECORDS, "the number of data records", -1, i64::MAX)?;
    let Ok(records) = u64::try_from(given) else { return Ok(data / record) };
    let needed = records.saturating_mul(record);
    if needed > data {
        let given = len;
        return Err(Problem::Truncated { needed: needed.saturating_add(header.bytes.len() as u64), given });
    }
    Ok(records)
}

/// The signals that are played, and the bytes of a data record.
fn signals(header: &Header, kind: Kind) -> Result<(Vec<Signal>, usize), Problem> {
    let mut signals = Vec::new();
    let mut start = 0_usize;
    for i in 0..header.signals {
        let label = header.text(header.place(i, LABEL));
        let high = MAX_SAMPLES as i64;
        let samples = header.whole(header.place(i, SAMPLES), "the number of samples in a data record", 0, high)?;
        let samples = usize::try_from(samples).unwrap_or(0);
        let here = start;
        start = start.saturating_add(samples.saturating_mul(kind.sample()));
        let dimension = header.text(header.place(i, DIMENSION));
        match unit::volts(&dimension) {
            Some(volts) if samples > 0 => {
                let (scale, zero) = scaling(header, i, kind)?;
                signals.push(Signal { start: here, samples, label, scale: scale * volts, zero: zero * volts });
            }
            _ => tracing::info!(label, unit = dimension, "recording: a channel that is no voltage is left out"),
        }
    }
    let most = signals.iter().map(|s| s.samples).max().ok_or(Problem::NoVoltage)?;
    signals.retain(|s| {
        if s.samples < most {
            tracing::warn!(label = s.label, "recording: a channel with a lower rate is left out");
        }
        s.samples == most
    });
    Ok((signals, start))
}

/// Physical units for a digital unit, and physical units at digital 0.
fn scaling(header: &Header, signal: u64, kind: Kind) -> Result<(f64, f64), Problem> {
    let (low, high) = kind.range();
    let digital = |field, what| header.whole(header.place(signal, field), what, low, high);
    let physical = |field, what| header.number(header.place(signal, field), what);
    let digital_min = digital(DIGITAL_MIN, "the digital minimum")?;
    let digital_max = digital(DIGITAL_MAX, "the digital maximum")?;
    let physical_min = physical(PHYSICAL_MIN, "the physical minimum")?;
    let physical_max = physical(PHYSICAL_MAX, "the physical maximum")?;
    if digital_max <= digital_min {
        let possible = format!("more than the digital minimum, {digital_min}");
        return Err(header.wrong(header.place(signal, DIGITAL_MAX), "the digital maximum", possible));
    }
    // Maximum below minimum is allowed: it turns the signal over.
    if physical_max == physical_min {
        let possible = format!("another number than the physical minimum, {physical_min}");
        return Err(header.wrong(header.place(signal, PHYSICAL_MAX), "the physical maximum", possible));
    }
    let scale = (physical_max - physical_min) / (digital_max - digital_min) as f64;
    Ok((scale, physical_min - digital_min as f64 * scale))
}
