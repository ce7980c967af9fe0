//! The chips as data: which board of ours carries them, how it is wired, and what their codes are.
//!
//! Must never know of a case.

/// The lines of one converter, by their numbers in the machine's GPIO controller.
#[derive(Debug)]
pub(crate) struct Wires {
    /// Chip-select.
    pub(super) select: u8,
    /// The same as SPI0 of a Raspberry Pi drives it by itself, where it can.
    pub(super) native_select: Option<u8>,
    /// DRDY.
    pub(super) data_ready: Option<u8>,
}

/// A chip, or two of them, and the board that carries them.
#[derive(Debug)]
pub(crate) struct Chip {
    /// As the command line calls it.
    pub(crate) name: &'static str,
    /// The board of ours that has it.
    pub(super) board: &'static str,
    /// The board file for a machine that has no header for that board.
    pub(super) rewired: Option<&'static str>,
    /// How each converter is wired on a Raspberry Pi.
    pub(super) wires: &'static [Wires],
    /// The device tree of a Raspberry Pi: `emulate/trees/MACHINE-TREE.tree`.
    pub(super) tree: &'static str,
    /// The greatest code, by its datasheet.
    pub(super) code_max: u32,
    /// Whether it converts from power-up on and not from a start: DRDY falls before anybody looks.
    pub(super) free_running: bool,
    /// Conversions of a frame, each with an edge of its own.
    pub(super) conversions: u32,
    /// Least share of the rate that has to come: a chip that scans waits for the host at each of its inputs.
    pub(super) share: f64,
    /// Drivers that are modules, besides the machine's.
    pub(super) modules: &'static [&'static str],
}

/// 24 bits with a sign.
const CODE_MAX_24: u32 = 0x7F_FFFF;
/// SPI0's first chip-select, where no board says otherwise.
const SELECT_0: Wires = Wires { select: 8, native_select: Some(0), data_ready: None };

/// PiEEG-8.
pub(super) const ADS1299: Chip = Chip {
    name: "ads1299",
    board: "pieeg8",
    rewired: None,
    wires: &[Wires { data_ready: Some(26), ..SELECT_0 }],
    tree: "spidev",
    code_max: CODE_MAX_24,
    free_running: false,
    conversions: 1,
    share: 1.0,
    modules: &[],
};

/// PiEEG-16: the second converter's chip-select is a pin of its own.
pub(super) const TWO_ADS1299: Chip = Chip {
    name: "two-ads1299",
    board: "pieeg16",
    wires: &[
        Wires { data_ready: Some(26), ..SELECT_0 },
        Wires { select: 19, native_select: None, data_ready: Some(13) },
    ],
    tree: "pieeg16",
    ..ADS1299
};

pub(super) const ADS131M04: Chip = Chip {
    name: "ads131m04",
    board: "ads131m04",
    rewired: Some(include_str!("../../../emulate/boards/imx8mp-ads131m04.toml")),
    wires: &[Wires { data_ready: Some(17), ..SELECT_0 }],
    free_running: true,
    ..ADS1299
};

pub(super) const ADS131M08: Chip = Chip {
    name: "ads131m08",
    board: "ads131m08",
    rewired: Some(include_str!("../../../emulate/boards/imx8mp-ads131m08.toml")),
    ..ADS131M04
};

/// Waveshare's board has chip-select on a pin of its own.
pub(super) const ADS1256: Chip = Chip {
    name: "ads1256",
    board: "waveshare-adda",
    rewired: Some(include_str!("../../../emulate/boards/imx8mp-ads1256.toml")),
    wires: &[Wires { select: 22, native_select: None, data_ready: Some(17) }],
    tree: "waveshare-adda",
    free_running: true,
    conversions: 8,
    share: 0.85,
    ..ADS1299
};

pub(super) const MCP3008: Chip =
    Chip { name: "mcp3008", board: "mcp3008", wires: &[SELECT_0], code_max: 1023, ..ADS1299 };
pub(super) const MCP3208: Chip = Chip { name: "mcp3208", board: "mcp3208", code_max: 4095, ..MCP3008 };
pub(super) const MAX1111: Chip = Chip { name: "max1111", board: "max1111", code_max: 255, ..MCP3008 };

/// For the kernel's own driver, in place of spidev.
pub(super) const MCP3008_IIO: Chip =
    Chip { tree: "mcp3008", modules: &["fixed", "industrialio", "mcp320x"], ..MCP3008 };
pub(super) const MCP3208_IIO: Chip =
    Chip { tree: "mcp3208", modules: &["fixed", "industrialio", "mcp320x"], ..MCP3208 };
