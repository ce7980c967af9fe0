//! Verifies the counter signal frame by frame, and keeps account of what came.
//!
//! The ADC's own numbering is the judge: what is missing in it is missing, whatever the acquisition says.

use std::convert::Infallible;
use std::fmt::{self, Display};

use axismirror_boards::acquisition::{Chunk, Sink};
use axismirror_boards::signal::{COUNTER_STRIDE, counter_modulus};
use axismirror_core::health::Health;

/// The greatest code of a converter of 24 bits; one with fewer counts round too often to be followed here.
const CODE_MAX: i32 = 0x7F_FFFF;

/// What came.
pub(crate) struct Verifier {
    channels: usize,
    period_ns: f64,
    frames: u64,
    /// Frames with a code that is not the counter's.
    bad_codes: u64,
    /// Frames of the ADC between the first and the last that did not come.
    absent: u64,
    /// Frames that came twice.
    repeated: u64,
    /// Frames whose time is further than a quarter of a period from where the ADC's number puts it.
    bad_times: u64,
    worst_ns: f64,
    last: Option<u64>,
    origin: Option<(u64, i64)>,
}

impl Verifier {
    pub(crate) fn new(channels: usize, rate: f64) -> Self {
        Self {
            channels,
            period_ns: 1e9 / rate,
            frames: 0,
            bad_codes: 0,
            absent: 0,
            repeated: 0,
            bad_times: 0,
            worst_ns: 0.0,
            last: None,
            origin: None,
        }
    }

    /// The ADC begins anew: its conversions lie between those of before.
    pub(crate) fn restarted(&mut self) {
        self.origin = None;
    }

    /// The next frame, and its time.
    pub(crate) fn frame(&mut self, codes: &[i32], time_ns: i64) {
        let codes: Vec<u64> = codes.iter().map(|c| u64::try_from(*c).unwrap_or(u64::MAX)).collect();
        // A flipped bit is in one channel: the number is what most channels say.
        let number = |c: usize| codes.get(c).map_or(0, |code| code.wrapping_sub(c as u64) / COUNTER_STRIDE);
        let (first, second) = (number(0), number(1));
        let agreed = if self.channels < 3 || first == second || first == number(2) { first } else { second };
        let bad = codes
            .iter()
            .enumerate()
            .any(|(c, code)| *code != (agreed * COUNTER_STRIDE + c as u64) % counter_modulus(CODE_MAX));
        self.bad_codes += u64::from(bad);
        self.frames += 1;
        match self.last {
            Some(last) if agreed == last => self.repeated += 1,
            Some(last) => self.absent += agreed.saturating_sub(last + 1),
            None => {}
        }
        self.last = Some(agreed);
        let (from, from_ns) = *self.origin.get_or_insert((agreed, time_ns));
        let off = (time_ns - from_ns) as f64 - (agreed as f64 - from as f64) * self.period_ns;
        self.bad_times += u64::from(off.abs() > self.period_ns / 4.0);
        self.worst_ns = self.worst_ns.max(off.abs());
    }

    /// What came, as `key=value ...`.
    pub(crate) fn seen(&self) -> impl Display + '_ {
        struct Seen<'v>(&'v Verifier);
        impl Display for Seen<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let v = self.0;
                write!(
                    f,
                    "frames={} absent={} repeated={} bad_codes={} bad_times={} worst_time_us={:.1}",
                    v.frames,
                    v.absent,
                    v.repeated,
                    v.bad_codes,
                    v.bad_times,
                    v.worst_ns / 1000.0
                )
            }
        }
        Seen(self)
    }
}

impl Sink for Verifier {
    type Error = Infallible;

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Infallible> {
        for (codes, time_ns) in chunk.codes.chunks_exact(self.channels).zip(chunk.times_ns) {
            self.frame(codes, *time_ns);
        }
        Ok(())
    }
}

/// The acquisition's counters, as `key=value ...`.
pub(crate) fn health(h: &Health) -> String {
    format!(
        "frames_lost={} drdy_missed={} bad_frames={} bus_errors={} overruns={} slips={} restarts={} rate={:.3}",
        h.frames_lost, h.drdy_missed, h.bad_frames, h.bus_errors, h.overruns, h.slips, h.restarts, h.measured_rate
    )
}
