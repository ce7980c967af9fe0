//! `cargo xtask docs`: the guides are built, and what they say is run.

use crate::docs::{self, Options};
use crate::step::Steps;

/// Check the guides: form, links, every command that they show and what it prints, and build the book (docs/book).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only run chapters with this in their names.
    chapter: Option<String>,
    /// Put what was printed where the guides show something else, and pictures where they are.
    #[arg(long)]
    update: bool,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        docs::run(steps, Options { only: self.chapter.as_deref(), update: self.update });
    }
}

/// For `ci`.
pub(crate) fn docs(steps: &mut Steps) {
    docs::run(steps, Options { only: None, update: false });
}
