//! The cases as data: a board, a chip, what goes wrong, and what has to be counted then.
//!
//! Every counter that a case does not name has to be 0, so that a fault is counted as what it is and as nothing else. And frames that are
//! missing in the ADC's own numbering are always as many as were counted as lost.

use super::machine::{IMX8MP, Machine, PI3, PI4};

/// What one run is.
#[derive(Debug)]
pub(crate) struct Case {
    /// What we call it.
    pub(crate) name: &'static str,
    pub(crate) machine: &'static Machine,
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
    /// Part of the short set.
    pub(crate) quick: bool,
}

/// What a counter has to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Is(u64),
    AtLeast(u64),
}
use Count::{AtLeast, Is};

/// A chip, and how an emulated board carries it.
#[derive(Debug)]
pub(crate) struct Chip {
    /// As the command line calls it.
    pub(crate) name: &'static str,
    /// The board of ours whose device and driver are used.
    pub(super) board: &'static str,
    /// Which device tree: `emulate/trees/MACHINE-TREE.tree`.
    pub(super) tree: &'static str,
    /// Drivers that are modules, besides the machine's.
    pub(super) modules: &'static [&'static str],
}

const ADS1299: Chip = Chip { name: "ads1299", board: "pieeg8", tree: "spidev", modules: &[] };

/// Nothing goes wrong.
const CLEAN: Case = Case {
    name: "",
    machine: &IMX8MP,
    chip: &ADS1299,
    rate: 1000,
    duration_ms: 1000,
    faults: &[],
    stall_ms: None,
    shift: 0,
    counts: &[],
    quick: false,
};

/// All of them.
pub(super) const ALL: &[Case] = &[
    Case { name: "250-hz", rate: 250, ..CLEAN },
    Case { name: "500-hz", rate: 500, ..CLEAN },
    Case { name: "1000-hz", rate: 1000, quick: true, ..CLEAN },
    Case { name: "2000-hz", rate: 2000, ..CLEAN },
    Case { name: "4000-hz", rate: 4000, quick: true, ..CLEAN },
    Case {
        name: "skipped-edge",
        faults: &["missed-edge@500"],
        counts: &[("drdy_missed", Is(1)), ("frames_lost", Is(1))],
        quick: true,
        ..CLEAN
    },
    Case {
        name: "status-bit",
        faults: &["status-bit=0@300", "status-bit=17@600x2"],
        counts: &[("bad_frames", Is(3)), ("frames_lost", Is(3))],
        quick: true,
        ..CLEAN
    },
    // The ADS1299 has no checksum: what the acquisition cannot see, the verifier does.
    Case { name: "data-bit", faults: &["data-bit=100@500"], counts: &[("bad_codes", Is(1))], quick: true, ..CLEAN },
    // Ten conversions while nobody reads: the edges wait in the kernel's queue, the frames are overwritten.
    Case {
        name: "stall",
        stall_ms: Some(10),
        counts: &[("overruns", AtLeast(9)), ("frames_lost", AtLeast(9))],
        quick: true,
        ..CLEAN
    },
    // More than the queue's 16 edges: it drops some, and line_seqno tells.
    Case {
        name: "long-stall",
        stall_ms: Some(50),
        counts: &[
            ("overruns", AtLeast(14)),
            ("drdy_missed", AtLeast(30)),
            ("seqno_gaps", Is(1)),
            ("frames_lost", AtLeast(49)),
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
            ("restarts", AtLeast(2)),
            ("refused", AtLeast(1)),
            ("frames_lost", AtLeast(400)),
        ],
        quick: true,
        ..CLEAN
    },
    // A quarter of the speed: a frame takes longer than a period.
    Case {
        name: "too-fast",
        rate: 4000,
        shift: 2,
        counts: &[("overruns", AtLeast(1000)), ("frames_lost", AtLeast(1000))],
        quick: true,
        ..CLEAN
    },
    Case { name: "spidev", machine: &PI3, rate: 250, quick: true, ..CLEAN },
    Case { name: "spidev", machine: &PI4, rate: 250, quick: true, ..CLEAN },
];
