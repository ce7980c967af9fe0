//! Our block behind the header (spec: wire, extension block).
//!
//! ```text
//!    0  magic            u64  "AXMIRROR"
//!    8  version          u32  1
//!   12  size             u32  bytes of this block as its writer knows it; more in later versions
//!   16  sequence         u32  odd while the description changes, +2 with each change
//!   20  clock            u32  of all times: 0 none, 1 CLOCK_MONOTONIC, 2 CLOCK_REALTIME
//!   24  writer_pid       u32  0 = none
//!   28  -                u32
//!   32  writer_start     u64  the process' start in clock ticks after boot (/proc/PID/stat, field 22)
//!   40  heartbeat        i64  ns of CLOCK_MONOTONIC: when the writer last showed that it lives
//!   48  base             u64  frames of all earlier generations of this header
//!   56  previous_reserved u64 `reserved` of the generation before this one when it ended
//!   64  reserved         u64  frames ever started in this generation
//!   72  committed        u64  frames ever published in this generation
//!   80  newest           i64  ns: time of the newest frame
//!   88  heals            u64  public names of segments that vanished and were linked again
//!   96  -
//!  128  wake             u32  futex word: +1 with each publication
//!  132  sleepers         u32  readers that wait for it and could say so
//!  136  -
//!  192  frames_lost, drdy_missed, bad_frames, bus_errors, overruns, slips, restarts, messages_ignored, frames_cut: u64 each
//!  264  measured_rate    f64  Hz
//!  272  name_len         u32  bytes of the stream's long name
//!  276  name          1024  the stream's long name, UTF-8: segment names are hashes of it and cannot be undone
//! 1300  end
//! ```
//!
//! It starts at 2048 in the header segment, all fields are naturally aligned, and what the writer touches with each chunk has a cache
//! line of its own. Old readers never look here. Knows where fields lie and nothing of when they change: that is the ring's and the publisher's.

use crate::health::Health;
use crate::memory::{Memory, Word};
use crate::name::{MAX_STREAM_NAME, StreamName};

/// Where the block starts in the header segment.
pub const EXTENSION_AT: usize = 2048;
/// Bytes of the block in this version.
pub const EXTENSION_LEN: usize = NAME + MAX_STREAM_NAME;
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
const BASE: usize = 48;
const PREVIOUS_RESERVED: usize = 56;
const RESERVED: usize = 64;
const COMMITTED: usize = 72;
const NEWEST: usize = 80;
const HEALS: usize = 88;
const WAKE: usize = 128;
const HEALTH: usize = 192;
const MEASURED_RATE: usize = HEALTH + 9 * 8;
const NAME_LEN: usize = MEASURED_RATE + 8;
const NAME: usize = NAME_LEN + 4;

const _: () = {
    assert!(EXTENSION_AT.is_multiple_of(64) && RESERVED.is_multiple_of(64) && WAKE.is_multiple_of(64));
    assert!(EXTENSION_AT + EXTENSION_LEN <= crate::header::HEADER_SEGMENT_LEN);
};

/// The clock that a stream's times are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Clock {
    /// Times count from the stream's start or from nowhere known.
    #[default]
    Unknown,
    /// `CLOCK_MONOTONIC`: seconds since boot, never set back.
    Monotonic,
    /// `CLOCK_REALTIME`: seconds since 1970 UTC.
    Realtime,
}

/// Who writes a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Writer {
    /// Process id; 0 when unknown.
    pub pid: u32,
    /// Start of the process in clock ticks after boot, which tells it from a later process with the same id.
    pub start: u64,
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
        let e = Self::over(memory)?;
        let size = usize::try_from(e.load_u32(SIZE)).unwrap_or(0);
        (e.load_u64(0) == MAGIC && e.load_u32(VERSION_AT) >= VERSION && size >= EXTENSION_LEN).then_some(e)
    }

    /// Makes the block, all zeros before; `None` when the segment is too short for it.
    #[must_use]
    pub fn create(memory: M) -> Option<Self> {
        let e = Self::over(memory)?;
        e.store_u32(VERSION_AT, VERSION);
        e.store_u32(SIZE, EXTENSION_LEN as u32);
        // Release, pairs with nothing a reader needs before it: the magic comes last so that a block is whole when it is found.
        e.memory.fence_release();
        e.store_u64(0, MAGIC);
        Some(e)
    }

    fn over(memory: M) -> Option<Self> {
        (memory.len() >= EXTENSION_AT + EXTENSION_LEN).then_some(Self { memory })
    }

    /// The header segment's memory.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Odd while the description changes.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.load_u32(SEQUENCE)
    }

    /// Sets `sequence`.
    pub fn set_sequence(&self, sequence: u32) {
        self.store_u32(SEQUENCE, sequence);
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

    /// Who writes.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer { pid: self.load_u32(WRITER_PID), start: self.load_u64(WRITER_START) }
    }

    /// Sets the writer.
    pub fn set_writer(&self, writer: Writer) {
        self.store_u64(WRITER_START, writer.start);
        self.store_u32(WRITER_PID, writer.pid);
    }

    /// When the writer last showed that it lives, in ns of `CLOCK_MONOTONIC`; 0 = never.
    #[must_use]
    pub fn heartbeat(&self) -> i64 {
        self.load_u64(HEARTBEAT).cast_signed()
    }

    /// Sets `heartbeat`.
    pub fn set_heartbeat(&self, ns: i64) {
        self.store_u64(HEARTBEAT, ns.cast_unsigned());
    }

    /// Frames of all earlier generations.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.load_u64(BASE)
    }

    /// `reserved` of the generation before this one when it ended.
    #[must_use]
    pub fn previous_reserved(&self) -> u64 {
        self.load_u64(PREVIOUS_RESERVED)
    }

    /// Sets both of the numbers that outlive a generation.
    pub fn set_history(&self, base: u64, previous_reserved: u64) {
        self.store_u64(BASE, base);
        self.store_u64(PREVIOUS_RESERVED, previous_reserved);
    }

    /// Frames ever started in this generation.
    #[must_use]
    #[inline]
    pub fn reserved(&self) -> u64 {
        self.load_u64(RESERVED)
    }

    /// Sets `reserved`.
    #[inline]
    pub fn set_reserved(&self, frames: u64) {
        self.store_u64(RESERVED, frames);
    }

    /// Frames ever published in this generation.
    #[must_use]
    #[inline]
    pub fn committed(&self) -> u64 {
        self.load_u64(COMMITTED)
    }

    /// Sets `committed`.
    #[inline]
    pub fn set_committed(&self, frames: u64) {
        self.store_u64(COMMITTED, frames);
    }

    /// Time of the newest frame in ns.
    #[must_use]
    pub fn newest(&self) -> i64 {
        self.load_u64(NEWEST).cast_signed()
    }

    /// Sets `newest`.
    #[inline]
    pub fn set_newest(&self, ns: i64) {
        self.store_u64(NEWEST, ns.cast_unsigned());
    }

    /// How often a segment's public name vanished (Python readers unlink what they attached) and was linked again.
    #[must_use]
    pub fn heals(&self) -> u64 {
        self.load_u64(HEALS)
    }

    /// Sets `heals`.
    pub fn set_heals(&self, heals: u64) {
        self.store_u64(HEALS, heals);
    }

    /// The futex word's value.
    #[must_use]
    pub fn wake(&self) -> u32 {
        self.load_u32(WAKE)
    }

    /// Sets the futex word.
    #[inline]
    pub fn set_wake(&self, value: u32) {
        self.store_u32(WAKE, value);
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

    /// Sets the long name.
    pub fn set_name(&self, name: &StreamName) {
        self.memory.store_bytes(EXTENSION_AT + NAME, name.as_str().as_bytes(), Word::B1);
        self.store_u32(NAME_LEN, u32::try_from(name.as_str().len()).unwrap_or(0));
    }

    /// The acquisition's counters. Each is right by itself; together they may be of two instants.
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
        }
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
    }

    /// Orders what was loaded before against what is loaded after (see [`Memory::fence_acquire`]).
    #[inline]
    pub fn fence_acquire(&self) {
        self.memory.fence_acquire();
    }

    /// Orders everything before against what is stored after (see [`Memory::fence_release`]).
    #[inline]
    pub fn fence_release(&self) {
        self.memory.fence_release();
    }

    #[inline]
    fn load_u32(&self, at: usize) -> u32 {
        u32::from_le(self.memory.load_u32(EXTENSION_AT + at))
    }

    #[inline]
    fn store_u32(&self, at: usize, value: u32) {
        self.memory.store_u32(EXTENSION_AT + at, value.to_le());
    }

    #[inline]
    fn load_u64(&self, at: usize) -> u64 {
        u64::from_le(self.memory.load_u64(EXTENSION_AT + at))
    }

    #[inline]
    fn store_u64(&self, at: usize, value: u64) {
        self.memory.store_u64(EXTENSION_AT + at, value.to_le());
    }
}
