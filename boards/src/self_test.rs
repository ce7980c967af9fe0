//! Judges the square wave, or the constant level, that a chip makes for its own test.
//!
//! Pure: codes in, verdict out. The same clock makes the wave and the conversions, so its period in frames is exact, and
//! proves that no frame was lost; its amplitude proves reference, gain and scale. Must never know of a chip.

use core::convert::Infallible;

use heapless::Vec;

use crate::acquisition::{Frame, Sink};
use crate::adc::{Adc, Codes, TestSignal};

/// Channels that a [`SelfTest`] has room for.
pub const MAX_CHANNELS: usize = 32;

/// How far the amplitude may be off where a datasheet says nothing: a few per cent for reference and divider together.
pub const AMPLITUDE_TOLERANCE: f64 = 0.05;
/// Frames behind an edge that the digital filter smears it over.
pub const SETTLING_FRAMES: u64 = 4;
/// Periods that have to be seen whole.
pub const MIN_PERIODS: u64 = 2;
/// Frames of a constant level that have to be seen, those in which the filter settles besides.
pub const MIN_FRAMES: u64 = 16;

/// A square wave as found; of a constant level the amplitude is its mean, offset and periods are 0.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SquareWave {
    /// Half the distance of the two levels, in codes.
    pub amplitude: f64,
    /// Middle of the two levels, in codes.
    pub offset: f64,
    /// Whole periods seen.
    pub periods: u64,
}

/// What is wrong with the test signal.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SelfTestError {
    /// Too little of the wave, or no wave.
    #[error(
        "{periods} whole periods of the test signal in {frames} frames, where {needed} are needed: too few frames, or the \
         channel does not see the signal"
    )]
    TooFewPeriods {
        /// Whole periods seen.
        periods: u64,
        /// Frames seen.
        frames: u64,
        /// [`MIN_PERIODS`].
        needed: u64,
    },
    /// Too few frames of a constant level.
    #[error("{frames} frames of the test level, where {needed} are needed")]
    TooFewFrames {
        /// Frames seen behind the first few, in which the filter settles.
        frames: u64,
        /// [`MIN_FRAMES`].
        needed: u64,
    },
    /// Frames are missing or too many.
    #[error(
        "a period of the test signal has {found} frames where it must have {expected}: frames were lost or repeated"
    )]
    Period {
        /// The first period that was wrong, in frames.
        found: u64,
        /// What it must be.
        expected: u32,
    },
    /// The scale is wrong.
    #[error(
        "the test signal has an amplitude of {found:.0} codes where {expected:.0} are expected: check reference and gain"
    )]
    Amplitude {
        /// As found, in codes.
        found: f64,
        /// What it should be.
        expected: f64,
    },
}

/// Watches one channel, code by code, without keeping them.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Judge {
    expected: TestSignal,
    frame: u64,
    high: Option<bool>,
    last_edge: Option<u64>,
    last_rise: Option<u64>,
    periods: u64,
    wrong_period: Option<u64>,
    sums: [(f64, u64); 2],
}

impl Judge {
    /// Of a channel that should show `expected`.
    #[must_use]
    pub const fn new(expected: TestSignal) -> Self {
        Self {
            expected,
            frame: 0,
            high: None,
            last_edge: None,
            last_rise: None,
            periods: 0,
            wrong_period: None,
            sums: [(0.0, 0); 2],
        }
    }

    /// The next frame's code.
    pub fn push(&mut self, code: i32) {
        let code = f64::from(code);
        let frame = self.frame;
        self.frame += 1;
        if self.expected.period == 0 {
            if frame >= SETTLING_FRAMES {
                let [(sum, count), _] = &mut self.sums;
                *sum += code;
                *count += 1;
            }
            return;
        }
        // Half the amplitude on either side of the middle: noise on an edge makes no second edge.
        let threshold = self.expected.amplitude / 2.0;
        let high = if code > threshold {
            true
        } else if code < -threshold {
            false
        } else {
            return;
        };
        if self.high.replace(high).is_some_and(|before| before != high) {
            self.last_edge = Some(frame);
            if high {
                self.rise(frame);
            }
        }
        if self.last_edge.is_some_and(|edge| frame - edge >= SETTLING_FRAMES) {
            let [low_sum, high_sum] = &mut self.sums;
            let (sum, count) = if high { high_sum } else { low_sum };
            *sum += code;
            *count += 1;
        }
    }

    fn rise(&mut self, frame: u64) {
        if let Some(last) = self.last_rise.replace(frame) {
            self.periods += 1;
            let period = frame - last;
            if period != u64::from(self.expected.period) {
                self.wrong_period = self.wrong_period.or(Some(period));
            }
        }
    }

    /// What it was.
    ///
    /// # Errors
    /// [`SelfTestError`].
    pub fn verdict(&self) -> Result<SquareWave, SelfTestError> {
        if self.expected.period == 0 {
            return self.level();
        }
        if let Some(found) = self.wrong_period {
            return Err(SelfTestError::Period { found, expected: self.expected.period });
        }
        if self.periods < MIN_PERIODS {
            let (periods, frames) = (self.periods, self.frame);
            return Err(SelfTestError::TooFewPeriods { periods, frames, needed: MIN_PERIODS });
        }
        let [low, high] = self.sums.map(|(sum, count)| sum / count.max(1) as f64);
        let amplitude = (high - low) / 2.0;
        self.scale(amplitude)?;
        Ok(SquareWave { amplitude, offset: (high + low) / 2.0, periods: self.periods })
    }

    fn level(&self) -> Result<SquareWave, SelfTestError> {
        let [(sum, frames), _] = self.sums;
        if frames < MIN_FRAMES {
            return Err(SelfTestError::TooFewFrames { frames, needed: MIN_FRAMES });
        }
        let amplitude = sum / frames as f64;
        self.scale(amplitude)?;
        Ok(SquareWave { amplitude, offset: 0.0, periods: 0 })
    }

    fn scale(&self, found: f64) -> Result<(), SelfTestError> {
        let TestSignal { amplitude: expected, tolerance, .. } = self.expected;
        let good = (found - expected).abs() <= expected.abs() * tolerance;
        if good { Ok(()) } else { Err(SelfTestError::Amplitude { found, expected }) }
    }
}

/// Judges the codes of one channel, one frame behind the other.
///
/// # Errors
/// [`SelfTestError`].
pub fn judge(codes: impl IntoIterator<Item = i32>, expected: TestSignal) -> Result<SquareWave, SelfTestError> {
    let mut judge = Judge::new(expected);
    codes.into_iter().for_each(|code| judge.push(code));
    judge.verdict()
}

/// Judges every channel of an acquisition whose converters are at [`Input::TestSignal`](crate::adc::Input::TestSignal).
///
/// Frames that the acquisition lost shorten a period, and are found out.
#[derive(Clone, Debug)]
pub struct SelfTest {
    judges: Vec<Option<Judge>, MAX_CHANNELS>,
    /// Of the frame that is being read.
    codes: Vec<i32, MAX_CHANNELS>,
    /// There was another code than 0.
    heard: bool,
}

impl SelfTest {
    /// For the channels of all converters, in their order. Channels beyond [`MAX_CHANNELS`] are not judged.
    #[must_use]
    pub fn new<A: Adc>(adcs: &[A]) -> Self {
        let channels = adcs.iter().flat_map(|adc| (0..adc.channels()).map(|c| adc.test_signal(c).map(Judge::new)));
        let judges: Vec<_, MAX_CHANNELS> = channels.take(MAX_CHANNELS).collect();
        Self { codes: judges.iter().map(|_| 0).collect(), judges, heard: false }
    }

    /// Whether any channel ever had another code than 0. A data line that nobody drives reads so on a chip without an identity.
    #[must_use]
    pub const fn heard(&self) -> bool {
        self.heard
    }

    /// What each channel showed; `None` for a channel whose converter makes no test signal.
    pub fn verdicts(&self) -> impl Iterator<Item = Option<Result<SquareWave, SelfTestError>>> + '_ {
        self.judges.iter().map(|judge| judge.as_ref().map(Judge::verdict))
    }
}

impl Sink for SelfTest {
    type Error = Infallible;

    fn codes(&mut self) -> impl Codes + '_ {
        &mut *self.codes
    }

    fn frame(&mut self, _: &Frame<'_>) -> Result<(), Infallible> {
        self.heard |= self.codes.iter().any(|code| *code != 0);
        for (judge, code) in self.judges.iter_mut().zip(&self.codes) {
            if let Some(judge) = judge {
                judge.push(*code);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPECTED: TestSignal = TestSignal { amplitude: 3495.25, period: 256, tolerance: AMPLITUDE_TOLERANCE };

    fn wave(k: u64) -> i32 {
        if k % 256 < 128 { 3495 } else { -3495 }
    }

    #[test]
    fn a_good_wave_is_measured() {
        let found = judge((50..50 + 1024).map(|k| wave(k) + 7), EXPECTED).unwrap();
        assert_eq!(found, SquareWave { amplitude: 3495.0, offset: 7.0, periods: 3 });
    }

    #[test]
    fn edges_that_the_filter_smears_do_not_matter() {
        let smeared = (0..1024).map(|k| (0..4).map(|i| wave(k + 512 - i)).sum::<i32>() / 4);
        assert!(judge(smeared, EXPECTED).is_ok());
    }

    #[test]
    fn a_constant_level_is_measured_by_its_mean() {
        let expected = TestSignal { amplitude: -1000.0, period: 0, tolerance: 0.08 };
        let found = judge((0..20).map(|k| if k < 4 { 0 } else { -1050 - k % 2 }), expected).unwrap();
        assert_eq!(found, SquareWave { amplitude: -1050.5, offset: 0.0, periods: 0 });
        assert!(matches!(judge([-1100; 40], expected), Err(SelfTestError::Amplitude { .. })));
        assert!(matches!(judge([1000; 40], expected), Err(SelfTestError::Amplitude { .. })));
        let few = Err(SelfTestError::TooFewFrames { frames: 15, needed: 16 });
        assert_eq!(judge([-1000; 19], expected), few);
    }

    #[test]
    fn one_lost_frame_is_found() {
        let lost = (0..1024).filter(|k| *k != 300).map(wave);
        assert_eq!(judge(lost, EXPECTED), Err(SelfTestError::Period { found: 255, expected: 256 }));
    }

    #[test]
    fn half_the_scale_and_no_signal_are_found() {
        let half = (0..1024).map(|k| wave(k) * 6 / 10);
        assert!(matches!(judge(half, EXPECTED), Err(SelfTestError::Amplitude { .. })));
        assert!(matches!(judge((0..1024).map(|_| 12), EXPECTED), Err(SelfTestError::TooFewPeriods { periods: 0, .. })));
        assert!(judge((0..1024).map(|k| -wave(k) * 2), EXPECTED).is_err());
    }
}
