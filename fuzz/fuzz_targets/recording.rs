//! A recording of any bytes: CSV, EDF, BDF, XDF, Parquet, Arrow. As volts, and block by block as it is played.
#![no_main]

use axismirror::recording::{Block, Choice, Content, Reader, Recording, Signals};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("axismirror-fuzz-{}", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    match Recording::open(&path) {
        Ok(recording) => {
            assert!(!recording.channels.is_empty());
            assert!(recording.channels.iter().flat_map(|c| &c.volts).all(|v| v.is_finite()));
        }
        Err(e) => drop((e.to_string(), e.problem.to_string())),
    }
    for signals in [Signals::Fastest, Signals::Named(vec!["2".to_owned(), "1".to_owned()])] {
        if let Ok(mut reader) = Reader::open(&path, &Choice { signals, stream: None }) {
            let (short, is_whole) = frames(&mut reader, 7);
            assert!(reader.rewind().is_ok());
            let (long, is_whole_too) = frames(&mut reader, 1000);
            // Of a damaged file fewer of the longer blocks come before the place.
            assert_eq!(is_whole, is_whole_too);
            if is_whole {
                assert_eq!(short, long);
            } else {
                assert!(short.0.starts_with(&long.0) && short.1.starts_with(&long.1));
            }
        }
    }
    let _ = std::fs::remove_file(&path);
});

/// Samples, times, frames lost, and marks.
type All = (Vec<u8>, Vec<u64>, u64, usize);

/// All that there is, read in blocks of so many frames, and whether the file was whole.
fn frames(reader: &mut Reader, most: usize) -> (All, bool) {
    let content: Content = reader.content().clone();
    assert!(!content.channels.is_empty());
    let frame = content.channels.len() * content.dtype.size();
    let (mut all, mut times, mut lost, mut marks) = (Vec::new(), Vec::new(), 0_u64, 0);
    let mut block = Block::default();
    loop {
        block.clear();
        if reader.read(most, &mut block).is_err() {
            return ((all, times, lost, marks), false);
        }
        marks += block.marks.len();
        if block.frames == 0 {
            return ((all, times, lost, marks), true);
        }
        assert!(block.frames <= most && block.bytes.len() == block.frames * frame);
        assert!(block.times.is_empty() || block.times.len() == block.frames);
        assert!(block.times.iter().all(|t| t.is_finite()));
        all.extend_from_slice(&block.bytes);
        times.extend(block.times.iter().map(|t| t.to_bits()));
        lost = lost.saturating_add(block.lost);
    }
}
