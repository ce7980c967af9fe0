//! What went wrong and right in an acquisition, as plain numbers.
//!
//! The acquisition loop counts them, the extension block carries them, every reader sees them. Nothing here knows how they are stored.

/// Counters of an acquisition since its start, and what it measured of itself. All counts are cumulative.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Health {
    /// Frames that the ADC converted and nobody has: the sum of all gaps, whatever their cause.
    pub frames_lost: u64,
    /// Data-ready edges that were expected and did not come, or came and were seen too late.
    pub drdy_missed: u64,
    /// Frames whose status word or checksum was wrong. They are not published and leave a gap.
    pub bad_frames: u64,
    /// SPI transfers that failed.
    pub bus_errors: u64,
    /// Times that a frame was overwritten in the ADC before it was read.
    pub overruns: u64,
    /// Frames of a second converter repeated or skipped because its clock drifts against the first one's.
    pub slips: u64,
    /// Times that the ADC was initialised again after it stopped answering.
    pub restarts: u64,
    /// Messages without the buffered axis, which were ignored.
    pub messages_ignored: u64,
    /// Frames that did not fit in the ring because a chunk was longer than it.
    pub frames_cut: u64,
    /// Rate of frames as measured from the data-ready times, in Hz; 0.0 until there are enough of them.
    pub measured_rate: f64,
}
