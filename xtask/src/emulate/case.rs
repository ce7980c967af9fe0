//! The cases as data: a board, a chip, what goes wrong, and what has to be counted then.
//!
//! Every counter that a case does not name has to be 0, so that a fault is counted as what it is and as nothing else. Frames that are
//! missing in the ADC's own numbering are as many as were counted as lost, each of them for one reason.

use super::chip::{
    ADS131M04, ADS131M08, ADS1256, ADS1299, Chip, MAX1111, MCP3008, MCP3008_IIO, MCP3208, MCP3208_IIO, TWO_ADS1299,
};
use super::machine::{IMX8MP, Machine, PI3, PI4};

/// Milliseconds that may be missing at the end of a run: the filter that settles, the last period.
const SLACK_MS: u32 = 20;

/// What one run is.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What we call it.
    pub(crate) name: &'static str,
    pub(crate) machine: &'static Machine,
    /// Who reads.
    pub(super) reader: Reader,
    /// By which way.
    pub(super) spi: Spi,
    /// The chip that is simulated, and the device tree's child for it.
    pub(crate) chip: &'static Chip,
    /// Hz.
    pub(super) rate: u32,
    /// Milliseconds of guest time.
    pub(super) duration_ms: u32,
    /// Faults of the device, in the peer's words.
    pub(super) faults: &'static [&'static str],
    /// The reading process is stopped for so many milliseconds.
    pub(super) stall_ms: Option<u32>,
    /// The guest's processor takes 2^shift ns for an instruction.
    pub(super) shift: u8,
    /// Counters that are not 0.
    pub(super) counts: &'static [(&'static str, Count)],
    /// How far the count of lost frames may be off: one that is lost at the very end is not seen by everybody.
    pub(super) lost_within: u64,
    /// Part of the short set, which is to take about two minutes: `service-faults` stands for the single ones.
    pub(crate) quick: bool,
}

/// Who reads the ADC in the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// Driver and acquisition alone, which shows edges and `line_seqno` too.
    Acquisition,
    /// The service, and a mirror of its stream.
    Service,
    /// The kernel's own driver for the chip: nothing of ours but the device.
    Iio,
}

/// How the reader reaches the SPI controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spi {
    /// spidev and the kernel's driver for the controller.
    Spidev,
    /// The controller's registers, mapped into the process: the kernel's driver is not loaded.
    Mapped,
}

/// What a counter has to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Is(u64),
    /// Within these limits: how long a process that was stopped stays stopped is the guest's kernel to say.
    Within(u64, u64),
}
use Count::{Is, Within};

/// Nothing goes wrong.
const CLEAN: Case = Case {
    name: "",
    machine: &IMX8MP,
    reader: Reader::Acquisition,
    spi: Spi::Spidev,
    chip: &ADS1299,
    rate: 1000,
    duration_ms: 1000,
    faults: &[],
    stall_ms: None,
    shift: 0,
    counts: &[],
    lost_within: 0,
    quick: false,
};

/// The same by the service.
const SERVICE: Case = Case { reader: Reader::Service, ..CLEAN };

/// A chip that scans its inputs as fast as it and the host can.
const SCAN: Case = Case { chip: &ADS1256, rate: 101, duration_ms: 2000, ..CLEAN };

/// A chip that the guest's clock paces; long enough for its counter to begin anew.
const CLOCKED: Case = Case { machine: &PI3, chip: &MCP3008, rate: 100, duration_ms: 2000, ..CLEAN };

/// Those that differ in more than their board.
const SINGLE: &[Case] = &[
    Case { name: "250-hz", rate: 250, ..CLEAN },
    Case { name: "500-hz", rate: 500, ..CLEAN },
    Case { name: "1000-hz", rate: 1000, quick: true, ..CLEAN },
    Case { name: "2000-hz", rate: 2000, ..CLEAN },
    Case { name: "4000-hz", rate: 4000, ..CLEAN },
    Case {
        name: "skipped-edge",
        faults: &["missed-edge@500"],
        counts: &[("drdy_missed", Is(1)), ("frames_lost", Is(1))],
        ..CLEAN
    },
    Case {
        name: "status-bit",
        faults: &["status-bit=0@300", "status-bit=17@600x2"],
        counts: &[("bad_frames", Is(3)), ("frames_lost", Is(3))],
        ..CLEAN
    },
    // The ADS1299 has no checksum: what the acquisition cannot see, the verifier does.
    Case { name: "data-bit", faults: &["data-bit=100@500"], counts: &[("bad_codes", Is(1))], ..CLEAN },
    // Ten conversions while nobody reads: the edges wait in the kernel's queue, the frames are overwritten.
    Case {
        name: "stall",
        stall_ms: Some(10),
        counts: &[("overruns", Within(9, 12)), ("frames_lost", Within(9, 12))],
        quick: true,
        ..CLEAN
    },
    // More than the kernel's queue of 1024 edges: it drops some, and line_seqno tells.
    Case {
        name: "long-stall",
        rate: 4000,
        stall_ms: Some(400),
        duration_ms: 2000,
        counts: &[
            ("overruns", Within(1020, 1040)),
            ("drdy_missed", Within(570, 620)),
            ("seqno_gaps", Is(1)),
            ("frames_lost", Within(1599, 1620)),
        ],
        ..CLEAN
    },
    // Ten missing edges, then nothing answers until the ADC comes back.
    Case {
        name: "stops",
        duration_ms: 2000,
        faults: &["drdy-high@500x400", "miso-high@500x400"],
        counts: &[
            ("drdy_missed", Is(10)),
            ("restarts", Within(2, 5)),
            ("refused", Within(1, 4)),
            ("frames_lost", Within(700, 800)),
        ],
        quick: true,
        ..CLEAN
    },
    // A quarter of the speed: a frame takes longer than a period, and edges fall while the kernel prepares the transfer. Each frame has the
    // time of its own edge all the same.
    Case {
        name: "too-fast",
        rate: 4000,
        shift: 2,
        counts: &[("overruns", Within(1000, 3500)), ("frames_lost", Within(1000, 3500))],
        lost_within: 1,
        quick: true,
        ..CLEAN
    },
    Case { name: "service-250-hz", rate: 250, ..SERVICE },
    Case { name: "service-4000-hz", rate: 4000, quick: true, ..SERVICE },
    Case {
        name: "service-faults",
        duration_ms: 1500,
        faults: &["missed-edge@300", "status-bit=2@600", "data-bit=50@900"],
        counts: &[("drdy_missed", Is(1)), ("bad_frames", Is(1)), ("frames_lost", Is(2)), ("bad_codes", Is(1))],
        quick: true,
        ..SERVICE
    },
    Case {
        name: "service-stall",
        duration_ms: 1500,
        stall_ms: Some(10),
        counts: &[("overruns", Within(9, 12)), ("frames_lost", Within(9, 12))],
        ..SERVICE
    },
    Case { name: "1000-hz", machine: &PI3, ..CLEAN },
    Case { name: "1000-hz", machine: &PI4, quick: true, ..CLEAN },
    Case {
        name: "skipped-edge",
        machine: &PI4,
        faults: &["missed-edge@500"],
        counts: &[("drdy_missed", Is(1)), ("frames_lost", Is(1))],
        ..CLEAN
    },
    Case { name: "1000-hz", chip: &ADS131M08, quick: true, ..CLEAN },
    Case { name: "4000-hz", chip: &ADS131M08, rate: 4000, ..CLEAN },
    Case {
        name: "skipped-edge",
        chip: &ADS131M08,
        faults: &["missed-edge@500"],
        counts: &[("drdy_missed", Is(1)), ("frames_lost", Is(1))],
        ..CLEAN
    },
    // These chips have a checksum.
    Case {
        name: "data-bit",
        chip: &ADS131M08,
        faults: &["data-bit=100@500"],
        counts: &[("bad_frames", Is(1)), ("frames_lost", Is(1))],
        quick: true,
        ..CLEAN
    },
    // The chip keeps two frames: the older one must not be taken for the newer.
    Case {
        name: "stall",
        chip: &ADS131M08,
        stall_ms: Some(10),
        duration_ms: 1500,
        counts: &[("overruns", Within(8, 12)), ("frames_lost", Within(8, 12))],
        ..CLEAN
    },
    Case { name: "service-1000-hz", chip: &ADS131M08, quick: true, ..SERVICE },
    Case { name: "1000-hz", chip: &ADS131M04, ..CLEAN },
    Case { name: "service-4000-hz", chip: &ADS131M04, rate: 4000, quick: true, ..SERVICE },
    Case { name: "101-hz", quick: true, ..SCAN },
    Case { name: "341-hz", rate: 341, duration_ms: 1000, ..SCAN },
    // 30,000 conversions a second: a host that is late finds more edges of the same input.
    Case { name: "469-hz", rate: 469, duration_ms: 1000, ..SCAN },
    Case { name: "service-101-hz", reader: Reader::Service, ..SCAN },
    // Ticks that nobody kept are no conversions.
    Case {
        name: "stall",
        stall_ms: Some(100),
        counts: &[("drdy_missed", Within(9, 12)), ("frames_lost", Within(9, 12)), ("seqno_gaps", Is(1))],
        ..CLOCKED
    },
    Case {
        name: "null-bit",
        faults: &["status-bit=0@50x3"],
        counts: &[("bad_frames", Is(3)), ("frames_lost", Is(3))],
        ..CLOCKED
    },
    Case { name: "kernel-driver", chip: &MCP3008_IIO, reader: Reader::Iio, quick: true, ..CLOCKED },
    Case { name: "kernel-driver", chip: &MCP3208_IIO, reader: Reader::Iio, ..CLOCKED },
];

/// The service on a Raspberry Pi, with each board as it is sold: rate in Hz, milliseconds, whether it is part of the short set. Those without a clock
/// of their own run until their counter begins anew. The emulated processors take turns, and are slow with it: the rates leave them time. By spidev
/// an ADS1256's scan takes them 16 ms at 101 Hz and 20 ms at 55 Hz, whatever is lost; a frame of an ADS131M at 1000 Hz comes now and then late.
const BENCH: &[(&Chip, u32, u32, bool)] = &[
    (&ADS1299, 1000, 1000, true),
    (&TWO_ADS1299, 250, 1000, false),
    (&ADS1256, 12, 4000, false),
    (&ADS131M04, 500, 1000, false),
    (&ADS131M08, 500, 1000, false),
    (&MCP3008, 100, 2000, false),
    (&MCP3208, 250, 3000, true),
    (&MAX1111, 100, 1000, false),
];

/// All cases, in the order in which they run: of two ways to the same result the second comes right behind the first.
pub(super) fn all() -> Vec<Case> {
    let mut cases = SINGLE.to_vec();
    for machine in [&PI3, &PI4] {
        for &(chip, rate, duration_ms, short) in BENCH {
            for (name, spi) in [("service-spidev", Spi::Spidev), ("service-mapped", Spi::Mapped)] {
                let quick = short && machine.name == PI4.name;
                cases.push(Case { name, machine, spi, chip, rate, duration_ms, quick, ..SERVICE });
            }
        }
    }
    cases
}

impl Case {
    /// Nanoseconds from one edge to the next.
    pub(super) fn apart_ns(&self) -> i64 {
        1_000_000_000 / (i64::from(self.rate) * i64::from(self.chip.conversions))
    }

    /// Frames that have to come, those that are lost included.
    pub(super) fn due(&self) -> f64 {
        self.chip.share * f64::from(self.rate) * f64::from(self.duration_ms.saturating_sub(SLACK_MS)) / 1000.0
    }
}
