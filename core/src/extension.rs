//! Our block behind the header (spec: wire, extension block).
//!
//! ```text
//!    0  magic            u64  "AXMIRROR"
//!    8  version          u32  1
//!   12  size             u32  bytes of this block as its writer knows it; more in later versions
//!   16  sequence         u32  odd while the description or `bvalid` changes, +2 with each change
//!   20  clock            u32  of all times: 0 none, 1 CLOCK_MONOTONIC, 2 CLOCK_REALTIME
//!   24  writer_pid       u32  0 = none
//!   28  -                u32
//!   32  writer_start     u64  the process' start in clock ticks after boot (/proc/PID/stat, field 22)
//!   40  heartbeat        i64  ns of CLOCK_MONOTONIC: when the writer last showed that it lives
//!   48  -
//!   64  slot 0: base        u64  frames of all generations before the slot's
//!       + 8  reserved      u64  frames ever started in the slot's generation
//!       +16  committed     u64  frames ever published in it
//!       +24  newest        i64  ns: time of the newest frame
//!  128  slot 1: as slot 0
//!  192  wake             u32  futex word: +1 with each publication and each change of the description
//!  196  sleepers         u32  for readers that map writable and want to say that they sleep; ours map read-only
//!  200  heals            u64  public names of segments that vanished and were linked again
//!  208  silent_since     i64  ns of CLOCK_MONOTONIC: since when the ADC has not answered; 0 = it answers
//!  216  -
//!  240  lead_off      2 x u64  electrodes that are off, positive and negative sides: bit k is the stream's channel k
//!  256  frames_lost, drdy_missed, bad_frames, bus_errors, overruns, slips, restarts, messages_ignored, frames_cut: u64 each
//!  328  measured_rate    f64  Hz
//!  336  name_len         u32  bytes of the stream's long name
//!  340  name          1024  the stream's long name, UTF-8: segment names are hashes of it and cannot be undone
//! 1364  -
//! 1368  latency_worst    u64  ns: the longest time from DRDY to `committed`
//! 1376  latency       40 x u64  frames by that time: bucket k counts 2^(k-1) to 2^k - 1 ns
//! 1696  drift_ppm        f64  of the ADC's clock against the host's
//! 1704  jitter_ns        f64  standard deviation of DRDY's times about a line
//! 1712  received         u32  1 = the stream was received from another machine, whose clock its times are of
//! 1716  -
//! 1720  clock_offset     i64  ns to be added to such times for this machine's clock of the same kind
//! 1728  clock_error      u64  ns that the offset may be off
//! 1736  clock_measured   i64  ns of CLOCK_MONOTONIC: when that was measured; 0 = not yet
//! 1744  end
//! ```
//!
//! What is behind 1712 is absent (size 1712) in blocks of the first writers, which are read nevertheless.
//!
//! A generation's counters lie in slot `buffer_generation mod 2`. Those of the next one are prepared in the other slot, and the store of
//! `buffer_generation` makes them the valid ones: a writer that is killed at any instant leaves the counters of one generation whole, and those of
//! the one before stay readable for a mirror that has not finished with it.
//!
//! It starts at 2048 in the header segment, all fields are naturally aligned, and what the writer touches with each chunk has a cache
//! line of its own. Old readers never look here. Knows where fields lie and nothing of when they change: that is the ring's and the publisher's.

mod clock;
mod counters;

pub use self::clock::Clock;
pub use self::counters::Counters;
use crate::fence::{Acquire, Release};
use crate::header::Generation;
use crate::health::{Health, LeadOff};
use crate::histogram::{BUCKETS, Histogram};
use crate::memory::{Memory, MemoryMut, Word};
use crate::name::{MAX_STREAM_NAME, StreamName};

/// Where the block starts in the header segment.
pub const EXTENSION_AT: usize = 2048;
/// Bytes of the block in this version.
pub const EXTENSION_LEN: usize = CLOCK_MEASURED + 8;
/// Bytes of the first writers' blocks.
const FIRST_LEN: usize = JITTER + 8;
/// Where the futex word lies in the header segment.
pub const WAKE_AT: usize = EXTENSION_AT + WAKE;

const MAGIC: u64 = u64::from_le_bytes(*b"AXMIRROR");
const VERSION: u32 = 1;

const VERSION_AT: usize = 8;
const SIZE: usize = 12;
const SEQUENCE: usize = 16;
const CLOCK: usize = 20;
const WRITER_PID: usize = 24;
const WRITER_START: usize = 32;
const HEARTBEAT: usize = 40;
const SLOTS: [usize; 2] = [64, 128];
const WAKE: usize = 192;
const HEALS: usize = 200;
const SILENT_SINCE: usize = 208;
const LEAD_OFF: usize = 240;
const HEALTH: usize = 256;
const MEASURED_RATE: usize = HEALTH + 9 * 8;
const NAME_LEN: usize = MEASURED_RATE + 8;
const NAME: usize = NAME_LEN + 4;
const LATENCY_WORST: usize = (NAME + MAX_STREAM_NAME).next_multiple_of(8);
const LATENCY: usize = LATENCY_WORST + 8;
const DRIFT: usize = LATENCY + 8 * BUCKETS;
const JITTER: usize = DRIFT + 8;
const RECEIVED: usize = JITTER + 8;
const CLOCK_OFFSET: usize = RECEIVED + 8;
const CLOCK_ERROR: usize = CLOCK_OFFSET + 8;
const CLOCK_MEASURED: usize = CLOCK_ERROR + 8;

const _: () = {
    assert!(
        EXTENSION_AT.is_multiple_of(64)
            && SLOTS[0].is_multiple_of(64)
            && SLOTS[1].is_multiple_of(64)
            && WAKE.is_multiple_of(64)
    );
    assert!(EXTENSION_AT + EXTENSION_LEN <= crate::header::HEADER_SEGMENT_LEN);
};

/// Who writes a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Writer {
    /// Process id; 0 when unknown.
    pub pid: u32,
    /// Start of the process in clock ticks after boot, which tells it from a later process with the same id.
    pub start: u64,
}

/// What an acquisition measured of its own times.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timing {
    /// From DRDY to `committed`, a count a chunk.
    pub latency: Histogram,
    /// How much faster than nominal the ADC's clock is by the host's, in parts in a million; 0.0 until it is known.
    pub drift_ppm: f64,
    /// Standard deviation of DRDY's times about a line, in ns; 0.0 until it is known.
    pub jitter_ns: f64,
}

/// What is known of the clock of a stream that was received from another machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Received {
    /// From the sender's clock to this machine's of the same kind; `None` until it was measured.
    pub clock: Option<ClockMapping>,
}

/// From one clock to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ClockMapping {
    /// ns to be added to a time of the stream.
    pub offset_ns: i64,
    /// ns that it may be off.
    pub error_ns: u64,
    /// When it was measured, in ns of `CLOCK_MONOTONIC`; never 0.
    pub measured_ns: i64,
}

/// The block over the header segment's memory.
#[derive(Clone, Copy, Debug)]
pub struct Extension<M> {
    memory: M,
}

impl<M: Memory> Extension<M> {
    /// Finds the block in a header segment; `None` when its writer knows no such block (a Python writer).
    ///
    /// A block of a later version is read as far as this version knows it.
    #[must_use]
    pub fn find(memory: M) -> Option<Self> {
        let e = Self::over(memory).filter(Self::is_there)?;
        e.memory.fence_acquire(Acquire::Block);
        let size = usize::try_from(e.load_u32(SIZE)).unwrap_or(0);
        (e.load_u32(VERSION_AT) >= VERSION && size >= FIRST_LEN).then_some(e)
    }

    /// Whether it is there still: whoever may write the segment may have cut it short and made it longer again, and then it is zeros.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.load_u64(0) == MAGIC
    }

    fn over(memory: M) -> Option<Self> {
        (memory.len() >= EXTENSION_AT + EXTENSION_LEN).then_some(Self { memory })
    }

    /// This block with its memory at hand, for hot paths: its accesses are not checked again.
    #[inline]
    pub(crate) fn at_hand(&self) -> Option<Extension<M::First<'_>>> {
        Some(Extension { memory: self.memory.first(EXTENSION_AT + EXTENSION_LEN)? })
    }

    /// The header segment's memory.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Odd while the description changes.
    #[must_use]
    #[inline]
    pub fn sequence(&self) -> u32 {
        self.load_u32(SEQUENCE)
    }

    /// The clock of all times.
    #[must_use]
    pub fn clock(&self) -> Clock {
        match self.load_u32(CLOCK) {
            1 => Clock::Monotonic,
            2 => Clock::Realtime,
            _ => Clock::Unknown,
        }
    }

    /// Who writes.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer { pid: self.load_u32(WRITER_PID), start: self.load_u64(WRITER_START) }
    }

    /// When the writer last showed that it lives, in ns of `CLOCK_MONOTONIC`; 0 = never.
    #[must_use]
    pub fn heartbeat(&self) -> i64 {
        self.load_u64(HEARTBEAT).cast_signed()
    }

    /// The counters of a generation. They are what they say only as long as it is the header's generation or the one before.
    #[must_use]
    #[inline]
    pub fn counters(&self, generation: Generation) -> Counters<'_, M> {
        let [even, odd] = SLOTS;
        Counters { extension: self, slot: if generation.number().is_multiple_of(2) { even } else { odd } }
    }

    /// How often a segment's public name vanished (Python readers unlink what they attached) and was linked again.
    #[must_use]
    pub fn heals(&self) -> u64 {
        self.load_u64(HEALS)
    }

    /// Since when the ADC has not answered, in ns of `CLOCK_MONOTONIC`; 0 = it answers.
    #[must_use]
    pub fn silent_since(&self) -> i64 {
        self.load_u64(SILENT_SINCE).cast_signed()
    }

    /// The futex word's value.
    #[must_use]
    #[inline]
    pub fn wake(&self) -> u32 {
        self.load_u32(WAKE)
    }

    /// The futex word's value for a reader that looks for news after this call and, when there are none, sleeps for as long as the word is the same.
    #[must_use]
    pub fn wake_before_looking(&self) -> u32 {
        let seen = self.wake();
        self.memory.fence_acquire(Acquire::News);
        seen
    }

    /// The stream's long name; `None` when the bytes are none.
    #[must_use]
    pub fn name(&self) -> Option<StreamName> {
        let mut bytes = [0; MAX_STREAM_NAME];
        let len = usize::try_from(self.load_u32(NAME_LEN)).ok()?;
        let bytes = bytes.get_mut(..len)?;
        self.memory.load_bytes(EXTENSION_AT + NAME, bytes, Word::B1);
        StreamName::new(core::str::from_utf8(bytes).ok()?).ok()
    }

    /// How long frames took from DRDY until a reader could have them, and how the ADC's clock runs by the host's. Each number is right by itself;
    /// together they may be of two instants.
    #[must_use]
    pub fn timing(&self) -> Timing {
        let buckets = core::array::from_fn(|i| self.load_u64(LATENCY + 8 * i));
        Timing {
            latency: Histogram::of(buckets, self.load_u64(LATENCY_WORST)),
            drift_ppm: f64::from_bits(self.load_u64(DRIFT)),
            jitter_ns: f64::from_bits(self.load_u64(JITTER)),
        }
    }

    /// Whether the stream was received from another machine, and what is known of the clock there; `None` of a stream of this machine. Offset and
    /// error may be of two instants.
    #[must_use]
    pub fn received(&self) -> Option<Received> {
        if !self.knows_received() || self.load_u32(RECEIVED) == 0 {
            return None;
        }
        let measured_ns = self.load_u64(CLOCK_MEASURED).cast_signed();
        let mapping = ClockMapping {
            offset_ns: self.load_u64(CLOCK_OFFSET).cast_signed(),
            error_ns: self.load_u64(CLOCK_ERROR),
            measured_ns,
        };
        Some(Received { clock: (measured_ns != 0).then_some(mapping) })
    }

    fn knows_received(&self) -> bool {
        usize::try_from(self.load_u32(SIZE)).unwrap_or(0) >= EXTENSION_LEN
    }

    /// The acquisition's counters, and which of the stream's channels have electrodes off (none with a writer that does not tell). Each is right
    /// by itself; together they may be of two instants.
    #[must_use]
    pub fn health(&self) -> Health {
        let n = |i: usize| self.load_u64(HEALTH + 8 * i);
        Health {
            frames_lost: n(0),
            drdy_missed: n(1),
            bad_frames: n(2),
            bus_errors: n(3),
            overruns: n(4),
            slips: n(5),
            restarts: n(6),
            messages_ignored: n(7),
            frames_cut: n(8),
            measured_rate: f64::from_bits(self.load_u64(MEASURED_RATE)),
            lead_off: LeadOff { positive: self.load_u64(LEAD_OFF), negative: self.load_u64(LEAD_OFF + 8) },
        }
    }

    #[inline]
    fn load_u32(&self, at: usize) -> u32 {
        u32::from_le(self.memory.load_u32(EXTENSION_AT + at))
    }

    #[inline]
    fn load_u64(&self, at: usize) -> u64 {
        u64::from_le(self.memory.load_u64(EXTENSION_AT + at))
    }
}

impl<M: MemoryMut> Extension<M> {
    /// As [`Extension::at_hand`], to be written.
    #[inline]
    pub(crate) fn at_hand_mut(&self) -> Option<Extension<M::FirstMut<'_>>> {
        Some(Extension { memory: self.memory.first_mut(EXTENSION_AT + EXTENSION_LEN)? })
    }

    /// Makes the block, all zeros before; `None` when the segment is too short for it.
    #[must_use]
    pub fn create(memory: M) -> Option<Self> {
        let e = Self::over(memory)?;
        e.store_u32(VERSION_AT, VERSION);
        e.store_u32(SIZE, EXTENSION_LEN as u32);
        e.memory.fence_release(Release::Block);
        e.store_u64(0, MAGIC);
        Some(e)
    }

    /// Sets `sequence`.
    pub fn set_sequence(&self, sequence: u32) {
        self.store_u32(SEQUENCE, sequence);
    }

    /// Sets `clock`.
    pub fn set_clock(&self, clock: Clock) {
        self.store_u32(
            CLOCK,
            match clock {
                Clock::Unknown => 0,
                Clock::Monotonic => 1,
                Clock::Realtime => 2,
            },
        );
    }

    /// Sets the writer.
    pub fn set_writer(&self, writer: Writer) {
        self.store_u64(WRITER_START, writer.start);
        self.store_u32(WRITER_PID, writer.pid);
    }

    /// Sets `heartbeat`.
    pub fn set_heartbeat(&self, ns: i64) {
        self.store_u64(HEARTBEAT, ns.cast_unsigned());
    }

    /// Sets `heals`.
    pub fn set_heals(&self, heals: u64) {
        self.store_u64(HEALS, heals);
    }

    /// Sets since when the ADC has not answered.
    pub fn set_silent_since(&self, ns: i64) {
        self.store_u64(SILENT_SINCE, ns.cast_unsigned());
    }

    /// Changes the futex word after news were stored. Wakes nobody by itself: that is a system call and another thread's business.
    #[inline]
    pub fn announce(&self) {
        self.memory.fence_release(Release::News);
        self.store_u32(WAKE, self.wake().wrapping_add(1));
    }

    /// Sets the long name.
    pub fn set_name(&self, name: &StreamName) {
        self.memory.store_bytes(EXTENSION_AT + NAME, name.as_str().as_bytes(), Word::B1);
        self.store_u32(NAME_LEN, u32::try_from(name.as_str().len()).unwrap_or(0));
    }

    /// Sets what was measured of times.
    pub fn set_timing(&self, timing: &Timing) {
        for (i, count) in timing.latency.buckets().iter().enumerate() {
            self.store_u64(LATENCY + 8 * i, *count);
        }
        self.store_u64(LATENCY_WORST, timing.latency.worst_ns());
        self.store_u64(DRIFT, timing.drift_ppm.to_bits());
        self.store_u64(JITTER, timing.jitter_ns.to_bits());
    }

    /// Sets whether the stream was received, and what is known of the clock there. A block of the first writers' size grows by that: the header
    /// segment has room for it, all zeros.
    pub fn set_received(&self, received: Option<Received>) {
        if !self.knows_received() {
            if received.is_none() {
                return;
            }
            self.store_u32(RECEIVED, 0);
            self.store_u32(SIZE, EXTENSION_LEN as u32);
        }
        let clock = received.and_then(|r| r.clock);
        self.store_u64(CLOCK_OFFSET, clock.map_or(0, |c| c.offset_ns.cast_unsigned()));
        self.store_u64(CLOCK_ERROR, clock.map_or(0, |c| c.error_ns));
        self.store_u64(CLOCK_MEASURED, clock.map_or(0, |c| c.measured_ns.cast_unsigned()));
        self.store_u32(RECEIVED, u32::from(received.is_some()));
    }

    /// Sets the acquisition's counters.
    pub fn set_health(&self, h: &Health) {
        let counts = [
            h.frames_lost,
            h.drdy_missed,
            h.bad_frames,
            h.bus_errors,
            h.overruns,
            h.slips,
            h.restarts,
            h.messages_ignored,
            h.frames_cut,
        ];
        for (i, count) in counts.into_iter().enumerate() {
            self.store_u64(HEALTH + 8 * i, count);
        }
        self.store_u64(MEASURED_RATE, h.measured_rate.to_bits());
        self.store_u64(LEAD_OFF, h.lead_off.positive);
        self.store_u64(LEAD_OFF + 8, h.lead_off.negative);
    }

    #[inline]
    fn store_u32(&self, at: usize, value: u32) {
        self.memory.store_u32(EXTENSION_AT + at, value.to_le());
    }

    #[inline]
    fn store_u64(&self, at: usize, value: u64) {
        self.memory.store_u64(EXTENSION_AT + at, value.to_le());
    }
}
