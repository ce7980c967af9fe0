//! The header of EDF+ and BDF+ files, and what is decided for it: physical ranges, the date. Numbers have at most eight characters.
//!
//! Writes what it is told to: must never see a sample, nor ask a clock.

use super::super::utc::Civil;
use super::super::{Head, RecordError};
use super::length::Length;
use crate::formats::edf::{
    DIGITAL_MAX, DIGITAL_MIN, DIMENSION, DURATION, Field, HEADER_BYTES, Kind, LABEL, MOST_SIGNALS, PART, PATIENT,
    PHYSICAL_MAX, PHYSICAL_MIN, RECORDING, RECORDS, RESERVED, SAMPLES, SIGNALS, START_DATE, START_TIME, SignalField,
    TRANSDUCER, VERSION,
};
use crate::formats::own;

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
        let in_volts = (head.unit == own::VOLTS || head.unit == own::CODE).then(|| head.volts_per_code()).flatten();
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
pub(super) fn decimal(x: f64, width: usize) -> Option<String> {
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

/// What a channel is called in the header. No channel is called as signals of annotations are: readers would take its samples for texts.
pub(super) fn label(label: &str) -> String {
    let label = ascii(label, LABEL.len);
    if label.trim().ends_with(" Annotations") { label.replace(" Annotations", "_Annotations") } else { label }
}

/// Whether a label's field says the whole label.
pub(super) fn label_says(whole: &str) -> bool {
    label(whole) == whole && whole.trim() == whole
}

/// The whole header, of a file without data records.
pub(super) fn header(kind: Kind, head: &Head, length: &Length, range: &Range) -> Result<Vec<u8>, RecordError> {
    let channels = head.channels.len();
    // One signal is that of the annotations.
    let signals = channels + 1;
    if signals > MOST_SIGNALS {
        return Err(RecordError::Channels { format: kind.name(), most: MOST_SIGNALS - 1, given: channels });
    }
    let mut header = Header { bytes: vec![b' '; PART * (signals + 1)], signals };
    header.put(VERSION, kind.magic());
    let start = Civil::of_ns(head.start_utc_ns);
    // Patient: code, sex, birthdate, name; nobody knows them. Recording: date, administration, technician, equipment.
    header.text(PATIENT, "X X X X");
    let equipment = ascii(&head.name, 40).replace(' ', "_");
    let date = format!("{:02}-{}-{:04}", start.day, start.month_name(), start.year);
    header.text(RECORDING, &format!("Startdate {date} X X {}{equipment}", own::SOURCE));
    let year = start.year.rem_euclid(100);
    header.text(START_DATE, &format!("{:02}.{:02}.{year:02}", start.day, start.month));
    header.text(START_TIME, &format!("{:02}.{:02}.{:02}", start.hour, start.minute, start.second));
    header.text(HEADER_BYTES, &(PART * (signals + 1)).to_string());
    header.text(RESERVED, kind.continuous());
    header.text(RECORDS, "0");
    header.text(DURATION, &length.duration);
    header.text(SIGNALS, &signals.to_string());

    for (signal, label) in head.labels.iter().enumerate() {
        header.text(LABEL.of(signal, signals), &self::label(label));
    }
    header.text(LABEL.of(channels, signals), kind.annotations());
    let transducer = match head.volts_per_code() {
        Some(lsb) => {
            let adc = head.attrs.get("adc").and_then(serde_json::Value::as_str).unwrap_or("ADC");
            ascii(&format!("{adc}, 1 code = {lsb:e} V"), TRANSDUCER.len)
        }
        None => String::new(),
    };
    let (greatest, smallest) = (kind.greatest(), kind.smallest());
    header.of_each(TRANSDUCER, &transducer, "");
    header.of_each(DIMENSION, &range.dimension, "");
    header.of_each(PHYSICAL_MIN, &format!("-{}", range.physical), "-1");
    header.of_each(PHYSICAL_MAX, &range.physical, "1");
    // The opposite of the greatest: so physical values are codes times the LSB, without an offset. The one code below it is written like any other,
    // and read so by EDFlib and MNE.
    header.of_each(DIGITAL_MIN, &(-greatest).to_string(), &smallest.to_string());
    header.of_each(DIGITAL_MAX, &greatest.to_string(), &greatest.to_string());
    let annotations = length.annotation_bytes / kind.sample();
    header.of_each(SAMPLES, &length.frames.to_string(), &annotations.to_string());
    Ok(header.bytes)
}

/// A header whose other fields are blank.
struct Header {
    bytes: Vec<u8>,
    signals: usize,
}

impl Header {
    /// A field, cut where it is too long.
    fn put(&mut self, field: Field, bytes: &[u8]) {
        let to = self.bytes.iter_mut().skip(field.at).take(field.len);
        to.zip(bytes).for_each(|(to, byte)| *to = *byte);
    }

    fn text(&mut self, field: Field, text: &str) {
        self.put(field, text.as_bytes());
    }

    /// A field of all channels, and of the signal of the annotations behind them.
    fn of_each(&mut self, field: SignalField, of_channel: &str, of_annotations: &str) {
        let (signals, channels) = (self.signals, self.signals - 1);
        (0..channels).for_each(|signal| self.text(field.of(signal, signals), of_channel));
        self.text(field.of(channels, signals), of_annotations);
    }
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
}
