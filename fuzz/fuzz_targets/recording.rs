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
            let first = frames(&mut reader, 7);
            assert!(reader.rewind().is_ok());
            assert_eq!(first, frames(&mut reader, 1000));
        }
    }
    let _ = std::fs::remove_file(&path);
});

/// All that there is, read in blocks of so many frames: the samples, times, frames lost and marks.
fn frames(reader: &mut Reader, most: usize) -> (Vec<u8>, Vec<u64>, u64, usize) {
    let content: Content = reader.content().clone();
    assert!(!content.channels.is_empty());
    let frame = content.channels.len() * content.dtype.size();
    let (mut all, mut times, mut lost, mut marks) = (Vec::new(), Vec::new(), 0_u64, 0);
    let mut block = Block::default();
    loop {
        block.clear();
        let read = reader.read(most, &mut block);
        if read.is_err() || block.frames == 0 {
            // What is damaged ends in the same place, but maybe not in the same block.
            return (all, times, lost, marks);
        }
        assert!(block.frames <= most && block.bytes.len() == block.frames * frame);
        assert!(block.times.is_empty() || block.times.len() == block.frames);
        assert!(block.times.iter().all(|t| t.is_finite()));
        all.extend_from_slice(&block.bytes);
        times.extend(block.times.iter().map(|t| t.to_bits()));
        lost = lost.saturating_add(block.lost);
        marks += block.marks.len();
    }
}
