//! How an ADS1256 is set up, as one description. A `Settings` can only hold what the chip knows.
//!
//! Must never know of SPI or boards.

use super::frame::CODE_MAX;
use super::registers::{DataRate, Gain, SHORTED, Status, mux};
use super::{INPUTS, registers};
use crate::scan::Scan;

/// Inputs, rate, gain and buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    scan: Scan,
    drate: u8,
    /// The amplifier, the same for all inputs.
    pub gain: Gain,
    /// The input buffer is on: a higher input impedance, and inputs up to 2 V below the supply only.
    pub buffer: bool,
    /// Both sides of every conversion are at the common input.
    pub shorted: bool,
}

/// The first four registers: STATUS, MUX, ADCON, DRATE.
pub const IMAGE: usize = 4;

impl Settings {
    /// All eight inputs against the common one, 30000 SPS, gain 1.
    pub const DEFAULT: Self = Self {
        scan: Scan::single_ended(INPUTS),
        drate: DataRate::ALL[0].byte,
        gain: Gain::X1,
        buffer: false,
        shorted: false,
    };

    /// With other inputs; `None` when there is no such input.
    #[must_use]
    pub fn with_scan(mut self, scan: Scan) -> Option<Self> {
        self.scan = scan;
        scan.pairs().iter().all(|pair| mux(*pair).is_some()).then_some(self)
    }

    /// At another rate of conversions.
    #[must_use]
    pub const fn with_data_rate(mut self, rate: DataRate) -> Self {
        self.drate = rate.byte;
        self
    }

    /// At the rate of conversions whose frames come `hz` times in a second, rounded down. `None` when there is none.
    ///
    /// ```
    /// use axismirror_boards::ads1256::Settings;
    /// let settings = Settings::DEFAULT.with_frame_rate(101.0).unwrap();
    /// assert_eq!((settings.data_rate().hz, settings.rate().floor()), (1000.0, 101.0));
    /// assert_eq!(Settings::DEFAULT.with_frame_rate(102.0), None);
    /// ```
    #[must_use]
    pub fn with_frame_rate(self, hz: f64) -> Option<Self> {
        let each = DataRate::ALL.into_iter().map(|rate| self.with_data_rate(rate));
        each.into_iter().find(|settings| libm::floor(settings.rate()) == hz)
    }

    /// At another gain.
    #[must_use]
    pub const fn with_gain(mut self, gain: Gain) -> Self {
        self.gain = gain;
        self
    }

    /// What a frame holds.
    #[must_use]
    pub const fn scan(&self) -> &Scan {
        &self.scan
    }

    /// The rate of conversions.
    #[must_use]
    pub fn data_rate(&self) -> DataRate {
        DataRate::from_byte(self.drate).unwrap_or(DataRate::ALL[0])
    }

    /// Frames in a second with a host that is never late.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.data_rate().switched_hz() / self.scan.channels() as f64
    }

    /// MUX for a channel of the frame. Past the last one it begins anew.
    #[must_use]
    pub fn mux(&self, channel: usize) -> u8 {
        let pair = self.scan.pairs().get(channel % self.scan.channels().max(1)).copied().unwrap_or_default();
        // The settings hold only inputs that there are.
        if self.shorted { SHORTED } else { registers::mux(pair).unwrap_or(SHORTED) }
    }

    /// The first four registers.
    #[must_use]
    pub fn image(&self) -> [u8; IMAGE] {
        let status =
            Status { id: 0, least_first: false, auto_calibration: false, buffer: self.buffer, not_ready: false };
        [status.to_byte(), self.mux(0), self.gain.to_adcon(), self.drate]
    }

    /// Volts for one step of the code: 2 VREF / gain / (2^23 - 1) (SBAS288, table 16). `None` when there is no such channel.
    #[must_use]
    pub fn volts_per_code(&self, vref: f64, channel: usize) -> Option<f64> {
        self.scan.pairs().get(channel)?;
        Some(2.0 * vref / f64::from(self.gain.factor()) / f64::from(CODE_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lsb_is_that_of_the_datasheet() {
        let settings = Settings::DEFAULT.with_gain(Gain::X64);
        assert!((Settings::DEFAULT.volts_per_code(2.5, 0).unwrap() * 1e9 - 596.046_5).abs() < 1e-3);
        assert!((settings.volts_per_code(2.5, 7).unwrap() * 1e9 - 9.313_23).abs() < 1e-4);
        assert_eq!(settings.volts_per_code(2.5, 8), None);
    }
}
