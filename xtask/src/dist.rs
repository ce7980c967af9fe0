//! Packages for boards: a static binary, and around it what a Debian system needs to run it as a service.
//!
//! What goes where is the table [`FILES`] and what the binary prints of itself. Debian's own `dpkg-deb` packs it: cargo-deb takes two
//! minutes to build and would do no more.

mod emulated;
pub(crate) mod installed;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::host::{self, Missing, Tool};
use crate::{elf, sys};

/// No step of packing takes longer.
const LIMIT: Duration = Duration::from_secs(120);
/// A file that its owner writes and all read, and a program.
const PLAIN: u32 = 0o644;
const PROGRAM: u32 = 0o755;

const SETTINGS: &str = "etc/axismirror/axismirror.toml";
const UNIT: &str = "usr/lib/systemd/system/axismirror.service";

/// Files of the workspace, and where they go.
const FILES: &[(&str, &str)] = &[
    ("packaging/axismirror.service", UNIT),
    ("packaging/60-axismirror.rules", "usr/lib/udev/rules.d/60-axismirror.rules"),
    ("packaging/axismirror.sysusers", "usr/lib/sysusers.d/axismirror.conf"),
    ("packaging/axismirror.toml", SETTINGS),
    ("packaging/debian/copyright", "usr/share/doc/axismirror/copyright"),
    ("shell/settings.example.toml", "usr/share/doc/axismirror/settings.example.toml"),
    ("LICENSE-MIT", "usr/share/doc/axismirror/LICENSE-MIT"),
    ("LICENSE-APACHE", "usr/share/doc/axismirror/LICENSE-APACHE"),
    ("README.md", "usr/share/doc/axismirror/README.md"),
    ("CHANGELOG.md", "usr/share/doc/axismirror/CHANGELOG.md"),
];

const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "usr/share/bash-completion/completions/axismirror"),
    ("zsh", "usr/share/zsh/vendor-completions/_axismirror"),
    ("fish", "usr/share/fish/vendor_completions.d/axismirror.fish"),
];

/// A machine to build for.
#[derive(Debug)]
pub(crate) struct Architecture {
    /// What Debian calls it.
    pub(crate) debian: &'static str,
    /// Rust's targets, the wanted one first.
    targets: &'static [Target],
    /// How `file` on the ELF machine number says it: e_machine.
    machine: u16,
    /// What runs one program of it on this machine.
    emulator: Tool,
}

/// A way to a static binary.
#[derive(Debug)]
struct Target {
    triple: &'static str,
    /// A linker of the distribution, where the one that comes with Rust does not do.
    linker: Option<(&'static str, Tool)>,
}

impl Architecture {
    /// All of them. EM_AARCH64 is 183, EM_ARM 40 (System V gABI, e_machine).
    pub(crate) const ALL: [Self; 2] = [
        Self {
            debian: "arm64",
            targets: &[Target { triple: "aarch64-unknown-linux-musl", linker: None }],
            machine: 183,
            emulator: Tool { probe: &["qemu-aarch64-static", "--version"], package: "qemu-user-static" },
        },
        Self {
            debian: "armhf",
            targets: &[
                Target { triple: "armv7-unknown-linux-musleabihf", linker: None },
                // Where the musl target is not to be had: glibc, linked statically.
                Target {
                    triple: "armv7-unknown-linux-gnueabihf",
                    linker: Some((
                        "arm-linux-gnueabihf-gcc",
                        Tool { probe: &["arm-linux-gnueabihf-gcc", "--version"], package: "gcc-arm-linux-gnueabihf" },
                    )),
                },
            ],
            machine: 40,
            emulator: Tool { probe: &["qemu-arm-static", "--version"], package: "qemu-user-static" },
        },
    ];

    /// The first target that can be had.
    fn target(&self) -> Result<&Target, Missing> {
        let mut why = Missing::Unavailable("no target".to_owned());
        for target in self.targets {
            let linker = target.linker.map_or(Ok(()), |(_, tool)| host::tools(&[tool]));
            match host::rust_target(target.triple).and(linker) {
                Ok(()) => return Ok(target),
                Err(missing) => {
                    println!("    {}", missing.why());
                    why = missing;
                }
            }
        }
        Err(why)
    }

    /// Builds the static binary; what cannot be had is [`Missing`].
    pub(crate) fn build(&self) -> Result<Result<PathBuf, Missing>, String> {
        let target = match self.target() {
            Ok(target) => target,
            Err(missing) => return Ok(Err(missing)),
        };
        let mut c = sys::cargo();
        c.args(["build", "--release", "--locked", "--package", "axismirror", "--target", target.triple]);
        if let Some((linker, _)) = target.linker {
            let variable =
                |what: &str| format!("CARGO_TARGET_{}_{what}", target.triple.replace('-', "_").to_uppercase());
            c.env(variable("LINKER"), linker).env(variable("RUSTFLAGS"), "-C target-feature=+crt-static");
        }
        sys::pass_through(&mut c)?;
        let binary = sys::target_dir().join(target.triple).join("release").join("axismirror");
        self.check(&binary)?;
        Ok(Ok(binary))
    }

    /// Whether a binary is for this machine and needs no library.
    fn check(&self, binary: &Path) -> Result<(), String> {
        let bytes = fs::read(binary).map_err(|e| format!("{}: {e}", binary.display()))?;
        match elf::machine(&bytes) {
            Some((machine, true)) if machine == self.machine => Ok(()),
            Some((machine, false)) if machine == self.machine => Err(format!("{} is not static", binary.display())),
            other => Err(format!("{} is not for machine {} but {other:?}", binary.display(), self.machine)),
        }
    }
}

/// Where packages go.
pub(crate) fn folder() -> PathBuf {
    sys::target_dir().join("dist")
}

fn file(debian: &str) -> PathBuf {
    folder().join(format!("axismirror_{}_{debian}.deb", version()))
}

/// The package for an architecture, if it was made.
pub(crate) fn made(debian: &str) -> Option<PathBuf> {
    Some(file(debian)).filter(|f| f.is_file())
}

/// Puts a package's files together and packs them. `host` is the command built for this machine, which prints pages and completions.
pub(crate) fn package(architecture: &Architecture, binary: &Path, host: &Path) -> Result<PathBuf, String> {
    let root = folder().join(architecture.debian);
    let io = |e: std::io::Error| format!("{}: {e}", root.display());
    if root.exists() {
        fs::remove_dir_all(&root).map_err(io)?;
    }
    put(&root, "usr/bin/axismirror", &fs::read(binary).map_err(io)?, PROGRAM)?;
    for (from, to) in FILES {
        let bytes = fs::read(sys::workspace().join(from)).map_err(|e| format!("{from}: {e}"))?;
        put(&root, to, &bytes, PLAIN)?;
    }
    for (shell, to) in COMPLETIONS {
        put(&root, to, &said(host, &["completions", shell])?, PLAIN)?;
    }
    pages(&root, host)?;
    control(architecture, &root)?;
    let made = file(architecture.debian);
    let mut c = sys::command("dpkg-deb");
    succeed(c.args(["--root-owner-group", "-Zxz", "--build"]).arg(&root).arg(&made))?;
    Ok(made)
}

fn version() -> &'static str {
    // All packages of the workspace have the same one.
    env!("CARGO_PKG_VERSION")
}

fn put(root: &Path, to: &str, bytes: &[u8], mode: u32) -> Result<(), String> {
    let path = root.join(to);
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(&path, bytes))
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
        .map_err(|e| format!("{}: {e}", path.display()))
}

/// What the host's build says, which must not be nothing.
fn said(host: &Path, args: &[&str]) -> Result<Vec<u8>, String> {
    let out = sys::output(sys::command(host).args(args), LIMIT)?;
    if out.status.success() && !out.stdout.is_empty() {
        return Ok(out.stdout);
    }
    Err(format!("axismirror {}: {}: {}", args.join(" "), out.status, String::from_utf8_lossy(&out.stderr).trim()))
}

fn succeed(c: &mut Command) -> Result<Vec<u8>, String> {
    let out = sys::output(c, LIMIT)?;
    if out.status.success() {
        return Ok(out.stdout);
    }
    Err(format!("{}: {}: {}", sys::line(c), out.status, String::from_utf8_lossy(&out.stderr).trim()))
}

/// The manual page of the command and of each subcommand that its page names.
fn pages(root: &Path, host: &Path) -> Result<(), String> {
    let main = said(host, &["man"])?;
    let text = String::from_utf8_lossy(&main).into_owned();
    let named = text.lines().filter_map(|l| l.strip_prefix("axismirror\\-")?.split_once("(1)"));
    for (subcommand, _) in named.filter(|(s, _)| *s != "help") {
        let page = said(host, &["man", subcommand])?;
        put(root, &format!("usr/share/man/man1/axismirror-{subcommand}.1"), &page, PLAIN)?;
    }
    put(root, "usr/share/man/man1/axismirror.1", &main, PLAIN)?;
    let folder = root.join("usr/share/man/man1");
    let pages = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for page in pages.flatten() {
        // Without the time, so that the same source makes the same package.
        succeed(sys::command("gzip").args(["--best", "--no-name", "--force"]).arg(page.path()))?;
    }
    Ok(())
}

fn control(architecture: &Architecture, root: &Path) -> Result<(), String> {
    let size =
        String::from_utf8_lossy(&succeed(sys::command("du").args(["--summarize", "--block-size=1K"]).arg(root))?)
            .split_whitespace()
            .next()
            .unwrap_or("0")
            .to_owned();
    let template = fs::read_to_string(sys::workspace().join("packaging/debian/control"));
    let control = template.map_err(|e| format!("packaging/debian/control: {e}"))?;
    let control =
        control.replace("%VERSION%", version()).replace("%ARCHITECTURE%", architecture.debian).replace("%SIZE%", &size);
    put(root, "DEBIAN/control", control.as_bytes(), PLAIN)?;
    put(root, "DEBIAN/conffiles", format!("/{SETTINGS}\n").as_bytes(), PLAIN)?;
    for script in ["postinst", "prerm", "postrm"] {
        let from = sys::workspace().join("packaging/debian").join(script);
        let bytes = fs::read(&from).map_err(|e| format!("{}: {e}", from.display()))?;
        put(root, &format!("DEBIAN/{script}"), &bytes, PROGRAM)?;
    }
    Ok(())
}

/// Unpacks a package and checks it as far as this machine can; says what was checked.
pub(crate) fn check(package: &Path, architecture: &Architecture, host: &Path) -> Result<String, String> {
    let root = folder().join(format!("{}-unpacked", architecture.debian));
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|e| format!("{}: {e}", root.display()))?;
    }
    succeed(sys::command("dpkg-deb").arg("--extract").arg(package).arg(&root))?;
    let pages = ["usr/share/man/man1/axismirror.1.gz", "usr/share/man/man1/axismirror-run.1.gz"];
    let expected = FILES.iter().map(|(_, to)| *to).chain(COMPLETIONS.iter().map(|(_, to)| *to)).chain(pages);
    for file in expected.chain(["usr/bin/axismirror"]) {
        if !root.join(file).is_file() {
            return Err(format!("{} lacks /{file}", package.display()));
        }
    }
    let binary = root.join("usr/bin/axismirror");
    architecture.check(&binary)?;
    // The settings that are installed are settings that the command takes.
    let settings = root.join(SETTINGS);
    said(host, &["run", &settings.to_string_lossy(), "--print-settings"])?;
    let mut checked = "static binary, content, settings".to_owned();
    match emulated::check(architecture.emulator, &binary, host)? {
        Ok(what) => checked.push_str(&format!(", {what}")),
        Err(Missing::Unavailable(why)) => checked.push_str(&format!("; the binary was not started: {why}")),
        Err(Missing::Broken(why)) => return Err(why),
    }
    if sys::succeeds("systemd-analyze", &["--version"]) {
        verify_unit(&root)?;
        checked.push_str(", unit");
    } else {
        checked.push_str("; the unit was not checked: no systemd-analyze (apt-get install systemd)");
    }
    Ok(checked)
}

/// systemd's own opinion of the unit. What it starts is there but for another machine, hence a look at its words too.
fn verify_unit(root: &Path) -> Result<(), String> {
    let mut c = sys::command("systemd-analyze");
    c.args(["verify", "--man=no", "--recursive-errors=no"]).arg(root.join(UNIT));
    let out = sys::output(&mut c, LIMIT)?;
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    // On this machine /usr/bin/axismirror is not installed, and nothing else may be wrong.
    let complaints: Vec<&str> = text
        .lines()
        .filter(|l| l.contains("axismirror.service") && !l.contains("Command /usr/bin/axismirror is not executable"))
        .collect();
    if complaints.is_empty() { Ok(()) } else { Err(format!("systemd-analyze verify: {}", complaints.join("; "))) }
}
