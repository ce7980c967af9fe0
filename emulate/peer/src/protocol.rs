//! What bridge and peer say to each other; the bridge's head describes it.
//!
//! Bytes in, values out. Must never know what they mean to a device.

/// Bytes of a request.
pub(crate) const REQUEST_BYTES: usize = 10;
/// Bytes of a reply.
pub(crate) const REPLY_BYTES: usize = 11;
/// `next` of a reply when nothing is to come by itself.
const NEVER: i64 = -1;

/// What happened on the wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The machine starts.
    Start,
    /// Chip-select falls.
    Select,
    /// Eight clocks.
    Transfer(u8),
    /// Chip-select rises.
    Deselect,
    /// The time has come that was asked for.
    Time,
}

/// An event and its time in nanoseconds of the guest's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) event: Event,
    pub(crate) time_ns: i64,
}

impl Request {
    /// As it came.
    pub(crate) fn from_bytes(bytes: [u8; REQUEST_BYTES]) -> Result<Self, String> {
        let [kind, byte, time @ ..] = bytes;
        let event = match kind {
            b'S' => Event::Start,
            b'A' => Event::Select,
            b'T' => Event::Transfer(byte),
            b'D' => Event::Deselect,
            b'P' => Event::Time,
            other => return Err(format!("a request of kind {other:#04x}: bridge and peer do not fit each other")),
        };
        Ok(Self { event, time_ns: i64::from_le_bytes(time) })
    }
}

/// What the device does to its wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The byte on MISO.
    pub(crate) miso: u8,
    /// How often DRDY fell since the last reply.
    pub(crate) edges: u8,
    /// Whether DRDY is high now.
    pub(crate) high: bool,
    /// When to ask again.
    pub(crate) next_ns: Option<i64>,
}

impl Reply {
    /// As it goes.
    pub(crate) fn to_bytes(self) -> [u8; REPLY_BYTES] {
        let mut bytes = [0; REPLY_BYTES];
        let (head, next) = bytes.split_at_mut(3);
        head.copy_from_slice(&[self.miso, self.edges, u8::from(self.high)]);
        next.copy_from_slice(&self.next_ns.unwrap_or(NEVER).to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_as_the_bridge_says() {
        let request = Request::from_bytes([b'T', 0x42, 1, 2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(request, Ok(Request { event: Event::Transfer(0x42), time_ns: 0x201 }));
        assert!(Request::from_bytes([0; REQUEST_BYTES]).is_err());
        let reply = Reply { miso: 7, edges: 2, high: true, next_ns: Some(0x0102) };
        assert_eq!(reply.to_bytes(), [7, 2, 1, 2, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Reply { next_ns: None, ..reply }.to_bytes()[3..], [0xFF; 8]);
    }
}
