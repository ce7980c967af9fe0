//! A recording of any bytes: CSV, EDF, BDF.
#![no_main]

use axismirror::recording::Recording;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("axismirror-fuzz-{}", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    match Recording::open(&path) {
        Ok(recording) => {
            assert!(!recording.channels.is_empty());
            assert!(recording.channels.iter().flat_map(|c| &c.volts).all(|v| v.is_finite()));
        }
        Err(e) => drop((e.to_string(), e.problem.to_string())),
    }
    let _ = std::fs::remove_file(&path);
});
