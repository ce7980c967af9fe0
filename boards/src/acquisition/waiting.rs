//! The edges that wait already: takes them all, but never more than a bound.
//!
//! Must never decide what they mean.

use crate::drdy::{DataReady, Edge, Wait};

/// Edges that are taken at once: more than the longest queue holds (1024 with the Linux GPIO uAPI v2), so that a backlog is
/// one step. Whoever makes them faster than the host takes them must not keep it from noticing a stop.
const MOST: u64 = 2048;

/// What waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    /// How many were taken.
    pub(super) edges: u64,
    /// The last of them.
    pub(super) newest: Option<Edge>,
    /// There may be more.
    pub(super) more: bool,
}

/// Takes the edges that wait.
pub(super) fn take<D: DataReady>(drdy: &mut D) -> Result<Waiting, D::Error> {
    let mut waiting = Waiting::default();
    while let Wait::Edge(edge) = drdy.wait(0)? {
        waiting.edges += 1;
        waiting.newest = Some(edge);
        if waiting.edges == MOST {
            waiting.more = true;
            break;
        }
    }
    Ok(waiting)
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use super::*;
    use crate::drdy::Level;

    /// So many edges, one behind the other.
    struct Noise(u64);

    impl DataReady for Noise {
        type Error = Infallible;

        fn wait(&mut self, _timeout_ns: i64) -> Result<Wait, Infallible> {
            let left = self.0.checked_sub(1);
            self.0 = left.unwrap_or_default();
            Ok(left.map_or(Wait::Timeout, |n| Wait::Edge(Edge { time_ns: -(n as i64), seqno: None })))
        }

        fn level(&mut self) -> Result<Option<Level>, Infallible> {
            Ok(None)
        }
    }

    #[test]
    fn a_full_queue_is_taken_whole_and_a_flood_is_not() {
        let mut quiet = Noise(0);
        assert_eq!(take(&mut quiet), Ok(Waiting::default()));
        let mut late = Noise(1024);
        let taken = take(&mut late).unwrap();
        assert_eq!((taken.edges, taken.newest.map(|e| e.time_ns), taken.more), (1024, Some(0), false));
        let mut flood = Noise(1 << 20);
        let taken = take(&mut flood).unwrap();
        assert!(taken.more);
        // What was taken is what is missing in the queue.
        assert_eq!(taken.edges + flood.0, 1 << 20);
        assert_eq!(taken.newest.map(|e| e.time_ns), Some(-(flood.0 as i64)));
    }
}
