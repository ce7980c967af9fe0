//! Where a message of `multiprocessing.connection` begins and ends.
//!
//! A message is its length and its bytes: four bytes, big-endian, signed; for more than 2^31 - 1 bytes -1, then eight bytes,
//! big-endian (`Connection._send_bytes` of CPython). Knows nothing of what the bytes mean, and no sockets.

/// The longest message that is taken, in bytes.
pub(super) const MAX_MESSAGE: usize = 64 * 1024;
/// Says that the length follows in eight bytes.
const LONG: i32 = -1;

/// After this the place where the next message begins is not known, or not worth knowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FramingError {
    #[error("a message of {len} bytes was announced; {MAX_MESSAGE} are taken")]
    TooLong { len: u64 },
    #[error("{len} was announced as a message's length")]
    Negative { len: i32 },
}

/// Puts a message behind its length. `payload` is far shorter than 2^31 bytes.
pub(super) fn frame(payload: &[u8]) -> Vec<u8> {
    let mut out = (payload.len() as u32).to_be_bytes().to_vec();
    out.extend_from_slice(payload);
    out
}

/// Bytes as they come in, cut into messages.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
}

impl Inbox {
    /// Adds what was read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message, or `None` until more has come.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        let Some((short, rest)) = self.bytes.split_first_chunk::<4>() else { return Ok(None) };
        let (len, header) = match i32::from_be_bytes(*short) {
            LONG => {
                let Some(long) = rest.first_chunk::<8>() else { return Ok(None) };
                (u64::from_be_bytes(*long), 12)
            }
            len => (u64::try_from(len).map_err(|_| FramingError::Negative { len })?, 4),
        };
        let known = usize::try_from(len).ok().filter(|len| *len <= MAX_MESSAGE);
        let end = header + known.ok_or(FramingError::TooLong { len })?;
        if self.bytes.len() < end {
            return Ok(None);
        }
        let message = self.bytes[header..end].to_vec();
        self.bytes.drain(..end);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::{FramingError, Inbox, frame};

    #[test]
    fn cuts_a_stream_of_bytes_into_messages() {
        let mut stream = vec![0, 0, 0, 2, b'a', b'b', 0, 0, 0, 0];
        stream.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, b'c']);
        let mut inbox = Inbox::default();
        let mut messages = Vec::new();
        for byte in stream {
            inbox.push(&[byte]);
            while let Some(message) = inbox.next().unwrap() {
                messages.push(message);
            }
        }
        assert_eq!(messages, [b"ab".to_vec(), vec![], b"c".to_vec()]);
    }

    #[test]
    fn refuses_lengths_that_cannot_be() {
        let mut inbox = Inbox::default();
        inbox.push(&[0xff, 0xff, 0xff, 0xfe]);
        assert_eq!(inbox.next(), Err(FramingError::Negative { len: -2 }));
        let mut inbox = Inbox::default();
        inbox.push(&[0, 1, 0, 1]);
        assert_eq!(inbox.next(), Err(FramingError::TooLong { len: 65537 }));
        let mut inbox = Inbox::default();
        inbox.push(&[0xff; 12]);
        assert_eq!(inbox.next(), Err(FramingError::TooLong { len: u64::MAX }));
    }

    #[test]
    fn frames_as_python_does() {
        assert_eq!(frame(b"xyz"), b"\0\0\0\x03xyz");
    }
}
