//! The header of EDF+ and BDF+ files, and what is decided for it: data records, physical ranges, the date.
//!
//! Source: Kemp et al. 1992, Kemp & Olivan 2003 (edfplus.info, "specs"); BDF: BioSemi's page on the format. Everything is ASCII in fields of fixed
//! width; numbers have at most eight characters.

use super::super::utc::Civil;
use super::super::{Head, RecordError};
use super::tal::TICKS;
use super::{ANNOTATION_BYTES, Kind};

/// Bytes of the fixed part, and of the part of each signal.
pub(super) const PART: usize = 256;
/// Where the number of data records stands: 8 characters.
pub(super) const RECORDS_AT: u64 = 236;
/// EDFlib opens up to 4096 signals; one is that of the annotations.
const MOST_CHANNELS: usize = 4095;
/// The least deviation of a rate that counts: less is rounding in an f64.
const EXACT: f64 = 1e-12;
/// The most lengths of a data record that are tried.
const TRIES: u64 = 4000;

/// How long a data record is.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// Frames in it.
    pub(super) frames: usize,
    /// Its duration, as the header says it.
    pub(super) duration: String,
    /// The same in ticks of 100 ns.
    pub(super) ticks: u64,
    /// How far the rate in the header is from the stream's, relative to it.
    pub(super) rate_error: f64,
}

impl Record {
    /// About a second, with whole frames and a duration that eight characters say exactly, if there is such a one.
    pub(super) fn of(kind: Kind, rate: f64, channels: usize) -> Result<Self, RecordError> {
        let refused = || RecordError::Rate { format: kind.name(), rate, channels };
        let most = (kind.most_record_bytes() - ANNOTATION_BYTES) / (channels * kind.sample()).max(1);
        let most = u64::try_from(most).unwrap_or(u64::MAX).min(99_999_999);
        // `as` saturates.
        let about = (rate.round() as u64).clamp(1, most.max(1));
        let mut best: Option<Self> = None;
        for i in 0..TRIES {
            let step = i.div_ceil(2);
            // A second, a little less, a little more, ...
            let frames = if i % 2 == 1 { about.checked_sub(step) } else { about.checked_add(step) };
            let Some(frames) = frames.filter(|n| (1..=most).contains(n)) else { continue };
            let Some(record) = Self::with(frames, rate) else { continue };
            let error = record.rate_error;
            if best.as_ref().is_none_or(|b| error < b.rate_error) {
                best = Some(record);
            }
            if error < EXACT {
                break;
            }
        }
        best.filter(|b| b.rate_error < 1e-3).ok_or_else(refused)
    }

    fn with(frames: u64, rate: f64) -> Option<Self> {
        let duration = decimal(frames as f64 / rate, 8)?;
        let seconds: f64 = duration.parse().ok().filter(|s: &f64| *s > 0.0 && *s < 1e6)?;
        let ticks = (seconds * TICKS as f64).round() as u64;
        let rate_error = (seconds * rate / frames as f64 - 1.0).abs();
        Some(Self { frames: usize::try_from(frames).ok()?, duration, ticks, rate_error })
    }
}

/// Physical range of the signals. Symmetrical, so that physical 0 is digital 0 exactly.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    /// Unit of the physical values.
    pub(super) dimension: String,
    /// The greatest physical value, without a sign.
    pub(super) physical: String,
    /// How far the LSB in the header is from the stream's, relative to it.
    pub(super) error: f64,
}

impl Range {
    /// For codes up to `greatest`.
    pub(super) fn of(head: &Head, greatest: i32) -> Self {
        let in_volts = (head.unit == "V" || head.unit == "code").then(|| head.volts_per_code()).flatten();
        let Some(lsb) = in_volts else {
            return Self { dimension: ascii(&head.unit, 8), physical: greatest.to_string(), error: 0.0 };
        };
        // Seven characters for the number, one for the sign of its opposite. The unit is the usual one where that has room for the number's digits.
        let units = [("uV", 1e6), ("mV", 1e3), ("V", 1.0), ("nV", 1e9)];
        let candidates = units.iter().filter_map(|(dimension, per_volt)| {
            let exact = lsb * per_volt * f64::from(greatest);
            let physical = decimal(exact, 7)?;
            let error = (physical.parse::<f64>().ok()? / exact - 1.0).abs();
            Some(Self { dimension: (*dimension).to_owned(), physical, error })
        });
        let candidates: Vec<Self> = candidates.collect();
        let usual = candidates.iter().find(|c| c.error < 1e-5).or(candidates.first());
        usual.cloned().unwrap_or_else(|| Self {
            dimension: String::new(),
            physical: greatest.to_string(),
            error: f64::NAN,
        })
    }
}

/// The number nearest to `x` that has at most `width` characters; no exponent. `None` when it has more digits before the point.
fn decimal(x: f64, width: usize) -> Option<String> {
    let text = (0..width).rev().map(|digits| format!("{x:.digits$}")).find(|text| text.len() <= width)?;
    if text.contains('.') { Some(text.trim_end_matches('0').trim_end_matches('.').to_owned()) } else { Some(text) }
}

/// ASCII of at most `width` characters: a micro sign becomes u, what else is not ASCII a question mark.
pub(super) fn ascii(text: &str, width: usize) -> String {
    let ascii = |c: char| match c {
        '\u{b5}' | '\u{3bc}' => 'u',
        ' '..='~' => c,
        _ => '?',
    };
    text.chars().map(ascii).take(width).collect()
}

/// The whole header with `records` data records.
pub(super) fn header(kind: Kind, head: &Head, record: &Record, range: &Range) -> Result<Vec<u8>, RecordError> {
    let channels = head.channels.len();
    if channels > MOST_CHANNELS {
        return Err(RecordError::Channels { format: kind.name(), most: MOST_CHANNELS, given: channels });
    }
    let signals = channels + 1;
    let start = Civil::of_ns(head.start_utc_ns);
    let mut out = Vec::with_capacity(PART * (signals + 1));
    out.extend_from_slice(kind.magic());
    let year = start.year.rem_euclid(100);
    // Patient: code, sex, birthdate, name; nobody knows them. Recording: date, administration, technician, equipment.
    field(&mut out, "X X X X", 80);
    let equipment = ascii(&head.name, 40).replace(' ', "_");
    let recording =
        format!("Startdate {:02}-{}-{:04} X X axismirror:{equipment}", start.day, start.month_name(), start.year);
    field(&mut out, &recording, 80);
    field(&mut out, &format!("{:02}.{:02}.{year:02}", start.day, start.month), 8);
    field(&mut out, &format!("{:02}.{:02}.{:02}", start.hour, start.minute, start.second), 8);
    field(&mut out, &(PART * (signals + 1)).to_string(), 8);
    field(&mut out, kind.continuous(), 44);
    field(&mut out, "0", 8);
    field(&mut out, &record.duration, 8);
    field(&mut out, &signals.to_string(), 4);

    let greatest = kind.greatest();
    let transducer = match head.volts_per_code() {
        Some(lsb) => {
            let adc = head.attrs.get("adc").and_then(serde_json::Value::as_str).unwrap_or("ADC");
            ascii(&format!("{adc}, 1 code = {lsb:e} V"), 80)
        }
        None => String::new(),
    };
    let of_each = |out: &mut Vec<u8>, of_channel: &str, of_annotations: &str, width| {
        (0..channels).for_each(|_| field(out, of_channel, width));
        field(out, of_annotations, width);
    };
    head.labels.iter().for_each(|label| field(&mut out, &ascii(label, 16), 16));
    field(&mut out, kind.annotations(), 16);
    of_each(&mut out, &transducer, "", 80);
    of_each(&mut out, &range.dimension, "", 8);
    of_each(&mut out, &format!("-{}", range.physical), "-1", 8);
    of_each(&mut out, &range.physical, "1", 8);
    of_each(&mut out, &(-greatest).to_string(), &(-greatest - 1).to_string(), 8);
    of_each(&mut out, &greatest.to_string(), &greatest.to_string(), 8);
    of_each(&mut out, "", "", 80);
    of_each(&mut out, &record.frames.to_string(), &(ANNOTATION_BYTES / kind.sample()).to_string(), 8);
    of_each(&mut out, "", "", 32);
    Ok(out)
}

/// A field, cut or filled up with blanks.
fn field(out: &mut Vec<u8>, text: &str, width: usize) {
    out.extend(text.bytes().chain(std::iter::repeat(b' ')).take(width));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_fit() {
        let seven = |x| decimal(x, 7);
        assert_eq!(seven(187_500.0), Some("187500".into()));
        assert_eq!(seven(26_399.193_5), Some("26399.2".into()));
        assert_eq!(seven(0.123_456_789), Some("0.12346".into()));
        assert_eq!(seven(9_999_999.4), Some("9999999".into()));
        assert_eq!(seven(9_999_999.6), None);
        assert_eq!(seven(1_500_000.0), Some("1500000".into()));
    }

    #[test]
    fn records_have_whole_frames_and_exact_durations() {
        let of = |rate, channels| Record::of(Kind::Bdf, rate, channels).unwrap();
        let known = |r: Record| (r.frames, r.duration, r.ticks);
        assert_eq!(known(of(250.0, 8)), (250, "1".into(), TICKS));
        assert_eq!(known(of(32_000.0, 8)), (32_000, "1".into(), TICKS));
        // 250/3 Hz: 12 ms a frame, 83 of them are 0.996 s.
        assert_eq!(known(of(250.0 / 3.0, 8)), (83, "0.996".into(), 9_960_000));
        assert_eq!(known(of(0.1, 1)), (1, "10".into(), 10 * TICKS));
        assert_eq!(known(of(2.5, 1)), (3, "1.2".into(), 12_000_000));
        // 1/7 of a Hz more: seven times as many frames have a whole number of seconds; fewer frames are nearer, and none of them is exact.
        let odd = of(1000.0 / 7.0, 1);
        assert_eq!((odd.frames, odd.duration.as_str(), odd.rate_error < EXACT), (143, "1.001", true));
        // No decimal fraction at all: the golden ratio.
        let never = of(1000.0 * 1.618_033_988_749_895, 1);
        assert!(never.rate_error > 0.0 && never.rate_error < 1e-8, "{never:?}");
        // 64 channels at 128 kHz are 24 MB a second; EDFlib takes 15 MB.
        assert_eq!(of(128_000.0, 64).frames * 64 * 3 / (15 << 20), 0);
    }
}
