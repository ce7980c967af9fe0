//! `cargo xtask interop`: our service and mirror against every published release of ezmsg-tools.

use crate::interop;
use crate::python::Release;
use crate::step::Steps;

/// Run the service against unmodified Python mirrors, and our mirror against unmodified Python writers.
///
/// Each release gets a virtual environment under target/interop. Logs of every process are there too.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A few cases of each release only.
    #[arg(long)]
    quick: bool,
    /// Only this release of ezmsg-tools; may be given several times.
    #[arg(long, value_name = "VERSION")]
    release: Vec<Release>,
    /// Only cases with this in their names.
    #[arg(long)]
    case: Option<String>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        let releases = if self.release.is_empty() { Release::ALL.to_vec() } else { self.release.clone() };
        interop::run(steps, &releases, self.quick, self.case.as_deref());
    }
}
