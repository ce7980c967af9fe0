//! The pickle of one string, as Python's `multiprocessing.connection` sends it, and nothing else.
//!
//! Opcodes: Python's `Lib/pickletools.py`. A pickle can hold a program; this reads the few opcodes of which a string's
//! pickle consists, each in its one possible place, and refuses the rest unread. Knows no sockets.

/// `PROTO`: one byte, the protocol's number.
const PROTO: u8 = 0x80;
/// `FRAME`: eight bytes, little-endian, the number of bytes that follow.
const FRAME: u8 = 0x95;
/// `SHORT_BINUNICODE`: one byte of length, UTF-8.
const SHORT_BINUNICODE: u8 = 0x8c;
/// `BINUNICODE`: four bytes of length, little-endian, UTF-8.
const BINUNICODE: u8 = b'X';
/// `BINUNICODE8`: eight bytes of length, little-endian, UTF-8.
const BINUNICODE8: u8 = 0x8d;
/// `UNICODE`: raw-unicode-escape up to a line feed; protocol 0.
const UNICODE: u8 = b'V';
/// `MEMOIZE`: remembers the string.
const MEMOIZE: u8 = 0x94;
/// `BINPUT`: remembers the string under one byte.
const BINPUT: u8 = b'q';
/// `PUT`: remembers the string under a decimal number up to a line feed; protocol 0.
const PUT: u8 = b'p';
/// `STOP`: the end.
const STOP: u8 = b'.';
/// The protocol that Python 3.8 and later use by default.
const PROTOCOL: u8 = 4;
/// The newest protocol.
const NEWEST_PROTOCOL: u8 = 5;

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("it ends after {len} bytes, within the pickle")]
    Short { len: usize },
    #[error("byte 0x{byte:02x} at offset {offset}: not part of the pickle of a string")]
    Opcode { byte: u8, offset: usize },
    #[error("pickle protocol {0} is not known")]
    Protocol(u8),
    #[error("a length of {given} bytes where {possible} are left")]
    Length { given: u64, possible: usize },
    #[error("the string at offset {offset} is not UTF-8")]
    Encoding { offset: usize },
}

/// Pickle of a string of at most 255 bytes (longer ones are cut at a character), protocol 4.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut end = text.len().min(usize::from(u8::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text.as_bytes()[..end];
    let mut body = vec![SHORT_BINUNICODE, end as u8];
    body.extend_from_slice(text);
    body.extend_from_slice(&[MEMOIZE, STOP]);
    let mut out = vec![PROTO, PROTOCOL, FRAME];
    out.extend_from_slice(&(body.len() as u64).to_le_bytes());
    out.extend_from_slice(&body);
    out
}

/// The string in a pickle of any protocol, 0 to 5.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Refused> {
    let mut input = Input { bytes, at: 0 };
    if input.skip_if(PROTO) {
        let protocol = input.byte()?;
        if protocol > NEWEST_PROTOCOL {
            return Err(Refused::Protocol(protocol));
        }
    }
    if input.skip_if(FRAME) {
        let given = u64::from_le_bytes(input.array()?);
        let possible = input.left();
        if given != possible as u64 {
            return Err(Refused::Length { given, possible });
        }
    }
    let text = match input.byte()? {
        SHORT_BINUNICODE => {
            let len = u64::from(input.byte()?);
            input.utf8(len)?
        }
        BINUNICODE => {
            let len = u64::from(u32::from_le_bytes(input.array()?));
            input.utf8(len)?
        }
        BINUNICODE8 => {
            let len = u64::from_le_bytes(input.array()?);
            input.utf8(len)?
        }
        UNICODE => input.raw_unicode_line()?,
        byte => return Err(Refused::Opcode { byte, offset: input.at - 1 }),
    };
    match input.byte()? {
        STOP => return input.end(text),
        MEMOIZE => {}
        BINPUT => {
            input.byte()?;
        }
        PUT => {
            let at = input.at;
            let number = input.line()?;
            if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
                return Err(Refused::Opcode { byte: number.first().copied().unwrap_or(b'\n'), offset: at });
            }
        }
        byte => return Err(Refused::Opcode { byte, offset: input.at - 1 }),
    }
    match input.byte()? {
        STOP => input.end(text),
        byte => Err(Refused::Opcode { byte, offset: input.at - 1 }),
    }
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    fn short(&self) -> Refused {
        Refused::Short { len: self.bytes.len() }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Refused> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..len)).ok_or_else(|| self.short())?;
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let short = self.short();
        self.take(N)?.try_into().map_err(|_| short)
    }

    fn byte(&mut self) -> Result<u8, Refused> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn skip_if(&mut self, opcode: u8) -> bool {
        let is = self.bytes.get(self.at) == Some(&opcode);
        self.at += usize::from(is);
        is
    }

    fn utf8(&mut self, len: u64) -> Result<String, Refused> {
        let possible = self.left();
        let known = usize::try_from(len).ok().filter(|len| *len <= possible);
        let known = known.ok_or(Refused::Length { given: len, possible })?;
        let offset = self.at;
        let bytes = self.take(known)?;
        core::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Refused::Encoding { offset })
    }

    fn line(&mut self) -> Result<&'a [u8], Refused> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|b| *b == b'\n').ok_or_else(|| self.short())?;
        self.at += len + 1;
        Ok(&rest[..len])
    }

    /// Latin-1; an escape is refused: no string that we know has one.
    fn raw_unicode_line(&mut self) -> Result<String, Refused> {
        let offset = self.at;
        let line = self.line()?;
        match line.iter().position(|b| *b == b'\\') {
            Some(i) => Err(Refused::Opcode { byte: b'\\', offset: offset + i }),
            None => Ok(line.iter().map(|b| char::from(*b)).collect()),
        }
    }

    fn end(&self, text: String) -> Result<String, Refused> {
        match self.bytes.get(self.at) {
            None => Ok(text),
            Some(&byte) => Err(Refused::Opcode { byte, offset: self.at }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Refused, decode, encode};

    /// `pickle.dumps("quit", protocol)` of CPython 3.11 for protocols 0 to 5.
    const QUIT: [&[u8]; 6] = [
        b"Vquit\np0\n.",
        b"X\x04\x00\x00\x00quitq\x00.",
        b"\x80\x02X\x04\x00\x00\x00quitq\x00.",
        b"\x80\x03X\x04\x00\x00\x00quitq\x00.",
        b"\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x04quit\x94.",
        b"\x80\x05\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x04quit\x94.",
    ];

    #[test]
    fn reads_what_python_writes() {
        for (protocol, bytes) in QUIT.iter().enumerate() {
            assert_eq!(decode(bytes).as_deref(), Ok("quit"), "protocol {protocol}");
        }
        let eight = b"\x80\x04\x8d\x02\x00\x00\x00\x00\x00\x00\x00\xc3\xa9\x94.";
        assert_eq!(decode(eight).as_deref(), Ok("é"));
    }

    #[test]
    fn writes_what_python_writes() {
        assert_eq!(encode("quit"), QUIT[4]);
        assert_eq!(decode(&encode(&"é".repeat(200))).map(|s| s.len()), Ok(254));
    }

    #[test]
    fn refuses_everything_else() {
        // pickle.dumps(os.system) style: STACK_GLOBAL and REDUCE, a number, a tuple, a bytes object.
        let programs: [&[u8]; 5] = [
            b"cos\nsystem\n(S'true'\ntR.",
            b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94.",
            b"\x80\x04K\x01.",
            b"\x80\x04\x8c\x04quit\x94\x85\x94.",
            b"\x80\x04C\x04quit\x94.",
        ];
        for program in programs {
            assert!(decode(program).is_err(), "{program:?}");
        }
        assert_eq!(decode(b"\x80\x06."), Err(Refused::Protocol(6)));
        assert_eq!(decode(b"\x80\x04\x8c\x09quit\x94."), Err(Refused::Length { given: 9, possible: 6 }));
        assert_eq!(decode(b"\x80\x04\x8c\x02\xff\xff\x94."), Err(Refused::Encoding { offset: 4 }));
        assert!(decode(b"Vqu\\u0069t\np0\n.").is_err());
        let huge = b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xff";
        assert_eq!(decode(huge), Err(Refused::Length { given: u64::MAX, possible: 0 }));
    }

    #[test]
    fn refuses_every_cut_and_every_extension() {
        for bytes in QUIT {
            for len in 0..bytes.len() {
                assert!(decode(&bytes[..len]).is_err(), "{len} bytes of {bytes:?}");
            }
            assert!(decode(&[bytes, b"."].concat()).is_err());
        }
    }
}
