//! What can go wrong in an acquisition besides what it counts.

use core::convert::Infallible;

use crate::adc::{Adc, AdcError};
use crate::board::MAX_CHIPS;
use crate::drdy::DataReady;

/// Why an acquisition cannot begin or go on. `B`, `D` and `S` are the errors of SPI bus, DRDY line and sink.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AcquisitionError<B, D, S = Infallible> {
    /// There must be one to [`MAX_CHIPS`] converters, and a DRDY for the first one at least.
    #[error("{adcs} converters with {drdys} DRDY lines; there must be 1 to {MAX_CHIPS} and a line for the first one")]
    Chips {
        /// Converters given.
        adcs: usize,
        /// DRDY sources given.
        drdys: usize,
    },
    /// A converter that scans its inputs paces itself: others beside it would have nothing to be read by.
    #[error("{adcs} converters of which one scans its inputs; such a one must be alone")]
    ScanWithOthers {
        /// Converters given.
        adcs: usize,
    },
    /// A converter could not be started, stopped or started again. [`Acquisition::step`](super::Acquisition::step) tries again.
    #[error("chip {chip}: {error}")]
    Adc {
        /// Which one, from 0.
        chip: usize,
        /// What it says.
        error: AdcError<B>,
    },
    /// A DRDY line cannot be watched.
    #[error("the DRDY line cannot be watched: {0:?}")]
    DataReady(D),
    /// The sink's place for codes is for another number of channels.
    #[error("a frame has {channels} channels, but the sink has room for {given}")]
    Channels {
        /// Channels of all converters together.
        channels: usize,
        /// Channels that there is room for.
        given: usize,
    },
    /// The sink did not take a frame.
    #[error("a frame could not be handed on: {0:?}")]
    Sink(S),
}

/// What goes wrong in an acquisition of converters `A` paced by `D`, with the sink's error `S`.
pub type ErrorOf<A, D, S = Infallible> = AcquisitionError<<A as Adc>::BusError, <D as DataReady>::Error, S>;
