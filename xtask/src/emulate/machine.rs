//! Emulated boards as data: QEMU's machine, the wires between it and the devices, and what its kernel has to load.

use super::chip::{Chip, Wires};

/// A board that QEMU models.
#[derive(Debug)]
pub(crate) struct Machine {
    /// What we call it.
    pub(crate) name: &'static str,
    /// QEMU's name and what goes with it.
    pub(crate) qemu: &'static [&'static str],
    /// The kernel's name for the serial console, which is also QEMU's standard output.
    pub(crate) console: &'static str,
    /// More for the kernel's command line.
    pub(crate) kernel: &'static str,
    /// Devices that are added before those on the bus.
    pub(super) devices: &'static [&'static str],
    /// Properties of every bridge: the bus, and the controllers of chip-select and DRDY, by QEMU's names.
    pub(super) bridge: &'static str,
    /// Properties of the first bridge alone: what the board as a whole needs.
    pub(super) first_bridge: &'static str,
    /// SPI's driver, which is a module.
    pub(super) spi: &'static [&'static str],
    /// Other drivers that are modules, in the order of loading.
    pub(super) modules: &'static [&'static str],
    /// The one place for a chip, on a board without a Raspberry Pi's header.
    pub(crate) place: Option<Wires>,
}

impl Machine {
    /// All of them.
    pub(crate) const ALL: [&'static Self; 3] = [&IMX8MP, &PI3, &PI4];
    /// The one with DRDY.
    pub(crate) const IMX8MP: &'static Self = &IMX8MP;

    /// Whether the product's boards fit on it as they are.
    pub(super) const fn has_header(&self) -> bool {
        self.place.is_none()
    }

    /// The wires of each converter of a board.
    pub(super) fn wires<'a>(&'a self, chip: &'a Chip) -> &'a [Wires] {
        self.place.as_ref().map_or(chip.wires, std::slice::from_ref)
    }

    /// QEMU's device for the converter number `chip` on such wires; its peer is the character device `peer0`, `peer1`...
    pub(crate) fn bridge(&self, chip: usize, wires: &Wires) -> String {
        let line = |line: Option<u8>| line.map_or(-1, i32::from);
        format!(
            "ssi-bridge,chardev=peer{chip},cs={chip},{},cs-line={},native-cs={},drdy-line={}{}",
            self.bridge,
            wires.select,
            line(wires.native_select),
            line(wires.data_ready),
            if chip == 0 { self.first_bridge } else { "" },
        )
    }

    /// The device tree: `emulate/trees/NAME.tree`.
    pub(super) fn tree(&self, chip: &Chip) -> String {
        format!("{}-{}", self.name, if self.has_header() { chip.tree } else { "spidev" })
    }
}

/// NXP's i.MX 8M Plus evaluation kit: SPI by spi-imx, DRDY as a real edge on GPIO3 line 20.
pub(super) const IMX8MP: Machine = Machine {
    name: "imx8mp",
    qemu: &["-machine", "imx8mp-evk", "-m", "512M", "-smp", "1", "-serial", "null", "-serial", "stdio"],
    console: "ttymxc1,115200",
    kernel: "maxcpus=1",
    devices: &[],
    bridge: "bus=spi,cs-controller=/machine/soc/gpio5,drdy-controller=/machine/soc/gpio3",
    first_bridge: "",
    spi: &["spi-imx"],
    modules: &[],
    place: Some(Wires { select: 13, native_select: None, data_ready: Some(20) }),
};

/// Raspberry Pi 3B: SPI by spi-bcm2835, DRDY by pinctrl-bcm2835 on GPIO inputs that our plugin adds. Without the watchdog's driver
/// the machine cannot end itself. Its four processors run one behind the other, so that an interrupt may wait for its own one's turn, some
/// 0.2 ms; a kernel that leaves three of them alone is no remedy, for then they spin.
pub(super) const PI3: Machine = Machine {
    name: "pi3",
    qemu: &["-machine", "raspi3b", "-serial", "stdio"],
    console: "ttyAMA0,115200",
    kernel: "",
    devices: &[
        "gpio-edges,id=pins,controller=/machine/soc/peripherals/gpio,irq-controller=/machine/soc/peripherals/ic,irq-name=gpu-irq,irq-line=49",
    ],
    bridge: "bus=spi,cs-controller=/machine/soc/peripherals/gpio,drdy-controller=/machine/peripheral/pins",
    first_bridge: "",
    spi: &["spi-bcm2835"],
    modules: &["bcm2835_wdt"],
    place: None,
};

/// Raspberry Pi 4B. QEMU 10.0 leaves SPI0's interrupt, 118 of the GIC, unconnected.
pub(super) const PI4: Machine = Machine {
    name: "pi4",
    qemu: &["-machine", "raspi4b", "-serial", "stdio"],
    devices: &[
        "gpio-edges,id=pins,controller=/machine/soc/peripherals/gpio,irq-controller=/machine/soc/peripherals,irq-line=113",
    ],
    first_bridge: ",gic=/machine/soc/peripherals,gic-irq=118",
    ..PI3
};
