//! A DRDY line: its falling edges with the kernel's times, and its level.
//!
//! Edges are read as many at once as there are and handed out one by one, so that none is lost between two calls. Must never
//! decide what an edge means: that is the acquisition's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axismirror_boards::drdy::{DataReady, Edge, Level, Wait};

use super::GpioError;
use crate::clock;

/// Edges that are read at once.
pub const BATCH: usize = 16;
/// The longest wait at once: how long a stop may go unnoticed.
const LONGEST_WAIT: i64 = 50_000_000;

/// Edges in the order in which they came.
pub type Batch = heapless::Deque<Edge, BATCH>;

/// Where edges come from: the kernel, or a test.
pub trait EdgeSource {
    /// Waits at most `timeout_ns` for an edge to read; 0 only looks. A wait that a signal ended says that there is none.
    ///
    /// # Errors
    /// When the line cannot be watched.
    fn poll(&mut self, timeout_ns: i64) -> Result<bool, GpioError>;

    /// Reads the edges that there are into an empty batch; only after [`EdgeSource::poll`] said that there are some.
    ///
    /// # Errors
    /// When the line cannot be read.
    fn read(&mut self, batch: &mut Batch) -> Result<(), GpioError>;

    /// The line's level now.
    ///
    /// # Errors
    /// When the line cannot be read.
    fn level(&mut self) -> Result<Level, GpioError>;
}

/// A DRDY line.
#[derive(Debug)]
pub struct DrdyLine<S> {
    source: S,
    batch: Batch,
    stop: Arc<AtomicBool>,
}

impl<S: EdgeSource> DrdyLine<S> {
    /// Over a source of edges, until `stop` is set.
    pub const fn new(source: S, stop: Arc<AtomicBool>) -> Self {
        Self { source, batch: Batch::new(), stop }
    }
}

impl<S: EdgeSource> DataReady for DrdyLine<S> {
    type Error = GpioError;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, GpioError> {
        if let Some(edge) = self.batch.pop_front() {
            return Ok(Wait::Edge(edge));
        }
        let deadline = if timeout_ns > 0 { clock::monotonic_ns().saturating_add(timeout_ns) } else { 0 };
        let mut left = timeout_ns.max(0);
        loop {
            if timeout_ns > 0 && self.stop.load(Ordering::Relaxed) {
                return Ok(Wait::Stopped);
            }
            if self.source.poll(left.min(LONGEST_WAIT))? {
                self.source.read(&mut self.batch)?;
                if let Some(edge) = self.batch.pop_front() {
                    return Ok(Wait::Edge(edge));
                }
            }
            if timeout_ns > 0 {
                left = deadline.saturating_sub(clock::monotonic_ns());
            }
            if left <= 0 {
                return Ok(Wait::Timeout);
            }
        }
    }

    fn level(&mut self) -> Result<Option<Level>, GpioError> {
        self.source.level().map(Some)
    }

    fn now_ns(&mut self) -> Option<i64> {
        Some(clock::monotonic_ns())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// A kernel's queue of edges.
    #[derive(Default)]
    struct Queue {
        edges: VecDeque<Edge>,
        polls: u32,
        longest: i64,
        /// Set by a wait that finds nothing.
        stop: Option<Arc<AtomicBool>>,
    }

    impl EdgeSource for Queue {
        fn poll(&mut self, timeout_ns: i64) -> Result<bool, GpioError> {
            self.polls += 1;
            self.longest = self.longest.max(timeout_ns);
            if self.edges.is_empty()
                && let Some(stop) = &self.stop
            {
                stop.store(true, Ordering::Relaxed);
            }
            Ok(!self.edges.is_empty())
        }

        fn read(&mut self, batch: &mut Batch) -> Result<(), GpioError> {
            while let Some(edge) = self.edges.pop_front() {
                if batch.push_back(edge).is_err() {
                    self.edges.push_front(edge);
                    break;
                }
            }
            Ok(())
        }

        fn level(&mut self) -> Result<Level, GpioError> {
            Ok(Level::Low)
        }
    }

    fn edge(n: u32) -> Edge {
        Edge { time_ns: i64::from(n) * 1000, seqno: Some(n) }
    }

    #[test]
    fn every_queued_edge_is_handed_out_once_and_in_order() {
        let source = Queue { edges: (1..=40).map(edge).collect(), ..Queue::default() };
        let mut line = DrdyLine::new(source, Arc::default());
        assert_eq!(line.wait(1_000_000), Ok(Wait::Edge(edge(1))));
        for n in 2..=40 {
            assert_eq!(line.wait(0), Ok(Wait::Edge(edge(n))));
        }
        assert_eq!(line.wait(0), Ok(Wait::Timeout));
        // Three batches of 16, 16 and 8, and one look at an empty queue.
        assert_eq!(line.source.polls, 4);
        assert_eq!(line.level(), Ok(Some(Level::Low)));
    }

    #[test]
    fn a_stop_ends_a_long_wait_after_a_slice() {
        let stop = Arc::new(AtomicBool::new(false));
        let source = Queue { stop: Some(stop.clone()), ..Queue::default() };
        let mut line = DrdyLine::new(source, stop);
        assert_eq!(line.wait(i64::MAX), Ok(Wait::Stopped));
        assert_eq!((line.source.polls, line.source.longest), (1, 50_000_000));
    }

    #[test]
    fn a_look_never_waits() {
        let stop = Arc::new(AtomicBool::new(true));
        let mut line = DrdyLine::new(Queue::default(), stop);
        assert_eq!(line.wait(0), Ok(Wait::Timeout));
        assert_eq!((line.source.polls, line.source.longest), (1, 0));
        assert_eq!(line.wait(1), Ok(Wait::Stopped));
    }
}
