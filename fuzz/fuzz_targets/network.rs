//! What comes over the network: keys, chunks, descriptions with their pickles, questions, the state of a stream, in any order.
#![no_main]

use std::ops::ControlFlow;

use axismirror::network::chunk::{Chunk, ChunkView, Content};
use axismirror::network::clocks::SenderTimes;
use axismirror::network::info::Announced;
use axismirror::network::key::{Address, Selection};
use axismirror::network::metadata::rewrite;
use axismirror::network::reception::{Action, Reception};
use axismirror::network::reorder::Limits;
use axismirror::network::state::State;
use axismirror::network::ask;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind {
        b'c' => chunk(bytes),
        b'p' => pickle(bytes),
        b't' => drop(core::str::from_utf8(bytes).map(text)),
        _ => drop(conversation(bytes)),
    }
});

/// What is read is written again, but for what later versions have more.
fn chunk(bytes: &[u8]) {
    let _ = SenderTimes::parse(bytes);
    let Ok(view) = ChunkView::new(bytes) else { return };
    let chunk = Chunk::parse(&view);
    let again = chunk.emit(&view.times().collect::<Vec<_>>(), view.data());
    let again = ChunkView::new(&again).expect("it was written");
    assert_eq!(Chunk::parse(&again), chunk);
    if chunk.content != Content::Gone {
        assert_eq!((again.time_bytes(), again.data()), (view.time_bytes(), view.data()));
    }
}

/// What is written anew is such that nothing of it has to be left out.
fn pickle(bytes: &[u8]) {
    for rank in 0..3 {
        let written = rewrite(Some(bytes), rank);
        if !written.bytes.is_empty() {
            let again = rewrite(Some(&written.bytes), rank);
            assert_eq!((again.axis, again.bytes, again.left_out.len()), (written.axis, written.bytes, 0));
        }
    }
}

fn text(text: &str) {
    if let Some((address, topic)) = Address::of_key(text) {
        assert_eq!(address.key(topic), text);
    }
    if let Ok(selection) = Selection::parse(text) {
        drop((selection.single().map(|a| a.to_string()), selection));
    }
    if let Some((instance, missing)) = ask::read(text) {
        assert_eq!(ask::read(&ask::write(instance, &missing)), Some((instance, missing)));
    }
}

/// Messages of a length each, and time that passes.
fn conversation(mut bytes: &[u8]) -> ControlFlow<()> {
    let address = Address::new("b", "s").expect("a name");
    let mut reception = Reception::new(Limits::default());
    let mut now_ns = 0_i64;
    loop {
        let Some(([kind, len, pause], rest)) = bytes.split_first_chunk() else { return ControlFlow::Break(()) };
        let (message, rest) = rest.split_at(usize::from(*len).min(rest.len()));
        bytes = rest;
        now_ns += i64::from(*pause) * 20_000_000;
        match kind % 4 {
            0 => drop(reception.chunk(message.to_vec(), kind & 4 != 0, now_ns)),
            1 => drop(Announced::parse(message, None, &address).map(|a| reception.info(a, now_ns))),
            2 => drop(State::parse(message).map(|s| reception.state(&s, now_ns))),
            _ => reception.answered(now_ns),
        }
        while let Some(action) = reception.next(now_ns) {
            if let Action::Frames { message, skip } = action {
                let view = ChunkView::new(&message).expect("it was checked");
                assert!(skip < u64::from(Chunk::parse(&view).frames));
            }
        }
        drop(reception.ask(now_ns));
    }
}
