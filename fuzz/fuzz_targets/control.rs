//! What comes over the control socket, at either end of it: a request to the service, or its answer. What the service takes is asked for again
//! and is the same.
#![no_main]

use axismirror::config::Settings;
use axismirror::control::{Asked, bytes_of, heard};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(heard_here) = heard(bytes) else { return };
    if let Err(e) = &heard_here.answer {
        drop((e.to_string(), e.hint()));
    }
    if let Ok(asked) = heard_here.request {
        let again = bytes_of(&asked).and_then(|bytes| heard(&bytes)).expect("a line");
        assert_eq!(again.request.as_ref(), Ok(&asked));
        match asked {
            Asked::Changes(changes) => drop(Settings::default().with_changes(&changes)),
            Asked::Mark(mark, _) => drop(mark.check()),
        }
    }
});
