//! Events of services that are killed and started again, one after the other, while they are recorded.

mod common;

use std::time::{Duration, Instant};

use axismirror::events::name_of;
use axismirror::record::{Format, Options, Recorder};
use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::event_frame::{EVENT_LEN, EVENTS_KEY, EventFrame, Given};
use common::writes::publisher;
use common::{eventually, unique};

/// Seconds.
const RING: f64 = 2.56;

/// 50 frames of one channel of 1 kHz.
fn samples<T>(f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    f(&AxisArray {
        data: Samples { dtype: DType::I32, shape: &[50, 1], bytes: &[7; 200] },
        dims: &["time", "ch"],
        axes: &[("time", Axis::Linear { unit: "s", gain: 0.001, offset: 0.0 })],
        attrs: &[],
        key: "",
        stream_dim: None,
    })
}

/// An event at the frame of this number, which is its text too.
fn event<T>(frame: u64, f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    let mut bytes = [0; EVENT_LEN];
    EventFrame::new(frame, 1_000_000, Given::Frame, &frame.to_string()).unwrap().emit(&mut bytes);
    let times = 0.001_f64.to_le_bytes();
    let times = Array { element: Element::Plain(DType::F64), shape: &[1], bytes: &times };
    f(&AxisArray {
        data: Samples { dtype: DType::U8, shape: &[1, EVENT_LEN], bytes: &bytes },
        dims: &["time", "byte"],
        axes: &[("time", Axis::Coordinate { unit: "s", dims: &["time"], data: times })],
        attrs: &[],
        key: EVENTS_KEY,
        stream_dim: Some("time"),
    })
}

#[test]
fn no_event_of_a_service_that_is_killed_soon_after_is_lost() {
    let name = unique("recorded-events");
    let path = std::env::temp_dir().join(format!("{name}.csv"));
    let mut data = publisher(&name, RING);
    let mut recorder = Recorder::open(Options {
        name: name.clone(),
        path: path.clone(),
        format: Format::Csv,
        seconds: None,
        channels: None,
        overwrite: true,
        oldest: true,
        lossy: false,
    })
    .unwrap();
    samples(|m| data.publish(m).unwrap());
    eventually("frames are recorded", || {
        recorder.step(Duration::from_millis(1)).unwrap();
        (recorder.progress().frames > 0).then_some(())
    });
    for frame in 10..18 {
        // Dropping it leaves its segments as kill -9 does.
        event(frame, |m| publisher(&name_of(&name), RING).publish(m).unwrap());
        let end = Instant::now() + Duration::from_millis(60);
        while Instant::now() < end {
            recorder.step(Duration::from_millis(1)).unwrap();
        }
    }
    recorder.finish("the test ends").unwrap();
    let progress = recorder.progress();
    publisher(&name_of(&name), RING).close();
    data.close();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!((progress.events, progress.events_missed), (8, 0), "{text}");
}
