//! Machines that are network namespaces on one switch, which is a namespace too. Needs root and iproute2.

use std::cell::RefCell;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::common::{COMPLETE, end, eventually};

/// The switch's own address is the first one.
const SUBNET: &str = "10.99.0.";

/// Namespaces of a test, and what runs in them; gone with it.
pub(crate) struct Net {
    prefix: String,
    machines: Vec<&'static str>,
    logs: PathBuf,
    started: RefCell<u32>,
}

/// Whether namespaces can be made; why not. Where they have to (`cargo xtask network` says so), it is a failure that they cannot.
pub(crate) fn possible() -> Result<(), String> {
    static TRIED: OnceLock<Result<(), String>> = OnceLock::new();
    let tried = TRIED.get_or_init(|| {
        let name = format!("axm{}p", std::process::id());
        let made = Command::new("ip").args(["netns", "add", &name]).output();
        let made = made.map_err(|e| format!("ip cannot be run ({e}): apt-get install iproute2"))?;
        if !made.status.success() {
            let why = String::from_utf8_lossy(&made.stderr).trim().to_owned();
            return Err(format!("no network namespaces (root is needed): {why}"));
        }
        ip(&["netns", "del", &name]);
        Ok(())
    });
    assert!(tried.is_ok() || std::env::var_os(COMPLETE).is_none(), "{tried:?}");
    tried.clone()
}

fn ip(args: &[&str]) {
    let done = Command::new("ip").args(args).output().unwrap();
    assert!(done.status.success(), "ip {}: {}", args.join(" "), String::from_utf8_lossy(&done.stderr));
}

impl Net {
    /// Machines on a switch, which is called `switch` and a machine, too.
    pub(crate) fn new(machines: &[&'static str]) -> Self {
        static NETS: AtomicU32 = AtomicU32::new(0);
        let prefix = format!("axm{}n{}", std::process::id(), NETS.fetch_add(1, Ordering::Relaxed));
        let logs = std::env::temp_dir().join(&prefix);
        std::fs::create_dir_all(&logs).unwrap();
        let mut net = Self { prefix, machines: vec!["switch"], logs, started: RefCell::new(0) };
        let switch = net.namespace("switch");
        ip(&["netns", "add", &switch]);
        ip(&["-n", &switch, "link", "set", "lo", "up"]);
        ip(&["-n", &switch, "link", "add", "br0", "type", "bridge"]);
        ip(&["-n", &switch, "addr", "add", &format!("{}/24", net.address("switch")), "dev", "br0"]);
        ip(&["-n", &switch, "link", "set", "br0", "up"]);
        for machine in machines {
            net.machines.push(machine);
            let ns = net.namespace(machine);
            ip(&["netns", "add", &ns]);
            ip(&["link", "add", "eth0", "netns", &ns, "type", "veth", "peer", "name", machine, "netns", &switch]);
            ip(&["-n", &switch, "link", "set", machine, "master", "br0", "up"]);
            ip(&["-n", &ns, "addr", "add", &format!("{}/24", net.address(machine)), "dev", "eth0"]);
            ip(&["-n", &ns, "link", "set", "lo", "up"]);
            ip(&["-n", &ns, "link", "set", "eth0", "up"]);
            ip(&["-n", &ns, "route", "add", "224.0.0.0/4", "dev", "eth0"]);
        }
        net
    }

    fn namespace(&self, machine: &str) -> String {
        format!("{}{machine}", self.prefix)
    }

    /// A machine's address.
    pub(crate) fn address(&self, machine: &str) -> String {
        let place = self.machines.iter().position(|m| *m == machine).unwrap_or(self.machines.len());
        format!("{SUBNET}{}", place + 1)
    }

    /// Where a relay or router on a machine is reached.
    pub(crate) fn tcp(&self, machine: &str) -> String {
        format!("tcp/{}:7447", self.address(machine))
    }

    /// Takes a machine's cable out, or puts it in again.
    pub(crate) fn plug(&self, machine: &str, is_in: bool) {
        ip(&["-n", &self.namespace("switch"), "link", "set", machine, if is_in { "up" } else { "down" }]);
    }

    /// A program on a machine, ready to run.
    pub(crate) fn command(&self, machine: &str, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(machine), program]).args(args);
        command.env_remove("AXISMIRROR_LOG").stdin(Stdio::null());
        command
    }

    /// Starts a program on a machine. Its output goes to a log, which is printed when the test fails.
    pub(crate) fn start(&self, machine: &str, program: &str, args: &[&str]) -> Proc {
        let number = self.started.replace_with(|n| *n + 1);
        let log = self.logs.join(format!("{number}-{machine}"));
        let file = File::create(&log).unwrap();
        let mut command = self.command(machine, program, args);
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Proc { child, log, what: format!("{machine}: {program} {}", args.join(" ")) }
    }

    /// `axismirror` on a machine.
    pub(crate) fn axismirror(&self, machine: &str, args: &[&str]) -> Proc {
        self.start(machine, env!("CARGO_BIN_EXE_axismirror"), args)
    }

    /// What `axismirror` prints on a machine.
    pub(crate) fn output(&self, machine: &str, args: &[&str]) -> String {
        let output = self.command(machine, env!("CARGO_BIN_EXE_axismirror"), args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for machine in &self.machines {
            let _ = Command::new("ip").args(["netns", "del", &self.namespace(machine)]).status();
        }
        let _ = std::fs::remove_dir_all(&self.logs);
    }
}

/// A program that runs; ends with the test.
pub(crate) struct Proc {
    pub(crate) child: Child,
    log: PathBuf,
    what: String,
}

impl Proc {
    /// Waits until its log has a text.
    pub(crate) fn says(&self, text: &str) {
        eventually(&format!("{} says {text:?}", self.what), || self.log().contains(text).then_some(()));
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end; it has to, and well.
    pub(crate) fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
        let status = self.ends();
        assert!(status.success(), "{}: {status}", self.what);
        self.log()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ends(&mut self) -> ExitStatus {
        let what = format!("{} ends", self.what);
        eventually(&what, || self.child.try_wait().unwrap())
    }

    /// For so long it does nothing else than run.
    pub(crate) fn pause(time: Duration) {
        std::thread::sleep(time);
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        end(&mut self.child);
        if std::thread::panicking() {
            eprintln!("---- {}\n{}", self.what, self.log());
        }
    }
}
