//! Verifies the counter signal frame by frame, and keeps account of what came.
//!
//! The ADC's own numbering is the judge: what is missing in it is missing, whatever the acquisition says.

use std::convert::Infallible;
use std::fmt::{self, Display};

use axismirror_boards::acquisition::{Frame, Sink};
use axismirror_boards::adc::Codes;
use axismirror_boards::signal::{COUNTER_STRIDE, counter_modulus};
use axismirror_core::health::Health;

/// The parameters of FNV-1a with 32 bits (RFC 9923).
const FNV_OFFSET: u32 = 0x811C_9DC5;
const FNV_PRIME: u32 = 0x0100_0193;

/// What is to come.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Expected {
    /// Frames per second, in Hz.
    #[arg(long, default_value_t = 250.0)]
    pub(crate) rate: f64,
    /// The converter's greatest code, behind which the counter begins anew.
    #[arg(long, default_value_t = 0x7F_FFFF)]
    pub(crate) code_max: i32,
    /// How many frames, from the first on, the digest is of.
    #[arg(long, default_value_t = 0)]
    pub(crate) digest_frames: u64,
}

/// What came.
pub(crate) struct Verifier {
    /// Of the frame that is being read.
    codes: Vec<i32>,
    channels: usize,
    period_ns: f64,
    /// Frames until the counter begins anew.
    turn: u64,
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
    /// The ADC's number of the last frame, turns counted on. Whoever misses a whole turn is not seen.
    last: Option<u64>,
    origin: Option<(u64, i64)>,
    /// The ADC's number of the first frame.
    first: u64,
    digest_frames: u64,
    /// FNV-1a over the codes of the first frames: whoever reads the same has the same.
    digest: u32,
    /// Number and time of each frame.
    times: Vec<(u64, i64)>,
}

impl Verifier {
    pub(crate) fn new(channels: usize, expected: Expected) -> Self {
        Self {
            codes: vec![0; channels],
            channels,
            period_ns: 1e9 / expected.rate,
            turn: counter_modulus(expected.code_max) / COUNTER_STRIDE,
            frames: 0,
            bad_codes: 0,
            absent: 0,
            repeated: 0,
            bad_times: 0,
            worst_ns: 0.0,
            last: None,
            origin: None,
            first: 0,
            digest_frames: expected.digest_frames,
            digest: FNV_OFFSET,
            times: Vec::new(),
        }
    }

    /// The ADC begins anew: its conversions lie between those of before.
    pub(crate) fn restarted(&mut self) {
        self.origin = None;
    }

    /// The next frame, and its time.
    pub(crate) fn verify(&mut self, codes: &[i32], time_ns: i64) {
        if self.frames < self.digest_frames {
            let bytes = codes.iter().flat_map(|code| code.to_le_bytes());
            self.digest = bytes.fold(self.digest, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(FNV_PRIME));
        }
        let codes: Vec<u64> = codes.iter().map(|c| u64::try_from(*c).unwrap_or(u64::MAX)).collect();
        // A flipped bit is in one channel: the number is what most channels say.
        let said = |c: usize| codes.get(c).map_or(0, |code| code.wrapping_sub(c as u64) / COUNTER_STRIDE);
        let (first, second) = (said(0), said(1));
        let agreed = if self.channels < 3 || first == second || first == said(2) { first } else { second };
        let bad = codes.iter().enumerate().any(|(c, code)| *code != agreed * COUNTER_STRIDE + c as u64);
        self.bad_codes += u64::from(bad || agreed >= self.turn);
        self.frames += 1;
        let number = match self.last {
            None => {
                self.first = agreed;
                agreed
            }
            Some(last) => {
                let on = (agreed % self.turn + self.turn - last % self.turn) % self.turn;
                self.repeated += u64::from(on == 0);
                self.absent += on.saturating_sub(1);
                last + on
            }
        };
        self.last = Some(number);
        self.times.push((number, time_ns));
        let (from, from_ns) = *self.origin.get_or_insert((number, time_ns));
        let off = (time_ns - from_ns) as f64 - (number as f64 - from as f64) * self.period_ns;
        self.bad_times += u64::from(off.abs() > self.period_ns / 4.0);
        self.worst_ns = self.worst_ns.max(off.abs());
    }

    /// Number and time of each frame, a line each: `FRAME number ns`.
    pub(crate) fn times(&self) -> impl Display + '_ {
        struct Times<'v>(&'v [(u64, i64)]);
        impl Display for Times<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|(number, ns)| writeln!(f, "FRAME {number} {ns}"))
            }
        }
        Times(&self.times)
    }

    /// What came, as `key=value ...`.
    pub(crate) fn seen(&self) -> impl Display + '_ {
        struct Seen<'v>(&'v Verifier);
        impl Display for Seen<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let v = self.0;
                write!(
                    f,
                    "frames={} first={} digest_frames={} digest={} absent={} repeated={} bad_codes={} bad_times={} worst_time_us={:.1}",
                    v.frames,
                    v.first,
                    v.frames.min(v.digest_frames),
                    v.digest,
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

    fn codes(&mut self) -> impl Codes + '_ {
        &mut self.codes[..]
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Infallible> {
        let codes = std::mem::take(&mut self.codes);
        self.verify(&codes, frame.time_ns);
        self.codes = codes;
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
