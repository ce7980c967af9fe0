//! What frames are, as it goes over the network.
//!
//! JSON, so that any program can read it; the pickled static metadata comes along as zenoh's attachment. What comes in is a
//! stranger's: lengths are limited, and [`Announced`] holds nothing that a header could not. Knows nothing of zenoh.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use axismirror_core::header::{Description, DescriptionError, Key, StructVersion};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::key::{Address, KeyError};
use crate::mirror::StreamInfo;
use crate::mirror::instance::number;

/// The version that is written. Readers take later ones, of which they know a part.
const VERSION: u32 = 1;
/// The longest JSON.
pub const MAX_JSON: usize = 1 << 20;
/// The longest static metadata.
pub const MAX_STATIC_METADATA: usize = 4 << 20;
/// The longest frame.
pub const MAX_FRAME: usize = 1 << 20;

/// Why what came is not known for what a stream is.
#[derive(Debug, thiserror::Error)]
pub enum InfoError {
    /// Longer than anything that would be sent.
    #[error("{len} bytes are more than the {max} that are taken")]
    TooLong {
        /// What came.
        len: usize,
        /// What is taken.
        max: usize,
    },
    /// No JSON, or with other fields.
    #[error("the JSON says something else: {0}")]
    Json(#[from] serde_json::Error),
    /// Of a version that did not exist.
    #[error("version {0} is unknown")]
    Version(u32),
    /// Not the stream that the key names.
    #[error("it is about {0}, which its key does not name")]
    Other(Address),
    /// No names.
    #[error(transparent)]
    Names(#[from] KeyError),
    /// A type of samples that there is not.
    #[error("{0:?} is no type of samples")]
    DType(String),
    /// A wire version that there is not.
    #[error("struct_version {0} is unknown")]
    StructVersion(u32),
    /// Nothing that a header could say.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// A frame beyond what is taken.
    #[error("a frame of {len} bytes is longer than the {MAX_FRAME} that are taken")]
    Frame {
        /// Its length.
        len: usize,
    },
}

/// What the frames of a stream are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// Of this form.
    pub version: u32,
    /// The box that has the stream.
    #[serde(rename = "box")]
    pub box_name: String,
    /// The stream's name there.
    pub stream: String,
    /// The host's name.
    #[serde(default)]
    pub host: String,
    /// The run of the relay.
    #[serde(with = "super::hex")]
    pub relay: u64,
    /// The run of the stream in which frames are numbered.
    #[serde(with = "super::hex")]
    pub instance: u64,
    /// Stands for all that follows up to `struct_version`, and for the static metadata: chunks name it.
    #[serde(with = "super::hex")]
    pub description: u64,
    /// Number of the first frame that is so, as far as the relay knows.
    pub first: u64,
    /// Buffer generation of the sender's ring.
    pub generation: u32,
    /// Type of a sample: numpy's `dtype.char`.
    pub dtype: String,
    /// Frames a second in Hz; 0 when irregular.
    pub rate: f64,
    /// Frames of the sender's ring.
    pub ring_frames: u32,
    /// Shape of a frame.
    pub frame_shape: Vec<u32>,
    /// Where the messages come from.
    pub key: String,
    /// Which releases of ezmsg-tools can read the stream.
    pub struct_version: u32,
    /// Clock of the times: `monotonic` or `realtime` of the sender, or `unknown`.
    pub clock: String,
    /// A label for each sample of a frame.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Unit of the samples.
    #[serde(default)]
    pub unit: String,
    /// Attributes, as far as JSON has them.
    #[serde(default)]
    pub attrs: Map<String, Value>,
    /// How the stream is at this moment: the word of a [`StreamState`](crate::mirror::StreamState).
    #[serde(default)]
    pub state: String,
}

/// The run of a relay and of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Random.
    pub relay: u64,
    /// As long as it is the same, so are the numbers of frames.
    pub instance: u64,
}

impl Info {
    /// Of a stream of this machine.
    #[must_use]
    pub fn of(stream: &StreamInfo, address: &Address, host: &str, run: Run, first: u64) -> Self {
        let mut info = Self {
            version: VERSION,
            box_name: address.box_name.clone(),
            stream: address.stream.clone(),
            host: host.to_owned(),
            relay: run.relay,
            instance: run.instance,
            description: 0,
            first,
            generation: stream.generation.number(),
            dtype: char::from(stream.dtype.char()).to_string(),
            rate: stream.rate.unwrap_or(0.0),
            ring_frames: stream.n_frames,
            frame_shape: stream.frame_shape.clone(),
            key: stream.key.clone(),
            struct_version: stream.struct_version.number(),
            clock: stream.clock.word().to_owned(),
            labels: stream.labels.clone(),
            unit: stream.unit.clone(),
            attrs: stream.attrs.clone(),
            state: String::new(),
        };
        info.description = info.digest(stream.static_metadata.as_deref());
        info
    }

    /// The same for the same description, whoever makes it when.
    fn digest(&self, static_metadata: Option<&[u8]>) -> u64 {
        // Lengths before what has any length: no two descriptions have the same bytes.
        let texts = [self.dtype.as_bytes(), self.key.as_bytes(), self.clock.as_bytes(), static_metadata.unwrap_or(&[])];
        let mut bytes = Vec::new();
        for text in texts {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text);
        }
        bytes.extend(self.rate.to_le_bytes());
        let numbers = [self.ring_frames, self.struct_version, u32::from(static_metadata.is_some())];
        numbers.iter().chain(&self.frame_shape).for_each(|number| bytes.extend(number.to_le_bytes()));
        number(&[&bytes])
    }

    /// The message.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        // Texts and finite numbers alone: there is always JSON of them.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What was announced of a stream, checked.
#[derive(Clone, Debug)]
pub struct Announced {
    /// As it was said.
    pub info: Info,
    /// What a header would say.
    pub description: Description,
    /// Clock of the times, at the sender.
    pub clock: Clock,
    /// Which readers it is for.
    pub version: StructVersion,
    /// The pickled static metadata: not checked, and not to be unpickled by anything but [`axismirror_core::static_metadata::decode()`].
    pub static_metadata: Option<Vec<u8>>,
}

impl Announced {
    /// Reads what came under the key of a stream.
    ///
    /// # Errors
    /// [`InfoError`].
    pub fn parse(json: &[u8], static_metadata: Option<&[u8]>, address: &Address) -> Result<Self, InfoError> {
        let within = |len: usize, max: usize| if len > max { Err(InfoError::TooLong { len, max }) } else { Ok(()) };
        within(json.len(), MAX_JSON)?;
        within(static_metadata.map_or(0, <[u8]>::len), MAX_STATIC_METADATA)?;
        let info: Info = serde_json::from_slice(json)?;
        if info.version < VERSION {
            return Err(InfoError::Version(info.version));
        }
        let named = Address::new(&info.box_name, &info.stream)?;
        if named != *address {
            return Err(InfoError::Other(named));
        }
        let dtype = match info.dtype.as_bytes() {
            [char] => DType::from_char(*char),
            _ => None,
        };
        let dtype = dtype.ok_or_else(|| InfoError::DType(info.dtype.clone()))?;
        let version =
            StructVersion::from_number(info.struct_version).ok_or(InfoError::StructVersion(info.struct_version))?;
        let shape = info.frame_shape.iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX));
        let description = Description::new(dtype, info.rate, info.ring_frames, shape, Key::cut(&info.key))?;
        if description.frame_bytes() > MAX_FRAME {
            return Err(InfoError::Frame { len: description.frame_bytes() });
        }
        let clock = Clock::from_word(&info.clock);
        Ok(Self { info, description, clock, version, static_metadata: static_metadata.map(<[u8]>::to_vec) })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use axismirror_core::header::Generation;

    use super::*;

    pub(crate) fn stream() -> StreamInfo {
        StreamInfo {
            name: "lab".into(),
            key: "eeg".into(),
            dtype: DType::I32,
            rate: Some(1.0 / 0.0041),
            n_frames: 1000,
            frame_shape: vec![2],
            channels: 2,
            labels: vec!["Fp1".into(), "Ω".into()],
            unit: "V".into(),
            attrs: Map::new(),
            clock: Clock::Monotonic,
            struct_version: StructVersion::V2,
            generation: Generation::from_number(4),
            static_metadata: Some(b"pickle".to_vec()),
        }
    }

    fn address() -> Address {
        Address::new("pi", "lab").unwrap()
    }

    const RUN: Run = Run { relay: u64::MAX, instance: 0x1234 };

    #[test]
    fn what_is_announced_is_understood() {
        let info = Info::of(&stream(), &address(), "host", RUN, 77);
        let json = info.emit();
        let value: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(
            (&value["box"], &value["relay"], &value["dtype"]),
            (&"pi".into(), &"ffffffffffffffff".into(), &"i".into())
        );
        let read = Announced::parse(&json, Some(b"pickle"), &address()).unwrap();
        assert_eq!(read.info, info);
        // To the last bit: a header with another rate is another stream.
        assert_eq!(read.description.srate().to_bits(), (1.0 / 0.0041_f64).to_bits());
        assert_eq!(
            (read.description.frame_bytes(), read.clock, read.version),
            (8, Clock::Monotonic, StructVersion::V2)
        );
    }

    #[test]
    fn a_description_has_the_same_number_only_when_it_is_the_same() {
        let number = |stream: &StreamInfo, first| Info::of(stream, &address(), "h", RUN, first).description;
        let same = number(&stream(), 0);
        assert_eq!(number(&stream(), 99), same);
        let later = StreamInfo { generation: Generation::from_number(5), ..stream() };
        assert_eq!(number(&later, 0), same, "the same stream, started again");
        for other in [
            StreamInfo { rate: None, ..stream() },
            StreamInfo { n_frames: 1001, ..stream() },
            StreamInfo { frame_shape: vec![2, 1], ..stream() },
            StreamInfo { frame_shape: vec![], ..stream() },
            StreamInfo { key: "ee".into(), ..stream() },
            StreamInfo { static_metadata: Some(b"pickl".to_vec()), ..stream() },
            StreamInfo { static_metadata: None, ..stream() },
            StreamInfo { clock: Clock::Realtime, ..stream() },
            StreamInfo { struct_version: StructVersion::V1, ..stream() },
        ] {
            assert_ne!(number(&other, 0), same, "{other:?}");
        }
    }

    #[test]
    fn what_no_header_could_say_is_refused() {
        let info = Info::of(&stream(), &address(), "host", RUN, 0);
        let parse = |info: &Info| Announced::parse(&info.emit(), None, &address()).unwrap_err();
        assert!(matches!(parse(&Info { dtype: "O".into(), ..info.clone() }), InfoError::DType(_)));
        assert!(matches!(parse(&Info { dtype: "ii".into(), ..info.clone() }), InfoError::DType(_)));
        assert!(matches!(parse(&Info { rate: -1.0, ..info.clone() }), InfoError::Description(_)));
        assert!(matches!(parse(&Info { ring_frames: 0, ..info.clone() }), InfoError::Description(_)));
        assert!(matches!(parse(&Info { frame_shape: vec![1; 64], ..info.clone() }), InfoError::Description(_)));
        assert!(matches!(parse(&Info { frame_shape: vec![u32::MAX; 3], ..info.clone() }), InfoError::Description(_)));
        assert!(matches!(parse(&Info { frame_shape: vec![1 << 20], ..info.clone() }), InfoError::Frame { .. }));
        assert!(matches!(parse(&Info { struct_version: 9, ..info.clone() }), InfoError::StructVersion(9)));
        assert!(matches!(parse(&Info { version: 0, ..info.clone() }), InfoError::Version(0)));
        assert!(matches!(parse(&Info { box_name: "other".into(), ..info.clone() }), InfoError::Other(_)));
        assert!(matches!(parse(&Info { stream: String::new(), ..info.clone() }), InfoError::Names(_)));
        let long = vec![0; MAX_STATIC_METADATA + 1];
        assert!(matches!(Announced::parse(&info.emit(), Some(&long), &address()), Err(InfoError::TooLong { .. })));
        assert!(matches!(Announced::parse(b"{}", None, &address()), Err(InfoError::Json(_))));
    }
}
