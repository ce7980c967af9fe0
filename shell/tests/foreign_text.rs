//! Texts of a stream that somebody else wrote: a terminal gets nothing that turns its text around or that nobody sees.

mod common;

use std::path::{Path, PathBuf};

use axismirror::config::is_invisible;
use axismirror_core::header::Generation;
use axismirror_core::name::StreamName;
use common::{Service, info, run, unique};

/// The header, the first ring and the first static metadata.
fn segments(name: &str) -> [PathBuf; 3] {
    let name = StreamName::new(name).unwrap();
    let segments = [name.header(), name.data(Generation::from_number(0)), name.static_metadata(1)];
    segments.map(|segment| Path::new("/dev/shm").join(segment.as_str()))
}

fn replaced(mut bytes: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    while let Some(at) = bytes.windows(old.len()).position(|w| w == old) {
        bytes[at..at + old.len()].copy_from_slice(new);
    }
    bytes
}

#[test]
fn what_nobody_sees_is_escaped() {
    let name = unique("foreign-QQQ");
    let flags = ["--key", "keyQQQ", "--channels", "1,2", "--labels", "aQQQ,b"];
    let service = Service::start(&name, &flags);
    // The same stream with U+202E (3 bytes in UTF-8) in its name, its key and a label, which no settings allow.
    let theirs = name.replace("QQQ", "\u{202e}");
    for (ours, theirs) in segments(&name).iter().zip(segments(&theirs)) {
        let bytes = replaced(std::fs::read(ours).unwrap(), b"QQQ", "\u{202e}".as_bytes());
        // In arrays: UCS-4.
        let bytes = replaced(bytes, b"a\0\0\0Q\0\0\0Q\0\0\0Q\0\0\0", b"a\0\0\0\x2e\x20\0\0\x2e\x20\0\0\x2e\x20\0\0");
        std::fs::write(theirs, bytes).unwrap();
    }
    service.stop();
    let name = theirs.as_str();
    let commands = [
        &["list"][..],
        &["list", "--json"],
        &["info", name],
        &["info", name, "--json"],
        &["tail", name],
        &["tail", name, "--format", "csv"],
        &["metrics", name],
        &["clean", "--dry-run", name],
    ];
    let outputs = commands.map(|args| (args, run(args)));
    let known = info(&theirs);
    for segment in segments(&theirs) {
        std::fs::remove_file(segment).unwrap();
    }
    for (args, (status, out, errors)) in outputs {
        assert_eq!(status, Some(0), "{args:?}: {errors}");
        assert!(out.contains("\\u"), "{args:?}: {out}");
        let hidden = out.chars().find(|c| *c != '\n' && is_invisible(*c));
        assert_eq!(hidden, None, "{args:?}: {out}");
    }
    // To who reads JSON the texts are what they are.
    let known = known.unwrap();
    assert_eq!((&known["name"], &known["description"]["key"]), (&theirs.into(), &"key\u{202e}".into()));
}
