//! What a simulated chip and its wires can be told to do wrong, and when.
//!
//! Pure data. Must never know how a chip brings a fault about.

use heapless::Vec;

/// Faults that one simulated chip can have planned.
pub const MAX_FAULTS: usize = 16;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// The chip converts and DRDY falls, but the host's interrupt does not see the edge.
    MissedEdge,
    /// The host sees the edge and its queue drops it: the next edge's `seqno` jumps.
    DroppedEdge,
    /// A bit of the frame's status word is flipped on its way (0 is the first on the wire).
    StatusBit(u8),
    /// A bit of the frame's samples is flipped on its way (0 is the first on the wire). The ADS1299 has no checksum:
    /// nobody can tell.
    DataBit(u8),
    /// The ID register reads so.
    WrongId(u8),
    /// The host's SPI transfers fail.
    BusError,
    /// MISO reads all zeros.
    MisoLow,
    /// MISO reads all ones.
    MisoHigh,
    /// DRDY stays low: no edges.
    DrdyLow,
    /// DRDY stays high: no edges.
    DrdyHigh,
}

/// A fault and its time, counted in frames of the chip that has it.
///
/// Frames are counted from the chip's first conversion on and go on by the clock while it does not convert. Until the
/// first conversion the count is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ScheduledFault {
    /// What goes wrong.
    pub fault: Fault,
    /// Which chip of the board.
    pub chip: usize,
    /// The first frame that it concerns.
    pub after_frame: u64,
    /// For how many frames. [`u64::MAX`]: for good.
    pub frames: u64,
}

impl ScheduledFault {
    /// Whether it is on at a frame.
    #[must_use]
    pub const fn is_on(&self, frame: u64) -> bool {
        frame >= self.after_frame && frame - self.after_frame < self.frames
    }
}

/// All that is planned to go wrong.
pub type Faults = Vec<ScheduledFault, MAX_FAULTS>;
