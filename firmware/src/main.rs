//! axismirror's no_std part on a Cortex-M: ADC driver, simulated ADC, ring in static slices, mirror.
//!
//! Runs every check of [`checks`], says what came of each, and ends with the number of those that failed as exit status.
//! Must never know how something is checked.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod checks;
mod semihosting;
mod stream;

use core::fmt::Write;
use core::panic::PanicInfo;

use cortex_m_rt::entry;

use semihosting::{Console, exit};
use stream::Slices;

/// Exit status of a panic; no number of checks comes near.
const PANICKED: u32 = 101;

#[entry]
fn main() -> ! {
    // cortex-m-rt hands out `static mut`s of its entry as `&'static mut`.
    static mut SLICES: Slices = Slices::new();
    let mut failed = 0;
    for check in checks::ALL {
        let result = (check.run)(SLICES);
        // The console cannot fail.
        let _ = match result {
            Ok(seen) => writeln!(Console, "ok      {:<10} {seen}", check.name),
            Err(why) => {
                failed += 1;
                writeln!(Console, "FAILED  {:<10} {why}", check.name)
            }
        };
    }
    let _ = writeln!(Console, "{} checks, {failed} failed", checks::ALL.len());
    exit(failed)
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Console, "{info}");
    exit(PANICKED)
}
