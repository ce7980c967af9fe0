//! The keys of the settings: name, table, meaning, and whether a running stream can change them.
//!
//! The one list from which the file, the flags, the error messages and the printed settings are made. Knows no values.

use core::fmt;

/// When a change of a key takes effect in a stream that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// From the next chunk on; the ADC keeps running and no frame is lost.
    Live,
    /// The ADC is stopped, configured and started again: a gap in the frames, counted in `frames_lost`. A new generation of the ring begins when
    /// the samples mean something else (channels, gain) or come at another rate.
    NeedsAdcRestart,
    /// Only by ending the stream and starting it anew.
    Fixed,
}

/// A key of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is described by `Key::meaning`")]
pub enum Key {
    Name,
    Board,
    Rate,
    Gain,
    Channels,
    Labels,
    Units,
    Dtype,
    Chunk,
    BufDur,
    Axis,
    StructVersion,
    Key,
    Clock,
    Duration,
    Conn,
    Events,
    Mode,
    Group,
    Spi,
    Priority,
    Cpu,
    LockMemory,
    Simulate,
    Signal,
    File,
    FrequencyHz,
    AmplitudeUv,
    Fast,
    Faults,
}

/// The table of the settings file that holds what concerns a simulated ADC.
pub const SIMULATE_TABLE: &str = "simulate";

struct Entry {
    key: Key,
    name: &'static str,
    in_simulate: bool,
    reach: Reach,
    meaning: &'static str,
}

const fn entry(key: Key, name: &'static str, reach: Reach, meaning: &'static str) -> Entry {
    Entry { key, name, in_simulate: false, reach, meaning }
}

const fn simulated(key: Key, name: &'static str, reach: Reach, meaning: &'static str) -> Entry {
    Entry { key, name, in_simulate: true, reach, meaning }
}

/// In the order of [`Key`], which is the order of the printed file.
const ENTRIES: [Entry; 30] = [
    entry(Key::Name, "name", Reach::Live, "Name of the stream, by which readers find it."),
    entry(Key::Board, "board", Reach::Fixed, "Board id; `axismirror boards` lists them."),
    entry(Key::Rate, "rate", Reach::NeedsAdcRestart, "Frames per second, in Hz; without it the board's default."),
    entry(Key::Gain, "gain", Reach::NeedsAdcRestart, "Gain of the ADC's amplifier; without it the board's default."),
    entry(
        Key::Channels,
        "channels",
        Reach::NeedsAdcRestart,
        "Channels to publish, counted from 1, in this order; without it all.",
    ),
    // As in the published writer, whose ring depends on rate, type, shape and key alone.
    entry(
        Key::Labels,
        "labels",
        Reach::Live,
        "A label for each published channel; without it the board's. A change replaces the static metadata, the ring stays.",
    ),
    entry(Key::Units, "units", Reach::Live, "`codes` as the ADC gives them, or `volts` at its input."),
    entry(Key::Dtype, "dtype", Reach::Live, "Element type: i4 for codes; f4 (default) or f8 for volts."),
    entry(Key::Chunk, "chunk", Reach::Live, "Frames that are published at once; without it about 20 ms of them."),
    entry(Key::BufDur, "buf_dur", Reach::Live, "Length of the ring, in seconds."),
    entry(Key::Axis, "axis", Reach::Live, "Dimension that is buffered; without it the stream's own, `time`."),
    entry(
        Key::StructVersion,
        "struct_version",
        Reach::Live,
        "Wire version: 0, 1 or 2 (ezmsg-tools 0.1 to 0.3, 0.4 to 0.9, 0.10).",
    ),
    entry(Key::Key, "key", Reach::Live, "Key of the messages; without it the board id."),
    entry(Key::Clock, "clock", Reach::Fixed, "Clock of the frame times: `monotonic` or `realtime`."),
    entry(
        Key::Duration,
        "duration",
        Reach::Live,
        "Seconds after which the stream ends; without it when it is stopped.",
    ),
    entry(Key::Conn, "conn", Reach::Fixed, "Path of the Unix socket for the life-cycle channel; without it none."),
    entry(
        Key::Events,
        "events",
        Reach::Fixed,
        "Path of the Unix socket for programs that mark events, a line of text each; without it none.",
    ),
    entry(
        Key::Mode,
        "mode",
        Reach::Fixed,
        "Who may open the segments and the sockets of `conn` and `events`: `0600` the owner alone, `0660` a group too.",
    ),
    entry(
        Key::Group,
        "group",
        Reach::Fixed,
        "That group, by name or number, for mode 0660 only; without it the group of the process.",
    ),
    entry(
        Key::Spi,
        "spi",
        Reach::NeedsAdcRestart,
        "`kernel` (spidev), or `mapped`: SPI0 of a Raspberry Pi 0 to 4 without the kernel.",
    ),
    entry(
        Key::Priority,
        "priority",
        Reach::Fixed,
        "SCHED_FIFO priority of the acquisition, 0 (none) to 99; without it 49 for a real board.",
    ),
    entry(Key::Cpu, "cpu", Reach::Fixed, "Processor that the acquisition stays on, counted from 0; without it any."),
    entry(
        Key::LockMemory,
        "lock_memory",
        Reach::Fixed,
        "Whether all memory is kept in RAM; without it for a real board only.",
    ),
    simulated(
        Key::Simulate,
        "enabled",
        Reach::Fixed,
        "Whether the ADC is simulated; a [simulate] table says yes unless this says no.",
    ),
    simulated(
        Key::Signal,
        "signal",
        Reach::NeedsAdcRestart,
        "What it measures: counter, sine, square, noise, eeg or recording.",
    ),
    simulated(
        Key::File,
        "file",
        Reach::NeedsAdcRestart,
        "File that signal `recording` plays: CSV, EDF(+), BDF(+), XDF, or what record writes.",
    ),
    simulated(Key::FrequencyHz, "frequency_hz", Reach::NeedsAdcRestart, "Frequency of the sine, in Hz."),
    simulated(Key::AmplitudeUv, "amplitude_uv", Reach::NeedsAdcRestart, "Amplitude of the sine (peak), in microvolts."),
    simulated(Key::Fast, "fast", Reach::NeedsAdcRestart, "As fast as the machine can, instead of in real time."),
    simulated(
        Key::Faults,
        "faults",
        Reach::NeedsAdcRestart,
        "Faults that the simulated ADC is to show; `axismirror run --help` has their form.",
    ),
];

impl Key {
    /// All of them, in the order of the printed file.
    pub fn all() -> impl Iterator<Item = Self> {
        ENTRIES.iter().map(|e| e.key)
    }

    fn entry(self) -> &'static Entry {
        // `ENTRIES` is in the order of the enum: checked below at compile time.
        &ENTRIES[self as usize]
    }

    /// Name within its table: `buf_dur`, `signal`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Whether the key belongs into the table `[simulate]`.
    #[must_use]
    pub fn in_simulate(self) -> bool {
        self.entry().in_simulate
    }

    /// One line that says what it is, with its unit.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.entry().meaning
    }

    /// When a change takes effect.
    #[must_use]
    pub fn reach(self) -> Reach {
        self.entry().reach
    }

    /// Name as a flag of `axismirror run`, without the dashes: `buf-dur`, `signal`, `simulate`.
    #[must_use]
    pub fn flag(self) -> String {
        match self {
            Self::Simulate => SIMULATE_TABLE.to_owned(),
            key => key.name().replace('_', "-"),
        }
    }

    /// The key that a person means by `word`: `buf_dur`, `buf-dur`, `signal`, `simulate.signal`, `simulate`.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().replace('-', "_");
        if word == SIMULATE_TABLE {
            return Some(Self::Simulate);
        }
        match word.split_once('.') {
            Some((SIMULATE_TABLE, name)) => Self::all().find(|k| k.in_simulate() && k.name() == name),
            Some(_) => None,
            None => Self::all().find(|k| *k != Self::Simulate && k.name() == word),
        }
    }
}

/// As in messages: `buf_dur`, `simulate.signal`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.in_simulate() { write!(f, "{SIMULATE_TABLE}.{}", self.name()) } else { f.write_str(self.name()) }
    }
}

const _: () = {
    let mut i = 0;
    while i < ENTRIES.len() {
        assert!(ENTRIES[i].key as usize == i, "ENTRIES is not in the order of Key");
        i += 1;
    }
    assert!(Key::Faults as usize + 1 == ENTRIES.len(), "a key has no entry");
};

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn every_key_is_found_by_its_displayed_name() {
        for key in Key::all() {
            assert_eq!(Key::from_word(&key.to_string()), Some(key));
        }
        assert_eq!(Key::from_word("buf-dur"), Some(Key::BufDur));
        assert_eq!(Key::from_word("signal"), Some(Key::Signal));
        assert_eq!(Key::from_word("simulate.name"), None);
        assert_eq!(Key::from_word("enabled"), None);
        assert_eq!(Key::from_word("other.signal"), None);
    }
}
