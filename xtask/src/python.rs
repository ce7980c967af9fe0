//! Virtual environments with one published release of ezmsg-tools each.
//!
//! Makes them once and uses them again. Knows nothing of what is run in them.

use std::path::PathBuf;
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

/// The Python of a release's environment, which is made when it is not there.
///
/// # Errors
/// Why it cannot be had: no Python, no venv module, no package index in reach.
pub(crate) fn environment(release: Release) -> Result<PathBuf, String> {
    let folder = sys::target_dir().join("interop").join(format!("venv-{}", release.version));
    let python = folder.join("bin").join("python");
    let probe = format!(
        "import importlib.metadata as m, ezmsg.tools.shmem.shmem_mirror; assert m.version('ezmsg-tools') == '{}'",
        release.version
    );
    if sys::succeeds(&python, &["-c", &probe]) {
        return Ok(python);
    }
    if !sys::succeeds("python3", &["--version"]) {
        return Err("no python3".to_owned());
    }
    let folder_name = folder.to_string_lossy().into_owned();
    if let Err(why) = sys::pass_through(sys::command("python3").args(["-m", "venv", "--clear", &folder_name])) {
        return Err(format!("python3 -m venv: {why} (Debian and Ubuntu: apt-get install python3-venv)"));
    }
    let package = format!("ezmsg-tools=={}", release.version);
    let mut pip = sys::command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", &package]);
    sys::pass_through(&mut pip).map_err(|why| format!("pip install {package}: {why}"))?;
    if sys::succeeds(&python, &["-c", &probe]) {
        Ok(python)
    } else {
        Err(format!("{package} is installed but cannot be imported"))
    }
}
