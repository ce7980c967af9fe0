//! Frames by hand, with gaps, changes and marks among them.

use axismirror_core::dtype::DType;
use axismirror_core::header::StructVersion;
use axismirror_core::mirror::Proof;

use super::*;

/// A stream of whole volts.
pub(crate) fn info(rate: Option<f64>, channels: usize) -> StreamInfo {
    StreamInfo {
        name: "lab".into(),
        key: String::new(),
        dtype: DType::I32,
        rate,
        n_frames: 100,
        frame_shape: vec![channels as u32],
        channels,
        labels: (1..=channels).map(|c| format!("ch{c}")).collect(),
        unit: "V".into(),
        attrs: serde_json::Map::new(),
        clock: Clock::Monotonic,
        struct_version: StructVersion::default(),
        generation: Generation::from_number(0),
        static_metadata: None,
    }
}

/// Frames with these samples, one channel or more, behind gaps.
fn feed(signals: &mut Signals, first: u64, samples: &[i32], channels: usize, (overwritten, not_acquired): (u64, u64)) {
    let bytes: Vec<u8> = samples.iter().flat_map(|x| x.to_le_bytes()).collect();
    let times: Vec<f64> = (0..samples.len() / channels).map(|i| (first + i as u64) as f64).collect();
    let proof = Proof::Untorn;
    signals.frames(&Frames {
        first,
        bytes: &bytes,
        times: &times,
        overwritten,
        not_acquired,
        proof,
        dtype: DType::I32,
        channels,
    });
}

fn one_channel() -> Signals {
    let mut signals = Signals::new(None, false);
    assert!(!signals.stream(&info(Some(250.0), 1)));
    signals
}

fn sample(signals: &Signals, place: u64) -> Option<f64> {
    signals.history().unwrap().sample(0, place)
}

#[test]
fn what_is_missing_has_its_place_and_its_count() {
    let mut signals = one_channel();
    // Before the first frame nothing was missed that is anybody's business.
    feed(&mut signals, 40, &[1, 2], 1, (0, 7));
    feed(&mut signals, 45, &[3], 1, (3, 10));
    assert_eq!([0, 1, 2, 14, 15].map(|place| sample(&signals, place)), [Some(1.0), Some(2.0), None, None, Some(3.0)]);
    let gaps: Vec<Gap> = signals.gaps().copied().collect();
    let expected = [
        Gap { place: 2, frames: 3, missing: Missing::Overwritten },
        Gap { place: 5, frames: 10, missing: Missing::NotAcquired },
    ];
    assert_eq!(gaps, expected);
    assert_eq!(signals.counts(), (3, 3, 10));
    assert_eq!(signals.last(), Some((45, Some(45.0))));
    assert_eq!(signals.newest().unwrap(), "45.000 s");
    // Longer than any picture.
    feed(&mut signals, 46, &[9], 1, (0, 1 << 60));
    assert_eq!((signals.history().unwrap().end(), sample(&signals, 0), signals.gaps().count()), (1, Some(9.0), 0));
}

#[test]
fn a_new_buffer_of_the_same_stream_goes_on_and_another_stream_begins_anew() {
    let mut signals = one_channel();
    feed(&mut signals, 0, &[1, 2], 1, (0, 0));
    let again = StreamInfo { generation: Generation::from_number(1), ..info(Some(250.0), 1) };
    assert!(signals.stream(&again));
    signals.mark_next("new writer".into());
    feed(&mut signals, 2, &[3], 1, (0, 4));
    assert_eq!([1, 6].map(|place| sample(&signals, place)), [Some(2.0), Some(3.0)]);
    assert_eq!(signals.marks().collect::<Vec<_>>(), [&Mark { place: 2, text: "new writer".into() }]);
    assert!(signals.stream(&again));
    assert!(!signals.stream(&info(Some(500.0), 1)));
    assert_eq!((signals.history().unwrap().end(), signals.marks().count(), signals.gaps().count()), (0, 0, 0));
}

#[test]
fn a_held_picture_stands_still_and_all_is_counted() {
    let mut signals = one_channel();
    feed(&mut signals, 0, &[1], 1, (0, 0));
    signals.hold(true);
    signals.hold(true);
    feed(&mut signals, 1, &[2, 3], 1, (0, 0));
    feed(&mut signals, 8, &[4], 1, (5, 0));
    assert_eq!((signals.history().unwrap().end(), signals.counts()), (1, (4, 5, 0)));
    signals.hold(false);
    feed(&mut signals, 9, &[5], 1, (0, 0));
    assert_eq!(signals.gaps().collect::<Vec<_>>(), [&Gap { place: 1, frames: 8, missing: Missing::Held }]);
    assert_eq!(sample(&signals, 9), Some(5.0));
}

#[test]
fn other_filters_show_what_is_kept_and_start_settled_behind_gaps() {
    let mut signals = one_channel();
    feed(&mut signals, 0, &[100; 50], 1, (0, 0));
    feed(&mut signals, 60, &[-7; 50], 1, (10, 0));
    assert_eq!([49, 50, 60].map(|place| sample(&signals, place)), [Some(100.0), None, Some(-7.0)]);
    signals.set_filters(Filters { dc: true, ..Filters::default() }).unwrap();
    assert_eq!(
        [0, 49, 50, 60, 109].map(|place| sample(&signals, place)),
        [Some(0.0), Some(0.0), None, Some(0.0), Some(0.0)]
    );
    feed(&mut signals, 110, &[-7; 5], 1, (0, 0));
    assert_eq!(sample(&signals, 114), Some(0.0));
    // Behind a gap that comes while they are on, too.
    feed(&mut signals, 120, &[900; 5], 1, (5, 0));
    assert_eq!([119, 120, 124].map(|place| sample(&signals, place)), [None, Some(0.0), Some(0.0)]);
    // Back: data were never changed.
    signals.set_filters(Filters::default()).unwrap();
    assert_eq!([49, 50, 60, 114].map(|place| sample(&signals, place)), [Some(100.0), None, Some(-7.0), Some(-7.0)]);
    let band = super::super::filter::Band::new(1.0, 200.0).ok();
    assert!(signals.set_filters(Filters { band, ..Filters::default() }).is_err());
    assert_eq!((sample(&signals, 49), signals.filters().is_off()), (Some(100.0), true), "as before");
}

#[test]
fn an_irregular_rate_has_no_filter_and_no_spectrum() {
    let mut signals = Signals::new(None, false);
    signals.stream(&info(None, 1));
    feed(&mut signals, 0, &[1; 1000], 1, (0, 0));
    assert_eq!(signals.set_filters(Filters { dc: true, ..Filters::default() }), Err(FilterError::Irregular));
    assert_eq!(signals.spectrum(0, 1000), None);
    assert_eq!(sample(&signals, 999), Some(1.0));
}

#[test]
fn a_mark_is_at_the_frame_of_its_number() {
    let mut signals = one_channel();
    signals.mark(0, "before anything".into());
    feed(&mut signals, 10, &[0; 10], 1, (0, 0));
    // 5 that are overwritten have numbers, 100 that nobody acquired have none.
    feed(&mut signals, 25, &[0; 10], 1, (5, 100));
    // One that is being acquired has its place already.
    for (number, place) in [(12, 2), (19, 9), (22, 12), (25, 115), (34, 124), (35, 125)] {
        signals.mark(number, "x".into());
        assert_eq!(signals.marks().last().unwrap().place, place, "{number}");
    }
    signals.mark(9, "older than what is kept".into());
    assert_eq!(signals.marks().count(), 6);
}

#[test]
fn chosen_channels_alone_are_kept() {
    let mut signals = Signals::new(Some(vec![2, 0, 7]), false);
    signals.stream(&info(Some(250.0), 3));
    feed(&mut signals, 0, &[1, 2, 3, 4, 5, 6], 3, (0, 0));
    let source = signals.source().unwrap();
    assert_eq!((source.labels.as_slice(), source.channels), (["ch3".to_owned(), "ch1".to_owned()].as_slice(), 3));
    assert_eq!(
        (signals.history().unwrap().sample(0, 1), signals.history().unwrap().sample(1, 1)),
        (Some(6.0), Some(4.0))
    );
    let mut many = Signals::new(None, false);
    many.stream(&info(Some(250.0), 1000));
    assert_eq!(many.source().unwrap().labels.len(), MOST_CHANNELS);
    assert_eq!(many.trace(0, 0, 7, 0.3).len(), 7);
}

#[test]
fn lines_between_samples_are_straight() {
    let mut signals = one_channel();
    feed(&mut signals, 0, &[0, 10, 0], 1, (0, 0));
    let trace = signals.trace(0, 0, 10, 0.25);
    let ends = |i: usize| trace[i].map(|e| (e.min, e.max));
    assert_eq!(
        [ends(0), ends(3), ends(4), ends(8)],
        [Some((0.0, 2.5)), Some((7.5, 10.0)), Some((7.5, 10.0)), Some((0.0, 0.0))]
    );
    assert_eq!(ends(9), None);
}

/// 32 frames at 4 Hz are a piece; a gap in between leaves too few.
#[test]
fn a_spectrum_is_of_frames_in_a_row() {
    let mut signals = Signals::new(None, false);
    signals.stream(&info(Some(4.0), 1));
    let sine: Vec<i32> = (0..40).map(|i| [0, 100, 0, -100][i % 4]).collect();
    feed(&mut signals, 0, &sine, 1, (0, 0));
    let peak = signals.spectrum(0, 40).unwrap().peak().unwrap();
    assert!((peak.hz - 1.0).abs() < 0.02 && (peak.amplitude - 100.0).abs() < 1.0, "{peak:?}");
    feed(&mut signals, 41, &sine[..20], 1, (1, 0));
    assert_eq!(signals.spectrum(0, 61), None);
    assert!(signals.spectrum(0, 40).is_some());
}
