//! A clock that both cores read alike and that costs little: the time stamp counter where there is one, else `CLOCK_MONOTONIC`.
//!
//! The second room with `unsafe` code: two instructions.
#![allow(unsafe_code)]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long the counter is compared with `CLOCK_MONOTONIC`.
const CALIBRATION: Duration = Duration::from_millis(50);

/// Ticks of the clock, on whichever core.
#[inline]
#[must_use]
pub fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: every x86-64 has the instruction, and it reads no memory.
        unsafe { core::arch::x86_64::_rdtsc() }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

/// As [`ticks`], between what was done before and what is done after: neither is moved over it. Stores before it may still be on their way to others.
#[inline]
#[must_use]
pub fn ticks_in_order() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::_mm_lfence;
        // SAFETY: every x86-64 has the instruction.
        unsafe { _mm_lfence() };
        let now = ticks();
        // SAFETY: as above.
        unsafe { _mm_lfence() };
        now
    }
    #[cfg(not(target_arch = "x86_64"))]
    ticks()
}

/// Nanoseconds of one tick, measured once.
#[must_use]
pub fn ns_per_tick() -> f64 {
    static NS: OnceLock<f64> = OnceLock::new();
    *NS.get_or_init(|| {
        let (start, first) = (Instant::now(), ticks());
        std::thread::sleep(CALIBRATION);
        let (took, last) = (start.elapsed(), ticks());
        took.as_nanos() as f64 / last.saturating_sub(first).max(1) as f64
    })
}
