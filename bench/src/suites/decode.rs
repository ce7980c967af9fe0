//! Decoding one frame of each chip, to codes and to volts, against numpy on batches of as many frames in a process of its own.

use crate::contestants::python::Process;
use crate::decode::{Batch, Chip, FRAMES};
use crate::harness::{Contestant, Measured, Round, compare, round, timed};
use std::path::Path;

/// What a frame is decoded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// i32.
    Codes,
    /// f32.
    Volts,
}

impl Target {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Codes, Self::Volts];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Codes => "codes",
            Self::Volts => "volts",
        }
    }
}

/// One chip's frames; with a Python that has numpy, that too.
///
/// # Errors
/// Of the first contestant that fails.
pub fn decode(chip: Chip, target: Target, numpy: Option<&Path>, rounds: usize) -> Result<Vec<Measured>, String> {
    let mut contestants: Vec<Box<dyn Contestant>> = vec![Box::new(Ours { batch: Batch::new(chip), target })];
    if let Some(python) = numpy {
        let arguments = [chip.name.to_owned(), FRAMES.to_string()];
        let process = Process::start(python, "decode.py", &arguments)?;
        contestants.push(Box::new(Numpy { process, target }));
    }
    compare(&mut contestants, rounds)
}

struct Ours {
    batch: Batch,
    target: Target,
}

impl Contestant for Ours {
    fn name(&self) -> &str {
        "axismirror"
    }

    fn round(&mut self) -> Result<Round, String> {
        let Self { batch, target } = self;
        round(|| {
            let time = timed(|| match target {
                Target::Codes => batch.to_codes(),
                Target::Volts => batch.to_volts(),
            });
            Ok((time, FRAMES as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.batch.check()
    }
}

struct Numpy {
    process: Process,
    target: Target,
}

impl Contestant for Numpy {
    fn name(&self) -> &str {
        "numpy"
    }

    fn round(&mut self) -> Result<Round, String> {
        self.process.round(self.target.word())
    }

    fn check(&mut self) -> Result<(), String> {
        self.process.ask("check").map(|_| ())
    }
}
