//! What the tests of the formats share: a description, samples, a place for files.

use std::ops::Deref;
use std::path::PathBuf;

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use serde_json::Value;
use tempfile::TempDir;

use super::*;

/// A stream of so many channels at 250 Hz, whose first frame is number 7 at 1.25 s, 2026-11-28T17:38:05.25Z.
pub(crate) fn head(dtype: DType, channels: usize) -> Head {
    Head {
        name: "lab".to_owned(),
        key: "eeg".to_owned(),
        dtype,
        rate: Some(250.0),
        shape: vec![channels],
        channels: (0..channels).collect(),
        labels: (1..=channels).map(|n| format!("ch{n}")).collect(),
        positions: Vec::new(),
        unit: "code".to_owned(),
        attrs: serde_json::Map::new(),
        clock: Clock::Monotonic,
        struct_version: 2,
        generation: 0,
        instance: Some(0x1000_0000_0000_00ff),
        n_frames: 2500,
        static_metadata: Vec::new(),
        first_frame: 7,
        first_time: Some(1.25),
        utc: utc::Mapping { offset_s: Some(1_795_887_484.0), error_s: 1e-6 },
        start_utc_ns: 1_795_887_485_250_000_000,
        part: 1,
        health: Value::Null,
        lossy: false,
    }
}

/// A path in a folder of its own, which goes with it.
pub(crate) struct Temp {
    _folder: TempDir,
    path: PathBuf,
}

impl Deref for Temp {
    type Target = PathBuf;

    fn deref(&self) -> &PathBuf {
        &self.path
    }
}

impl AsRef<Path> for Temp {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

pub(crate) fn temp(name: &str) -> Temp {
    let folder = tempfile::Builder::new().prefix("axismirror-record-").tempdir().unwrap();
    Temp { path: folder.path().join(name), _folder: folder }
}

pub(crate) fn bytes_of<T: Copy, const N: usize>(values: &[T], to: fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|v| to(*v)).collect()
}

#[test]
fn the_ending_chooses_the_format() {
    for (name, format) in
        [("a.bdf", Format::Bdf), ("b/c.EDF", Format::Edf), ("x.y.xdf", Format::Xdf), ("a.csv", Format::Csv)]
    {
        assert_eq!(Format::of(Path::new(name)).unwrap(), format);
    }
    for name in ["a", "a.txt", ".bdf", ""] {
        assert!(matches!(Format::of(Path::new(name)), Err(RecordError::Ending { .. })), "{name}");
    }
    let parquet = Format::of(Path::new("a.parquet"));
    if cfg!(feature = "parquet") {
        assert_eq!(parquet.unwrap(), Format::Parquet);
    } else {
        assert!(parquet.unwrap_err().to_string().contains("cargo feature"));
    }
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let path = temp("there.csv");
    std::fs::write(&path, "mine").unwrap();
    let error = Format::Csv.create(&path, false, &head(DType::I32, 1)).unwrap_err();
    assert!(matches!(error, RecordError::Exists { .. }) && error.hint().unwrap().contains("--overwrite"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    Format::Csv.create(&path, true, &head(DType::I32, 1)).unwrap();
    assert_ne!(std::fs::read_to_string(&path).unwrap(), "mine");
}
