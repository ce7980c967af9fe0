//! Whether a frame is due, and when it was: makes sense of edges, levels and time that is up.
//!
//! Must never read a frame. The table in [`super`] says what is counted when.
//!
//! Between the last look at the edges and the transfer's first clock the chip may convert once more: then the frame that is read is the
//! newer one. Level and times tell, behind the transfer: where DRDY is high nothing waits, and every edge up to then is that of a frame
//! that was read or lost; where it is low the last one is of a frame that waits, and only edges before the transfer was begun
//! ([`DataReady::now_ns`]) are taken for those of frames that are gone. What cannot be told: when two edges fall from that time until the
//! level is looked at, and DRDY is low, the first of them may have been before the first clock or behind it. It is counted as an overrun,
//! which is right in number, and the frame keeps number and time of the edge before. That is a host that is late by more than a period. And
//! a chip whose DRDY falls within a transfer has to keep it low until the next one: one that lifts it with the next clock gives that
//! edge's time to the frame that was under way.

use super::{Acquisition, NS_PER_S, Step, waiting};
use crate::adc::Adc;
use crate::drdy::{DataReady, Edge, Level, Wait};

/// How long an edge may be behind the level.
const DUE_GRACE_PERIODS: f64 = 0.125;
/// Share of a period that has to be over before there can be another frame, as well as the period is known.
const EARLIEST: f64 = 0.95;
/// Share of a period that has to be over before a new scan is begun in place of one that was given up.
const SCAN_REST: f64 = 0.95;
/// Share of a scan that may be missing in the time of another one: as far as rates and times are known.
const SCAN_TOLERANCE: f64 = 0.25;
/// Periods until the first frame after START: the digital filter takes four.
const FIRST_PERIODS: f64 = 8.0;

/// A frame that is due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    /// To be read: its time, and how many frames it is behind the last one.
    Frame { time_ns: i64, advance: u64, estimated: bool },
    /// Nothing to be read.
    Not(Step),
}

impl<A: Adc, D: DataReady> Acquisition<'_, A, D> {
    /// Nanoseconds from one frame to the next, as well as it is known.
    pub(super) fn period_ns(&self) -> f64 {
        NS_PER_S / self.rate.best()
    }

    /// Waits for what comes next, and counts what should have come and did not.
    pub(super) fn next_due(&mut self) -> Result<Due, D::Error> {
        let period = self.period_ns();
        let periods = if self.due_now {
            // The level says that a frame is there; its edge may be on its way yet.
            DUE_GRACE_PERIODS
        } else if self.last.is_none() || self.restarted {
            // The digital filter settles first.
            FIRST_PERIODS
        } else if self.estimated {
            // Half a period is over already since the frame that is estimated.
            (self.limits.timeout_periods - 0.5).max(0.5)
        } else {
            self.limits.timeout_periods
        };
        let timeout = self.until((period * periods) as i64, period);
        let wait = if self.conversions > 1 { self.wait_for_scan(timeout)? } else { self.drdy.wait(timeout.max(1))? };
        match wait {
            Wait::Stopped => Ok(Due::Not(Step::Stopped)),
            Wait::Edge(first) => self.edge(first),
            Wait::Timeout => self.timeout(period),
        }
    }

    /// What is left of a time that began with the last frame, where a clock can tell; never less than half a period:
    /// a host that is late with a frame finds the next edge late.
    fn until(&mut self, timeout_ns: i64, period: f64) -> i64 {
        let by_frame = !self.due_now && !self.restarted && self.conversions == 1;
        let (Some((_, last_ns)), true) = (self.last, by_frame) else { return timeout_ns };
        let Some(now_ns) = self.drdy.now_ns() else { return timeout_ns };
        let patience = (period * self.limits.timeout_periods) as i64;
        let left = last_ns.saturating_add(patience).saturating_sub(now_ns);
        left.clamp(((period * 0.5) as i64).min(timeout_ns), timeout_ns)
    }

    fn edge(&mut self, first: Edge) -> Result<Due, D::Error> {
        // A host that is late finds several. The chip holds the newest frame only.
        let waiting = waiting::take(&mut self.drdy)?;
        let (edge, seen) = (waiting.newest.unwrap_or(first), 1 + waiting.edges);
        if self.conversions > 1 && self.drdy.level()? == Some(Level::High) {
            // It fell before the input was switched; what it told of is gone.
            return Ok(Due::Not(Step::Stale));
        }
        let by_count = match (edge.seqno, self.last_seqno) {
            (Some(now), Some(before)) => u64::from(now.wrapping_sub(before)),
            _ => 0,
        };
        self.last_seqno = edge.seqno;
        let Some((number, last_ns)) = self.last else {
            self.health.overruns += seen - 1;
            self.health.frames_lost += seen - 1;
            self.skip_unread(seen - 1);
            if waiting.more {
                return Ok(self.overwritten(edge, seen - 1));
            }
            return Ok(self.frame(edge, seen - 1));
        };
        let period = self.period_ns();
        let since = edge.time_ns.saturating_sub(last_ns);
        // A clock that was set back says nothing about the time between.
        let set_back = (since as f64) < -period;
        // After a scan that was given up the chip converts the same input over and over.
        let early = self.scan_broken && (since as f64) < period * SCAN_REST;
        let by_time = if set_back {
            1
        } else if self.conversions > 1 {
            self.scans(since) * u64::from(!early)
        } else {
            periods(since, period)
        };
        if by_time == 0 {
            // Its frame was read when the level told so, or the line bounced.
            self.due_now = false;
            if core::mem::take(&mut self.estimated) {
                self.last = Some((number, edge.time_ns));
                // Should the frame have come behind the look for it, it must not be taken for the next one.
                self.skip_unread(1);
            }
            return Ok(Due::Not(Step::Stale));
        }
        // The line's count is of edges that fell, which is too few after one that it did not see.
        // Within a scan edges are more than frames.
        let advance =
            if self.estimated || self.restarted || self.conversions > 1 { by_time } else { by_time.max(by_count) };
        let lost = advance - 1;
        // A scan waits for the host: who lets the time of another one go by was late, whether an edge told of it or not.
        let overwritten = if self.conversions > 1 && !self.estimated { lost } else { lost.min(seen - 1) };
        self.skip_unread(lost);
        self.health.frames_lost += lost;
        self.health.overruns += overwritten;
        if !core::mem::take(&mut self.restarted) {
            self.health.drdy_missed += lost - overwritten;
        }
        if waiting.more {
            return Ok(self.overwritten(edge, number + advance));
        }
        if self.drdy.level()? == Some(Level::High) {
            // It fell while the frame before was read, which took this one's place.
            return Ok(self.overwritten(edge, number + advance));
        }
        Ok(self.frame(edge, advance))
    }

    /// The newest frame was read: when edges fell between the last look and the transfer, it is that of the last of them, and those before
    /// it are lost.
    pub(super) fn follow_transfer(&mut self) -> Result<(), D::Error> {
        let Some(newest_ns) = self.newest_ns.take() else { return Ok(()) };
        let period = self.period_ns();
        while let (Some(edge), Some((number, last_ns))) = (self.drdy.peek()?, self.last) {
            let advance = periods(edge.time_ns.saturating_sub(last_ns), period);
            // None: the line bounced, which is for the next step to find.
            if edge.time_ns > newest_ns || advance == 0 {
                break;
            }
            self.drdy.wait(0)?;
            self.last_seqno = edge.seqno;
            self.last = Some((number + advance, edge.time_ns));
            self.rate.edge(number + advance, edge.time_ns);
            self.health.overruns += 1;
            self.health.frames_lost += advance;
            self.health.drdy_missed += advance - 1;
        }
        Ok(())
    }

    /// The frame of an edge is gone: clocked out in place of the one before, or overwritten by those that wait behind it.
    fn overwritten(&mut self, edge: Edge, number: u64) -> Due {
        // Where the line only said that it is gone, it waits to be taken for the next one.
        self.skip_unread(1);
        self.health.overruns += 1;
        self.health.frames_lost += 1;
        self.last = Some((number, edge.time_ns));
        self.estimated = false;
        self.due_now = false;
        Due::Not(Step::Stale)
    }

    /// Nobody will read these frames: chips that queue them must not hand them out as later ones.
    fn skip_unread(&mut self, frames: u64) {
        if frames > 0 {
            self.adcs.iter_mut().for_each(Adc::skip_unread);
        }
    }

    fn frame(&mut self, edge: Edge, advance: u64) -> Due {
        self.due_now = false;
        Due::Frame { time_ns: edge.time_ns, advance, estimated: false }
    }

    fn timeout(&mut self, period: f64) -> Result<Due, D::Error> {
        let low = self.drdy.level()? == Some(Level::Low);
        if core::mem::take(&mut self.due_now) && (!low || self.is_too_early(period)) {
            return Ok(Due::Not(Step::Timeout));
        }
        self.health.drdy_missed += 1;
        self.failures += 1;
        let Some((number, last_ns)) = self.last.filter(|_| !self.restarted) else {
            return Ok(Due::Not(Step::Timeout));
        };
        let time_ns = last_ns.saturating_add(period as i64);
        if low {
            return Ok(Due::Frame { time_ns, advance: 1, estimated: true });
        }
        self.skip_unread(1);
        self.health.frames_lost += 1;
        self.last = Some((number + 1, time_ns));
        self.estimated = true;
        Ok(Due::Not(Step::Timeout))
    }
}

impl<A: Adc, D: DataReady> Acquisition<'_, A, D> {
    /// Scans that there was time for, by the chip's own rate: the measured one is that of the host, and a host that loses scans would
    /// make them the longer for it. One that only takes longer is one.
    fn scans(&self, ns: i64) -> u64 {
        let scan = NS_PER_S / self.adcs.first().map_or(1.0, Adc::rate);
        (libm::floor(ns as f64 / scan + SCAN_TOLERANCE) as u64).max(1)
    }

    /// Whether the chip cannot have converted since the last frame, whatever its line says.
    fn is_too_early(&mut self, period: f64) -> bool {
        let since = self.drdy.now_ns().zip(self.last).map(|(now_ns, (_, last_ns))| now_ns.saturating_sub(last_ns));
        since.is_some_and(|since| (0..(period * EARLIEST) as i64).contains(&since))
    }
}

/// Whole periods in a time, to the nearest.
pub(super) fn periods(ns: i64, period: f64) -> u64 {
    // `as` makes 0 of what is negative.
    libm::round(ns as f64 / period) as u64
}
