//! Every setting as a flag of `run`.
//!
//! The flags carry text; what a value may be is checked where the settings file's values are, so that both give the same errors.

use std::path::PathBuf;

use axismirror::config::{Key, Sources};
use clap::Args;

/// The settings, as flags.
#[derive(Debug, Default, Args)]
pub(crate) struct SettingFlags {
    /// Name of the stream, by which readers find it [default: axismirror]
    #[arg(long, value_name = "NAME", help_heading = STREAM)]
    name: Option<String>,
    /// Board id (`axismirror boards` lists them), or the path of a board file: ./mine.toml [default: pieeg8]
    #[arg(long, value_name = "BOARD", help_heading = ADC)]
    board: Option<String>,
    /// Frames per second, in Hz, or auto [default: the board's]
    #[arg(long, value_name = "HZ", help_heading = ADC)]
    rate: Option<String>,
    /// Gain of the ADC's amplifier, or auto [default: the board's]
    #[arg(long, value_name = "N", help_heading = ADC)]
    gain: Option<String>,
    /// Channels to publish, counted from 1, in this order: 1-4,8 [default: all]
    #[arg(long, value_name = "LIST", help_heading = ADC)]
    channels: Option<String>,
    /// A label for each published channel: Fp1,Fp2,Cz [default: the board's]
    #[arg(long, value_name = "LIST", help_heading = STREAM)]
    labels: Option<String>,
    /// Codes as the ADC gives them, or volts at its input [default: codes]
    #[arg(long, value_name = "UNITS", value_parser = ["codes", "volts"], help_heading = STREAM)]
    units: Option<String>,
    /// Element type: i4 for codes; f4 or f8 for volts [default: i4 or f4]
    #[arg(long, value_name = "TYPE", value_parser = ["i4", "f4", "f8", "auto"], help_heading = STREAM)]
    dtype: Option<String>,
    /// Frames that are published at once, or auto [default: about 20 ms of them]
    #[arg(long, value_name = "FRAMES", help_heading = STREAM)]
    chunk: Option<String>,
    /// Length of the ring, in seconds: how far a reader may fall behind [default: 10]
    #[arg(long, alias = "buf_dur", value_name = "SECONDS", help_heading = STREAM)]
    buf_dur: Option<String>,
    /// Dimension that is buffered [default: the stream's own, time]
    #[arg(long, value_name = "DIM", help_heading = STREAM)]
    axis: Option<String>,
    /// Wire version: 2 for ezmsg-tools 0.10, 1 for 0.4 to 0.9, 0 for 0.1 to 0.3 [default: 2]
    #[arg(long, alias = "struct_version", value_name = "VERSION", value_parser = ["0", "1", "2"], help_heading = STREAM)]
    struct_version: Option<String>,
    /// Key of the messages [default: the board id]
    #[arg(long, value_name = "KEY", help_heading = STREAM)]
    key: Option<String>,
    /// Clock of the frame times [default: monotonic]
    #[arg(long, value_name = "CLOCK", value_parser = ["monotonic", "realtime"], help_heading = STREAM)]
    clock: Option<String>,
    /// Seconds after which the stream ends, or none [default: none, until it is stopped]
    #[arg(long, value_name = "SECONDS", help_heading = STREAM)]
    duration: Option<String>,
    /// Unix socket for the life-cycle channel of Python's multiprocessing.connection.Client, or none [default: none]
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath, help_heading = STREAM)]
    conn: Option<String>,
    /// Unix socket for programs that mark events, a line of text each, or none [default: none]
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath, help_heading = STREAM)]
    events: Option<String>,
    /// Who may open the segments and the sockets of --conn and --events: 0600 the owner alone, 0660 a group too [default: 0600]
    #[arg(long, value_name = "MODE", value_parser = ["0600", "0660"], help_heading = STREAM)]
    mode: Option<String>,
    /// That group, by name or number, for mode 0660 only [default: the group of the process]
    #[arg(long, value_name = "GROUP", help_heading = STREAM)]
    group: Option<String>,
    /// How a real board's SPI is reached: kernel (spidev), or mapped (SPI0 of a Raspberry Pi 0 to 4, as root) [default: kernel]
    #[arg(long, value_name = "ACCESS", value_parser = ["kernel", "mapped"], help_heading = ADC)]
    spi: Option<String>,
    /// SCHED_FIFO priority of the acquisition, 0 (none) to 99, or auto [default: 49 for a real board]
    #[arg(long, value_name = "N", help_heading = REAL_TIME)]
    priority: Option<String>,
    /// Processor that the acquisition stays on, counted from 0, or auto [default: any]
    #[arg(long, value_name = "N", help_heading = REAL_TIME)]
    cpu: Option<String>,
    /// Keep all memory in RAM [default: true for a real board]
    #[arg(long, alias = "lock_memory", value_name = "BOOL", value_parser = ["true", "false", "auto"], num_args = 0..=1,
          require_equals = true, default_missing_value = "true", help_heading = REAL_TIME)]
    lock_memory: Option<String>,
    /// Simulate the ADC: it answers on the SPI level, through the same driver
    #[arg(long, value_name = "BOOL", value_parser = ["true", "false"], num_args = 0..=1, require_equals = true,
          default_missing_value = "true", help_heading = SIMULATED)]
    simulate: Option<String>,
    /// What it measures [default: sine, or recording when there is a file]
    #[arg(long, value_name = "SIGNAL",
          value_parser = ["counter", "sine", "square", "noise", "eeg", "recording"], help_heading = SIMULATED)]
    signal: Option<String>,
    /// The recording to play: CSV, EDF(+), BDF(+), XDF, or what `axismirror record` writes
    #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath, help_heading = SIMULATED)]
    file: Option<String>,
    /// Frequency of the sine, in Hz [default: 10]
    #[arg(long, alias = "frequency_hz", value_name = "HZ", help_heading = SIMULATED)]
    frequency_hz: Option<String>,
    /// Peak amplitude of the sine, in microvolts [default: 100]
    #[arg(long, alias = "amplitude_uv", value_name = "UV", help_heading = SIMULATED)]
    amplitude_uv: Option<String>,
    /// As fast as the machine can, instead of in real time
    #[arg(long, value_name = "BOOL", value_parser = ["true", "false"], num_args = 0..=1, require_equals = true,
          default_missing_value = "true", help_heading = SIMULATED)]
    fast: Option<String>,
    /// Faults that the simulated ADC is to show, as far as its chip can: KIND[=N][@FRAME][xFRAMES][:CHIP], such as bus-error@500x20, with
    /// commas between several, or the flag again for each; CHIP counted from 0. Kinds: missed-edge, dropped-edge, status-bit=N, data-bit=N,
    /// wrong-id=N, bus-error, miso-low, miso-high, drdy-low, drdy-high, unplugged; or none
    #[arg(long, alias = "fault", value_name = "FAULT", help_heading = SIMULATED)]
    faults: Vec<String>,
}

const STREAM: &str = "Stream";
const ADC: &str = "Board and ADC";
const REAL_TIME: &str = "Real time";
const SIMULATED: &str = "Simulated ADC";

impl SettingFlags {
    /// The flags over a settings file.
    pub(crate) fn over(&self, file: Option<PathBuf>) -> Sources {
        let given = |key| match key {
            Key::Faults => (!self.faults.is_empty()).then(|| self.faults.clone()),
            _ => self.text(key).clone().map(|text| vec![text]),
        };
        Sources { file, flags: Key::all().filter_map(|key| given(key).map(|texts| (key, texts))).collect() }
    }

    fn text(&self, key: Key) -> &Option<String> {
        match key {
            Key::Name => &self.name,
            Key::Board => &self.board,
            Key::Rate => &self.rate,
            Key::Gain => &self.gain,
            Key::Channels => &self.channels,
            Key::Labels => &self.labels,
            Key::Units => &self.units,
            Key::Dtype => &self.dtype,
            Key::Chunk => &self.chunk,
            Key::BufDur => &self.buf_dur,
            Key::Axis => &self.axis,
            Key::StructVersion => &self.struct_version,
            Key::Key => &self.key,
            Key::Clock => &self.clock,
            Key::Duration => &self.duration,
            Key::Conn => &self.conn,
            Key::Events => &self.events,
            Key::Mode => &self.mode,
            Key::Group => &self.group,
            Key::Spi => &self.spi,
            Key::Priority => &self.priority,
            Key::Cpu => &self.cpu,
            Key::LockMemory => &self.lock_memory,
            Key::Simulate => &self.simulate,
            Key::Signal => &self.signal,
            Key::File => &self.file,
            Key::FrequencyHz => &self.frequency_hz,
            Key::AmplitudeUv => &self.amplitude_uv,
            Key::Fast => &self.fast,
            // Repeated, and so not one text: see `over`.
            Key::Faults => &None,
        }
    }
}
