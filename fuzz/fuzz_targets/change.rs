//! A change of a running stream, as it comes over the control socket. What is read can be printed, and reads back as the same.
#![no_main]

use axismirror::config::{Change, Settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Change::parse(text) {
        Ok(change) => {
            let again = Change::parse(&change.to_string());
            assert_eq!(again.expect("it was printed"), change);
            let _ = Settings::default().with_changes(&[change]);
        }
        Err(e) => drop((e.to_string(), e.hint())),
    }
});
