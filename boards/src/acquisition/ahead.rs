//! A DRDY whose next edge can be looked at before it is taken.
//!
//! Must never decide what an edge means.

use crate::drdy::{DataReady, Edge, Level, Wait};

/// A source of edges, and the one that was looked at.
#[derive(Debug)]
pub(super) struct Ahead<'b, D> {
    drdy: &'b mut D,
    held: Option<Edge>,
}

impl<'b, D: DataReady> Ahead<'b, D> {
    pub(super) fn new(drdy: &'b mut D) -> Self {
        Self { drdy, held: None }
    }

    /// The edge that the next wait will find, if there is one already.
    pub(super) fn peek(&mut self) -> Result<Option<Edge>, D::Error> {
        if self.held.is_none()
            && let Wait::Edge(edge) = self.drdy.wait(0)?
        {
            self.held = Some(edge);
        }
        Ok(self.held)
    }
}

impl<D: DataReady> DataReady for Ahead<'_, D> {
    type Error = D::Error;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, D::Error> {
        self.held.take().map_or_else(|| self.drdy.wait(timeout_ns), |edge| Ok(Wait::Edge(edge)))
    }

    fn level(&mut self) -> Result<Option<Level>, D::Error> {
        self.drdy.level()
    }

    fn now_ns(&mut self) -> Option<i64> {
        self.drdy.now_ns()
    }

    fn resume(&mut self) {
        self.drdy.resume();
    }
}
