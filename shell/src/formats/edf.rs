//! EDF and BDF: the fields of the header, samples, and what separates annotations.
//!
//! ```text
//!    0 version   8 | patient  80 | recording 80 | date 8 | time 8 | bytes of the header 8 | reserved 44 |
//!  236 records   8 | duration  8 | signals    4
//!  256 labels 16 of all signals | transducers 80 of all | dimensions 8 | physical minima 8 | maxima 8 | digital minima 8 | maxima 8 |
//!      prefilterings 80 | samples in a record 8 | reserved 32
//!      data records: of each signal its samples, little-endian two's complement of 2 bytes (EDF) or 3 (BDF)
//! ```
//!
//! Source: Kemp et al. 1992, Kemp & Olivan 2003 (edfplus.info, "specs"); BDF: BioSemi's page on the format, which differs in its first eight bytes
//! and in the length of its samples. Everything in the header is ASCII, filled up with blanks.

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 16 bits.
    Edf,
    /// 24 bits.
    Bdf,
}

/// Bytes that tell the format.
pub(crate) const MAGIC_LEN: usize = 8;

impl Kind {
    /// From the file's first bytes.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        [Self::Edf, Self::Bdf].into_iter().find(|kind| bytes.starts_with(kind.magic()))
    }

    /// The file's first bytes.
    pub(crate) const fn magic(self) -> &'static [u8; MAGIC_LEN] {
        match self {
            Self::Edf => b"0       ",
            Self::Bdf => b"\xffBIOSEMI",
        }
    }

    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Edf => "EDF",
            Self::Bdf => "BDF",
        }
    }

    /// What the reserved field of a file with annotations begins with.
    pub(crate) const fn plus(self) -> &'static str {
        match self {
            Self::Edf => "EDF+",
            Self::Bdf => "BDF+",
        }
    }

    /// What it begins with in a file without pauses.
    pub(crate) const fn continuous(self) -> &'static str {
        match self {
            Self::Edf => "EDF+C",
            Self::Bdf => "BDF+C",
        }
    }

    /// The same of one with pauses: each record says when it begins.
    pub(crate) const fn discontinuous(self) -> &'static str {
        match self {
            Self::Edf => "EDF+D",
            Self::Bdf => "BDF+D",
        }
    }

    /// Label of the signals that hold annotations.
    pub(crate) const fn annotations(self) -> &'static str {
        match self {
            Self::Edf => "EDF Annotations",
            Self::Bdf => "BDF Annotations",
        }
    }

    /// Bytes of a sample.
    pub(crate) const fn sample(self) -> usize {
        match self {
            Self::Edf => 2,
            Self::Bdf => 3,
        }
    }

    /// The greatest sample; the smallest one is its opposite less 1.
    pub(crate) const fn greatest(self) -> i32 {
        match self {
            Self::Edf => i16::MAX as i32,
            Self::Bdf => (1 << 23) - 1,
        }
    }

    /// The smallest sample.
    pub(crate) const fn smallest(self) -> i32 {
        -self.greatest() - 1
    }

    /// Adds the bytes of a sample.
    pub(crate) fn encode(self, sample: i32, out: &mut Vec<u8>) {
        let [a, b, c, _] = sample.to_le_bytes();
        match self {
            Self::Edf => out.extend_from_slice(&[a, b]),
            Self::Bdf => out.extend_from_slice(&[a, b, c]),
        }
    }

    /// The sample of as many bytes as it has; 0 of any other number.
    pub(crate) fn decode(self, bytes: &[u8]) -> i32 {
        match (self, bytes) {
            (Self::Edf, &[a, b]) => i32::from(i16::from_le_bytes([a, b])),
            (Self::Bdf, &[a, b, c]) => i32::from_le_bytes([0, a, b, c]) >> 8,
            _ => 0,
        }
    }
}

/// Bytes of the fixed part of the header, and of the part of each signal.
pub(crate) const PART: usize = 256;
/// The most signals that EDFlib opens, and the most that four digits and reason allow.
pub(crate) const MOST_SIGNALS: usize = 4096;

/// A field of the header: where it begins, and its length, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) at: usize,
    pub(crate) len: usize,
}

const fn field(at: usize, len: usize) -> Field {
    Field { at, len }
}

// Of the fixed part.
pub(crate) const VERSION: Field = field(0, MAGIC_LEN);
pub(crate) const PATIENT: Field = field(8, 80);
pub(crate) const RECORDING: Field = field(88, 80);
pub(crate) const START_DATE: Field = field(168, 8);
pub(crate) const START_TIME: Field = field(176, 8);
pub(crate) const HEADER_BYTES: Field = field(184, 8);
pub(crate) const RESERVED: Field = field(192, 44);
pub(crate) const RECORDS: Field = field(236, 8);
pub(crate) const DURATION: Field = field(244, 8);
pub(crate) const SIGNALS: Field = field(252, 4);
const _: () = assert!(SIGNALS.at + SIGNALS.len == PART);

/// A field that each signal has: those of all signals stand one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SignalField {
    /// Bytes of a signal in the fields before it.
    before: usize,
    pub(crate) len: usize,
}

impl SignalField {
    /// That of one signal, from 0, among so many.
    pub(crate) const fn of(self, signal: usize, signals: usize) -> Field {
        let at =
            PART.saturating_add(self.before.saturating_mul(signals)).saturating_add(self.len.saturating_mul(signal));
        Field { at, len: self.len }
    }
}

const fn of_each(before: usize, len: usize) -> SignalField {
    SignalField { before, len }
}

pub(crate) const LABEL: SignalField = of_each(0, 16);
pub(crate) const TRANSDUCER: SignalField = of_each(16, 80);
pub(crate) const DIMENSION: SignalField = of_each(96, 8);
pub(crate) const PHYSICAL_MIN: SignalField = of_each(104, 8);
pub(crate) const PHYSICAL_MAX: SignalField = of_each(112, 8);
pub(crate) const DIGITAL_MIN: SignalField = of_each(120, 8);
pub(crate) const DIGITAL_MAX: SignalField = of_each(128, 8);
// 136: prefilterings, 80.
pub(crate) const SAMPLES: SignalField = of_each(216, 8);
// 224: reserved, 32.

/// Ends each text of an annotations list, and stands behind its onset and duration (EDF+, 2.2.2).
pub(crate) const TEXT_END: u8 = 0x14;
/// Stands before a duration.
pub(crate) const BEFORE_DURATION: u8 = 0x15;
/// Ends a list.
pub(crate) const LIST_END: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_little_endian_twos_complement() {
        for (kind, sample, bytes) in [
            (Kind::Edf, -2, &[0xfe, 0xff][..]),
            (Kind::Edf, i32::from(i16::MIN), &[0, 0x80]),
            (Kind::Bdf, -2, &[0xfe, 0xff, 0xff]),
            (Kind::Bdf, 0x7f_ffff, &[0xff, 0xff, 0x7f]),
        ] {
            let mut out = Vec::new();
            kind.encode(sample, &mut out);
            assert_eq!((out.as_slice(), kind.decode(bytes)), (bytes, sample));
            assert!((kind.smallest()..=kind.greatest()).contains(&sample) && bytes.len() == kind.sample());
        }
        assert_eq!(Kind::Bdf.decode(&[1]), 0);
    }

    /// Of two signals the second's label begins 16 bytes behind the first's, and its samples end the part that is 32 bytes a signal before the end.
    #[test]
    fn fields_of_signals_stand_side_by_side() {
        assert_eq!(LABEL.of(1, 2), Field { at: 272, len: 16 });
        assert_eq!(TRANSDUCER.of(0, 2), Field { at: 288, len: 80 });
        let last = SAMPLES.of(1, 2);
        assert_eq!(last.at + last.len + 2 * 32, 3 * PART);
    }
}
