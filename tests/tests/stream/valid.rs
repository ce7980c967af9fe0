//! What a mirror says of a stream that is not valid, ours, a published one, and one whose header is damaged.

use axismirror_core::header::{Generation, HeaderView, StructVersion};
use axismirror_core::mirror::{MirrorError, Proof, Reading, Start, Take};
use axismirror_core::store::SegmentSource;
use axismirror_tests::heap::Heap;

use super::{mirror, name, numbers, open, publish};

/// Also when it was told before, and until the next ring begins, whose description may be the same.
#[test]
fn an_ended_ring_is_not_valid_at_each_look_and_one_without_news_is() {
    let heap = Heap::default();
    let mut p = open(&heap, 8, StructVersion::V2);
    let mut m = mirror(&heap, Start::Oldest);
    let (mut bytes, mut times) = (vec![0; 256], vec![0.0; 16]);
    publish(&mut p, 0, 3, 2);
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::Changed));
    assert!(m.nothing().is_none(), "three frames are new");
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(9), &mut bytes, &mut times) else { panic!() };
    assert_eq!((r.frames, r.first), (3, 0));
    for _ in 0..2 {
        let Ok(Reading::Frames(r)) = m.read(Take::UpTo(9), &mut bytes, &mut times) else { panic!() };
        assert_eq!((r.frames, r.first, r.missed, r.proof), (0, 3, 0, Proof::Untorn));
        assert_eq!(m.nothing(), Some(r));
    }
    p.invalidate();
    for _ in 0..3 {
        assert_eq!(m.nothing(), None);
        assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::NotValid));
    }
    publish(&mut p, 3, 1, 2);
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::Changed));
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(9), &mut bytes, &mut times) else { panic!() };
    assert_eq!((r.frames, r.first, r.missed), (1, 3, 0));
}

/// A published writer has no block, and clears `bvalid` while it changes something.
#[test]
fn a_published_stream_that_is_not_valid_is_so_with_frames_left_too() {
    let (ours, published) = (Heap::default(), Heap::default());
    let mut p = open(&ours, 8, StructVersion::V2);
    publish(&mut p, 0, 3, 2);
    let header = ours.bytes(name().header().as_str()).unwrap();
    published.put(name().header().as_str(), &header[..StructVersion::V2.header_len()]);
    let data = name().data(Generation::NONE.next());
    published.put(data.as_str(), &ours.bytes(data.as_str()).unwrap());
    let mut m = mirror(&published, Start::Oldest);
    let (mut bytes, mut times) = (vec![0; 256], vec![0.0; 16]);
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::Changed));
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(1), &mut bytes, &mut times) else { panic!() };
    assert_eq!((r.frames, r.first, r.proof), (1, 0, Proof::Unproven));
    let view = HeaderView::detect(published.get(name().header().as_str()).unwrap()).unwrap();
    view.set_bvalid(false);
    for _ in 0..2 {
        assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::NotValid));
    }
    view.set_bvalid(true);
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(9), &mut bytes, &mut times) else { panic!() };
    assert_eq!((numbers(&bytes, &times, 2, r.frames), r.first), (vec![1, 2], 1));
}

#[test]
fn a_damaged_header_is_an_error_and_not_more() {
    let heap = Heap::default();
    let mut p = open(&heap, 8, StructVersion::V2);
    publish(&mut p, 0, 3, 2);
    let memory = heap.clone().open(&name().header()).unwrap().unwrap();
    let h = HeaderView::detect(memory).unwrap();
    let read = || {
        let mut bytes = vec![0; 4096];
        mirror(&heap, Start::Oldest).read(Take::UpTo(8), &mut bytes, &mut [])
    };
    h.set_shape(1, 1000);
    assert!(matches!(read(), Err(MirrorError::DataTooShort { .. })));
    h.set_dtype(0);
    assert!(matches!(read(), Err(MirrorError::Description(_))));
    heap.make(name().header().as_str(), 100);
    assert!(matches!(read(), Err(MirrorError::Header(_))));
}
