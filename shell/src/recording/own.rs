//! What our own recordings say of the recorded stream: the description that every format keeps in its own way.
//!
//! Which field is what is said at the recorder (`record`). A description that is no JSON, or of another version, is passed over: then the file is
//! read like anybody's.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use axismirror_core::header::{Generation, StructVersion};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::content::{ChannelInfo, Content, Recorded, Scaling};
use crate::formats::own::{CODE, VERSION, VOLTS_PER_CODE};
use crate::mirror::StreamInfo;

/// A recorded stream as its description says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Own {
    version: u32,
    name: String,
    key: String,
    dtype: String,
    rate: Option<f64>,
    shape: Vec<usize>,
    /// Which samples of a frame were recorded, from 1.
    channels: Vec<usize>,
    /// Of those.
    labels: Vec<String>,
    /// Of those, if the stream had them.
    positions: Option<Vec<[f32; 2]>>,
    unit: String,
    attrs: Map<String, Value>,
    clock: String,
    static_metadata: String,
    struct_version: u32,
    generation: u32,
    instance: Option<String>,
    n_frames: u32,
    first_frame: u64,
}

/// Frames that are not in the recording, before one that is.
#[cfg(feature = "parquet")]
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Gap {
    /// Number of the frame behind it.
    pub(super) frame: u64,
    /// Frames that the recorder was too slow for.
    pub(super) overwritten: u64,
    /// Frames that were never acquired.
    pub(super) not_acquired: u64,
}

#[cfg(feature = "parquet")]
impl Gap {
    /// All of them.
    pub(super) const fn frames(&self) -> u64 {
        self.overwritten.saturating_add(self.not_acquired)
    }
}

impl Own {
    /// From the description's text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let own: Option<Self> = serde_json::from_str(text).ok();
        let own = own.filter(|own| own.version == VERSION && DType::from_code(&own.dtype).is_some());
        if own.is_none() {
            tracing::warn!("recording: its description cannot be read; it is played like any file of its format");
        }
        own
    }

    /// Type of the recorded samples.
    pub(super) fn dtype(&self) -> DType {
        DType::from_code(&self.dtype).unwrap_or(DType::F64)
    }

    /// What one code is in the samples' unit, of floating-point samples that are kept as codes.
    pub(super) fn step(&self) -> f64 {
        if self.unit == "V" { self.volts_per_code().unwrap_or(1.0) } else { 1.0 }
    }

    fn volts_per_code(&self) -> Option<f64> {
        self.attrs.get(VOLTS_PER_CODE).and_then(Value::as_f64).filter(|lsb| lsb.is_finite() && *lsb > 0.0)
    }

    /// What the file holds, where the description knows better than the format. Samples are of the recorded type. `picks`: the played samples' places
    /// among the recorded ones, from 0.
    pub(super) fn apply(&self, content: &mut Content, picks: &[usize]) {
        let channels = self.channels.len();
        content.name = Some(self.name.clone()).filter(|n| !n.is_empty());
        content.key = Some(self.key.clone());
        content.dtype = self.dtype();
        content.rate = self.rate.filter(|r| r.is_finite() && *r > 0.0);
        content.rate_is_estimate = false;
        content.clock = Clock::from_word(&self.clock);
        content.origin = 0.0;
        content.is_raw = true;
        content.attrs.clone_from(&self.attrs);
        // Of a frame of which some samples alone were recorded or are played, or in another order, neither shape nor static metadata are true any more.
        let is_whole = self.channels.iter().copied().eq(1..=channels) && picks.iter().copied().eq(0..channels);
        if is_whole && self.shape.iter().try_fold(1_usize, |n, len| n.checked_mul(*len)) == Some(channels) {
            content.frame_shape.clone_from(&self.shape);
            content.static_metadata = STANDARD.decode(&self.static_metadata).ok().filter(|blob| !blob.is_empty());
            content.recorded = self.recorded(content);
        }
        let (unit, scaling) = match (self.unit.as_str(), self.volts_per_code()) {
            (CODE, Some(scale)) => ("V", Scaling { scale, zero: 0.0 }),
            (unit, _) => (unit, Scaling::default()),
        };
        for (channel, pick) in content.channels.iter_mut().zip(picks) {
            let label = self.labels.get(*pick).unwrap_or(&channel.label).clone();
            let position = self.positions.as_ref().and_then(|all| all.get(*pick).copied());
            *channel = ChannelInfo { label, position, unit: unit.to_owned(), scaling };
        }
    }
}

impl Own {
    /// The stream as it was; `None` when there is no such wire version.
    fn recorded(&self, content: &Content) -> Option<Recorded> {
        let frame_shape = self.shape.iter().map(|n| u32::try_from(*n)).collect::<Result<Vec<u32>, _>>().ok()?;
        let stream = StreamInfo {
            name: self.name.clone(),
            key: self.key.clone(),
            dtype: content.dtype,
            rate: content.rate,
            n_frames: self.n_frames,
            frame_shape,
            channels: content.channels.len(),
            labels: self.labels.clone(),
            unit: self.unit.clone(),
            attrs: self.attrs.clone(),
            clock: content.clock,
            struct_version: StructVersion::from_number(self.struct_version)?,
            generation: Generation::from_number(self.generation),
            static_metadata: content.static_metadata.clone(),
        };
        let instance = self.instance.as_deref().and_then(|hex| u64::from_str_radix(hex, 16).ok());
        Some(Recorded { instance, first_frame: self.first_frame, stream })
    }
}

/// A sample of a recorded type, from a whole number that stands for it. `step`: what one is of a floating-point type.
pub(super) fn sample_of_whole(number: i64, dtype: DType, step: f64, out: &mut Vec<u8>) {
    let bytes = number.to_le_bytes();
    match dtype {
        DType::F64 => out.extend_from_slice(&(number as f64 * step).to_le_bytes()),
        DType::F32 => out.extend_from_slice(&((number as f64 * step) as f32).to_le_bytes()),
        DType::F16 => out.extend_from_slice(&f32_to_f16(number as f32).to_le_bytes()),
        // The lower bytes of two's complement.
        dtype => {
            out.extend_from_slice(bytes.get(..dtype.size()).unwrap_or(&bytes));
            // No codes are complex: there is nothing behind them.
            out.resize(out.len() + dtype.size().saturating_sub(bytes.len()), 0);
        }
    }
}

/// A sample of a recorded type, from its text; `None` when it is none.
pub(super) fn sample_of_text(text: &str, dtype: DType, out: &mut Vec<u8>) -> Option<()> {
    macro_rules! number {
        ($t:ty) => {
            out.extend_from_slice(&text.parse::<$t>().ok()?.to_le_bytes())
        };
    }
    match dtype {
        DType::Bool => out.push(match text {
            "true" => 1,
            "false" => 0,
            _ => return None,
        }),
        DType::I8 => number!(i8),
        DType::U8 => number!(u8),
        DType::I16 => number!(i16),
        DType::U16 => number!(u16),
        DType::I32 => number!(i32),
        DType::U32 => number!(u32),
        DType::I64 | DType::LongLong => number!(i64),
        DType::U64 | DType::ULongLong => number!(u64),
        DType::F16 => out.extend_from_slice(&f32_to_f16(text.parse().ok()?).to_le_bytes()),
        DType::F32 => number!(f32),
        DType::F64 => number!(f64),
        DType::C64 | DType::C128 => {
            let part = if dtype == DType::C64 { DType::F32 } else { DType::F64 };
            let text = text.strip_suffix('j')?;
            // The sign between the parts is none of an exponent.
            let sign = text.char_indices().skip(1).filter(|(at, c)| {
                matches!(c, '+' | '-') && !text.get(..*at).is_some_and(|before| before.ends_with(['e', 'E']))
            });
            let (re, im) = text.split_at(sign.last()?.0);
            sample_of_text(re, part, out)?;
            sample_of_text(im.strip_prefix('+').unwrap_or(im), part, out)?;
        }
    }
    Some(())
}

/// The bits of the IEEE 754 binary16 with this value, which is one exactly; what is none is cut.
pub(super) fn f32_to_f16(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let (exponent, fraction) = ((bits >> 23 & 0xff) as i32 - 127, bits & 0x7f_ffff);
    let magnitude = match exponent {
        128 if fraction != 0 => 0x7e00 | (fraction >> 13) as u16,
        16.. => 0x7c00,
        -14..=15 => ((exponent + 15) as u16) << 10 | (fraction >> 13) as u16,
        -25..=-15 => ((fraction | 0x80_0000) >> (-1 - exponent)) as u16,
        _ => 0,
    };
    sign | magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_lead_back() {
        for bits in 0..=u16::MAX {
            let value = crate::mirror::value::f16_to_f32(bits);
            // NaNs of one kind or another.
            assert!(f32_to_f16(value) == bits || value.is_nan() && f32_to_f16(value) & 0x7c00 == 0x7c00, "{bits:x}");
        }
    }

    #[test]
    fn samples_of_texts_and_numbers() {
        let text = |text: &str, dtype| {
            let mut out = Vec::new();
            sample_of_text(text, dtype, &mut out).map(|()| out)
        };
        assert_eq!(text("-2.5e-5", DType::F32), Some((-2.5e-5_f32).to_le_bytes().to_vec()));
        assert_eq!(text("18446744073709551615", DType::U64), Some(vec![0xff; 8]));
        assert_eq!(text("true", DType::Bool), Some(vec![1]));
        let complex = [1.5e-7_f64.to_le_bytes(), (-2.0e3_f64).to_le_bytes()].concat();
        assert_eq!(text("1.5e-7-2000j", DType::C128), Some(complex));
        assert_eq!(text("1+2j", DType::C64), Some([1f32.to_le_bytes(), 2f32.to_le_bytes()].concat()));
        for (wrong, dtype) in [("1.5", DType::I32), ("300", DType::U8), ("x", DType::F64), ("1+2", DType::C64)] {
            assert_eq!(text(wrong, dtype), None, "{wrong}");
        }
        let whole = |number, dtype, step| {
            let mut out = Vec::new();
            sample_of_whole(number, dtype, step, &mut out);
            out
        };
        assert_eq!(whole(-3, DType::I16, 1.0), (-3_i16).to_le_bytes());
        assert_eq!(whole(200, DType::U8, 1.0), [200]);
        assert_eq!(whole(5, DType::F32, 0.1), ((5.0 * 0.1_f64) as f32).to_le_bytes());
        assert_eq!(whole(1, DType::C128, 1.0).len(), 16);
    }
}
