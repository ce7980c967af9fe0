//! What a client of the life-cycle channel sends, cut where the fuzzer likes: the cuts change nothing.
#![no_main]

use axismirror::conn::messages;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&cut, stream)) = input.split_first() else { return };
    let whole = messages([stream]);
    assert_eq!(whole, messages(stream.chunks(usize::from(cut) + 1)));
});
