//! A sink that keeps every frame.

use std::convert::Infallible;

use axismirror_boards::acquisition::{Frame, Sink};
use axismirror_boards::adc::Codes;

/// Number, time in nanoseconds and codes of each frame.
#[derive(Clone, Debug)]
pub(crate) struct Frames(pub(crate) Vec<(u64, i64, Vec<i32>)>, Vec<i32>);

impl Frames {
    /// None yet, of so many channels.
    pub(crate) fn of(channels: usize) -> Self {
        Self(Vec::new(), vec![0; channels])
    }
}

impl Sink for Frames {
    type Error = Infallible;

    fn codes(&mut self) -> impl Codes + '_ {
        &mut self.1[..]
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Infallible> {
        self.0.push((frame.number, frame.time_ns, self.1.clone()));
        Ok(())
    }
}
