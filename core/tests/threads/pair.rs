//! Publisher and mirrors: frames, new generations and new static metadata, over segments that are used once.

use std::sync::Mutex;
use std::thread;

use axismirror_core::axis_array::{Axis, AxisArray, Samples, Value};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::StructVersion;
use axismirror_core::mirror::{Mirror, Reading, Start, Take};
use axismirror_core::name::{SegmentName, StreamName};
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;
use axismirror_core::shared::SharedBytes;
use axismirror_core::static_metadata::{decode, node::Node};
use axismirror_core::store::{HeaderSegment, Presence, SegmentSource, SegmentStore};

use super::{ALL, Aligned, Bytes};

/// Frames in the ring.
const RING: u32 = 4;
/// Chunks of one or two frames in each generation.
const CHUNKS: u64 = if cfg!(miri) { 2 } else { 5_000 };
const GENERATIONS: u64 = if cfg!(miri) { 2 } else { 8 };
/// One header, and for each generation data and static metadata.
const SEGMENTS: usize = 1 + 2 * GENERATIONS as usize;

/// Segments by name, each in a slice that nobody has used.
#[derive(Clone, Copy)]
struct Slices<'a> {
    named: &'a Mutex<Vec<(String, Bytes<'a>)>>,
    unused: &'a Mutex<Vec<Bytes<'a>>>,
}

impl<'a> Slices<'a> {
    fn find(&self, name: &SegmentName) -> Option<Bytes<'a>> {
        let named = self.named.lock().unwrap();
        named.iter().find_map(|(n, bytes)| (n == name.as_str()).then_some(*bytes))
    }

    fn take(&self, name: String, len: usize) -> Result<Bytes<'a>, String> {
        let mut bytes = self.unused.lock().unwrap().pop().ok_or("no slice is left")?;
        bytes.shared = bytes.shared.part(0, len).ok_or("a slice is too short")?;
        self.named.lock().unwrap().push((name, bytes));
        Ok(bytes)
    }
}

/// A header's name for as long as no reader is to find it.
fn unannounced(name: &SegmentName) -> String {
    format!(".{}", name.as_str())
}

impl<'a> SegmentStore for Slices<'a> {
    type Memory = Bytes<'a>;
    type Error = String;

    fn header(&mut self, name: &SegmentName, len: usize, _: bool) -> Result<HeaderSegment<Self::Memory>, String> {
        Ok(HeaderSegment { memory: self.take(unannounced(name), len)?, adopted: false })
    }

    fn announce(&mut self, name: &SegmentName) -> Result<(), String> {
        for (n, _) in self.named.lock().unwrap().iter_mut().filter(|(n, _)| *n == unannounced(name)) {
            name.as_str().clone_into(n);
        }
        Ok(())
    }

    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Self::Memory, String> {
        self.take(name.as_str().to_owned(), len)
    }

    fn remove(&mut self, name: &SegmentName) {
        self.named.lock().unwrap().retain(|(n, _)| n != name.as_str());
    }

    fn remove_header(&mut self, name: &SegmentName) {
        self.remove(name);
    }

    fn unique_name(&mut self) -> StreamName {
        StreamName::default()
    }
}

impl<'a> SegmentSource for Slices<'a> {
    type Memory = Bytes<'a>;
    type Error = String;

    fn open(&mut self, name: &SegmentName) -> Result<Option<Bytes<'a>>, String> {
        Ok(self.find(name))
    }

    fn presence(&mut self, name: &SegmentName, _: &Bytes<'a>) -> Presence {
        if self.find(name).is_some() { Presence::Same } else { Presence::Gone }
    }
}

fn name() -> StreamName {
    StreamName::new("s").unwrap()
}

/// Frames of all generations; how many channels one has says which: 1, 2, 1, 2 ...
fn write(store: Slices<'_>) -> u64 {
    let settings = Settings { shmem_name: Some(name()), buf_dur: RING.into(), axis: None, version: StructVersion::V2 };
    let mut p = Publisher::open(store, (), settings, Writer::default(), Clock::Unknown).unwrap();
    let mut next = 0;
    for generation in 0..GENERATIONS {
        let channels = 1 + (generation % 2) as usize;
        p.describe(&AxisArray {
            data: Samples { dtype: DType::I64, shape: &[0, channels], bytes: &[] },
            dims: &["time", "ch"],
            axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: next as f64 })],
            attrs: &[("generation", Value::Int(generation.cast_signed()))],
            key: "pair",
            stream_dim: None,
        })
        .unwrap();
        for chunk in 0..CHUNKS {
            // A chunk of two is reserved frame by frame, as an acquisition's is.
            let frames = 1 + (chunk % 2) as u32;
            for i in 0..frames {
                let reserved = p.reserve(i + 1).unwrap();
                let mut frame = reserved.frame::<i64>(i).unwrap();
                (0..channels).for_each(|c| frame.set(c, next as i64));
                reserved.set_time(i, next as f64);
                next += 1;
            }
            p.commit(frames, 0).unwrap();
        }
    }
    // Dropped, not closed: what is left can be read as long as one likes.
    next
}

/// Reads until all frames that there will be are accounted for. Says how many were handed out.
fn read(source: Slices<'_>, all: u64) -> u64 {
    let mut m = Mirror::new(source, name(), Start::Oldest);
    let (mut bytes, mut times) = ([0; 2 * 8 * RING as usize], [0.0; RING as usize]);
    let (mut next, mut handed_out, mut missed) = (None, 0, 0);
    while next != Some(all) {
        if let Reading::Frames(read) = m.read(Take::UpTo(RING as usize), &mut bytes, &mut times).unwrap() {
            // Also a read that hands out nothing, because the writer was always faster, tells of frames that are gone.
            missed += read.missed;
            if read.frames > 0 {
                let expected = next.map_or(read.first, |next: u64| next + missed);
                assert_eq!(read.first, expected, "the first frame's number");
                let size = m.description().unwrap().frame_bytes();
                let frames = bytes.chunks_exact(size).zip(times).take(read.frames);
                for (number, (frame, time)) in (read.first..).zip(frames) {
                    let whole = frame.chunks_exact(8).all(|s| s == number.to_le_bytes());
                    assert!(whole && time == number as f64, "frame {number}: {frame:?} at {time}");
                }
                next = Some(read.first + read.frames as u64);
                handed_out += read.frames as u64;
                missed = 0;
            }
        }
        if m.changes().static_metadata
            && let Some(blob) = m.static_metadata().unwrap()
        {
            let mut pickle = vec![0; blob.len()];
            blob.copy_to(&mut pickle);
            assert!(decode(&pickle, &mut [Node::EMPTY; 128]).is_ok(), "torn static metadata");
        }
        thread::yield_now();
    }
    handed_out
}

#[test]
fn threads_of_publisher_and_mirrors_never_tear_or_lose_count() {
    let mut slices: Vec<Box<Aligned<4096>>> = (0..SEGMENTS).map(|_| Box::new(Aligned([0; 4096]))).collect();
    let unused = slices.iter_mut().map(|s| Bytes { shared: SharedBytes::from_slice(&mut s.0).unwrap(), fences: ALL });
    let unused = Mutex::new(unused.collect());
    let named = Mutex::new(Vec::new());
    let store = Slices { named: &named, unused: &unused };
    let all = GENERATIONS * (CHUNKS / 2 * 3 + CHUNKS % 2);
    thread::scope(|scope| {
        let readers = [0, 1].map(|_| scope.spawn(|| read(store, all)));
        assert_eq!(write(store), all);
        for reader in readers {
            assert!(reader.join().unwrap() > 0, "nothing was read");
        }
    });
}
