//! What programs send over the socket for events, cut where the fuzzer likes: the cuts change nothing, and what can be marked can be stamped and read.
#![no_main]

use axismirror::events::{Event, Given, LineError, Lines, Mark, Seconds, answer, parse_seconds};
use axismirror_core::event_frame::{EVENT_LEN, EventFrame};
use libfuzzer_sys::fuzz_target;

fn marks<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Result<Mark, LineError>> {
    let mut lines = Lines::default();
    let mut marks = Vec::new();
    for piece in pieces {
        lines.push(piece);
        marks.extend(std::iter::from_fn(|| lines.next_mark()));
    }
    marks.extend(lines.end().map(Err));
    marks
}

fuzz_target!(|input: &[u8]| {
    let Some((&cut, stream)) = input.split_first() else { return };
    let whole = marks([stream]);
    assert_eq!(whole, marks(stream.chunks(usize::from(cut) + 1)));
    for mark in whole {
        let mark = match mark {
            Ok(mark) => mark,
            Err(error) => {
                let said = answer(&Err(error));
                assert!(said.starts_with("error ") && said.find('\n') == Some(said.len() - 1), "{said:?}");
                continue;
            }
        };
        let time_ns = mark.time_ns.unwrap_or(0);
        assert_eq!(parse_seconds(&Seconds(time_ns).to_string()), Some(time_ns));
        let mut bytes = [0; EVENT_LEN];
        let frame = EventFrame::new(mark.frame.unwrap_or(0), time_ns, Given::Nothing, &mark.text).expect("it was checked");
        frame.emit(&mut bytes);
        assert_eq!(Event::from_bytes(&bytes), Some(frame.into()));
    }
});
