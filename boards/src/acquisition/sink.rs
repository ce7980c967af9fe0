//! What an acquisition hands on, and to whom.
//!
//! Must never know how frames are read or where they end up.

use axismirror_core::health::Health;

use crate::adc::Codes;

/// A frame whose codes the sink has got.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Its number, counted from the start, lost ones included: more than one behind the last means that frames are missing in between.
    pub number: u64,
    /// The time of its DRDY, in nanoseconds of the host's clock.
    pub time_ns: i64,
    /// What went wrong up to now, and the rate as measured.
    pub health: &'a Health,
}

/// Where frames go.
pub trait Sink {
    /// What can go wrong there.
    type Error: core::fmt::Debug;

    /// Where the codes of the next frame go, all channels of all converters side by side. They count when [`Sink::frame`] follows; otherwise the
    /// frame is lost, and its place is asked for again. The conversions of a scan are set one after the other, each after its own call.
    fn codes(&mut self) -> impl Codes + '_;

    /// The codes that were set are a frame. It is gone afterwards, whatever is returned.
    ///
    /// # Errors
    /// Ends the [`Acquisition::step`](super::Acquisition::step) that it happens in.
    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Self::Error>;
}

impl<T: Sink + ?Sized> Sink for &mut T {
    type Error = T::Error;

    fn codes(&mut self) -> impl Codes + '_ {
        (**self).codes()
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), T::Error> {
        (**self).frame(frame)
    }
}

/// The codes of one converter among those of a frame.
pub(super) struct OfChip<'c, C: ?Sized> {
    pub(super) codes: &'c mut C,
    /// Its first channel's place in the frame.
    pub(super) first: usize,
    pub(super) channels: usize,
}

impl<C: Codes + ?Sized> Codes for OfChip<'_, C> {
    fn channels(&self) -> usize {
        self.channels.min(self.codes.channels().saturating_sub(self.first))
    }

    #[inline]
    fn set(&mut self, channel: usize, code: i32) {
        if channel < self.channels {
            self.codes.set(self.first + channel, code);
        }
    }
}
