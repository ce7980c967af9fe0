//! Machines made of files: each with one thing wrong, and one with nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use axismirror_boards::board::Board;

use super::{Finding, Probe, Severity, User, examine, worst};
use crate::gpio::{GpioChip, Line};

/// A Raspberry Pi 4 on which a PiEEG-16 runs well.
struct Machine {
    root: PathBuf,
    gpio: Vec<GpioChip>,
    user: User,
}

const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units
Max locked memory         unlimited            unlimited            bytes
Max realtime priority     99                   99
";
const CONFIG: &str = "# comment\ndtparam=spi=on\ndtoverlay = spi0-2cs, cs1_pin=19 # second chip\ncore_freq_fixed=1\n";

impl Machine {
    fn new(name: &str) -> Self {
        let root = std::env::temp_dir().join(format!("axismirror-doctor-{}-{name}", std::process::id()));
        let lines = (0..54).map(|i| Line { name: format!("GPIO{i}"), consumer: None }).collect();
        let gpio = vec![GpioChip { path: "/dev/gpiochip0".into(), label: "pinctrl-bcm2711".into(), lines }];
        // Nobody's id: the files' group decides.
        let mut machine = Self { root, gpio, user: User { uid: 4_000_000, gids: Vec::new() } };
        for (path, text) in [
            ("dev/spidev0.0", ""),
            ("dev/spidev0.1", ""),
            ("dev/gpiochip0", ""),
            ("dev/shm/x", ""),
            ("sys/class/spi_master/spi0/x", ""),
            ("sys/module/spidev/parameters/bufsiz", "4096\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
            ("boot/firmware/config.txt", CONFIG),
            ("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0"),
            ("proc/sys/kernel/osrelease", "6.12.25+rpt-rpi-v8\n"),
            ("proc/self/status", "CapEff:\t0000000000000000\n"),
            ("proc/self/limits", LIMITS),
            ("proc/mounts", "tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\n"),
            ("run/systemd/system/x", ""),
            ("etc/systemd/logind.conf", "[Login]\n#RemoveIPC=yes\nRemoveIPC=no\n"),
        ] {
            machine.write(path, text);
        }
        let gid = fs::metadata(machine.root.join("dev/spidev0.0")).unwrap().gid();
        machine.write("etc/group", &format!("root:x:0:\nspi:x:{gid}:somebody\n"));
        machine.user.gids.push(gid);
        machine.mode("dev/spidev0.0", 0o660);
        machine.mode("dev/spidev0.1", 0o660);
        machine.mode("dev/shm", 0o777);
        machine
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        let path = self.root.join(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.root.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn examine(&self) -> Vec<Finding> {
        let probe = Probe { root: self.root.clone(), gpio: self.gpio.clone(), user: self.user.clone() };
        examine(&probe, Board::find("pieeg16").unwrap())
    }

    /// The only thing that is not as it should be.
    fn only(&self) -> Finding {
        let mut bad: Vec<Finding> = self.examine().into_iter().filter(|f| f.severity != Severity::Ok).collect();
        assert_eq!(bad.len(), 1, "{bad:#?}");
        bad.remove(0)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn says(finding: &Finding, severity: Severity, what: &str, mend: &str) {
    assert_eq!(finding.severity, severity, "{finding:?}");
    assert!(finding.what.contains(what), "{finding:?}");
    assert!(finding.mend.as_deref().is_some_and(|m| m.contains(mend)), "{finding:?}");
}

#[test]
fn a_machine_that_is_right_has_nothing_to_mend() {
    let findings = Machine::new("right").examine();
    assert_eq!(worst(&findings), Severity::Ok, "{findings:#?}");
    assert!(findings.iter().all(|f| f.mend.is_none()));
    for about in ["spi", "gpio", "boot", "memory", "real time"] {
        assert!(findings.iter().any(|f| f.about == about), "{about}");
    }
}

#[test]
fn spi_that_is_off_closed_or_without_a_second_select() {
    let machine = Machine::new("spi");
    machine.remove("dev/spidev0.1");
    says(&machine.only(), Severity::Problem, "no /dev/spidev0.1 (spidev0.0)", "dtoverlay=spi0-2cs");

    machine.write("dev/spidev0.1", "");
    machine.mode("dev/spidev0.1", 0o600);
    says(&machine.only(), Severity::Problem, "/dev/spidev0.1 is not open", "sudo usermod -aG spi");

    let machine = Machine::new("spi-off");
    for path in ["dev/spidev0.0", "dev/spidev0.1", "sys/class/spi_master"] {
        machine.remove(path);
    }
    machine.write("boot/firmware/config.txt", &CONFIG.replace("dtparam=spi=on", "#dtparam=spi=on"));
    let bad: Vec<_> = machine.examine().into_iter().filter(|f| f.severity != Severity::Ok).collect();
    says(&bad[0], Severity::Problem, "no SPI device at all", "dtparam=spi=on");
    says(bad.last().unwrap(), Severity::Warning, "lacks `dtparam=spi=on`", "tee -a /boot/firmware/config.txt");
}

#[test]
fn a_group_that_one_is_not_in() {
    let mut machine = Machine::new("group");
    machine.user.gids.clear();
    machine.write("etc/group", "");
    let bad: Vec<_> = machine.examine().into_iter().filter(|f| f.severity != Severity::Ok).collect();
    assert_eq!(bad.len(), 2, "{bad:#?}");
    says(&bad[0], Severity::Problem, "/dev/spidev0.0", "usermod -aG spi");
    // Root may everything.
    machine.user.uid = 0;
    assert_eq!(worst(&machine.examine()), Severity::Ok);
}

#[test]
fn lines_that_are_used_or_not_there() {
    let mut machine = Machine::new("lines");
    machine.gpio[0].lines[26].consumer = Some("w1-gpio".into());
    says(&machine.only(), Severity::Problem, "DRDY of chip 0, line GPIO26 (pin 37)", "gpioinfo | grep GPIO26");
    assert!(machine.only().what.contains("w1-gpio"));
    machine.gpio[0].lines[26].consumer = None;
    // The kernel's own driver may have the chip-select.
    machine.gpio[0].lines[19].consumer = Some("spi0 CS1".into());
    assert_eq!(worst(&machine.examine()), Severity::Ok);
    machine.gpio[0].lines[13].name = "SOMETHING".into();
    says(&machine.only(), Severity::Problem, "DRDY of chip 1, line GPIO13", "gpiofind GPIO13");

    machine.gpio.clear();
    says(&machine.only(), Severity::Problem, "gpiochip0 are not open", "usermod -aG");
    machine.remove("dev/gpiochip0");
    says(&machine.only(), Severity::Problem, "no GPIO chip", "--simulate");
}

#[test]
fn config_txt_and_kernel() {
    let machine = Machine::new("boot");
    machine.write("boot/firmware/config.txt", "dtparam=spi=on\ncore_freq_fixed=1\ndtoverlay=spi0-2cs,cs1_pin=18\n");
    says(
        &machine.only(),
        Severity::Warning,
        "lacks `dtoverlay=spi0-2cs,cs1_pin=19`",
        "echo 'dtoverlay=spi0-2cs,cs1_pin=19'",
    );
    // Where older systems have it.
    machine.remove("boot/firmware/config.txt");
    machine.write("boot/config.txt", CONFIG);
    assert_eq!(worst(&machine.examine()), Severity::Ok);
    machine.write("proc/sys/kernel/osrelease", "5.4.83-v7l+\n");
    says(&machine.only(), Severity::Problem, "5.10", "full-upgrade");
    machine.write("proc/sys/kernel/osrelease", "5.10.0\n");
    machine.write("sys/kernel/realtime", "1\n");
    let findings = machine.examine();
    assert!(findings.iter().any(|f| f.what == "the kernel is PREEMPT_RT"));
    assert_eq!(worst(&findings), Severity::Ok, "{findings:#?}");
}

#[test]
fn shared_memory() {
    let machine = Machine::new("memory");
    machine.write("proc/mounts", "tmpfs /dev/shm tmpfs ro,nosuid 0 0\n");
    says(&machine.only(), Severity::Problem, "read-only", "remount,rw");
    machine.write("proc/mounts", "/dev/sda1 /dev/shm ext4 rw 0 0\n");
    says(&machine.only(), Severity::Warning, "on ext4", "mount -t tmpfs");
    machine.write("proc/mounts", "tmpfs /dev/shm tmpfs rw 0 0\n");
    machine.write("etc/systemd/logind.conf", "[Login]\n");
    says(&machine.only(), Severity::Warning, "systemd removes", "RemoveIPC=no");
    machine.write("etc/systemd/logind.conf.d/50.conf", "[Login]\nRemoveIPC=no\n");
    assert_eq!(worst(&machine.examine()), Severity::Ok);
    machine.remove("dev/shm");
    says(&machine.only(), Severity::Problem, "there is no /dev/shm", "mount -t tmpfs");
}

#[test]
fn real_time() {
    let machine = Machine::new("time");
    machine.write("proc/self/limits", &LIMITS.replace("99                   99", "0                    0"));
    says(&machine.only(), Severity::Warning, "up to priority 0", "rtprio 99");
    // CAP_SYS_NICE is bit 23.
    machine.write("proc/self/status", "CapEff:\t0000000000800000\n");
    assert_eq!(worst(&machine.examine()), Severity::Ok);
    machine
        .write("proc/self/limits", &LIMITS.replace("unlimited            unlimited", "8388608              8388608"));
    says(&machine.only(), Severity::Warning, "8192 KiB", "memlock unlimited");
    machine.write("proc/self/limits", LIMITS);
    machine.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n");
    says(&machine.only(), Severity::Warning, "ondemand", "echo performance");
    machine.remove("sys/devices/system/cpu");
    machine.write("proc/self/cgroup", "4:cpu,cpuacct:/user.slice\n1:name=systemd:/\n");
    machine.write("sys/fs/cgroup/cpu/cpu.rt_runtime_us", "950000\n");
    machine.write("sys/fs/cgroup/cpu/user.slice/cpu.rt_runtime_us", "0\n");
    says(&machine.only(), Severity::Warning, "/user.slice has no real-time share", "cpu.rt_runtime_us");
}

#[test]
fn an_empty_machine_is_examined_to_the_end() {
    let machine = Machine::new("empty");
    fs::remove_dir_all(&machine.root).unwrap();
    let probe = Probe { root: machine.root.clone(), gpio: Vec::new(), user: machine.user.clone() };
    for board in Board::all() {
        let findings = examine(&probe, board);
        assert_eq!(worst(&findings), Severity::Problem);
        assert!(findings.iter().all(|f| (f.severity == Severity::Ok) == f.mend.is_none()), "{findings:#?}");
    }
}
