//! One file of a stream, read forwards from a frame on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axismirror_core::dtype::DType;

use super::super::{Block, Problem, Reader, Recorded};
use crate::causes;
use crate::mirror::value::value;

/// A file that was not written for so long is not written any more: longer than any format lets its rows wait.
const IS_WRITTEN: Duration = Duration::from_secs(120);

/// Bytes and frames that are read at once.
const BYTES_AT_ONCE: usize = 1 << 20;
const FRAMES_AT_ONCE: usize = 4096;

/// A file that is being read.
#[derive(Debug)]
pub(super) struct Open {
    path: PathBuf,
    pub(super) recorded: Arc<Recorded>,
    reader: Reader,
    /// Whether the reader is behind the block.
    is_placed: bool,
    block: Block,
    /// Frames of the block that are done with.
    done: usize,
    /// The last number that was read.
    last: Option<u64>,
}

/// Frames in a row; without bytes when they are not there as they were.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) times: Vec<f64>,
}

impl Open {
    pub(super) fn new(path: &Path, recorded: Arc<Recorded>, reader: Reader) -> Self {
        let (block, path) = (Block::default(), path.to_owned());
        Self { path, recorded, reader, is_placed: false, block, done: 0, last: None }
    }

    /// The number of the first frame from `next` on, which is in the block then; `None` when there is none.
    pub(super) fn first(&mut self, next: u64) -> Option<u64> {
        loop {
            let rest = self.block.numbers.get(self.done..).unwrap_or_default();
            self.done += rest.iter().take_while(|number| **number < next).count();
            if let Some(number) = self.block.numbers.get(self.done) {
                return Some(*number);
            }
            self.block.clear();
            self.done = 0;
            if let Err(problem) = self.read(next) {
                tracing::debug!("{} is not read: {}", self.path.display(), causes::line(&problem));
                self.block.clear();
                return None;
            }
            self.last = self.block.numbers.last().copied().or(self.last);
            if self.block.numbers.is_empty() {
                return None;
            }
        }
    }

    fn read(&mut self, next: u64) -> Result<(), Problem> {
        if !std::mem::replace(&mut self.is_placed, true) {
            self.reader.seek(next)?;
        }
        let at_once = BYTES_AT_ONCE / self.recorded.stream.frame_bytes().max(1);
        self.reader.read(at_once.clamp(1, FRAMES_AT_ONCE), &mut self.block)
    }

    /// Frames in a row from the block's next one, which is `next`.
    pub(super) fn run(&mut self, next: u64, end: u64) -> Run {
        let (from, frame_len) = (self.done, self.recorded.stream.frame_bytes().max(1));
        let numbers = self.block.numbers.get(from..).unwrap_or_default();
        let in_row = numbers.iter().zip(next..end).take_while(|(number, expected)| *number == expected).count();
        let frames = self.block.bytes.get(from * frame_len..(from + in_row) * frame_len).unwrap_or_default();
        let exact = frames.chunks_exact(frame_len).take_while(|frame| self.is_exact(frame)).count();
        let bytes = frames.get(..exact * frame_len).unwrap_or_default().to_vec();
        let times = self.block.times.get(from..from + exact).unwrap_or_default().to_vec();
        // One that is not exact is passed over alone.
        let taken = exact.max(1);
        self.done += taken;
        Run { first: next, end: next.saturating_add(taken as u64), bytes, times }
    }

    fn is_exact(&self, frame: &[u8]) -> bool {
        let dtype = self.recorded.stream.dtype;
        let parts = match dtype {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            part => part,
        };
        let is_float = matches!(parts, DType::F16 | DType::F32 | DType::F64);
        !(self.reader.content().has_texts
            && is_float
            && frame.chunks_exact(parts.size()).any(|sample| value(parts, sample).is_nan()))
    }

    /// Whether a frame that is not in the file may be in it soon: its rows end before it, and it is being written.
    pub(super) fn may_bring(&self, frame: u64) -> bool {
        let is_behind = self.block.numbers.get(self.done).is_none() && self.last.is_none_or(|last| last < frame);
        is_behind && is_written(&self.path)
    }
}

/// Whether somebody wrote into a file just now.
pub(super) fn is_written(path: &Path) -> bool {
    let written = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < IS_WRITTEN))
}
