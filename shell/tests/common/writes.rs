//! A stream that a test writes by itself, frame by frame.

use axismirror::shm::{SHM_DIR, ShmStore};
use axismirror_core::axis_array::{Axis, AxisArray, Samples, Value};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;

/// Seconds from frame to frame: exact in binary, as all times of [`Writes`].
pub const PERIOD: f64 = 1.0 / 256.0;

/// A publisher with a ring of so many seconds.
pub fn publisher(name: &str, buf_dur: f64) -> Publisher<ShmStore> {
    let shmem_name = Some(StreamName::new(name).unwrap());
    let settings = Settings { shmem_name, buf_dur, axis: None, version: Default::default() };
    let writer = Writer { pid: std::process::id(), start: 1 };
    Publisher::open(ShmStore::new(SHM_DIR), (), settings, writer, Clock::Monotonic).unwrap()
}

/// Two channels whose samples count up, at 256 Hz unless said otherwise.
pub struct Writes {
    pub publisher: Publisher<ShmStore>,
    /// Seconds from frame to frame.
    pub period: f64,
    /// What the next frame holds.
    pub next: i32,
}

impl Writes {
    /// With a ring of so many frames.
    pub fn new(name: &str, ring: u32) -> Self {
        Self { publisher: publisher(name, f64::from(ring) * PERIOD), period: PERIOD, next: 0 }
    }

    /// Frames, the first at this number of periods.
    pub fn publish(&mut self, frames: usize, periods: f64, unit: &str) {
        let bytes: Vec<u8> = (0..2 * frames as i32).flat_map(|i| (self.next + i).to_le_bytes()).collect();
        self.next += 2 * frames as i32;
        let message = AxisArray {
            data: Samples { dtype: DType::I32, shape: &[frames, 2], bytes: &bytes },
            dims: &["time", "ch"],
            axes: &[("time", Axis::Linear { unit: "s", gain: self.period, offset: periods * self.period })],
            attrs: &[("unit", Value::Str(unit))],
            key: "test",
            stream_dim: None,
        };
        self.publisher.publish(&message).unwrap();
    }
}
