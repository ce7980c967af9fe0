//! A publisher that takes over a header of any bytes, as one that a killed writer left; a mirror then reads what it publishes, and nothing else.
#![no_main]

use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::StructVersion;
use axismirror_core::memory::{Memory as _, MemoryMut as _, Word};
use axismirror_core::mirror::{Mirror, Reading, Start, Take};
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;
use axismirror_core::slice_store::SliceStore;
use axismirror_core::store::SegmentStore as _;
use axismirror_fuzz::{Room, name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&version, header)) = input.split_first() else { return };
    let version = StructVersion::from_number(u32::from(version) % 3).unwrap_or_default();
    let mut rooms: [Room; 5] = core::array::from_fn(|_| Room::new(4096));
    let store = SliceStore::<5>::new(rooms.each_mut().map(|r| r.shared(&[])));
    let settings = Settings { shmem_name: Some(name()), buf_dur: 8.0, axis: None, version };
    // Made once by a publisher, so that it has the length that the next one adopts.
    let first = Publisher::open(&store, (), settings.clone(), Writer::default(), Clock::Unknown);
    drop(first);
    let Ok(left) = (&store).header(&name().header(), 4096, true) else { return };
    let len = header.len().min(left.memory.len());
    left.memory.store_bytes(0, &header[..len], Word::B1);
    let Ok(mut publisher) = Publisher::open(&store, (), settings, Writer::default(), Clock::Unknown) else { return };
    let mut mirror = Mirror::new(&store, name(), Start::Oldest);
    for first in 0..3 {
        let bytes: Vec<u8> = (4 * first..4 * first + 4).flat_map(|k: i32| [k; 2]).flat_map(i32::to_le_bytes).collect();
        let message = AxisArray {
            data: Samples { dtype: DType::I32, shape: &[4, 2], bytes: &bytes },
            dims: &["time", "ch"],
            axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: f64::from(4 * first) })],
            attrs: &[],
            key: "fuzz",
            stream_dim: None,
        };
        publisher.publish(&message).expect("there is room");
        let (mut frames, mut times) = ([0; 64], [0.0; 8]);
        let mut read = || mirror.read(Take::UpTo(8), &mut frames, &mut times);
        let got = match read() {
            Ok(Reading::Changed) => read(),
            other => other,
        };
        let Ok(Reading::Frames(got)) = got else { panic!("{got:?}") };
        assert_eq!((got.frames, &frames[..32]), (4, &bytes[..]));
    }
});
