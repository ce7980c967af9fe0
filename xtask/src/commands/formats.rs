//! `cargo xtask formats`: recordings of a running stream, opened by other people's programs.

use crate::formats;
use crate::step::Steps;

/// Record a simulated stream in every format and compare every value with what pyedflib, MNE, pyarrow, pandas, polars and pyxdf read.
///
/// They get a virtual environment under target/formats. Files, references and logs of the last run are there too.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only cases with this in their names.
    #[arg(long)]
    case: Option<String>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        formats::run(steps, self.case.as_deref());
    }
}
