//! The host's queue of DRDY edges, as a kernel keeps it for a GPIO line.
//!
//! Bounded; when it is full the oldest edge goes. Must never know of chips.

use heapless::Deque;

use super::fault::{self, Fault, Faults};
use crate::drdy::Edge;

/// Edges that the queue holds (the default of the Linux GPIO uAPI v2 for one line).
pub const QUEUE_LENGTH: usize = 16;

/// A line's edges on their way to the host.
#[derive(Clone, Debug, Default)]
pub struct EdgeQueue {
    edges: Deque<Edge, QUEUE_LENGTH>,
    seqno: u32,
}

impl EdgeQueue {
    /// The line fell.
    pub fn push(&mut self, time_ns: i64) {
        self.drop_one();
        if self.edges.is_full() {
            self.edges.pop_front();
        }
        // Cannot fail: there is room now.
        let _ = self.edges.push_back(Edge { time_ns, seqno: Some(self.seqno) });
    }

    /// The line fell, and the edge got lost in the queue.
    pub fn drop_one(&mut self) {
        self.seqno = self.seqno.wrapping_add(1);
    }

    /// The chip has converted `frame` and pulls the line low, as far as its faults let the host see that.
    pub(crate) fn conversion(&mut self, faults: &Faults, frame: u64, time_ns: i64) {
        let unseen = [Fault::MissedEdge, Fault::DrdyLow, Fault::DrdyHigh];
        if fault::has(faults, frame, Fault::DroppedEdge) {
            self.drop_one();
        } else if !unseen.into_iter().any(|f| fault::has(faults, frame, f)) {
            self.push(time_ns);
        }
    }

    /// The oldest edge that was not handed out yet.
    pub fn pop(&mut self) -> Option<Edge> {
        self.edges.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_its_oldest_edges_and_the_count_shows_it() {
        let mut queue = EdgeQueue::default();
        for time in 0..QUEUE_LENGTH as i64 + 3 {
            queue.push(time);
        }
        assert_eq!(queue.pop(), Some(Edge { time_ns: 3, seqno: Some(4) }));
    }
}
