//! Data records on their way into the file: frames until a record is full, and annotations until one has room for them.
//!
//! The number of data records in the header is set with each write, behind the records themselves: at any time it is at most what the file holds.
//! Knows nothing of a stream: frames are counted on the file's own line of time, which has no gaps.

use std::collections::VecDeque;

use super::super::RecordError;
use super::super::out::Out;
use super::length::Length;
use super::tal;
use crate::formats::edf::{Kind, RECORDS};

/// Records of one file.
#[derive(Debug)]
pub(super) struct Records {
    out: Out,
    kind: Kind,
    length: Length,
    channels: usize,
    /// The first record's beginning within its second, in ticks.
    start: u64,
    /// Samples of the record that is being filled, a frame after the other.
    filling: Vec<i32>,
    /// Whole records that are not in the file yet.
    whole: Vec<u8>,
    /// Records, in the file or in `whole`.
    records: u64,
    /// Bytes of annotations in each of them.
    used: Vec<u16>,
    /// Annotations that have no place yet.
    waiting: VecDeque<Vec<u8>>,
    /// Frames before the next one.
    position: u64,
}

impl Records {
    /// None, behind a header.
    pub(super) const fn new(out: Out, kind: Kind, length: Length, channels: usize, start: u64) -> Self {
        Self {
            out,
            kind,
            length,
            channels,
            start,
            filling: Vec::new(),
            whole: Vec::new(),
            records: 0,
            used: Vec::new(),
            waiting: VecDeque::new(),
            position: 0,
        }
    }

    pub(super) const fn length(&self) -> &Length {
        &self.length
    }

    /// Frames before the next one.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Where a position lies in time, in ticks since the second in which the file begins.
    pub(super) const fn onset(&self, position: u64) -> u64 {
        self.start.saturating_add(self.length.ticks_of(position))
    }

    /// Bytes of a record.
    pub(super) const fn record_bytes(&self) -> usize {
        self.length.frames * self.channels * self.kind.sample() + self.length.annotation_bytes
    }

    /// Bytes of whole records that are not in the file yet.
    pub(super) const fn whole_bytes(&self) -> usize {
        self.whole.len()
    }

    /// Bytes of the file.
    pub(super) const fn file_bytes(&self) -> u64 {
        self.out.end()
    }

    /// Whether no record is begun.
    pub(super) const fn is_between(&self) -> bool {
        self.filling.is_empty()
    }

    /// Frames up to the end of the record.
    pub(super) fn missing(&self) -> u64 {
        (self.length.frames - self.filling.len() / self.channels.max(1)) as u64
    }

    /// One frame's codes into the record. Whether it is full with them.
    pub(super) fn push(&mut self, codes: &[i32]) -> bool {
        self.filling.extend_from_slice(codes);
        self.position += 1;
        let is_full = self.filling.len() >= self.length.frames * self.channels;
        if is_full {
            self.close();
        }
        is_full
    }

    /// Annotations for the next records that have room.
    pub(super) fn annotate(&mut self, annotations: Vec<Vec<u8>>) {
        self.waiting.extend(annotations);
    }

    /// Whether annotations wait.
    pub(super) fn has_annotations(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Puts the full record behind the others.
    fn close(&mut self) {
        let channels = self.channels.max(1);
        for channel in 0..channels {
            for code in self.filling.iter().skip(channel).step_by(channels) {
                self.kind.encode(*code, &mut self.whole);
            }
        }
        self.filling.clear();
        let room = self.length.annotation_bytes;
        let mut lists = tal::record_time(self.start + self.records * self.length.ticks);
        while self.waiting.front().is_some_and(|next| lists.len() + next.len() <= room) {
            lists.extend(self.waiting.pop_front().unwrap_or_default());
        }
        self.used.push(u16::try_from(lists.len()).unwrap_or(u16::MAX));
        lists.resize(room, 0);
        self.whole.append(&mut lists);
        self.records += 1;
    }

    /// Whole records into the file, and then their number into its header.
    pub(super) fn write(&mut self) -> Result<(), RecordError> {
        if self.whole.is_empty() {
            return Ok(());
        }
        let whole = std::mem::take(&mut self.whole);
        self.out.append(&whole)?;
        // Always room for eight digits: 99,999,999 records of a second are three years.
        self.out.replace(RECORDS.at as u64, format!("{:<1$}", self.records, RECORDS.len).as_bytes())
    }

    /// Annotations that are left go where records of the file have room for them.
    pub(super) fn place_annotations(&mut self) -> Result<(), RecordError> {
        let (record_bytes, room) = (self.record_bytes() as u64, self.length.annotation_bytes);
        let first = self.out.end() - self.records * record_bytes;
        for (record, used) in self.used.iter_mut().enumerate().rev() {
            while let Some(next) = self.waiting.front().filter(|n| usize::from(*used) + n.len() <= room) {
                let lists = first + (record as u64 + 1) * record_bytes - room as u64;
                self.out.replace(lists + u64::from(*used), next)?;
                *used += u16::try_from(next.len()).unwrap_or(0);
                self.waiting.pop_front();
            }
        }
        Ok(())
    }
}
