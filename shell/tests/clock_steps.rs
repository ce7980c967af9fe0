//! The machine's clock is set back and forth under a stream.
//!
//! Everybody else on the machine would notice: only where `AXISMIRROR_MAY_SET_CLOCK` is 1, which is in an emulated board or a virtual machine.

mod common;

use std::process::Command;
use std::time::Duration;

use axismirror::clock::{monotonic_ns, realtime_ns};
use axismirror::mirror::{Mirror, Start};
use common::{Service, eventually, info, set, unique};

const HOUR_S: i64 = 3600;

/// Sets CLOCK_REALTIME by so many seconds.
fn step(seconds: i64) {
    let to = realtime_ns() / 1_000_000_000 + seconds;
    let status = Command::new("date").args(["-s", &format!("@{to}")]).stdout(std::process::Stdio::null()).status();
    assert!(status.unwrap().success());
}

/// Whether the clock may be set here.
fn permitted() -> bool {
    std::env::var("AXISMIRROR_MAY_SET_CLOCK").is_ok_and(|v| v == "1")
}

/// Reads for so long; every step of the times has to be a period, and every frame the next one. The last time.
fn follow(mirror: &mut Mirror, seconds: f64, last: &mut Option<(f64, i64)>) -> f64 {
    let end = monotonic_ns() + (seconds * 1e9) as i64;
    while monotonic_ns() < end {
        mirror.wait(Duration::from_millis(50)).unwrap();
        let chunk = mirror.read().unwrap();
        assert_eq!(chunk.missed(), 0);
        let samples = chunk.samples::<i32>().unwrap();
        for (frame, time) in samples.chunks_exact(8).zip(chunk.times()) {
            let number = i64::from(frame[0]) / 8;
            if let Some((before, number_before)) = *last {
                assert_eq!(number, number_before + 1);
                assert!((time - before - 0.004).abs() < 1e-4, "{before} {time}");
            }
            *last = Some((*time, number));
        }
    }
    last.unwrap().0
}

#[test]
fn times_go_on_as_if_nothing_was_and_a_new_generation_has_the_new_time() {
    if !permitted() {
        println!("skipped: AXISMIRROR_MAY_SET_CLOCK is not 1");
        return;
    }
    for clock in ["realtime", "monotonic"] {
        let name = unique(clock);
        let service = Service::start(&name, &["--signal", "counter", "--rate", "250", "--clock", clock]);
        let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
        let mut last = None;
        let origin = if clock == "realtime" { realtime_ns() - monotonic_ns() } else { 0 };
        let offset = |time: f64| time - (monotonic_ns() + origin) as f64 / 1e9;
        for step_by in [HOUR_S, -2 * HOUR_S, HOUR_S, -HOUR_S] {
            step(step_by);
            let time = follow(&mut mirror, 1.5, &mut last);
            assert!(offset(time).abs() < 1.0, "{clock}: {} s off after a step of {step_by} s", offset(time));
        }
        // Now an hour behind what it was when the stream began: the next ring has that time.
        assert!(set(&name, &["buf_dur=5"]).0.is_ok());
        let newest = eventually("frames of the new ring", || {
            info(&name)
                .filter(|i| i["frames"]["published"].as_u64() > Some(50))
                .and_then(|i| i["frames"]["newest_s"].as_f64())
        });
        let wanted = if clock == "realtime" { -(HOUR_S as f64) } else { 0.0 };
        assert!((offset(newest) - wanted).abs() < 2.0, "{clock}: {} s off", offset(newest));
        let i = info(&name).unwrap();
        assert_eq!((&i["health"]["frames_lost"], &i["health"]["restarts"]), (&0.into(), &0.into()), "{i}");
        assert_eq!(i["writer"]["alive"], true);
        step(HOUR_S);
        service.stop();
    }
}
