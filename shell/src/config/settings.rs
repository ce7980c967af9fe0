//! The settings of a stream, and how one written value gets into them.
//!
//! Knows every key's range. Never reads a file or a command line; what a board can do is in `on_board`.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use axismirror_core::header::{MAX_KEY, StructVersion};
use axismirror_core::settings::MAX_AXIS;

use super::error::{ConfigError, Place};
use super::given::{Given, Possible};
use super::key::Key;
use crate::access::{Access, AccessError};
use crate::channels::Channels;

/// The longest name of a stream and of a board, in bytes of UTF-8.
pub const MAX_NAME: usize = 255;
/// The longest chunk, in frames.
pub const MAX_CHUNK: u32 = 1 << 20;
/// The highest priority of SCHED_FIFO.
const MAX_PRIORITY: u8 = 99;
/// The highest processor that `sched_setaffinity` has a bit for.
const MAX_CPU: u32 = 1023;
/// The highest gain that any ADC's amplifier is asked for.
const MAX_GAIN: u32 = 1 << 16;

/// What the published numbers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// Codes as the ADC gives them.
    #[default]
    Codes,
    /// Volts at the ADC's input.
    Volts,
}

/// Who may open what the service makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The owner alone.
    #[default]
    Owner,
    /// A group too.
    Group,
}

/// How a real board's SPI is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpiAccess {
    /// Through the kernel's spidev.
    #[default]
    Kernel,
    /// Through the registers of a Raspberry Pi's SPI0, without the kernel.
    Mapped,
}

/// What a simulated ADC measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Code of channel c in frame k is (8k + c) mod 2^23.
    Counter,
    /// A sine wave.
    Sine,
    /// The chip's own test signal.
    Square,
    /// White noise.
    Noise,
    /// A mix that looks like an electroencephalogram.
    Eeg,
    /// A file.
    Recording,
}

/// [`Units`] by word.
pub(crate) const UNITS: [(&str, Units); 2] = [("codes", Units::Codes), ("volts", Units::Volts)];
/// [`Clock`] by word.
pub(crate) const CLOCKS: [(&str, Clock); 2] = [word(Clock::Monotonic), word(Clock::Realtime)];

const fn word(clock: Clock) -> (&'static str, Clock) {
    (clock.word(), clock)
}

/// [`Mode`] by word, which is the octal number of chmod(1).
pub(crate) const MODES: [(&str, Mode); 2] = [("0600", Mode::Owner), ("0660", Mode::Group)];
/// [`SpiAccess`] by word.
pub(crate) const SPI_ACCESSES: [(&str, SpiAccess); 2] = [("kernel", SpiAccess::Kernel), ("mapped", SpiAccess::Mapped)];
/// [`SignalKind`] by word.
pub(crate) const SIGNALS: [(&str, SignalKind); 6] = [
    ("counter", SignalKind::Counter),
    ("sine", SignalKind::Sine),
    ("square", SignalKind::Square),
    ("noise", SignalKind::Noise),
    ("eeg", SignalKind::Eeg),
    ("recording", SignalKind::Recording),
];
/// Element types by word; which of them go with which units is checked in [`Settings::check`].
const DTYPES: [(&str, DType); 3] = [("i4", DType::I32), ("f4", DType::F32), ("f8", DType::F64)];

/// The simulated ADC.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulate {
    /// Whether the ADC is simulated at all.
    pub enabled: bool,
    /// What it measures, as chosen; [`Simulate::kind`] says what holds.
    pub signal: Option<SignalKind>,
    /// What [`SignalKind::Recording`] plays.
    pub file: Option<PathBuf>,
    /// Frequency of the sine in Hz.
    pub frequency_hz: f64,
    /// Peak amplitude of the sine in microvolts at the ADC's input.
    pub amplitude_uv: f64,
    /// As fast as it can instead of in real time.
    pub fast: bool,
    /// Faults that it is to show, in the words of the boards crate.
    pub faults: Vec<String>,
}

impl Default for Simulate {
    fn default() -> Self {
        Self {
            enabled: false,
            signal: None,
            file: None,
            frequency_hz: 10.0,
            amplitude_uv: 100.0,
            fast: false,
            faults: Vec::new(),
        }
    }
}

impl Simulate {
    /// What it measures: as chosen, else the file when there is one, else a sine.
    #[must_use]
    pub fn kind(&self) -> SignalKind {
        self.signal.unwrap_or(if self.file.is_some() { SignalKind::Recording } else { SignalKind::Sine })
    }
}

/// Where each value was written. No part of the settings' equality.
#[derive(Clone, Debug, Default)]
pub struct Origins(BTreeMap<Key, Place>);

impl PartialEq for Origins {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The settings of a stream. `None` is "not given": what then holds is said at each field.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Name of the stream (`shmem_name`): 1 to [`MAX_NAME`] bytes, no control or invisible characters, no `/events`, and no `/buffer` or
    /// `/meta` with a number, at its end.
    pub name: String,
    /// Board id.
    pub board: String,
    /// Frames per second in Hz; else the board's default.
    pub rate: Option<f64>,
    /// Gain; else the board's default.
    pub gain: Option<u32>,
    /// Channels from 1, in the order of publication, each once; else all.
    pub channels: Option<Channels>,
    /// One label for each published channel; else the board's.
    pub labels: Option<Vec<String>>,
    /// Codes or volts.
    pub units: Units,
    /// Element type as chosen; [`Settings::dtype`] says what holds.
    pub dtype: Option<DType>,
    /// Frames of a chunk; else [`Settings::chunk_frames`].
    pub chunk: Option<NonZeroU32>,
    /// Length of the ring in seconds; finite and greater than 0.
    pub buf_dur: f64,
    /// The buffered axis; else the message's `stream_dim`.
    pub axis: Option<heapless::String<MAX_AXIS>>,
    /// Wire version.
    pub struct_version: StructVersion,
    /// Key of the messages; else the board id: see [`Settings::message_key`].
    pub key: Option<String>,
    /// Clock of the frame times: monotonic (since boot, never jumps) or realtime (since 1970, jumps when the machine's time is set).
    pub clock: Clock,
    /// How long the stream runs, greater than 0; else until it is stopped.
    pub duration: Option<Duration>,
    /// Unix socket of the life-cycle channel; else none.
    pub conn: Option<PathBuf>,
    /// Unix socket for programs that mark events; else none.
    pub events: Option<PathBuf>,
    /// Who may open the segments and the sockets.
    pub mode: Mode,
    /// Name or number of the group for [`Mode::Group`]; else that of the process.
    pub group: Option<String>,
    /// How a real board's SPI is reached.
    pub spi: SpiAccess,
    /// SCHED_FIFO priority of the acquisition, 0 for none; else [`crate::realtime::RealTime::of`] says what holds.
    pub priority: Option<u8>,
    /// Processor that the acquisition stays on, from 0; else any.
    pub cpu: Option<usize>,
    /// Whether all memory is kept in RAM; else [`crate::realtime::RealTime::of`] says what holds.
    pub lock_memory: Option<bool>,
    /// The simulated ADC.
    pub simulate: Simulate,
    /// Where the values come from, for messages.
    pub origins: Origins,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "axismirror".to_owned(),
            board: "pieeg8".to_owned(),
            rate: None,
            gain: None,
            channels: None,
            labels: None,
            units: Units::default(),
            dtype: None,
            chunk: None,
            buf_dur: 10.0,
            axis: None,
            struct_version: StructVersion::default(),
            key: None,
            clock: Clock::Monotonic,
            duration: None,
            conn: None,
            events: None,
            mode: Mode::default(),
            group: None,
            spi: SpiAccess::default(),
            priority: None,
            cpu: None,
            lock_memory: None,
            simulate: Simulate::default(),
            origins: Origins::default(),
        }
    }
}

impl Settings {
    /// A chunk whose length was not given lasts about so long, in seconds.
    const CHUNK_SECONDS: f64 = 0.02;

    /// Element type of the published samples.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype.unwrap_or(match self.units {
            Units::Codes => DType::I32,
            Units::Volts => DType::F32,
        })
    }

    /// Key of the messages.
    #[must_use]
    pub fn message_key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.board)
    }

    /// Frames of a chunk at `rate` Hz: as given, else about 20 ms of them and at least 1.
    #[must_use]
    pub fn chunk_frames(&self, rate: f64) -> u32 {
        let automatic = (rate * Self::CHUNK_SECONDS).round().clamp(1.0, f64::from(MAX_CHUNK));
        self.chunk.map_or(automatic as u32, NonZeroU32::get)
    }

    /// Who may open what the service makes.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn access(&self) -> Result<Access, AccessError> {
        match self.mode {
            Mode::Owner => Ok(Access::Owner),
            Mode::Group => Access::of_group(self.group.as_deref()),
        }
    }

    /// Where the value of `key` was written.
    #[must_use]
    pub fn origin(&self, key: Key) -> Place {
        self.origins.0.get(&key).cloned().unwrap_or(Place::Default)
    }

    /// Takes over one written value.
    pub(crate) fn set(&mut self, key: Key, given: Given<'_>, place: Place) -> Result<(), ConfigError> {
        match self.take(key, given, &place) {
            Ok(()) => {
                self.origins.0.insert(key, place);
                Ok(())
            }
            Err(Possible(possible)) => Err(ConfigError::Value { place, key, given: given.shown(), possible }),
        }
    }

    fn take(&mut self, key: Key, given: Given<'_>, place: &Place) -> Result<(), Possible> {
        let unset = given.is_unset();
        let optional = |or: Possible| Possible(or.0 + ", or auto");
        match key {
            Key::Name => self.name = given.stream_name(MAX_NAME)?,
            Key::Board => self.board = given.text(1, MAX_NAME)?,
            Key::Rate if unset => self.rate = None,
            Key::Rate => self.rate = Some(given.positive("Hz").map_err(optional)?),
            Key::Gain if unset => self.gain = None,
            Key::Gain => self.gain = Some(given.whole(1, MAX_GAIN).map_err(optional)?),
            Key::Channels if unset => self.channels = None,
            Key::Channels => self.channels = Some(given.channels().map_err(optional)?),
            Key::Labels if unset => self.labels = None,
            Key::Labels => self.labels = Some(given.labels().map_err(optional)?),
            Key::Units => self.units = given.word(&UNITS)?,
            Key::Dtype if unset => self.dtype = None,
            Key::Dtype => self.dtype = Some(given.word(&DTYPES).map_err(optional)?),
            Key::Chunk if unset => self.chunk = None,
            Key::Chunk => self.chunk = NonZeroU32::new(given.whole(1, MAX_CHUNK).map_err(optional)?),
            Key::BufDur => self.buf_dur = given.positive("seconds")?,
            Key::Axis if unset => self.axis = None,
            Key::Axis => {
                let text = given.text(1, MAX_AXIS).map_err(optional)?;
                let too_long = |_| Possible(format!("a text of at most {MAX_AXIS} bytes"));
                self.axis = Some(text.as_str().try_into().map_err(too_long)?);
            }
            Key::StructVersion => {
                let newest = StructVersion::default().number();
                let version = given.whole(0, newest)?;
                let known = StructVersion::from_number(version);
                self.struct_version = known.ok_or_else(|| Possible(format!("a whole number from 0 to {newest}")))?;
            }
            Key::Key if unset => self.key = None,
            Key::Key => self.key = Some(given.text(0, MAX_KEY).map_err(optional)?),
            Key::Clock => self.clock = given.word(&CLOCKS)?,
            Key::Duration if unset => self.duration = None,
            Key::Duration => {
                let possible = || Possible("1e-9 to 1e19 seconds, or none".to_owned());
                let seconds = given.positive("seconds").map_err(|_| possible())?;
                let duration = Duration::try_from_secs_f64(seconds).map_err(|_| possible())?;
                self.duration = Some(duration).filter(|d| !d.is_zero());
                self.duration.ok_or_else(possible)?;
            }
            Key::Conn if unset => self.conn = None,
            Key::Conn => self.conn = Some(beside(place, given.path()?)),
            Key::Events if unset => self.events = None,
            Key::Events => self.events = Some(beside(place, given.path()?)),
            Key::Mode => self.mode = given.word(&MODES)?,
            Key::Group if unset => self.group = None,
            Key::Group => self.group = Some(given.name_or_number().map_err(optional)?),
            Key::Spi => self.spi = given.word(&SPI_ACCESSES)?,
            Key::Priority if unset => self.priority = None,
            Key::Priority => {
                let priority = given.whole(0, MAX_PRIORITY.into()).map_err(optional)?;
                self.priority = Some(u8::try_from(priority).unwrap_or(MAX_PRIORITY));
            }
            Key::Cpu if unset => self.cpu = None,
            Key::Cpu => self.cpu = usize::try_from(given.whole(0, MAX_CPU).map_err(optional)?).ok(),
            Key::LockMemory if unset => self.lock_memory = None,
            Key::LockMemory => self.lock_memory = Some(given.boolean().map_err(optional)?),
            Key::Simulate => self.simulate.enabled = given.boolean()?,
            Key::Signal if unset => self.simulate.signal = None,
            Key::Signal => self.simulate.signal = Some(given.word(&SIGNALS)?),
            Key::File if unset => self.simulate.file = None,
            Key::File => self.simulate.file = Some(beside(place, given.path()?)),
            Key::FrequencyHz => self.simulate.frequency_hz = given.positive("Hz")?,
            Key::AmplitudeUv => self.simulate.amplitude_uv = given.positive("microvolts")?,
            Key::Fast => self.simulate.fast = given.boolean()?,
            Key::Faults if unset => self.simulate.faults = Vec::new(),
            Key::Faults => self.simulate.faults = given.texts().map_err(|p| Possible(p.0 + ", or none (auto)"))?,
        }
        Ok(())
    }

    /// What holds between the keys, once all are there.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let possible = match (self.units, self.dtype) {
            (Units::Codes, Some(DType::F32 | DType::F64)) => "i4, or units = \"volts\"",
            (Units::Volts, Some(DType::I32)) => "f4 or f8, or units = \"codes\"",
            _ => "",
        };
        if !possible.is_empty() {
            return Err(self.impossible(Key::Dtype, self.dtype().code().to_owned(), possible.to_owned()));
        }
        if let (Mode::Owner, Some(group)) = (self.mode, &self.group) {
            return Err(self.impossible(Key::Group, group.clone(), "a group with mode = \"0660\" only".to_owned()));
        }
        if self.simulate.enabled && self.simulate.kind() == SignalKind::Recording && self.simulate.file.is_none() {
            return Err(ConfigError::NoRecording { place: self.origin(Key::Signal) });
        }
        Ok(())
    }

    /// The error for a value that is not possible, with its origin.
    pub(crate) fn impossible(&self, key: Key, given: String, possible: String) -> ConfigError {
        ConfigError::Value { place: self.origin(key), key, given, possible }
    }
}

/// A relative path in a settings file starts at that file's folder.
fn beside(place: &Place, path: PathBuf) -> PathBuf {
    match place {
        Place::File { path: file, .. } => file.parent().unwrap_or(Path::new("")).join(path),
        _ => path,
    }
}
