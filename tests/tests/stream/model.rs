//! Publisher and mirror against a plain model: a list of all frames ever published.

use axismirror_core::header::StructVersion;
use axismirror_core::mirror::{Mirror, Proof, Reading, Start, Take};
use axismirror_tests::heap::Heap;
use proptest::prelude::*;

use super::{message, mirror, numbers, open, publish, settings};

#[derive(Clone, Debug)]
enum Step {
    Publish(usize),
    /// So many frames are reserved, of these so many filled, of these so many published.
    InPlace(u32, u32, u32),
    Read(Take),
    Channels(usize),
    Ring(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let take = prop_oneof![
        (0usize..30).prop_map(Take::UpTo),
        (1usize..4).prop_map(Take::Exactly),
        (1usize..30).prop_map(Take::Latest)
    ];
    prop_oneof![
        6 => (0usize..25).prop_map(Step::Publish),
        6 => (0u32..12, 0u32..12, 0u32..12).prop_map(|(r, f, c)| Step::InPlace(r, f.min(r), c.min(f).min(r))),
        6 => take.prop_map(Step::Read),
        1 => (1usize..6).prop_map(Step::Channels),
        1 => (4usize..12).prop_map(Step::Ring),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 512 }, ..ProptestConfig::default() })]

    /// Whatever is published, read, changed and restarted in whatever order: frames come in order, each at most once, and those that
    /// do not come are counted, to the frame.
    #[test]
    fn every_frame_is_handed_out_once_or_counted(
        version in prop::sample::select(&StructVersion::ALL),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let heap = Heap::default();
        let mut ring = 8;
        let mut channels = 2;
        let mut p = open(&heap, ring, version);
        let mut m = mirror(&heap, Start::Oldest);
        let (mut published, mut accounted) = (0u64, 0u64);
        // Attach before the first frame, so that all are accounted for.
        publish(&mut p, 0, 0, channels);
        let mut bytes = vec![0u8; 64 * 16 * 4];
        let mut times = vec![0f64; 64];
        prop_assert_eq!(m.read(Take::UpTo(64), &mut bytes, &mut times).unwrap(), Reading::Changed);
        let mut read = |m: &mut Mirror<Heap>, take: Take, accounted: &mut u64| -> Result<bool, TestCaseError> {
            match m.read(take, &mut bytes, &mut times).unwrap() {
                Reading::Frames(r) => {
                    prop_assert_eq!(r.proof, Proof::Untorn);
                    let channels = m.description().unwrap().frame_samples();
                    let times = if version.has_times() { &times[..r.frames] } else { &[] };
                    let got = numbers(&bytes, times, channels, r.frames);
                    *accounted += r.missed + r.skipped;
                    for k in got {
                        prop_assert_eq!(k, *accounted);
                        *accounted += 1;
                    }
                    if r.frames > 0 {
                        prop_assert_eq!(r.first + r.frames as u64, *accounted, "first is the number over all generations");
                    }
                    Ok(r.frames > 0)
                }
                Reading::Changed => Ok(true),
                Reading::NotValid => Ok(false),
                Reading::Absent => Err(TestCaseError::fail("the header is gone")),
            }
        };
        for s in steps {
            match s {
                Step::Publish(n) => {
                    publish(&mut p, published, n, channels);
                    published += n as u64;
                }
                Step::InPlace(reserve, fill, commit) => {
                    message(published, 0, channels, |m| p.describe(m).map(|_| ())).unwrap();
                    let reserved = p.reserve(reserve).unwrap();
                    let commit = commit.min(reserved.len());
                    for i in 0..fill.min(reserved.len()) {
                        let k = published as i32 + i as i32;
                        let mut frame = reserved.frame::<i32>(i).unwrap();
                        prop_assert_eq!(frame.len(), channels);
                        for c in 0..channels {
                            // What is not published now is nothing that anybody may see.
                            frame.set(c, if i < commit { 16 * k + c as i32 } else { -1 });
                        }
                        reserved.set_time(i, f64::from(k));
                    }
                    // Readers look while a chunk is being filled, too.
                    read(&mut m, Take::UpTo(2), &mut accounted)?;
                    p.commit(commit, 0).unwrap();
                    published += u64::from(commit);
                }
                Step::Read(take) => {
                    read(&mut m, take, &mut accounted)?;
                }
                Step::Channels(n) => channels = n,
                Step::Ring(n) => {
                    ring = n;
                    p.apply(settings(ring, version)).unwrap();
                }
                Step::Restart => {
                    // As after kill -9: nothing is closed, a new writer adopts the header.
                    drop(p);
                    p = open(&heap, ring, version);
                }
            }
        }
        publish(&mut p, published, 1, channels);
        published += 1;
        while read(&mut m, Take::UpTo(64), &mut accounted)? {}
        prop_assert_eq!(accounted, published);
    }
}
