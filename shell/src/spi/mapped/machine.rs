//! Which Raspberry Pi this is, where its peripherals are, and whether the kernel's driver has SPI0.
//!
//! From the device tree and sysfs under a root folder, so that tests can make one. Touches no register.

use std::fs;
use std::path::{Path, PathBuf};

/// Peripherals as the device tree's bus sees them.
const BUS_BASE: u32 = 0x7E00_0000;
/// SPI0 and GPIO behind the peripherals' base (BCM2835 ARM Peripherals, sections 10.5 and 6.1).
const SPI0: u64 = 0x20_4000;
const GPIO: u64 = 0x20_0000;
/// The kernel's driver of SPI0.
const DRIVER: &str = "sys/bus/platform/drivers/spi-bcm2835";
/// The core clock as the kernel's clock driver has read it; root only.
const CORE_CLOCK: &str = "sys/kernel/debug/clk/vpu/clk_rate";

/// A machine whose SPI0 can be driven through its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Physical address of the peripherals.
    pub base: u64,
    /// The core clock in Hz; the highest that the model's firmware sets where the kernel does not say.
    pub core_hz: u32,
}

/// Why it cannot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineError {
    /// Another machine.
    #[error("this is no Raspberry Pi with a BCM2835, 2836, 2837 or 2711{}", model.as_ref().map(|m| format!(" ({m})")).unwrap_or_default())]
    NotAPi {
        /// What it says of itself.
        model: Option<String>,
    },
    /// The Pi 5.
    #[error(
        "the SPI controller of a Raspberry Pi 5 is in its RP1 chip, behind PCI Express: its registers are others, and are not supported"
    )]
    Rp1,
    /// The device tree is not understood.
    #[error("{} does not say where the peripherals are", path.display())]
    NoBase {
        /// The property that was read.
        path: PathBuf,
    },
    /// The kernel's driver has it.
    #[error("the kernel's driver spi-bcm2835 has SPI0 ({device})")]
    DriverBound {
        /// Its name on the platform bus.
        device: String,
    },
}

impl MachineError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::DriverBound { device } => {
                format!(
                    "echo {device} | sudo tee /{DRIVER}/unbind; or take `dtparam=spi=on` out of config.txt and reboot; or use spi = \"kernel\""
                )
            }
            _ => "use spi = \"kernel\"".to_owned(),
        })
    }
}

impl Machine {
    /// Looks under a root folder: `/` for this machine.
    ///
    /// # Errors
    /// [`MachineError`].
    pub fn look(root: &Path) -> Result<Self, MachineError> {
        let tree = root.join("proc/device-tree");
        // A list of strings, each ended by a zero.
        let compatible = fs::read_to_string(tree.join("compatible")).unwrap_or_default();
        let is = |chip: &str| compatible.split('\0').any(|c| c == chip);
        if is("brcm,bcm2712") {
            return Err(MachineError::Rp1);
        }
        // Core clocks that the firmware sets: 250 MHz on the first models, up to 400 on later ones, 500 on the Pi 4.
        let highest = if is("brcm,bcm2711") {
            500_000_000
        } else if is("brcm,bcm2835") || is("brcm,bcm2836") || is("brcm,bcm2837") {
            400_000_000
        } else {
            let model = fs::read_to_string(tree.join("model")).ok();
            return Err(MachineError::NotAPi { model: model.map(|m| m.trim_end_matches('\0').to_owned()) });
        };
        let path = tree.join("soc/ranges");
        let parent_cells = cells(&tree.join("#address-cells")).unwrap_or(1);
        let base = fs::read(&path).ok().and_then(|ranges| base(&ranges, parent_cells));
        let base = base.ok_or(MachineError::NoBase { path })?;
        if let Some(device) = bound(&root.join(DRIVER), base + SPI0) {
            return Err(MachineError::DriverBound { device });
        }
        let known = fs::read_to_string(root.join(CORE_CLOCK)).ok().and_then(|t| t.trim().parse().ok());
        Ok(Self { base, core_hz: known.filter(|hz| *hz > 0).unwrap_or(highest) })
    }

    /// Physical address of SPI0's registers.
    #[must_use]
    pub const fn spi0(&self) -> u64 {
        self.base + SPI0
    }

    /// Physical address of the GPIO registers.
    #[must_use]
    pub const fn gpio(&self) -> u64 {
        self.base + GPIO
    }
}

fn cells(path: &Path) -> Option<usize> {
    let bytes: [u8; 4] = fs::read(path).ok()?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok().filter(|n| (1..=2).contains(n))
}

/// Where the parent bus has what is at [`BUS_BASE`]: entries of child address (1 cell), parent address, length (1 cell).
fn base(ranges: &[u8], parent_cells: usize) -> Option<u64> {
    let words: Vec<u32> = ranges.chunks_exact(4).filter_map(|c| Some(u32::from_be_bytes(c.try_into().ok()?))).collect();
    let entry = words.chunks_exact(2 + parent_cells).find(|e| e.first() == Some(&BUS_BASE))?;
    let parent = entry.get(1..1 + parent_cells)?;
    Some(parent.iter().fold(0, |address, word| address << 32 | u64::from(*word))).filter(|base| *base != 0)
}

/// The device at an address that the driver has.
fn bound(driver: &Path, address: u64) -> Option<String> {
    let prefix = format!("{address:x}.");
    let names = fs::read_dir(driver).ok()?.filter_map(|e| e.ok()?.file_name().into_string().ok());
    names.into_iter().find(|name| name.starts_with(&prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root folder that goes when it is dropped.
    struct Root(PathBuf);

    impl Root {
        fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
            let root = std::env::temp_dir().join(format!("axismirror-machine-{}-{name}", std::process::id()));
            for (path, bytes) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            Self(root)
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    // As in the kernel's bcm2837.dtsi and bcm2711.dtsi.
    const PI_3: &[u8] = b"\x7e\0\0\0\x3f\0\0\0\x01\0\0\0\x40\0\0\0\x40\0\0\0\0\0\x10\0";
    const PI_4: &[u8] = b"\x7e\0\0\0\0\0\0\0\xfe\0\0\0\x01\x80\0\0\x7c\0\0\0\0\0\0\0\xfc\0\0\0\x02\0\0\0";

    #[test]
    fn peripherals_are_where_the_device_tree_says() {
        let pi_3: &[(&str, &[u8])] = &[
            ("proc/device-tree/compatible", b"raspberrypi,3-model-b\0brcm,bcm2837\0"),
            ("proc/device-tree/#address-cells", b"\0\0\0\x01"),
            ("proc/device-tree/soc/ranges", PI_3),
            ("sys/kernel/debug/clk/vpu/clk_rate", b"250000000\n"),
        ];
        let root = Root::new("pi3", pi_3);
        let machine = Machine::look(&root.0).unwrap();
        assert_eq!((machine.spi0(), machine.gpio(), machine.core_hz), (0x3F20_4000, 0x3F20_0000, 250_000_000));
        let pi_4: &[(&str, &[u8])] = &[
            ("proc/device-tree/compatible", b"raspberrypi,4-model-b\0brcm,bcm2711\0"),
            ("proc/device-tree/#address-cells", b"\0\0\0\x02"),
            ("proc/device-tree/soc/ranges", PI_4),
        ];
        let root = Root::new("pi4", pi_4);
        assert_eq!(Machine::look(&root.0), Ok(Machine { base: 0xFE00_0000, core_hz: 500_000_000 }));
        let root = Root::new(
            "pi0",
            &[
                ("proc/device-tree/compatible", b"raspberrypi,model-zero-w\0brcm,bcm2835\0"),
                ("proc/device-tree/soc/ranges", b"\x7e\0\0\0\x20\0\0\0\x02\0\0\0"),
            ],
        );
        assert_eq!(Machine::look(&root.0).unwrap().spi0(), 0x2020_4000);
    }

    #[test]
    fn what_is_in_the_way_is_named_with_what_to_do() {
        let root = Root::new(
            "bound",
            &[
                ("proc/device-tree/compatible", b"raspberrypi,3-model-b\0brcm,bcm2837\0"),
                ("proc/device-tree/soc/ranges", PI_3),
                ("sys/bus/platform/drivers/spi-bcm2835/3f204000.spi/uevent", b""),
            ],
        );
        let error = Machine::look(&root.0).unwrap_err();
        assert_eq!(error, MachineError::DriverBound { device: "3f204000.spi".into() });
        assert!(
            error
                .hint()
                .unwrap()
                .starts_with("echo 3f204000.spi | sudo tee /sys/bus/platform/drivers/spi-bcm2835/unbind")
        );

        let pi_5 = Root::new("pi5", &[("proc/device-tree/compatible", b"raspberrypi,5-model-b\0brcm,bcm2712\0")]);
        assert_eq!(Machine::look(&pi_5.0), Err(MachineError::Rp1));
        let other = Root::new(
            "other",
            &[
                ("proc/device-tree/compatible", b"fsl,imx8mp-evk\0fsl,imx8mp\0"),
                ("proc/device-tree/model", b"NXP i.MX8MPlus EVK board\0"),
            ],
        );
        let error = Machine::look(&other.0).unwrap_err();
        assert!(error.to_string().contains("NXP i.MX8MPlus EVK board"), "{error}");
        let pc = Root::new("pc", &[("proc/version", b"")]);
        assert_eq!(Machine::look(&pc.0), Err(MachineError::NotAPi { model: None }));
        for (n, ranges) in [b"".as_slice(), b"\x7e\0\0\0", b"\x40\0\0\0\x3f\0\0\0\x01\0\0\0"].into_iter().enumerate() {
            let root = Root::new(
                &format!("bad{n}"),
                &[("proc/device-tree/compatible", b"brcm,bcm2837\0"), ("proc/device-tree/soc/ranges", ranges)],
            );
            assert!(matches!(Machine::look(&root.0), Err(MachineError::NoBase { .. })));
        }
    }
}
