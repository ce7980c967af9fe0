//! A converter that is read along with the first one, though its clock is another.
//!
//! Its own DRDY tells when it has no new frame (the one before is read again) or has made two (one is left out).

use axismirror_core::health::Health;

use super::due::periods;
use super::waiting;
use crate::drdy::{DataReady, Level};

/// The DRDY of a converter that does not pace.
#[derive(Debug)]
pub(super) struct Follower<'b, D> {
    drdy: &'b mut D,
    /// Time of its last frame, and the first converter's frame that it went with.
    last: Option<(i64, u64)>,
}

impl<'b, D: DataReady> Follower<'b, D> {
    pub(super) fn new(drdy: &'b mut D) -> Self {
        Self { drdy, last: None }
    }

    /// The chips start anew: what was before tells nothing.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    /// To be called before its frame is read along with frame `number`.
    pub(super) fn follow(&mut self, number: u64, period: f64, health: &mut Health) -> Result<(), D::Error> {
        let newest = waiting::take(self.drdy)?.newest.map(|edge| edge.time_ns);
        let Some((last_ns, last_number)) = self.last else {
            self.last = newest.map(|time| (time, number));
            return Ok(());
        };
        let expected = number.saturating_sub(last_number);
        let made = match newest {
            Some(time) => {
                self.last = Some((time, number));
                periods(time.saturating_sub(last_ns), period)
            }
            None if self.drdy.level()? == Some(Level::Low) => {
                // A frame is there, and its edge is not.
                health.drdy_missed += 1;
                let time = last_ns.saturating_add((period * expected as f64) as i64);
                self.last = Some((time, number));
                expected
            }
            None => {
                self.last = Some((last_ns, number));
                0
            }
        };
        health.slips += made.abs_diff(expected);
        Ok(())
    }
}
