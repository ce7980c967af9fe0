//! A frame of an event stream of any bytes. What is an event is written again as the same event.
#![no_main]

use axismirror_core::event_frame::{EVENT_LEN, EventFrame, EventView};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(view) = EventView::new(bytes) else { return };
    let _ = (view.version(), view.text_len(), view.given(), view.frame(), view.time_ns(), view.text());
    let Ok(event) = EventFrame::parse(view) else { return };
    let mut again = [0; EVENT_LEN];
    event.emit(&mut again);
    assert_eq!(EventView::new(&again).and_then(EventFrame::parse), Ok(event));
});
