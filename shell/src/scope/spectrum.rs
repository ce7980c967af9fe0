//! The spectrum of a channel: Welch's average of periodograms under a Hann window.
//!
//! Scaled as an amplitude spectral density in unit/sqrt(Hz), one-sided (Heinzel, Rüdiger, Schilling: "Spectrum and spectral density estimation by the
//! DFT", 2002, equations 22 to 24): the same noise has the same height whatever the rate and the length.

use std::f64::consts::TAU;

use realfft::RealFftPlanner;

/// Samples of a piece at least and at most.
const PIECE: (usize, usize) = (32, 8192);
/// How long a piece is to be, for half a hertz from bin to bin.
const SECONDS: f64 = 2.0;
/// Pieces that are averaged at most.
const PIECES: usize = 15;
/// Half of the main lobe of a Hann window, in bins.
const LOBE: usize = 2;

/// Amplitude spectral density of a signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// From bin to bin, in Hz; the first is at 0.
    pub step_hz: f64,
    /// In unit/sqrt(Hz), a bin each.
    pub density: Vec<f64>,
    /// Pieces that were averaged.
    pub pieces: usize,
}

/// The strongest sine of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Where it is.
    pub hz: f64,
    /// Its amplitude in the signal's unit, as far as it is one sine.
    pub amplitude: f64,
}

/// Samples of a piece at this rate, a power of two.
#[must_use]
pub fn piece(rate: f64) -> usize {
    let wanted = (rate * SECONDS).clamp(PIECE.0 as f64, PIECE.1 as f64) as usize;
    wanted.next_power_of_two().clamp(PIECE.0, PIECE.1)
}

/// Samples that a spectrum at this rate looks at.
#[must_use]
pub fn samples(rate: f64) -> usize {
    piece(rate) * (PIECES + 1) / 2
}

impl Spectrum {
    /// Of samples in a row at `rate` Hz, from pieces of `piece` samples that overlap by half; `None` when there is no whole one.
    #[must_use]
    pub fn of(samples: &[f64], rate: f64, piece: usize) -> Option<Self> {
        // Fewer have no lobe beside the mean.
        if samples.len() < piece || piece < 8 || rate.is_nan() || rate <= 0.0 {
            return None;
        }
        let window: Vec<f64> = (0..piece).map(|i| 0.5 - 0.5 * (TAU * i as f64 / piece as f64).cos()).collect();
        let fft = RealFftPlanner::new().plan_fft_forward(piece);
        let (mut input, mut bins) = (fft.make_input_vec(), fft.make_output_vec());
        let mut power = vec![0.0; bins.len()];
        let mut pieces = 0;
        // The newest samples are in; what is left over is the oldest.
        for begin in (0..=samples.len() - piece).rev().step_by(piece / 2) {
            let part = samples.get(begin..begin + piece)?;
            let mean = part.iter().sum::<f64>() / piece as f64;
            input.iter_mut().zip(part).zip(&window).for_each(|((to, x), w)| *to = (x - mean) * w);
            fft.process(&mut input, &mut bins).ok()?;
            power.iter_mut().zip(&bins).for_each(|(sum, bin)| *sum += bin.norm_sqr());
            pieces += 1;
        }
        let squares: f64 = window.iter().map(|w| w * w).sum();
        let last = power.len() - 1;
        let density = power.into_iter().enumerate().map(|(k, sum)| {
            // The half that a one-sided spectrum leaves out is as large, but at 0 Hz and half the rate there is none.
            let sides = if k == 0 || k == last { 1.0 } else { 2.0 };
            (sides * sum / pieces as f64 / (rate * squares)).sqrt()
        });
        Some(Self { step_hz: rate / piece as f64, density: density.collect(), pieces })
    }

    /// The strongest sine: from the power of the main lobe about the highest bin, so that it does not matter where between two bins it is.
    /// `None` when there is nothing but the mean.
    #[must_use]
    pub fn peak(&self) -> Option<Peak> {
        // The mean was taken out, and its window's lobe with it.
        let (highest, _) = self.density.iter().enumerate().skip(LOBE).max_by(|a, b| a.1.total_cmp(b.1))?;
        let lobe =
            || self.density.iter().enumerate().take(highest + LOBE + 1).skip(highest - LOBE).map(|(k, d)| (k, d * d));
        let power: f64 = lobe().map(|(_, p)| p).sum();
        let hz = lobe().map(|(k, p)| k as f64 * p).sum::<f64>() / power * self.step_hz;
        (power > 0.0).then(|| Peak { hz, amplitude: (2.0 * power * self.step_hz).sqrt() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.25 + 1.5 sin(20.3 Hz) + 0.1 cos(90 Hz) + something like noise, 1024 samples at 250 Hz.
    fn signal() -> Vec<f64> {
        let sample = |n: u32| {
            let t = TAU * f64::from(n) / 250.0;
            let noise = (f64::from(n * 7919 % 101) - 50.0) / 50.0;
            0.25 + 1.5 * (20.3 * t).sin() + 0.1 * (90.0 * t).cos() + 0.05 * noise
        };
        (0..1024).map(sample).collect()
    }

    /// `scipy.signal.welch(x, 250, "hann", nperseg=256, noverlap=128, detrend="constant", scaling="density")` of scipy 1.17.1, its square root.
    #[test]
    fn the_density_is_scipys() {
        let spectrum = Spectrum::of(&signal(), 250.0, 256).unwrap();
        assert_eq!((spectrum.step_hz, spectrum.density.len(), spectrum.pieces), (0.9765625, 129, 7));
        for (bin, expected) in [
            (0, 0.00922958435672197),
            (1, 0.0064803478876660145),
            (5, 0.0006547066297633046),
            (20, 0.5775564926179303),
            (21, 0.8510333628085155),
            (22, 0.30217766664360945),
            (92, 0.057468731921984095),
            (93, 0.03632739829226058),
            (127, 0.001167071832084344),
            (128, 0.00038955738143591737),
        ] {
            assert!((spectrum.density[bin] - expected).abs() < 1e-12, "bin {bin}: {}", spectrum.density[bin]);
        }
    }

    #[test]
    fn a_sine_has_its_amplitude_wherever_it_lies() {
        for hz in [20.0, 20.3, 20.5, 20.75, 100.1] {
            let sine: Vec<f64> = (0..4096).map(|n| 3e-5 * (TAU * hz * f64::from(n) / 250.0).sin()).collect();
            let peak = Spectrum::of(&sine, 250.0, 512).unwrap().peak().unwrap();
            assert!((peak.hz - hz).abs() < 0.05, "{hz}: {peak:?}");
            assert!((peak.amplitude / 3e-5 - 1.0).abs() < 0.01, "{hz}: {peak:?}");
        }
    }

    #[test]
    fn white_noise_has_its_variance_over_the_band() {
        // Uniform over -1 to 1: the variance is 1/3, spread over half of the rate.
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        let noise: Vec<f64> = (0..65_536).map(|_| next()).collect();
        let density = Spectrum::of(&noise, 1000.0, 256).unwrap().density;
        let mean = density.iter().skip(4).map(|d| d * d).sum::<f64>() / (density.len() - 4) as f64;
        assert!((mean * 500.0 * 3.0 - 1.0).abs() < 0.03, "{mean}");
    }

    #[test]
    fn what_is_too_short_or_flat_has_none() {
        assert_eq!(Spectrum::of(&[1.0; 255], 250.0, 256), None);
        assert_eq!(Spectrum::of(&[1.0; 255], 0.0, 16), None);
        assert_eq!(Spectrum::of(&[], 250.0, 0), None);
        assert_eq!(Spectrum::of(&[1.0; 512], 250.0, 256).unwrap().peak(), None);
        assert_eq!((piece(250.0), piece(32_000.0), piece(1.0), samples(250.0)), (512, 8192, 32, 4096));
    }
}
