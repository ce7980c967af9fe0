//! What a simulated chip and its wires can be told to do wrong, and when.
//!
//! Pure data. Must never know how a chip brings a fault about.

use heapless::Vec;

use crate::drdy::Level;

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
    /// A bit of the frame's status word is flipped on its way (0 is the first on the wire). On chips without a status
    /// word: the zero before the result.
    StatusBit(u8),
    /// A bit of the frame's samples is flipped on its way (0 is the first on the wire). Where there is no checksum, and
    /// only the ADS131M has one, nobody can tell.
    DataBit(u8),
    /// The ID register reads so.
    WrongId(u8),
    /// The host's SPI transfers fail, all within the time of the frames. Of a converter that scans, whose results are fetched with the command for the
    /// next conversion, the last of one scan and the first of the next may be among these: two transfers, and two scans, for a fault of one frame.
    BusError,
    /// MISO reads all zeros.
    MisoLow,
    /// MISO reads all ones.
    MisoHigh,
    /// DRDY stays low: no edges.
    DrdyLow,
    /// DRDY stays high: no edges.
    DrdyHigh,
    /// The chip is not there: MISO floats high, DRDY stays high, and what the host sends goes nowhere. When it is back it has just got
    /// its power.
    Unplugged,
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

/// What `pick` finds first among the faults that are on at a frame.
pub(crate) fn pick<T>(faults: &Faults, frame: u64, pick: impl Fn(Fault) -> Option<T>) -> Option<T> {
    faults.iter().filter(|f| f.is_on(frame)).find_map(|f| pick(f.fault))
}

/// Whether a fault is on at a frame.
pub(crate) fn has(faults: &Faults, frame: u64, fault: Fault) -> bool {
    pick(faults, frame, |f| (f == fault).then_some(())).is_some()
}

/// What the host reads where a chip sends `miso`.
pub(crate) fn on_miso(faults: &Faults, frame: u64, miso: u8) -> u8 {
    if has(faults, frame, Fault::MisoLow) {
        0x00
    } else if has(faults, frame, Fault::MisoHigh) {
        0xFF
    } else {
        miso
    }
}

/// Level of a DRDY line whose chip has a frame `ready`.
pub(crate) fn level(faults: &Faults, frame: u64, ready: bool) -> Level {
    let low = has(faults, frame, Fault::DrdyLow) || ready && !has(faults, frame, Fault::DrdyHigh);
    if low { Level::Low } else { Level::High }
}

/// The bits that are flipped at a frame: of the status, and of the samples.
pub(crate) fn flipped(faults: &Faults, frame: u64) -> (Option<u8>, Option<u8>) {
    let status = pick(faults, frame, |f| if let Fault::StatusBit(bit) = f { Some(bit) } else { None });
    let data = pick(faults, frame, |f| if let Fault::DataBit(bit) = f { Some(bit) } else { None });
    (status, data)
}

/// Flips a bit (0 is the first on the wire) of some bytes; past the end it begins anew.
pub(crate) fn flip(bytes: &mut [u8], bit: Option<u8>) {
    let Some(bit) = bit.map(usize::from) else { return };
    let length = bytes.len().max(1);
    if let Some(byte) = bytes.get_mut(bit / 8 % length) {
        *byte ^= 0x80 >> (bit % 8);
    }
}
