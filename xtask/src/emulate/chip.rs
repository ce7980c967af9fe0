//! The chips as data: which device of ours is at the end of the wires, what its codes are, and what the guest needs to know.
//!
//! Must never know of a case.

/// A chip, and how an emulated board carries it.
#[derive(Debug)]
pub(crate) struct Chip {
    /// As the command line calls it.
    pub(crate) name: &'static str,
    /// The board of ours that has it.
    pub(super) board: &'static str,
    /// The board file for the guest, where the emulated board has other wires than that board.
    pub(super) wires: Option<&'static str>,
    /// The greatest code, by its datasheet.
    pub(super) code_max: u32,
    /// Whether it converts from power-up on and not from a start: DRDY falls before anybody looks.
    pub(super) free_running: bool,
    /// Least share of the rate that has to come: a chip that scans waits for the host at each of its inputs.
    pub(super) share: f64,
    /// Which device tree: `emulate/trees/MACHINE-TREE.tree`.
    pub(super) tree: &'static str,
    /// Drivers that are modules, besides the machine's.
    pub(super) modules: &'static [&'static str],
}

/// 24 bits with a sign.
const CODE_MAX_24: u32 = 0x7F_FFFF;

pub(super) const ADS1299: Chip = Chip {
    name: "ads1299",
    board: "pieeg8",
    wires: None,
    code_max: CODE_MAX_24,
    free_running: false,
    share: 1.0,
    tree: "spidev",
    modules: &[],
};

pub(super) const ADS131M04: Chip = Chip {
    name: "ads131m04",
    board: "ads131m04",
    wires: Some(include_str!("../../../emulate/boards/imx8mp-ads131m04.toml")),
    free_running: true,
    ..ADS1299
};

pub(super) const ADS131M08: Chip = Chip {
    name: "ads131m08",
    board: "ads131m08",
    wires: Some(include_str!("../../../emulate/boards/imx8mp-ads131m08.toml")),
    free_running: true,
    ..ADS1299
};

pub(super) const ADS1256: Chip = Chip {
    name: "ads1256",
    board: "waveshare-adda",
    wires: Some(include_str!("../../../emulate/boards/imx8mp-ads1256.toml")),
    free_running: true,
    share: 0.85,
    ..ADS1299
};

pub(super) const MCP3008: Chip = Chip { name: "mcp3008", board: "mcp3008", code_max: 1023, ..ADS1299 };
pub(super) const MCP3208: Chip = Chip { name: "mcp3208", board: "mcp3208", code_max: 4095, ..ADS1299 };
pub(super) const MAX1111: Chip = Chip { name: "max1111", board: "max1111", code_max: 255, ..ADS1299 };

/// For the kernel's own driver, in place of spidev.
pub(super) const MCP3008_IIO: Chip =
    Chip { tree: "mcp3008", modules: &["fixed", "industrialio", "mcp320x"], ..MCP3008 };
pub(super) const MCP3208_IIO: Chip =
    Chip { tree: "mcp3208", modules: &["fixed", "industrialio", "mcp320x"], ..MCP3208 };
