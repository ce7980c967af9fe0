//! Our writer and our mirror against every recording of the published writer: all steps, all versions.
//!
//! `AXISMIRROR_GOLDEN=DIR` takes the recordings in another folder.

use std::fmt::Write as _;

use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::{HeaderView, StructVersion};
use axismirror_core::mirror::{Mirror, Proof, Reading, Start, Take};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings;
use axismirror_core::static_metadata::node::Node;
use axismirror_core::static_metadata::view::{AxisKind, ValueView};
use axismirror_core::static_metadata::{decode, nodes_needed};
use axismirror_tests::golden::{self, Action, OwnedMessage, Recording, Settings, compare};
use axismirror_tests::heap::Heap;

fn version(recording: &Recording) -> StructVersion {
    StructVersion::from_number(recording.struct_version).expect("a known struct_version")
}

fn ring_settings(recording: &Recording, s: &Settings) -> settings::Settings {
    settings::Settings {
        shmem_name: s.shmem_name.as_deref().map(|n| StreamName::new(n).expect("a name")),
        buf_dur: s.buf_dur,
        axis: s.axis.as_deref().map(|a| a.try_into().expect("an axis name")),
        version: version(recording),
    }
}

/// All that static metadata say, in one text.
fn said(blob: &[u8]) -> String {
    let mut arena = vec![Node::EMPTY; nodes_needed(blob).expect("a pickle")];
    let m = decode(blob, &mut arena).expect("static metadata");
    let mut text =
        format!("{:?} {:?} {:?} {:?}\n", m.dims().collect::<Vec<_>>(), m.key(), m.buffered_axis(), m.stream_dim());
    for axis in m.axes() {
        write!(text, "{:?} {:?} ", axis.name, axis.unit).expect("text");
        match axis.kind {
            AxisKind::Linear { gain, offset } => writeln!(text, "linear {gain:?} {offset:?}"),
            AxisKind::Coordinate { dims, data } => {
                let data = data.map(|d| (ValueView::Array(d).to_string(), d.bytes().to_vec()));
                writeln!(text, "coord {:?} {data:?}", dims.collect::<Vec<_>>())
            }
        }
        .expect("text");
    }
    for (name, value) in m.attrs() {
        writeln!(text, "{name:?} = {value}").expect("text");
    }
    text
}

/// Which segments our writer has now, by the names that the header leads to.
fn segments(heap: &Heap, name: &StreamName) -> (Vec<u8>, Option<String>, Option<String>) {
    let header = heap.get(name.header().as_str()).expect("our header");
    let view = HeaderView::detect(header).expect("our header");
    let there = |name: String| heap.get(&name).is_some().then_some(name);
    let data = there(name.data(view.buffer_generation()).to_string());
    let aux = Some(view.meta_generation()).filter(|g| *g > 0).and_then(|g| there(name.static_metadata(g).to_string()));
    (heap.bytes(name.header().as_str()).expect("our header"), data, aux)
}

fn write(recording: &Recording) -> Result<(), String> {
    let heap = Heap::default();
    let mut settings = recording.settings.clone();
    let open = |s: &Settings| {
        Publisher::open(heap.clone(), (), ring_settings(recording, s), Writer::default(), Clock::Unknown)
    };
    let mut publisher = open(&settings).map_err(|e| e.to_string())?;
    for (step, recorded) in recording.steps.iter().enumerate() {
        let here = |e: String| format!("{} step {step}: {e}", recording.path.display());
        match &recorded.action {
            Action::Initialize => {}
            Action::Message { message } => {
                let message = message.build().map_err(|e| here(e.to_string()))?;
                message.with(|m| publisher.publish(m)).map_err(|e| here(e.to_string()))?;
            }
            Action::Settings { settings: change } => {
                settings = recording.changed_settings(change);
                publisher.apply(ring_settings(recording, &settings)).map_err(|e| here(e.to_string()))?;
            }
        }
        let (header, data, aux) = segments(&heap, publisher.name());
        compare::compare_header(recording, step, &header)?;
        compare::compare_data(recording, step, data.as_deref().and_then(|n| heap.bytes(n)).as_deref())?;
        compare::compare_names(recording, &settings, step, data.as_deref(), aux.as_deref())?;
        let blob = aux.as_deref().and_then(|n| heap.bytes(n));
        let view =
            HeaderView::detect(heap.get(publisher.name().header().as_str()).expect("our header")).expect("our header");
        if blob.as_ref().is_some_and(|b| b.len() != view.aux_nbytes() as usize) {
            return Err(here(format!("aux_nbytes is {}, the blob has another length", view.aux_nbytes())));
        }
        let ours = blob.as_deref().map(said);
        let theirs = recorded.after.aux_pickle.as_deref().map(said);
        if ours != theirs {
            return Err(here(format!("static metadata: ours\n{ours:#?}\ntheirs\n{theirs:#?}")));
        }
    }
    Ok(())
}

#[test]
fn our_writer_leaves_the_recorded_bytes() {
    let recordings = golden::load(&golden::folder()).unwrap_or_else(|e| panic!("{e}"));
    let wrong: Vec<String> = recordings.iter().filter_map(|r| write(r).err()).collect();
    assert!(wrong.is_empty(), "{} of {} recordings:\n{}", wrong.len(), recordings.len(), wrong.join("\n"));
}

/// The message's frames with the buffered axis in front, by plain index arithmetic; none when it lacks that axis and is ignored.
fn frames(message: &OwnedMessage, axis: &str) -> Vec<Vec<u8>> {
    let Some(dim) = message.dims.iter().position(|d| d == axis) else { return Vec::new() };
    let outer: usize = message.shape[..dim].iter().product();
    let n = message.shape[dim];
    let inner = message.shape[dim + 1..].iter().product::<usize>() * message.dtype.size();
    let run = |i: usize, o: usize| message.bytes[(o * n + i) * inner..][..inner].to_vec();
    (0..n).map(|i| (0..outer).flat_map(|o| run(i, o)).collect()).collect()
}

fn read(recording: &Recording) -> Result<(), String> {
    let Some(name) = recording.settings.shmem_name.as_deref() else { return Ok(()) };
    let heap = Heap::default();
    let name = StreamName::new(name).map_err(|e| e.to_string())?;
    let mut mirror = Mirror::new(heap.clone(), name.clone(), Start::Oldest);
    let (mut bytes, mut times) = (vec![0; 1 << 20], vec![0.0; 1 << 16]);
    let mut settings = recording.settings.clone();
    let mut first = true;
    for (step, recorded) in recording.steps.iter().enumerate() {
        let here = |e: String| format!("{} step {step}: {e}", recording.path.display());
        if let (Some(name), Some(data)) = (&recorded.after.data_name, &recorded.after.data) {
            heap.put(name, data);
        }
        if let (Some(name), Some(pickle)) = (&recorded.after.aux_name, &recorded.after.aux_pickle) {
            heap.put(name, pickle);
        }
        heap.put(name.header().as_str(), &recorded.after.header);
        let mut expected = Vec::new();
        match &recorded.action {
            Action::Initialize => {}
            Action::Message { message } => {
                let axis = settings.axis.clone().or_else(|| message.dims.iter().find(|d| *d == "time").cloned());
                let message = message.build().map_err(|e| here(e.to_string()))?;
                expected = frames(&message, &axis.unwrap_or_default());
            }
            Action::Settings { settings: change } => settings = recording.changed_settings(change),
        }
        let mut got = Vec::new();
        loop {
            match mirror.read(Take::UpTo(usize::MAX), &mut bytes, &mut times).map_err(|e| here(e.to_string()))? {
                Reading::Changed => {}
                Reading::Frames(r) if r.frames > 0 => {
                    let description = mirror.description().expect("a buffer");
                    // A chunk longer than the ring has overwritten its own beginning. It is missed, but for the first
                    // chunk, before which the mirror was not attached.
                    let cut = expected.len().saturating_sub(description.n_frames() as usize);
                    expected.drain(..cut);
                    let missed = if first { 0 } else { cut as u64 };
                    assert_eq!((r.proof, r.missed), (Proof::Unproven, missed), "{}", here(String::new()));
                    first = false;
                    got.extend(bytes.chunks_exact(description.frame_bytes()).take(r.frames).map(<[u8]>::to_vec));
                }
                _ => break,
            }
        }
        if got != expected {
            return Err(here(format!("{} frames read, {} expected, or other bytes", got.len(), expected.len())));
        }
        let said_now = mirror.static_metadata().map_err(|e| here(e.to_string()))?.is_some();
        if said_now != recorded.after.aux_pickle.is_some() {
            return Err(here("static metadata".to_owned()));
        }
    }
    Ok(())
}

#[test]
fn our_mirror_reads_the_recorded_bytes() {
    let recordings = golden::load(&golden::folder()).unwrap_or_else(|e| panic!("{e}"));
    let wrong: Vec<String> = recordings.iter().filter_map(|r| read(r).err()).collect();
    assert!(wrong.is_empty(), "{} of {} recordings:\n{}", wrong.len(), recordings.len(), wrong.join("\n"));
}
