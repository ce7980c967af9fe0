//! Reads ahead: a thread that takes blocks out of a recording, so that a slow disk delays no frame.
//!
//! Holds a few blocks and no more, however long the recording is. Knows nothing of times.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::stream::Converted;
use crate::recording::{Block, Problem, Reader};

/// Bytes of a block, about; and how many blocks wait.
const BLOCK_BYTES: usize = 1 << 18;
const BLOCKS: usize = 4;
/// The most frames of a block.
const MOST_FRAMES: usize = 8192;

/// What comes next.
#[derive(Debug)]
pub(super) enum Item {
    /// Frames, as they are published.
    Block(Block),
    /// The end; in a loop the next block is the first one again.
    End,
    /// The file is damaged from here on.
    Damaged(Problem),
}

/// The thread; it ends with the recording, or when nobody takes its blocks any more.
#[derive(Debug)]
pub(super) struct Feed {
    items: Option<Receiver<Item>>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// Begins to read blocks of whole chunks.
    pub(super) fn start(reader: Reader, samples: Converted, chunk: usize, looped: bool) -> io::Result<Self> {
        let (sender, items) = sync_channel(BLOCKS);
        let thread = std::thread::Builder::new().name("replay-feed".to_owned()).spawn(move || {
            if let Err(problem) = read(reader, &samples, chunk.max(1), looped, &sender) {
                // Nobody listens: the stream has ended before.
                let _ = sender.send(Item::Damaged(problem));
            }
        })?;
        Ok(Self { items: Some(items), thread: Some(thread) })
    }

    /// What comes next, if it is there. `None` after the end.
    pub(super) fn next(&self, longest: std::time::Duration) -> Next {
        match self.items.as_ref().map(|items| items.recv_timeout(longest)) {
            Some(Ok(item)) => Next::Item(item),
            Some(Err(std::sync::mpsc::RecvTimeoutError::Timeout)) => Next::NotYet,
            _ => Next::Over,
        }
    }
}

/// What a feed has.
#[derive(Debug)]
pub(super) enum Next {
    /// This.
    Item(Item),
    /// The disk is slow.
    NotYet,
    /// Nothing more.
    Over,
}

impl Drop for Feed {
    fn drop(&mut self) {
        // A thread that waits for room sees that there will be none.
        self.items = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(
    mut reader: Reader,
    samples: &Converted,
    chunk: usize,
    looped: bool,
    out: &SyncSender<Item>,
) -> Result<(), Problem> {
    let content = reader.content();
    let frame_bytes = (content.channels.len() * content.dtype.size()).max(1);
    let most = (BLOCK_BYTES / frame_bytes).clamp(1, MOST_FRAMES).next_multiple_of(chunk);
    let mut frames = 0;
    loop {
        let mut block = Block::default();
        reader.read(most, &mut block)?;
        let is_over = block.frames == 0;
        frames += block.frames;
        if let Converted::Scaled(converter, dtype) = samples {
            let recorded = std::mem::take(&mut block.bytes);
            converter.scale(&recorded, *dtype, &mut block.bytes);
        }
        // Marks behind the last frame come in a block without one.
        if (!is_over || !block.marks.is_empty()) && out.send(Item::Block(block)).is_err() {
            return Ok(());
        }
        if is_over {
            if out.send(Item::End).is_err() {
                return Ok(());
            }
            if !looped || frames == 0 {
                return Ok(());
            }
            reader.rewind()?;
        }
    }
}
