//! The loader of recordings, held against the recordings: the messages that it rebuilds are those that were written.
//!
//! Needs no code of ours under test: the recorded bytes are the judge.

use axismirror_core::axis_array::{Axis, Element, ScalarElement, Value};
use axismirror_core::dtype::DType;
use axismirror_tests::golden::{self, Action, OwnedAxis, OwnedMessage, Recording, compare};

/// Header field as a number, from the recording's own table of offsets.
fn field(recording: &Recording, header: &[u8], name: &str) -> u64 {
    let (offset, size) = recording.field(name).unwrap_or_else(|| panic!("{name}"));
    header[offset..offset + size].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

/// The ring's length: `shape` is an array of u32, of which it is the first.
fn n_frames(recording: &Recording, header: &[u8]) -> usize {
    let (o, _) = recording.field("shape").expect("shape");
    u32::from_le_bytes(header[o..o + 4].try_into().expect("4 bytes")) as usize
}

/// The message's bytes with the buffered axis in front, by plain index arithmetic.
fn frames_first(message: &OwnedMessage, axis: usize) -> Vec<u8> {
    let (outer, n, inner) = (
        message.shape[..axis].iter().product::<usize>(),
        message.shape[axis],
        message.shape[axis + 1..].iter().product::<usize>() * message.dtype.size(),
    );
    let mut out = Vec::new();
    for i in 0..n {
        for o in 0..outer {
            let at = (o * n + i) * inner;
            out.extend(&message.bytes[at..at + inner]);
        }
    }
    out
}

fn times(message: &OwnedMessage, axis: &str, n: usize) -> Vec<f64> {
    let (_, axis) = message.axes.iter().find(|(name, _)| name == axis).expect("the buffered axis");
    match axis {
        OwnedAxis::Linear { gain, offset, .. } => (0..n).map(|i| offset + i as f64 * gain).collect(),
        OwnedAxis::Coordinate { data, .. } => {
            let values = data.bytes.chunks_exact(8).map(|b| b.try_into().expect("8 bytes"));
            match data.fields[0].1 {
                ScalarElement::Plain(DType::F64) => values.map(f64::from_le_bytes).collect(),
                _ => values.map(|b| i64::from_le_bytes(b) as f64).collect(),
            }
        }
    }
}

/// The raw bytes of each static axis stand in the pickle as they are.
fn axis_values_are_in_the_static_metadata(recording: &Recording, message: &OwnedMessage, pickle: Option<&[u8]>) {
    let Some(pickle) = pickle else { return };
    for (name, axis) in &message.axes {
        // The buffered axis has no data there; a message without it was ignored.
        let (OwnedAxis::Coordinate { data, .. }, false) = (axis, name == "time") else { continue };
        let found = data.bytes.is_empty() || pickle.windows(data.bytes.len()).any(|w| w == data.bytes);
        assert!(found, "{}: axis {name}", recording.path.display());
    }
}

#[test]
fn every_rebuilt_message_is_the_one_that_was_written() {
    let recordings = golden::load(&golden::folder()).expect("recordings");
    let mut checked = 0;
    for r in &recordings {
        let (mut before, mut settings) = (0, r.settings.clone()); // write_index, settings in force
        for step in &r.steps {
            let message = match &step.action {
                Action::Message { message } => message,
                Action::Settings { settings: change } => {
                    (before, settings) = (0, r.changed_settings(change));
                    continue;
                }
                Action::Initialize => continue,
            };
            let message = message.build().expect("a message");
            message.with(|m| m.check()).unwrap_or_else(|e| panic!("{}: {e}", r.path.display()));
            axis_values_are_in_the_static_metadata(r, &message, step.after.aux_pickle.as_deref());
            let axis = settings.axis.clone().or(message.stream_dim.clone()).unwrap_or_else(|| "time".to_owned());
            let Some(position) = message.dims.iter().position(|d| *d == axis) else { continue };
            let n = message.shape[position];
            let header = &step.after.header;
            let (after, wraps) = (field(r, header, "write_index") as usize, field(r, header, "wrap_counter"));
            let start = if after == n && wraps == 0 { 0 } else { before };
            before = after;
            // Only messages that landed in one piece: the arithmetic of wrapping is not the loader's.
            let (Some(data), true) = (&step.after.data, after == start + n) else { continue };
            let rows = frames_first(&message, position);
            let frame = rows.len() / n;
            let times_len = if r.struct_version >= 2 { n_frames(r, header) * 8 } else { 0 };
            let at = times_len + start * frame;
            assert_eq!(&data[at..at + rows.len()], &rows[..], "{}: frames", r.path.display());
            if r.struct_version >= 2 {
                let wanted: Vec<u8> = times(&message, &axis, n).iter().flat_map(|t| t.to_le_bytes()).collect();
                assert_eq!(&data[start * 8..(start + n) * 8], &wanted[..], "{}: times", r.path.display());
            }
            checked += 1;
        }
    }
    println!("{checked} messages of {} recordings", recordings.len());
    assert!(checked > 0, "not one message could be checked");
    if std::env::var_os(golden::FOLDER_VARIABLE).is_none() {
        assert!(checked > recordings.len(), "{checked} messages of {} recordings", recordings.len());
    }
}

#[test]
fn a_recording_equals_itself_and_spoiled_ones_are_told_apart() {
    for r in &golden::load(&golden::folder()).expect("recordings") {
        for (i, step) in r.steps.iter().enumerate() {
            compare::compare_header(r, i, &step.after.header).expect("equal headers");
            compare::compare_data(r, i, step.after.data.as_deref()).expect("equal data");
            let names = (step.after.data_name.as_deref(), step.after.aux_name.as_deref());
            compare::compare_names(r, &r.settings, i, names.0, names.1).expect("equal names");
            for (name, offset, _) in &r.header_fields {
                if name == "aux_nbytes" && step.after.aux_pickle.is_some() {
                    // Follows from how each pickles: see `compare_header`.
                    continue;
                }
                let mut spoiled = step.after.header.clone();
                spoiled[*offset] ^= 0x40;
                let told = compare::compare_header(r, i, &spoiled).expect_err("a spoiled header");
                assert!(told.contains(name.as_str()), "{told}");
            }
            if let Some(data) = &step.after.data {
                let mut spoiled = data.clone();
                spoiled[data.len() / 2] ^= 1;
                compare::compare_data(r, i, Some(&spoiled)).expect_err("spoiled data");
                compare::compare_data(r, i, None).expect_err("no data");
            }
            compare::compare_names(r, &r.settings, i, Some("sm_other"), names.1).expect_err("another name");
        }
    }
}

#[test]
fn the_two_documented_differences_are_none() {
    let recordings = golden::load(&golden::folder()).expect("recordings");
    let (mut full, mut placeholders) = (0, 0);
    for r in &recordings {
        for (i, step) in r.steps.iter().enumerate() {
            let (mut ours, set) = (step.after.header.clone(), |h: &mut Vec<u8>, name: &str, bytes: &[u8]| {
                let (o, n) = r.field(name).expect("field");
                h[o..o + n].copy_from_slice(bytes);
            });
            if field(r, &ours, "ndim") == 0 {
                set(&mut ours, "srate", &(-1.0f64).to_le_bytes());
                placeholders += 1;
            } else {
                let wraps = field(r, &ours, "wrap_counter");
                let n_frames = n_frames(r, &ours) as u64;
                if field(r, &ours, "write_index") == n_frames {
                    set(&mut ours, "write_index", &0u64.to_le_bytes());
                    compare::compare_header(r, i, &ours).expect_err("half of the wrap");
                    set(&mut ours, "wrap_counter", &(wraps + 1).to_le_bytes());
                    full += 1;
                }
            }
            compare::compare_header(r, i, &ours).expect("a documented difference");
        }
    }
    assert!(placeholders > 0, "no recording with a placeholder");
    if std::env::var_os(golden::FOLDER_VARIABLE).is_none() {
        assert!(full > 0, "no recording with a ring that is exactly full");
    }
}

#[test]
fn labels_and_attributes_arrive_as_numpy_has_them() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/struct-v2");
    let all = golden::load(&path).expect("recordings");
    let labelled = all.iter().find(|r| r.name == "labelled").expect("labelled");
    let Action::Message { message } = &labelled.steps[1].action else { panic!("a message") };
    message.build().expect("a message").with(|m| {
        let Some(Axis::Coordinate { data, .. }) = m.axis("ch") else { panic!("{:?}", m.axis("ch")) };
        let Element::Structured(fields) = data.element else { panic!("{:?}", data.element) };
        assert_eq!(fields.iter().map(|f| f.name).collect::<Vec<_>>(), ["label", "x", "y"]);
        // The recorded pickle holds the array's raw bytes.
        let pickle = labelled.steps[1].after.aux_pickle.as_deref().expect("static metadata");
        assert!(pickle.windows(data.bytes.len()).any(|w| w == data.bytes), "the labels' bytes");
        assert_eq!(m.attrs, [("unit", Value::Str("uV")), ("board", Value::Str("demo")), ("gain", Value::Int(24))]);
    });
}

#[test]
fn an_empty_folder_is_no_success() {
    let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    assert!(matches!(golden::load(&python), Err(golden::GoldenError::Empty { .. })));
}
