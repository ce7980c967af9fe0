//! A frame of an event stream: one event, of a fixed size, as it lies in the ring.
//!
//! ```text
//!    0  version   u16  1
//!    2  text_len  u16  bytes of text, 1 to 224
//!    4  given     u32  bit 0: the time was given by whoever marked, bit 1: the frame was; otherwise both are of the request's arrival
//!    8  frame     u64  number of the data stream's frame, counted over all generations
//!   16  time      i64  ns of the data stream's clock
//!   24  -              zeros
//!   32  text     224  UTF-8, zeros behind it
//!  256  end
//! ```
//!
//! All is little-endian. The event stream of a data stream `lab` is called `lab/events`; it is a stream like any other, of element type `B` and frames of
//! shape (256,), whose times, where the version has some, are the events' own. Knows the bytes alone: which frame an event belongs to, and
//! which characters its text may have, is the shell's business.

/// Bytes of a frame.
pub const EVENT_LEN: usize = TEXT + MAX_EVENT_TEXT;
/// The longest text, in bytes of UTF-8.
pub const MAX_EVENT_TEXT: usize = 224;
/// What the name of an event stream has behind that of its data stream.
pub const EVENTS_SUFFIX: &str = "/events";
/// Key of an event stream's messages.
pub const EVENTS_KEY: &str = "axismirror.events";

const VERSION: u16 = 1;

const TEXT_LEN: usize = 2;
const GIVEN: usize = 4;
const FRAME: usize = 8;
const TIME: usize = 16;
const TEXT: usize = 32;

const TIME_GIVEN: u32 = 1;
const FRAME_GIVEN: u32 = 2;

const _: () = assert!(EVENT_LEN == 256);

/// Why bytes are no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EventFrameError {
    /// Not the size of a frame.
    #[error("an event has {EVENT_LEN} bytes; these are {len}")]
    Length {
        /// How many there are.
        len: usize,
    },
    /// Of a later version, or no event at all.
    #[error("the event is of version {version}; known is {VERSION}")]
    Version {
        /// What it says.
        version: u16,
    },
    /// A text that is empty or does not fit.
    #[error("the event's text has {len} bytes; 1 to {MAX_EVENT_TEXT} are possible")]
    TextLength {
        /// Its length in bytes.
        len: usize,
    },
    /// A text that is none.
    #[error("the event's text is not UTF-8 from byte {at} on")]
    Text {
        /// The first byte that is wrong.
        at: usize,
    },
}

/// The fields over a frame's bytes, whatever they hold.
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    bytes: &'a [u8; EVENT_LEN],
}

impl<'a> EventView<'a> {
    /// Over one frame.
    ///
    /// # Errors
    /// [`EventFrameError::Length`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, EventFrameError> {
        let len = bytes.len();
        bytes.try_into().map(|bytes| Self { bytes }).map_err(|_| EventFrameError::Length { len })
    }

    /// Version of the layout.
    #[must_use]
    pub fn version(&self) -> u16 {
        u16::from_le_bytes(self.field(0))
    }

    /// Bytes of text, as the frame says it.
    #[must_use]
    pub fn text_len(&self) -> usize {
        u16::from_le_bytes(self.field(TEXT_LEN)).into()
    }

    /// What was given by whoever marked, as bits.
    #[must_use]
    pub fn given(&self) -> u32 {
        u32::from_le_bytes(self.field(GIVEN))
    }

    /// Number of the data stream's frame.
    #[must_use]
    pub fn frame(&self) -> u64 {
        u64::from_le_bytes(self.field(FRAME))
    }

    /// Time in ns of the data stream's clock.
    #[must_use]
    pub fn time_ns(&self) -> i64 {
        i64::from_le_bytes(self.field(TIME))
    }

    /// The text's bytes; `None` when the frame says a length that cannot be.
    #[must_use]
    pub fn text(&self) -> Option<&'a [u8]> {
        self.bytes.get(TEXT..)?.get(..self.text_len())
    }

    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        // All fields lie within the frame, so the default is never taken.
        self.bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }
}

/// What of an event was given by whoever marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Given {
    /// Nothing: the time is that of the request's arrival, the frame follows from it.
    #[default]
    Nothing,
    /// The time; the frame follows from it.
    Time,
    /// The frame; the time follows from it.
    Frame,
}

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventFrame<'a> {
    frame: u64,
    time_ns: i64,
    given: Given,
    text: &'a str,
}

impl<'a> EventFrame<'a> {
    /// An event at a frame of the data stream, counted over all generations, and a time in ns of its clock.
    ///
    /// # Errors
    /// [`EventFrameError::TextLength`] unless the text has 1 to [`MAX_EVENT_TEXT`] bytes.
    pub const fn new(frame: u64, time_ns: i64, given: Given, text: &'a str) -> Result<Self, EventFrameError> {
        let len = text.len();
        if len == 0 || len > MAX_EVENT_TEXT {
            return Err(EventFrameError::TextLength { len });
        }
        Ok(Self { frame, time_ns, given, text })
    }

    /// From a frame's bytes. Bits of `given` that are not known are of no account, and neither are bytes that no field has.
    ///
    /// # Errors
    /// [`EventFrameError`].
    ///
    /// ```
    /// use axismirror_core::event_frame::{EVENT_LEN, EventFrame, EventView, Given};
    ///
    /// let event = EventFrame::new(1234, 5_000_000_000, Given::Nothing, "eyes closed")?;
    /// let mut bytes = [0; EVENT_LEN];
    /// event.emit(&mut bytes);
    /// assert_eq!(EventFrame::parse(EventView::new(&bytes)?)?, event);
    /// # Ok::<(), axismirror_core::event_frame::EventFrameError>(())
    /// ```
    pub fn parse(view: EventView<'a>) -> Result<Self, EventFrameError> {
        let version = view.version();
        if version != VERSION {
            return Err(EventFrameError::Version { version });
        }
        let text = view.text().ok_or(EventFrameError::TextLength { len: view.text_len() })?;
        let text = core::str::from_utf8(text).map_err(|e| EventFrameError::Text { at: e.valid_up_to() })?;
        let given = match view.given() {
            given if given & FRAME_GIVEN != 0 => Given::Frame,
            given if given & TIME_GIVEN != 0 => Given::Time,
            _ => Given::Nothing,
        };
        Self::new(view.frame(), view.time_ns(), given, text)
    }

    /// Into a frame's bytes, all of them.
    pub fn emit(&self, bytes: &mut [u8; EVENT_LEN]) {
        let given = match self.given {
            Given::Nothing => 0,
            Given::Time => TIME_GIVEN,
            Given::Frame => FRAME_GIVEN,
        };
        // A text of a length that `new` has refused is not here.
        let text_len = u16::try_from(self.text.len()).unwrap_or(0);
        *bytes = [0; EVENT_LEN];
        let mut put = |at: usize, field: &[u8]| {
            if let Some(place) = bytes.get_mut(at..at + field.len()) {
                place.copy_from_slice(field);
            }
        };
        put(0, &VERSION.to_le_bytes());
        put(TEXT_LEN, &text_len.to_le_bytes());
        put(GIVEN, &given.to_le_bytes());
        put(FRAME, &self.frame.to_le_bytes());
        put(TIME, &self.time_ns.to_le_bytes());
        put(TEXT, self.text.as_bytes());
    }

    /// Number of the data stream's frame, counted over all generations.
    #[must_use]
    pub const fn frame(&self) -> u64 {
        self.frame
    }

    /// Time in ns of the data stream's clock.
    #[must_use]
    pub const fn time_ns(&self) -> i64 {
        self.time_ns
    }

    /// What of it was given.
    #[must_use]
    pub const fn given(&self) -> Given {
        self.given
    }

    /// The text, 1 to [`MAX_EVENT_TEXT`] bytes.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::String;

    #[test]
    fn the_bytes_are_those_of_the_drawing() {
        let mut bytes = [0xff; EVENT_LEN];
        let event = EventFrame::new(0x0102_0304_0506_0708, -2, Given::Frame, "hé").unwrap();
        event.emit(&mut bytes);
        // By hand from the drawing.
        let head: [u8; 35] = [
            1, 0, 3, 0, 2, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
            0, 0, 0, 0, b'h', 0xc3, 0xa9,
        ];
        assert_eq!(bytes[..35], head);
        assert!(bytes[35..].iter().all(|b| *b == 0));
    }

    #[test]
    fn what_is_no_event_is_refused_by_what_is_wrong() {
        let mut good = [0; EVENT_LEN];
        EventFrame::new(7, 9, Given::Time, "x").unwrap().emit(&mut good);
        let parse = |bytes: &[u8]| EventView::new(bytes).and_then(|view| EventFrame::parse(view).map(|e| e.frame()));
        let with = |at: usize, byte: u8| {
            let mut bytes = good;
            bytes[at] = byte;
            bytes
        };
        assert_eq!(parse(&good), Ok(7));
        assert_eq!(parse(&good[1..]), Err(EventFrameError::Length { len: 255 }));
        assert_eq!(parse(&with(0, 2)), Err(EventFrameError::Version { version: 2 }));
        assert_eq!(parse(&[0; EVENT_LEN]), Err(EventFrameError::Version { version: 0 }));
        assert_eq!(parse(&with(2, 0)), Err(EventFrameError::TextLength { len: 0 }));
        assert_eq!(parse(&with(2, 225)), Err(EventFrameError::TextLength { len: 225 }));
        assert_eq!(parse(&with(3, 1)), Err(EventFrameError::TextLength { len: 257 }));
        assert_eq!(parse(&with(32, 0xc3)), Err(EventFrameError::Text { at: 0 }));
        // Later versions of the same layout may use what lies between the fields.
        assert_eq!(parse(&with(24, 1)), Ok(7));
    }

    #[test]
    fn a_text_has_to_fit() {
        let text = String::from_utf8(std::vec![b'x'; MAX_EVENT_TEXT + 1]).unwrap();
        assert_eq!(EventFrame::new(0, 0, Given::Nothing, &text), Err(EventFrameError::TextLength { len: 225 }));
        assert!(EventFrame::new(0, 0, Given::Nothing, &text[1..]).is_ok());
        assert_eq!(EventFrame::new(0, 0, Given::Nothing, ""), Err(EventFrameError::TextLength { len: 0 }));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(frame: u64, time_ns: i64, given in 0..3, text in "\\PC{1,56}") {
            let given = [Given::Nothing, Given::Time, Given::Frame][given as usize];
            let event = EventFrame::new(frame, time_ns, given, &text).unwrap();
            let mut bytes = [0; EVENT_LEN];
            event.emit(&mut bytes);
            prop_assert_eq!(EventFrame::parse(EventView::new(&bytes).unwrap()), Ok(event));
        }
    }
}
