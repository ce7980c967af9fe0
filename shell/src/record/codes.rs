//! Whole codes out of samples of any type, and whether anything was changed for it.
//!
//! Volts in floating point are taken back to the converter's codes: with the LSB that the stream says, and only when the code gives the very same
//! number again. Knows no format but its least and greatest code.

use axismirror_core::dtype::DType;

use super::{Head, RecordError};
use crate::formats::own::{CODE, VOLTS};
use crate::sample::Number;

/// How samples become codes.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    dtype: DType,
    /// What one code is in the samples' unit; only of floating-point samples other than 1.0.
    step: f64,
    low: i64,
    high: i64,
    lossy: bool,
}

/// A sample in the format.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Code {
    pub(super) code: i32,
    /// Whether the sample was rounded or clipped.
    pub(super) changed: bool,
}

impl Codes {
    /// For a format with codes from `low` to `high`.
    pub(super) fn new(head: &Head, format: &'static str, low: i32, high: i32) -> Result<Self, RecordError> {
        let refused = |why| RecordError::Type { format, dtype: head.dtype, why };
        let step = match head.dtype {
            DType::C64 | DType::C128 => return Err(refused("complex numbers are no codes")),
            DType::F16 | DType::F32 | DType::F64 if head.unit == VOLTS => head.volts_per_code().ok_or_else(|| {
                refused("volts become codes only with the attribute `volts_per_code`, which is not there")
            })?,
            DType::F16 | DType::F32 | DType::F64 if head.unit != CODE => {
                return Err(refused("floating-point samples of an unknown unit are no codes"));
            }
            _ => 1.0,
        };
        Ok(Self { dtype: head.dtype, step, low: low.into(), high: high.into(), lossy: head.lossy })
    }

    /// The code of a sample, or the sample's value when it has none.
    pub(super) fn of(&self, bytes: &[u8]) -> Result<Code, f64> {
        match Number::of(self.dtype, bytes) {
            Some(Number::Bool(b)) => self.of_whole(i64::from(b)),
            Some(Number::Signed(n)) => self.of_whole(n),
            Some(Number::Unsigned(n)) => i64::try_from(n).map_or_else(|_| self.changed(n as f64), |n| self.of_whole(n)),
            Some(number) => self.of_float(number.value()),
            // Not a sample's bytes.
            None => self.changed(f64::NAN),
        }
    }

    fn of_whole(&self, n: i64) -> Result<Code, f64> {
        if (self.low..=self.high).contains(&n) {
            Ok(Code { code: n as i32, changed: false })
        } else {
            self.changed(n as f64)
        }
    }

    fn of_float(&self, value: f64) -> Result<Code, f64> {
        let code = (value / self.step).round();
        let same = match self.dtype {
            // A zero with a sign is another number, bit for bit.
            _ if value == 0.0 && value.is_sign_negative() => false,
            DType::F64 => code * self.step == value,
            DType::F32 => f64::from((code * self.step) as f32) == value,
            // Half precision has no codes of its own: only whole numbers are the same.
            _ => code == value && self.step == 1.0,
        };
        if same && code >= self.low as f64 && code <= self.high as f64 {
            Ok(Code { code: code as i32, changed: false })
        } else {
            self.changed(value)
        }
    }

    fn changed(&self, value: f64) -> Result<Code, f64> {
        if !self.lossy {
            return Err(value);
        }
        // What is not a number becomes 0.
        let code = (value / self.step).round().clamp(self.low as f64, self.high as f64);
        Ok(Code { code: code as i32, changed: true })
    }
}
