//! A frame of a converter that scans its inputs: a data-ready for each conversion, waited for one by one.
//!
//! The first conversion's edge is the frame's time and was waited for by [`super::due`]. Must never know of a chip.

use super::{Acquisition, Read, Sink, waiting};
use crate::adc::{Adc, AdcError};
use crate::drdy::{DataReady, Level, Wait};

/// Conversion times after which a missing edge is looked for at the level. They begin when the last result was fetched, and
/// the conversion began before.
const PATIENCE: f64 = 1.0;
/// Conversion times that an edge may be behind the level.
const BEHIND: f64 = 0.2;
/// Conversion times after which a conversion that did not come will not come.
const GIVE_UP: f64 = 4.0;

impl<A: Adc, D: DataReady> Acquisition<'_, A, D> {
    fn conversion_ns(&self) -> f64 {
        self.period_ns() / self.conversions as f64
    }

    /// Waits for the first conversion of a scan: a conversion's time, and when DRDY is high then, as long as it may take
    /// in all.
    pub(super) fn wait_for_scan(&mut self, timeout_ns: i64) -> Result<Wait, D::Error> {
        let first = (self.conversion_ns() * PATIENCE) as i64;
        if first >= timeout_ns || self.scan_broken || self.last.is_none() || self.restarted {
            return self.drdy.wait(timeout_ns.max(1));
        }
        match self.drdy.wait(first.max(1))? {
            Wait::Timeout if self.drdy.level()? != Some(Level::Low) => self.drdy.wait((timeout_ns - first).max(1)),
            Wait::Timeout => self.wait_behind_level(),
            wait => Ok(wait),
        }
    }

    /// DRDY is low: its edge may be on its way yet.
    fn wait_behind_level(&mut self) -> Result<Wait, D::Error> {
        let behind = (self.conversion_ns() * BEHIND) as i64;
        self.drdy.wait(behind.max(1))
    }

    /// Reads all conversions of a frame.
    pub(super) fn read_scan<S: Sink>(&mut self, sink: &mut S) -> Result<Read, D::Error> {
        let mut ready = true;
        if self.scan_broken {
            let Some(adc) = self.adcs.first_mut() else { return Ok(Read::Lost) };
            if adc.start().is_err() {
                self.health.bus_errors += 1;
                return Ok(self.give_up());
            }
            waiting::take(&mut self.drdy)?;
            self.scan_broken = false;
            ready = false;
        }
        for conversion in 1..=self.conversions {
            if !core::mem::take(&mut ready) {
                match self.wait_for_conversion()? {
                    Read::Good => {}
                    Read::Lost => {
                        self.health.drdy_missed += 1;
                        return Ok(self.give_up());
                    }
                    Read::Stopped => return Ok(Read::Stopped),
                }
            }
            let Some(adc) = self.adcs.first_mut() else { return Ok(Read::Lost) };
            match adc.read_frame(&mut sink.codes()) {
                Ok(_) => {}
                Err(AdcError::Bus(_)) => {
                    self.health.bus_errors += 1;
                    return Ok(self.give_up());
                }
                Err(_) => {
                    self.health.bad_frames += 1;
                    let lost = self.give_up();
                    // What was found at the end of a scan does not break it.
                    self.scan_broken = conversion < self.conversions;
                    return Ok(lost);
                }
            }
        }
        if !self.estimated {
            self.failures = 0;
        }
        self.due_now = false;
        Ok(Read::Good)
    }

    /// The frame is lost, and so is the scan: the next one is begun when its time has come.
    fn give_up(&mut self) -> Read {
        self.health.frames_lost += 1;
        self.failures += 1;
        self.scan_broken = true;
        self.due_now = false;
        Read::Lost
    }

    fn wait_for_conversion(&mut self) -> Result<Read, D::Error> {
        let conversion = self.conversion_ns();
        for patience in [PATIENCE, GIVE_UP - PATIENCE] {
            let mut wait = self.drdy.wait(((conversion * patience) as i64).max(1))?;
            let low = wait == Wait::Timeout && self.drdy.level()? == Some(Level::Low);
            if low {
                wait = self.wait_behind_level()?;
            }
            match wait {
                Wait::Stopped => return Ok(Read::Stopped),
                Wait::Edge(_) => {
                    // A host that is late finds several, all of the same input.
                    waiting::take(&mut self.drdy)?;
                    if self.drdy.level()? != Some(Level::High) {
                        return Ok(Read::Good);
                    }
                    // It fell before the input was switched.
                }
                Wait::Timeout if low => {
                    self.health.drdy_missed += 1;
                    return Ok(Read::Good);
                }
                Wait::Timeout => {}
            }
        }
        Ok(Read::Lost)
    }
}
