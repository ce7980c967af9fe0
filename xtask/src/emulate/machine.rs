//! Emulated boards as data: QEMU's machine, the wires between it and the device, and what its kernel has to load.

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
    /// Properties of the bridge: the wires, by QEMU's names.
    pub(crate) wires: &'static str,
    /// SPI's driver, which is a module.
    pub(super) spi: &'static [&'static str],
    /// Other drivers that are modules, in the order of loading.
    pub(super) modules: &'static [&'static str],
    /// Whether DRDY arrives. Where QEMU models no GPIO inputs the device makes a new frame for each read.
    pub(super) data_ready: bool,
}

impl Machine {
    /// All of them.
    pub(crate) const ALL: [&'static Self; 3] = [&IMX8MP, &PI3, &PI4];
    /// The one with DRDY.
    pub(crate) const IMX8MP: &'static Self = &IMX8MP;
}

/// NXP's i.MX 8M Plus evaluation kit: SPI by spi-imx, DRDY as a real edge on GPIO3 line 20.
pub(super) const IMX8MP: Machine = Machine {
    name: "imx8mp",
    qemu: &["-machine", "imx8mp-evk", "-m", "512M", "-smp", "1", "-serial", "null", "-serial", "stdio"],
    console: "ttymxc1,115200",
    kernel: "maxcpus=1",
    wires: "bus=spi,cs-controller=/machine/soc/gpio5,cs-line=13,drdy-controller=/machine/soc/gpio3,drdy-line=20",
    spi: &["spi-imx"],
    modules: &[],
    data_ready: true,
};

/// Raspberry Pi 3B: SPI by spi-bcm2835. Without the watchdog's driver the machine cannot end itself.
pub(super) const PI3: Machine = Machine {
    name: "pi3",
    qemu: &["-machine", "raspi3b", "-serial", "stdio"],
    console: "ttyAMA0,115200",
    kernel: "",
    wires: "bus=spi,cs-controller=/machine/soc/peripherals/gpio,cs-line=8,native-cs=0",
    spi: &["spi-bcm2835"],
    modules: &["bcm2835_wdt"],
    data_ready: false,
};

/// Raspberry Pi 4B. QEMU 10.0 leaves SPI0's interrupt, 118 of the GIC, unconnected.
pub(super) const PI4: Machine = Machine {
    name: "pi4",
    qemu: &["-machine", "raspi4b", "-serial", "stdio"],
    console: "ttyAMA0,115200",
    kernel: "",
    wires: "bus=spi,cs-controller=/machine/soc/peripherals/gpio,cs-line=8,native-cs=0,gic=/machine/soc/peripherals,gic-irq=118",
    spi: &["spi-bcm2835"],
    modules: &["bcm2835_wdt"],
    data_ready: false,
};
