//! Display filters: DC removal, a notch at the mains, a band-pass. They change what is drawn, never data.
//!
//! Each is a cascade of biquads, designed by the bilinear formulas of Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter
//! coefficients" (crate `biquad`). High-pass and low-pass sections with the quality factors of a Butterworth polynomial make a digital Butterworth
//! filter, since the bilinear transform is prewarped to the corner of each. A filter starts settled: as if the first sample, and the first after
//! each gap, had been there for ever.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::fmt;

use biquad::{Biquad, Coefficients, DirectForm2Transposed, Type};

/// Where DC removal cuts (-3 dB), in Hz.
pub const DC_HZ: f64 = 0.5;
/// Width of the notch: its frequency by its -3 dB band.
pub const NOTCH_Q: f64 = 30.0;
/// Poles of each side of the band-pass.
const BAND_ORDER: u32 = 4;

/// Why a filter cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// Filters need a regular rate.
    #[error("no filter: the stream's rate is irregular")]
    Irregular,
    /// The signal has no such frequency.
    #[error("no filter at {hz} Hz: at {rate} Hz there is nothing above {} Hz", rate / 2.0)]
    AboveNyquist {
        /// Where the filter would cut.
        hz: f64,
        /// The stream's rate.
        rate: f64,
    },
    /// A band that is none.
    #[error("{low}-{high} Hz is no band; write two frequencies above 0, the lower one first: 1-40")]
    Band {
        /// Lower edge in Hz.
        low: f64,
        /// Upper edge in Hz.
        high: f64,
    },
}

/// Frequencies that pass, between the -3 dB edges, in Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    low: f64,
    high: f64,
}

impl Band {
    /// The bands that a key goes through: EEG, its alpha, ECG, EMG.
    pub const USUAL: [Self; 4] = [
        Self { low: 1.0, high: 40.0 },
        Self { low: 8.0, high: 13.0 },
        Self { low: 0.5, high: 100.0 },
        Self { low: 20.0, high: 450.0 },
    ];

    /// From its edges in Hz.
    ///
    /// # Errors
    /// [`FilterError::Band`] when they are not two frequencies in order.
    pub fn new(low: f64, high: f64) -> Result<Self, FilterError> {
        let band = low > 0.0 && low < high && high.is_finite();
        if band { Ok(Self { low, high }) } else { Err(FilterError::Band { low, high }) }
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} Hz", self.low, self.high)
    }
}

/// Which filters are on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filters {
    /// What is slower than [`DC_HZ`] is removed.
    pub dc: bool,
    /// The mains' frequency in Hz, which is removed.
    pub notch: Option<f64>,
    /// What alone passes.
    pub band: Option<Band>,
}

impl Filters {
    /// Whether the picture is of the samples as they are.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }

    /// Whether these filters can be had at a rate (`None`: irregular).
    ///
    /// # Errors
    /// [`FilterError::Irregular`], [`FilterError::AboveNyquist`].
    pub fn check(&self, rate: Option<f64>) -> Result<(), FilterError> {
        self.sections(rate).map(|_| ())
    }

    /// The sections that make them.
    fn sections(&self, rate: Option<f64>) -> Result<Vec<Coefficients<f64>>, FilterError> {
        let mut kinds = Vec::new();
        if self.dc {
            kinds.push((Type::HighPass, DC_HZ, FRAC_1_SQRT_2));
        }
        if let Some(hz) = self.notch {
            kinds.push((Type::Notch, hz, NOTCH_Q));
        }
        if let Some(Band { low, high }) = self.band {
            kinds.extend(butterworth(BAND_ORDER).map(|q| (Type::HighPass, low, q)));
            kinds.extend(butterworth(BAND_ORDER).map(|q| (Type::LowPass, high, q)));
        }
        let design = |(kind, hz, q): (Type<f64>, f64, f64)| {
            let rate = rate.ok_or(FilterError::Irregular)?;
            let error = FilterError::AboveNyquist { hz, rate };
            let of_nyquist = hz / (rate / 2.0);
            // Not NaN either.
            if !(0.0..1.0).contains(&of_nyquist) {
                return Err(error);
            }
            Coefficients::from_normalized_params(kind, of_nyquist, q).map_err(|_| error)
        };
        kinds.into_iter().map(design).collect()
    }
}

/// `no DC, 50 Hz notch, 1-40 Hz`
impl fmt::Display for Filters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dc = self.dc.then(|| "no DC".to_owned());
        let notch = self.notch.map(|hz| format!("{hz} Hz notch"));
        let all: Vec<String> = [dc, notch, self.band.map(|b| b.to_string())].into_iter().flatten().collect();
        f.write_str(&if all.is_empty() { "no filter".to_owned() } else { all.join(", ") })
    }
}

/// Quality factors of the sections of a Butterworth filter with an even number of poles: its pole pairs lie at these angles on a circle.
fn butterworth(order: u32) -> impl Iterator<Item = f64> {
    (0..order / 2).map(move |k| 0.5 / (PI * f64::from(2 * k + 1) / f64::from(2 * order)).cos())
}

/// Filters of all channels, sample by sample.
#[derive(Clone, Debug)]
pub struct Bank {
    sections: Vec<Coefficients<f64>>,
    /// What a constant becomes: 0 behind a high-pass, itself otherwise.
    dc_gain: f64,
    channels: Vec<Channel>,
}

#[derive(Clone, Debug)]
struct Channel {
    /// The first sample after a reset, around which the sections work.
    first: Option<f64>,
    sections: Vec<DirectForm2Transposed<f64>>,
}

impl Bank {
    /// For so many channels at so many frames a second.
    ///
    /// # Errors
    /// As [`Filters::check`].
    pub fn new(filters: &Filters, rate: Option<f64>, channels: usize) -> Result<Self, FilterError> {
        let sections = filters.sections(rate)?;
        let dc_gain = if filters.dc || filters.band.is_some() { 0.0 } else { 1.0 };
        let channel =
            Channel { first: None, sections: sections.iter().map(|c| DirectForm2Transposed::new(*c)).collect() };
        Ok(Self { sections, dc_gain, channels: vec![channel; channels] })
    }

    /// Frames do not follow one another here: what comes next starts settled.
    pub fn reset(&mut self) {
        self.channels.iter_mut().for_each(Channel::reset);
    }

    /// The next sample of a channel; NaN of what is no number, after which the channel starts anew.
    pub fn run(&mut self, channel: usize, sample: f64) -> f64 {
        let Some(state) = self.channels.get_mut(channel) else { return sample };
        if self.sections.is_empty() {
            return sample;
        }
        if !sample.is_finite() {
            state.reset();
            return f64::NAN;
        }
        let first = *state.first.get_or_insert(sample);
        state.sections.iter_mut().fold(sample - first, |x, section| section.run(x)) + first * self.dc_gain
    }
}

impl Channel {
    fn reset(&mut self) {
        self.first = None;
        self.sections.iter_mut().for_each(Biquad::<f64>::reset_state);
    }
}

#[cfg(test)]
mod tests;
