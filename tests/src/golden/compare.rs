//! Holds what our writer left in shared memory against what the published one left.
//!
//! Knows the documented differences and no other. Takes offsets from the recording itself, never from our layout.

use super::{Recording, Settings, Snapshot};

/// Compares the header after step number `step` (0: the writer's start), and lists the fields that differ.
///
/// `ours` may be longer than the recorded header: readers ignore the rest. Two differences are meant (wire page):
/// before the first message srate is -1.0 in ours and 0.0 in theirs, and `(write_index, wrap_counter) = (n_frames, w)`
/// is the same as `(0, w + 1)`. And `aux_nbytes` follows from how each pickles: an array as numpy 2 writes it does not load
/// in numpy 1.26, so ours is written otherwise and has another length. Whether there is a blob must agree.
///
/// # Errors
/// A text for a person: recording, step, and each differing field with both values.
pub fn compare_header(recording: &Recording, step: usize, ours: &[u8]) -> Result<(), String> {
    let theirs = &snapshot(recording, step)?.header;
    let place = place(recording, step);
    if ours.len() < theirs.len() {
        return Err(format!("{place}: our header has {} bytes, theirs {}", ours.len(), theirs.len()));
    }
    let ours = normal_form(recording, ours.get(..theirs.len()).unwrap_or_default());
    let theirs = normal_form(recording, theirs);
    let mut differences = Vec::new();
    for (name, offset, size) in &recording.header_fields {
        let (a, b) = (ours.get(*offset..offset + size), theirs.get(*offset..offset + size));
        if a != b {
            differences.push(format!("{name}: ours {}, theirs {}", show(a), show(b)));
        }
    }
    if differences.is_empty() && ours != theirs {
        differences.push("bytes outside of every field".to_owned());
    }
    if differences.is_empty() { Ok(()) } else { Err(format!("{place}: {}", differences.join("; "))) }
}

/// Compares the data segment: times (version 2), then frames. Ours may be longer (page rounding).
///
/// # Errors
/// Where the first byte differs, or that a segment is missing or too much.
pub fn compare_data(recording: &Recording, step: usize, ours: Option<&[u8]>) -> Result<(), String> {
    compare_bytes("data segment", recording, step, snapshot(recording, step)?.data.as_deref(), ours)
}

/// Compares the segments' public names. A stream whose writer chose the name has no name to compare.
///
/// # Errors
/// Which name differs.
pub fn compare_names(
    recording: &Recording,
    settings: &Settings,
    step: usize,
    data: Option<&str>,
    aux: Option<&str>,
) -> Result<(), String> {
    if settings.shmem_name.is_none() {
        return Ok(());
    }
    let theirs = snapshot(recording, step)?;
    for (what, theirs, ours) in
        [("data", theirs.data_name.as_deref(), data), ("static metadata", theirs.aux_name.as_deref(), aux)]
    {
        if theirs != ours {
            return Err(format!("{}: {what} segment: ours {ours:?}, theirs {theirs:?}", place(recording, step)));
        }
    }
    Ok(())
}

fn compare_bytes(
    what: &str,
    recording: &Recording,
    step: usize,
    theirs: Option<&[u8]>,
    ours: Option<&[u8]>,
) -> Result<(), String> {
    let place = place(recording, step);
    match (theirs, ours) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(format!("{place}: no {what}, theirs has one")),
        (None, Some(_)) => Err(format!("{place}: a {what}, theirs has none")),
        (Some(theirs), Some(ours)) if ours.len() < theirs.len() => {
            Err(format!("{place}: {what} of {} bytes, theirs of {}", ours.len(), theirs.len()))
        }
        (Some(theirs), Some(ours)) => match theirs.iter().zip(ours).position(|(a, b)| a != b) {
            None => Ok(()),
            Some(at) => {
                let word = at - at % 8..(at - at % 8 + 8).min(theirs.len());
                let (a, b) = (ours.get(word.clone()), theirs.get(word));
                Err(format!("{place}: {what} differs at byte {at}: ours {}, theirs {}", show(a), show(b)))
            }
        },
    }
}

/// The header in the one form that both writers' ways of saying the same have in common.
fn normal_form(recording: &Recording, header: &[u8]) -> Vec<u8> {
    let mut header = header.to_vec();
    if read(recording, &header, "aux_nbytes").is_some_and(|n| n > 0)
        && let Some(nbytes) = field_mut(recording, &mut header, "aux_nbytes")
    {
        nbytes.fill(1);
    }
    let Some(number_of_dims) = read(recording, &header, "ndim") else { return header };
    if number_of_dims == 0 {
        let placeholder = |bytes: &[u8]| bytes == (-1.0f64).to_le_bytes() || bytes == 0.0f64.to_le_bytes();
        if let Some(srate) = field_mut(recording, &mut header, "srate").filter(|b| placeholder(b)) {
            srate.fill(0);
        }
        return header;
    }
    // `shape` is an array of u32 of which the first is the ring's length.
    let n_frames = recording.field("shape").and_then(|(o, _)| header.get(o..o + 4)).map(little_endian);
    let (write_index, wraps) =
        (read(recording, &header, "write_index"), read(recording, &header, "wrap_counter").unwrap_or(0));
    if n_frames.is_some_and(|n| n > 0) && write_index == n_frames {
        if let Some(b) = field_mut(recording, &mut header, "write_index") {
            b.fill(0);
        }
        if let Some(b) = field_mut(recording, &mut header, "wrap_counter") {
            b.copy_from_slice(&wraps.wrapping_add(1).to_le_bytes());
        }
    }
    header
}

fn snapshot(recording: &Recording, step: usize) -> Result<&Snapshot, String> {
    recording.steps.get(step).map(|s| &s.after).ok_or_else(|| format!("{}: no such step", place(recording, step)))
}

fn place(recording: &Recording, step: usize) -> String {
    format!("{} (struct_version {}), step {step}", recording.path.display(), recording.struct_version)
}

fn read(recording: &Recording, header: &[u8], name: &str) -> Option<u64> {
    recording.field(name).and_then(|(o, n)| header.get(o..o + n)).map(little_endian)
}

fn field_mut<'a>(recording: &Recording, header: &'a mut [u8], name: &str) -> Option<&'a mut [u8]> {
    recording.field(name).and_then(|(o, n)| header.get_mut(o..o + n))
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

fn show(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "nothing".to_owned() };
    match bytes.len() {
        8 => format!(
            "{bytes:02x?} (u64 {}, f64 {})",
            little_endian(bytes),
            f64::from_le_bytes(little_endian(bytes).to_le_bytes())
        ),
        0..8 => format!("{bytes:02x?} ({})", little_endian(bytes)),
        // Long ones (key, shape): without the zeros behind.
        n => {
            let used = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
            format!("{:02x?} of {n} bytes", bytes.get(..used.min(64)).unwrap_or_default())
        }
    }
}
