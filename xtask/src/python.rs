//! Virtual environments: one with each published release of ezmsg-tools, one with what the examples need, and one with other people's readers of recordings.
//!
//! Makes them once and uses them again. Knows nothing of what is run in them.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::sys;

/// A release of ezmsg-tools, and the wire version that it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// As on the package index.
    pub(crate) version: &'static str,
    /// `struct_version` of its header.
    pub(crate) struct_version: u32,
}

impl Release {
    /// The newest release of each wire version.
    pub(crate) const ALL: [Self; 3] = [
        Self { version: "0.3.2", struct_version: 0 },
        Self { version: "0.9.0", struct_version: 1 },
        Self { version: "0.10.0", struct_version: 2 },
    ];
    /// What `pip install ezmsg-tools` gives.
    pub(crate) const NEWEST: Self = Self::ALL[2];
}

impl FromStr for Release {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let known: Vec<&str> = Self::ALL.iter().map(|r| r.version).collect();
        Self::ALL
            .into_iter()
            .find(|r| r.version == s)
            .ok_or_else(|| format!("no wire version is known for it; known are {}", known.join(", ")))
    }
}

/// The Python with the packages of `examples/python/requirements.txt`, in an environment of its own: they are many, and the interop cases need none of
/// them.
///
/// # Errors
/// Why it cannot be had.
pub(crate) fn examples() -> Result<PathBuf, String> {
    let requirements = sys::workspace().join("examples").join("python").join("requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).map_err(|e| format!("{}: {e}", requirements.display()))?;
    let folder = sys::target_dir().join("interop").join("venv-examples");
    let python = folder.join("bin").join("python");
    // What is installed is what is asked for only when this says the same.
    let installed = folder.join("requirements.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|i| i == wanted) && sys::succeeds(&python, &["-c", "import mne"]) {
        return Ok(python);
    }
    make(&folder)?;
    let mut pip = sys::command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"]);
    sys::pass_through(pip.arg(&requirements)).map_err(|why| format!("pip install: {why}"))?;
    std::fs::write(&installed, wanted).map_err(|e| format!("{}: {e}", installed.display()))?;
    Ok(python)
}

/// An empty virtual environment.
fn make(folder: &Path) -> Result<(), String> {
    if !sys::succeeds("python3", &["--version"]) {
        return Err("no python3".to_owned());
    }
    sys::pass_through(sys::command("python3").args(["-m", "venv", "--clear"]).arg(folder))
        .map(|_| ())
        .map_err(|why| format!("python3 -m venv: {why} (Debian and Ubuntu: apt-get install python3-venv)"))
}

/// The Python of a release's environment, which is made when it is not there.
///
/// # Errors
/// Why it cannot be had: no Python, no venv module, no package index in reach.
pub(crate) fn environment(release: Release) -> Result<PathBuf, String> {
    let probe = format!(
        "import importlib.metadata as m, ezmsg.tools.shmem.shmem_mirror; assert m.version('ezmsg-tools') == '{}'",
        release.version
    );
    let folder = sys::target_dir().join("interop").join(format!("venv-{}", release.version));
    prepared(folder, &[&format!("ezmsg-tools=={}", release.version)], &probe)
}

/// Programs that open recordings.
const READERS: [&str; 6] =
    ["pyedflib==0.1.42", "mne==1.13.2", "pyarrow==26.0.1", "pandas==3.1.1", "polars==2.1.0", "pyxdf==1.17.5"];

/// The Python of an environment with other people's readers of recordings.
///
/// # Errors
/// As [`environment`].
pub(crate) fn readers() -> Result<PathBuf, String> {
    let probe = READERS.iter().filter_map(|r| r.split_once("=="));
    let probe = probe.map(|(name, version)| format!("assert m.version('{name}') == '{version}'; "));
    let probe = format!("import importlib.metadata as m; {}", probe.collect::<String>());
    prepared(sys::target_dir().join("formats").join("venv"), &READERS, &probe)
}

/// The Python of an environment with these packages, in which the probe runs.
fn prepared(folder: PathBuf, packages: &[&str], probe: &str) -> Result<PathBuf, String> {
    let python = folder.join("bin").join("python");
    if sys::succeeds(&python, &["-c", probe]) {
        return Ok(python);
    }
    make(&folder)?;
    let mut pip = sys::command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(packages);
    let names = packages.join(" ");
    sys::pass_through(&mut pip).map_err(|why| format!("pip install {names}: {why}"))?;
    if sys::succeeds(&python, &["-c", probe]) {
        Ok(python)
    } else {
        Err(format!("{names}: installed, but cannot be imported"))
    }
}
