//! Names in zenoh's keys, and back.
//!
//! A stream has the key `axismirror/<box>/<stream>/<topic>`, in which box and stream are one part each. What zenoh gives a meaning to in a key
//! (`/ * $ # ?`, a leading `@`), what nobody sees, and `%` itself are written as `%XX`, a byte each of their UTF-8. Every name has one such form
//! and every form one name. Pure: texts in, texts out.

use std::fmt::Write as _;

use axismirror_core::name::{MAX_STREAM_NAME, StreamName};

use crate::config::visible;

/// What all keys begin with.
pub const PREFIX: &str = "axismirror";
/// The longest name of a box in bytes.
pub const MAX_BOX: usize = 255;
/// ASCII that stands for itself, besides letters and digits.
const PLAIN: &str = "-._~+=:,;!()";
/// Stands for every box, or every stream, in a [`Selection`].
const EVERY: &str = "*";

/// What is published or asked for under a stream's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Chunks as they come ([`Chunk`](super::chunk::Chunk)).
    Data,
    /// What the frames are ([`Info`](super::info::Info)): published with each change, and to be asked for.
    Info,
    /// How the stream fares ([`State`](super::state::State)): published about once a second.
    State,
    /// Frames that were lost, to be asked for ([`ask`](super::ask)).
    Repair,
    /// The times of the sender's clocks, to be asked for ([`clocks`](super::clocks)).
    Clock,
    /// A liveliness token: there as long as the relay is.
    Alive,
}

impl Topic {
    /// The last part of the key.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Info => "info",
            Self::State => "state",
            Self::Repair => "repair",
            Self::Clock => "clock",
            Self::Alive => "alive",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Data, Self::Info, Self::State, Self::Repair, Self::Clock, Self::Alive]
            .into_iter()
            .find(|t| t.word() == word)
    }
}

/// A stream of a box.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// Name of the box.
    pub box_name: String,
    /// Name of the stream on it.
    pub stream: String,
}

/// Why a text is no name or key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A box without a name, or with one that is too long.
    #[error("the box's name has {len} bytes; 1 to {MAX_BOX} are possible. --box sets it")]
    BoxLength {
        /// What was given.
        len: usize,
    },
    /// A stream without a name, or with one that is too long.
    #[error("the stream's name has {len} bytes; 1 to {MAX_STREAM_NAME} are possible")]
    StreamLength {
        /// What was given.
        len: usize,
    },
    /// One part only.
    #[error(
        "{key:?} is no key: BOX/STREAM is one, as `axismirror list --network` shows them; * stands for every box or stream"
    )]
    NoStream {
        /// As given.
        key: String,
    },
    /// A `%` that is not followed by two digits of a byte, or bytes that are no text.
    #[error("{part:?} has a % that begins no byte (%2F is a /, %25 a % itself)")]
    Escape {
        /// As given.
        part: String,
    },
    /// A `*` among other characters.
    #[error("{part:?} has a * beside other characters: * alone stands for everything, %2A is the character itself")]
    Star {
        /// As given.
        part: String,
    },
}

impl Address {
    /// Of names that can be used.
    ///
    /// # Errors
    /// [`KeyError::BoxLength`], [`KeyError::StreamLength`].
    pub fn new(box_name: &str, stream: &str) -> Result<Self, KeyError> {
        if box_name.is_empty() || box_name.len() > MAX_BOX {
            return Err(KeyError::BoxLength { len: box_name.len() });
        }
        StreamName::new(stream).map_err(|_| KeyError::StreamLength { len: stream.len() })?;
        Ok(Self { box_name: box_name.to_owned(), stream: stream.to_owned() })
    }

    /// The key of a topic.
    #[must_use]
    pub fn key(&self, topic: Topic) -> String {
        format!("{PREFIX}/{self}/{}", topic.word())
    }

    /// What a key says; `None` when it is none of ours, or not written as we write it.
    #[must_use]
    pub fn of_key(key: &str) -> Option<(Self, Topic)> {
        let mut parts = key.strip_prefix(PREFIX)?.strip_prefix('/')?.split('/');
        let (box_name, stream, topic) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let named = |part: &str| unescape(part).filter(|name| escape(name) == part);
        Some((Self::new(&named(box_name)?, &named(stream)?).ok()?, Topic::of(topic)?))
    }

    /// What the stream is called where it is received, if nothing else is asked for.
    #[must_use]
    pub fn received_name(&self) -> String {
        format!("{}/{}", self.box_name, self.stream)
    }

    /// For people, and for [`Selection::parse`]: the name as it is, where that is read as this stream and all of it is seen; as it stands in keys else.
    #[must_use]
    pub fn readable(&self) -> String {
        let name = self.received_name();
        let is_read = Selection::parse(&name).is_ok_and(|read| read.single().as_ref() == Some(self));
        if is_read && visible(&name) == name { name } else { self.to_string() }
    }
}

/// `<box>/<stream>`, as it stands in keys.
impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", escape(&self.box_name), escape(&self.stream))
    }
}

/// Streams that are asked for: of one box or of every one, one or every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    box_name: Option<String>,
    stream: Option<String>,
}

impl Selection {
    /// Every stream of every box.
    pub const ALL: Self = Self { box_name: None, stream: None };

    /// One stream of one box.
    ///
    /// # Errors
    /// [`KeyError::BoxLength`], [`KeyError::StreamLength`].
    pub fn of(box_name: &str, stream: &str) -> Result<Self, KeyError> {
        let Address { box_name, stream } = Address::new(box_name, stream)?;
        Ok(Self { box_name: Some(box_name), stream: Some(stream) })
    }

    /// Reads `BOX/STREAM`. Each is written as in a key, or `*`; a stream may hold `/` as such, too.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        let (box_name, stream) = key.split_once('/').ok_or_else(|| KeyError::NoStream { key: key.to_owned() })?;
        let named = |part: &str| match part {
            EVERY => Ok(None),
            part if part.contains(EVERY) => Err(KeyError::Star { part: part.to_owned() }),
            part => unescape(part).map(Some).ok_or_else(|| KeyError::Escape { part: part.to_owned() }),
        };
        let (box_name, stream) = (named(box_name)?, named(stream)?);
        Address::new(box_name.as_deref().unwrap_or(EVERY), stream.as_deref().unwrap_or(EVERY))?;
        Ok(Self { box_name, stream })
    }

    /// The one stream that it can be, when it names box and stream.
    #[must_use]
    pub fn single(&self) -> Option<Address> {
        Some(Address { box_name: self.box_name.clone()?, stream: self.stream.clone()? })
    }

    /// The key expression of a topic.
    #[must_use]
    pub fn key(&self, topic: Topic) -> String {
        let part = |name: &Option<String>| name.as_deref().map_or_else(|| EVERY.to_owned(), escape);
        format!("{PREFIX}/{}/{}/{}", part(&self.box_name), part(&self.stream), topic.word())
    }
}

/// The one way to write a name as a part of a key.
#[must_use]
pub fn escape(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() || PLAIN.contains(c) {
            out.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// What is written so; `None` when a `%` begins no byte, or the bytes are no UTF-8. Takes more than [`escape`] writes.
#[must_use]
pub fn unescape(part: &str) -> Option<String> {
    let mut out = Vec::with_capacity(part.len());
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(out).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_written_as_worked_out_by_hand() {
        // The bytes of each by the tables of ASCII and UTF-8.
        for (name, part) in [
            ("lab", "lab"),
            ("lab/events", "lab%2Fevents"),
            ("a//b", "a%2F%2Fb"),
            ("*$#?@%", "%2A%24%23%3F%40%25"),
            ("**", "%2A%2A"),
            ("%2F", "%252F"),
            ("Größe 2", "Größe%202"),
            ("a\u{202e}b\n", "a%E2%80%AEb%0A"),
            (".", "."),
        ] {
            assert_eq!(escape(name), part);
            assert_eq!(unescape(part).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_key_says_box_stream_and_topic() {
        let address = Address::new("pi 5", "lab/events").unwrap();
        assert_eq!(address.key(Topic::Data), "axismirror/pi%205/lab%2Fevents/data");
        assert_eq!(Address::of_key("axismirror/pi%205/lab%2Fevents/data"), Some((address.clone(), Topic::Data)));
        assert_eq!(address.received_name(), "pi 5/lab/events");
        for wrong in [
            "axismirror/a/b",
            "axismirror/a/b/data/more",
            "axismirror/a/b/other",
            "other/a/b/data",
            "axismirror//b/data",
            "axismirror/a//data",
            "axismirrora/b/data",
            // Not as we write it: the same stream would have two keys.
            "axismirror/%61/b/data",
            "axismirror/a%2f/b/data",
            "axismirror/a%/b/data",
            "axismirror/a%FF/b/data",
            "axismirror/a*/b/data",
        ] {
            assert_eq!(Address::of_key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn people_read_the_name_where_it_can_be_given_back() {
        for (box_name, stream, shown) in [
            ("bench3", "lab/events", "bench3/lab/events"),
            ("pi 5", "lab", "pi 5/lab"),
            // The box would end at the first stroke; what stands for something else, or is not seen, is written as in keys.
            ("a/b", "lab", "a%2Fb/lab"),
            ("pi", "*", "pi/%2A"),
            ("pi", "%2F", "pi/%252F"),
            ("pi", "a\u{202e}b", "pi/a%E2%80%AEb"),
        ] {
            let address = Address::new(box_name, stream).unwrap();
            assert_eq!(address.readable(), shown);
            assert_eq!(Selection::parse(shown).unwrap().single(), Some(address));
        }
    }

    #[test]
    fn what_is_asked_for_may_be_every_box_or_stream() {
        let key = |text: &str| Selection::parse(text).map(|s| s.key(Topic::Info));
        assert_eq!(key("pi/lab").unwrap(), "axismirror/pi/lab/info");
        assert_eq!(key("pi/lab/events").unwrap(), "axismirror/pi/lab%2Fevents/info");
        assert_eq!(key("pi/lab%2Fevents").unwrap(), "axismirror/pi/lab%2Fevents/info");
        assert_eq!(key("*/lab").unwrap(), "axismirror/*/lab/info");
        assert_eq!(key("pi/*").unwrap(), "axismirror/pi/*/info");
        assert_eq!(key("pi/%2A").unwrap(), "axismirror/pi/%2A/info");
        assert_eq!(Selection::ALL.key(Topic::Alive), "axismirror/*/*/alive");
        assert!(Selection::parse("*/lab").unwrap().single().is_none());
        assert_eq!(Selection::parse("pi/a/b").unwrap().single(), Address::new("pi", "a/b").ok());
        assert!(matches!(key("lab"), Err(KeyError::NoStream { .. })));
        assert!(matches!(key("pi/"), Err(KeyError::StreamLength { len: 0 })));
        assert!(matches!(key("/lab"), Err(KeyError::BoxLength { len: 0 })));
        assert!(matches!(key("pi/la*"), Err(KeyError::Star { .. })));
        assert!(matches!(key("pi/100%"), Err(KeyError::Escape { .. })));
    }

    proptest! {
        #[test]
        fn every_name_has_one_form_that_a_key_can_hold(name in "\\PC{1,40}|[ -~]{1,40}|[\u{0}-\u{ff}]{1,20}") {
            let part = escape(&name);
            prop_assert_eq!(unescape(&part), Some(name.clone()));
            prop_assert!(!part.contains(['/', '*', '$', '#', '?', '@', ' ']) && !part.chars().any(char::is_control));
            let address = Address::new(&name, &name).unwrap();
            prop_assert_eq!(Address::of_key(&address.key(Topic::State)), Some((address, Topic::State)));
        }

        #[test]
        fn no_two_texts_are_the_same_stream(key in "axismirror/[a%2Ff*]{1,6}/[a%2Ff*]{1,6}/data") {
            if let Some((address, topic)) = Address::of_key(&key) {
                prop_assert_eq!(address.key(topic), key);
            }
        }
    }
}
