//! The kernel's GPIO character devices (uAPI v2): what chips there are, and a line that is watched for falling edges.
//!
//! `gpiocdev` 0.8.0 reads up to eight events in `Request::read_edge_event` and hands out the first: batches are read here instead.

use gpiocdev::Request;
use gpiocdev::chip::Chip;
use gpiocdev::line::{EdgeDetection, EventClock, Value};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use axismirror_boards::drdy::{Edge, Level};

use super::drdy::{BATCH, Batch, EdgeSource};
use super::{CONSUMER, Found, GpioChip, GpioError, Line};

/// Events that the kernel keeps for us: the most that it allows (`GPIO_V2_LINES_MAX` * 16), 64 ms of them at 16 kHz.
const KERNEL_EVENTS: u32 = 1024;
/// 64-bit words of an event (`struct gpio_v2_line_event`, 48 bytes).
const EVENT_WORDS: usize = 6;

/// All GPIO chips that this user may open, with their lines.
#[must_use]
pub fn chips() -> Vec<GpioChip> {
    let Ok(paths) = gpiocdev::chip::chips() else { return Vec::new() };
    paths.iter().filter_map(|path| describe(&Chip::from_path(path).ok()?)).collect()
}

fn describe(chip: &Chip) -> Option<GpioChip> {
    let info = chip.info().ok()?;
    let line = |offset| {
        let line = chip.line_info(offset).ok()?;
        Some(Line { name: line.name, consumer: line.used.then_some(line.consumer) })
    };
    let lines = (0..info.num_lines).map(|offset| line(offset).unwrap_or_default()).collect();
    Some(GpioChip { path: chip.path().to_owned(), label: info.label, lines })
}

/// A line of the kernel that is watched for falling edges.
#[derive(Debug)]
pub struct WatchedLine {
    request: Request,
    offset: u32,
    name: String,
}

/// Watches a line.
///
/// # Errors
/// [`GpioError::Busy`], [`GpioError::Kernel`].
pub fn watch(found: &Found) -> Result<WatchedLine, GpioError> {
    found.free()?;
    let request = Request::builder()
        .on_chip(&found.path)
        .with_consumer(CONSUMER)
        .with_line(found.offset)
        .as_input()
        .with_edge_detection(EdgeDetection::FallingEdge)
        .with_event_clock(EventClock::Monotonic)
        .with_kernel_event_buffer_size(KERNEL_EVENTS)
        .request()
        .map_err(|e| found.refused(e))?;
    Ok(WatchedLine { request, offset: found.offset, name: found.name.clone() })
}

impl WatchedLine {
    fn failed(&self, message: impl ToString) -> GpioError {
        GpioError::Kernel { name: self.name.clone(), message: message.to_string() }
    }
}

impl EdgeSource for WatchedLine {
    fn poll(&mut self, timeout_ns: i64) -> Result<bool, GpioError> {
        let timeout = Timespec { tv_sec: timeout_ns / 1_000_000_000, tv_nsec: timeout_ns % 1_000_000_000 };
        let mut watched = [PollFd::new(&self.request, PollFlags::IN)];
        match poll(&mut watched, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn read(&mut self, batch: &mut Batch) -> Result<(), GpioError> {
        let mut words = [0; BATCH * EVENT_WORDS];
        let read = self.request.read_edge_events_into_slice(&mut words).map_err(|e| self.failed(e))?;
        for event in words.get(..read).unwrap_or_default().chunks_exact(EVENT_WORDS) {
            let event = self.request.edge_event_from_slice(event).map_err(|e| self.failed(e))?;
            let time_ns = i64::try_from(event.timestamp_ns).unwrap_or(i64::MAX);
            // Cannot fail: the batch is empty and no more than its length was read.
            let _ = batch.push_back(Edge { time_ns, seqno: Some(event.line_seqno) });
        }
        Ok(())
    }

    fn level(&mut self) -> Result<Level, GpioError> {
        match self.request.value(self.offset) {
            Ok(Value::Active) => Ok(Level::High),
            Ok(Value::Inactive) => Ok(Level::Low),
            Err(error) => Err(self.failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_the_kernel_has_the_length_that_is_read_by() {
        // linux/gpio.h: u64 timestamp, u32 id, offset, seqno, line_seqno, padding[6].
        assert_eq!(EVENT_WORDS * 8, 8 + 4 * 4 + 6 * 4);
    }
}
