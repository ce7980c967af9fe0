//! What every ADC driver offers, whatever the chip and whatever bus it sits on.
//!
//! Must never know of a particular chip's registers, of boards, or of who paces the reading.

use embedded_hal::spi;

/// A converter that delivers frames: one sample of each channel.
///
/// The life of a driver: [`initialise`](Adc::initialise), [`start`](Adc::start), [`read_frame`](Adc::read_frame) at
/// each data-ready, [`stop`](Adc::stop). After errors, `initialise` and `start` again.
pub trait Adc {
    /// What the SPI bus reports when a transfer fails.
    type BusError: spi::Error;

    /// The chip's name as its maker writes it.
    fn name(&self) -> &'static str;

    /// Channels in a frame.
    fn channels(&self) -> usize;

    /// Conversions that make a frame, each with a data-ready of its own: 1 on a converter that samples all channels at once,
    /// as many as there are inputs in its scan on one behind a multiplexer.
    fn conversions_per_frame(&self) -> usize {
        1
    }

    /// Nominal rate of frames in Hz. The true one depends on the chip's clock: measure it.
    fn rate(&self) -> f64;

    /// The gain before the converter. `None` when there is no such channel.
    fn gain(&self, channel: usize) -> Option<u8>;

    /// Codes of the converter: the least and the greatest.
    fn code_range(&self) -> (i32, i32);

    /// Volts at the input for one step of the code. `None` when there is no such channel.
    fn volts_per_code(&self, channel: usize) -> Option<f64>;

    /// Volts at the input for the greatest code. `None` when there is no such channel.
    fn full_scale(&self, channel: usize) -> Option<f64> {
        Some(self.volts_per_code(channel)? * f64::from(self.code_range().1))
    }

    /// Powers up, resets, identifies and configures the chip, and reads back what was configured.
    /// Afterwards the chip is stopped.
    ///
    /// # Errors
    /// [`AdcError::Bus`], [`AdcError::WrongId`], [`AdcError::ReadBack`].
    fn initialise(&mut self) -> Result<(), AdcError<Self::BusError>>;

    /// Begins converting. On a converter with several conversions for a frame also the way to begin a scan anew, when one
    /// was not read to its end.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    fn start(&mut self) -> Result<(), AdcError<Self::BusError>>;

    /// Ends converting.
    ///
    /// # Errors
    /// [`AdcError::Bus`].
    fn stop(&mut self) -> Result<(), AdcError<Self::BusError>>;

    /// Reads what is ready and decodes it into `codes` (for as many channels as there are): the frame, or the next conversion of it where
    /// there are several. Then it is called [`conversions_per_frame`](Adc::conversions_per_frame) times with the same
    /// `codes`, once at each data-ready, and these hold the frame when the last call succeeded; after a call that failed
    /// [`start`](Adc::start) begins anew. Who waits for data-ready is the caller: a driver never does.
    ///
    /// # Errors
    /// [`AdcError::Bus`] when the transfer failed, [`AdcError::BadStatus`] or [`AdcError::BadChecksum`] when the frame
    /// is not to be believed (`codes` then holds nothing of use), [`AdcError::FrameBuffer`] when `codes` is for another number of channels.
    fn read_frame<C: Codes + ?Sized>(&mut self, codes: &mut C) -> Result<FrameStatus, AdcError<Self::BusError>>;

    /// Whether the chip keeps the frame before when it has converted another one, so that a read gets the older of the two. Else it
    /// gets the newest.
    fn queues_frames(&self) -> bool {
        false
    }

    /// Frames were converted that nobody read: the host was late, or a transfer failed. A chip that queues its frames drops
    /// the old ones at the next [`read_frame`](Adc::read_frame), which so gets the newest.
    fn skip_unread(&mut self) {}

    /// Connects all channels to the electrodes or to something inside the chip. Stops the chip.
    ///
    /// # Errors
    /// [`AdcError::Unsupported`] where the chip has no such input, and the errors of [`Adc::initialise`].
    fn set_input(&mut self, input: Input) -> Result<(), AdcError<Self::BusError>>;

    /// What [`Input::TestSignal`] looks like on a channel at its present gain and rate. `None` when the chip has none.
    fn test_signal(&self, channel: usize) -> Option<TestSignal>;
}

/// Where a driver puts the codes of a frame as it decodes them: a slice, or the place where readers will find the frame.
pub trait Codes {
    /// For how many channels.
    fn channels(&self) -> usize;

    /// Sets the code of a channel; nothing when there is no such one.
    fn set(&mut self, channel: usize, code: i32);
}

impl Codes for [i32] {
    fn channels(&self) -> usize {
        self.len()
    }

    #[inline]
    fn set(&mut self, channel: usize, code: i32) {
        if let Some(place) = self.get_mut(channel) {
            *place = code;
        }
    }
}

impl<const N: usize> Codes for [i32; N] {
    fn channels(&self) -> usize {
        N
    }

    #[inline]
    fn set(&mut self, channel: usize, code: i32) {
        self.as_mut_slice().set(channel, code);
    }
}

impl<C: Codes + ?Sized> Codes for &mut C {
    fn channels(&self) -> usize {
        (**self).channels()
    }

    #[inline]
    fn set(&mut self, channel: usize, code: i32) {
        (**self).set(channel, code);
    }
}

/// What the channels measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Input {
    /// The pins.
    #[default]
    Normal,
    /// The two inputs shorted: the chip's own noise and offset.
    Shorted,
    /// The square wave or constant level that the chip makes for its self-test.
    TestSignal,
}

/// A square wave or a constant level for self-tests, as codes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TestSignal {
    /// Half the distance between the two levels, or the constant level, in codes.
    pub amplitude: f64,
    /// Frames from one rising edge to the next. 0: a constant level.
    pub period: u32,
    /// How far the amplitude may be off, as a share of it.
    pub tolerance: f64,
}

/// What a good frame says besides its samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameStatus {
    /// Electrodes off on the positive side, bit 0 is channel 0.
    pub lead_off_positive: u32,
    /// Electrodes off on the negative side, bit 0 is channel 0.
    pub lead_off_negative: u32,
    /// Levels of the chip's own GPIO pins, bit 0 is the first.
    pub gpio: u8,
    /// The chip says that these samples were read before: it has converted nothing since. Chips that do not tell leave it off.
    pub repeated: bool,
}

/// What can go wrong between the host and a converter.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AdcError<E> {
    /// The SPI transfer failed.
    #[error("the SPI transfer failed: {0:?}")]
    Bus(E),
    /// Something else answers, or nothing: all zeros or all ones is a line that nobody drives.
    #[error(
        "{chip} expected (ID {expected:#04x} in the bits {mask:#04x}), but the ID register reads {found:#04x}: check power, SPI \
         wiring, chip-select and SPI mode"
    )]
    WrongId {
        /// The chip that should be there.
        chip: &'static str,
        /// The identity read.
        found: u16,
        /// The identity that the chip has, in the bits of `mask`.
        expected: u16,
        /// The bits that identify it.
        mask: u16,
    },
    /// A register does not hold what was written.
    #[error("register {register} reads back {read:#04x} where {wrote:#04x} was written: check SPI speed and wiring")]
    ReadBack {
        /// The register's name in the datasheet.
        register: &'static str,
        /// What was written.
        wrote: u16,
        /// What it reads, in the bits that can be written.
        read: u16,
    },
    /// The frame's status word is not what this chip sends.
    #[error("a frame begins {bytes:02x?}, which is not a status word of this chip as it is set up")]
    BadStatus {
        /// The status word as received.
        bytes: [u8; 3],
    },
    /// The frame's checksum does not fit its bytes.
    #[error("a frame's checksum is {received:#06x}, its bytes give {computed:#06x}")]
    BadChecksum {
        /// The checksum in the frame.
        received: u16,
        /// The checksum of the frame's bytes.
        computed: u16,
    },
    /// The place for a frame is for another number of channels.
    #[error("a frame has {channels} samples, but there is room for {given}")]
    FrameBuffer {
        /// Channels of the chip.
        channels: usize,
        /// Channels that there is room for.
        given: usize,
    },
    /// The chip cannot do it.
    #[error("this chip has no {what}")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
    },
}

impl<E> From<E> for AdcError<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}
