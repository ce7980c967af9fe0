//! What went wrong and right in an acquisition, as plain numbers, and which electrodes are off.
//!
//! The acquisition loop counts them, the extension block carries them, every reader sees them. Nothing here knows how they are stored.

/// Counters of an acquisition since its start, what it measured of itself, and what the newest frame says of its electrodes. All counts
/// are cumulative.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Health {
    /// Frames that the ADC converted and nobody has: the sum of all gaps, whatever their cause. Those that a silent ADC would have made are counted by
    /// the clock while it is silent, less the last two, which may come yet.
    pub frames_lost: u64,
    /// Data-ready edges that were expected and did not come, or came and were seen too late.
    pub drdy_missed: u64,
    /// Frames whose status word or checksum was wrong. They are not published and leave a gap.
    pub bad_frames: u64,
    /// SPI transfers that failed, each once. The frames that were lost with them are among `frames_lost`.
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
    /// Electrodes that are off.
    pub lead_off: LeadOff,
}

/// Electrodes that are off in the newest frame, as far as the converter watches them: bit k is channel k. Channels from 64 on have no bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LeadOff {
    /// On the positive side.
    pub positive: u64,
    /// On the negative side.
    pub negative: u64,
}

impl LeadOff {
    /// Adds a converter's bits; its channel 0 is channel `first`.
    ///
    /// ```
    /// use axismirror_core::health::LeadOff;
    /// let mut both = LeadOff { positive: 0b1, negative: 0 };
    /// both.add(8, 0b1, 0b100);
    /// assert_eq!(both, LeadOff { positive: 0b1_0000_0001, negative: 0b100_0000_0000 });
    /// ```
    pub fn add(&mut self, first: usize, positive: u32, negative: u32) {
        let at = |bits: u32| u32::try_from(first).ok().and_then(|n| u64::from(bits).checked_shl(n)).unwrap_or(0);
        self.positive |= at(positive);
        self.negative |= at(negative);
    }

    /// The same of some channels in another order: bit k is that of the k-th of `channels`.
    ///
    /// ```
    /// use axismirror_core::health::LeadOff;
    /// let all = LeadOff { positive: 0b1000, negative: 0b0001 };
    /// assert_eq!(all.of([3, 0, 99]), LeadOff { positive: 0b01, negative: 0b10 });
    /// ```
    #[must_use]
    pub fn of(self, channels: impl IntoIterator<Item = usize>) -> Self {
        let mut chosen = Self::default();
        for (to, from) in channels.into_iter().enumerate() {
            let bit =
                |bits: u64| u32::from(u32::try_from(from).is_ok_and(|n| bits.checked_shr(n).unwrap_or(0) & 1 == 1));
            chosen.add(to, bit(self.positive), bit(self.negative));
        }
        chosen
    }
}
