//! GPIO lines through the character device: found by name, never by a chip's number.
//!
//! [`find()`] is the search, [`drdy`] the line that tells that a frame is ready, [`OutputLine`] a pin that we drive. Knows
//! nothing of chips behind the pins.

pub mod drdy;
pub mod find;
mod kernel;

use std::path::PathBuf;

use gpiocdev::Request;
use gpiocdev::line::Value;

pub use drdy::DrdyLine;
pub use find::{Found, GpioChip, Line, find};
pub use kernel::{WatchedLine, chips, watch};

/// What the kernel shows as the user of our lines.
const CONSUMER: &str = "axismirror";

/// What can go wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpioError {
    /// No chip, or none that this user may open.
    #[error("there is no GPIO chip that this user may open")]
    NoChips,
    /// No such line.
    #[error("there is no GPIO line {name}: no chip labelled {} has it{seen}", labels.join(" or "))]
    NoLine {
        /// Name of the line.
        name: String,
        /// The labels that were looked for.
        labels: Vec<String>,
        /// What there is instead.
        seen: String,
    },
    /// Somebody has it.
    #[error("GPIO line {name} ({path} line {offset}) is in use by {consumer:?}", path = path.display())]
    Busy {
        /// Name of the line.
        name: String,
        /// The chip's device node.
        path: PathBuf,
        /// Place on the chip.
        offset: u32,
        /// Who says to use it.
        consumer: String,
    },
    /// The kernel refuses.
    #[error("GPIO line {name}: {message}")]
    Kernel {
        /// Name of the line.
        name: String,
        /// What it says.
        message: String,
    },
}

impl GpioError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoChips => Some("sudo usermod -aG gpio \"$USER\", then log in again".to_owned()),
            Self::Busy { .. } => {
                Some("end the program that has it, or take the overlay that claims it out of config.txt".to_owned())
            }
            _ => None,
        }
    }
}

/// A pin that we drive, for as long as this lives.
#[derive(Debug)]
pub struct OutputLine {
    request: Request,
    offset: u32,
    name: String,
}

impl OutputLine {
    /// Takes the line as an output with a level.
    ///
    /// # Errors
    /// [`GpioError::Busy`], [`GpioError::Kernel`].
    pub fn open(found: &Found, high: bool) -> Result<Self, GpioError> {
        found.free()?;
        let request = Request::builder()
            .on_chip(&found.path)
            .with_consumer(CONSUMER)
            .with_line(found.offset)
            .as_output(value(high))
            .request()
            .map_err(|e| found.refused(e))?;
        Ok(Self { request, offset: found.offset, name: found.name.clone() })
    }

    /// Drives the pin.
    ///
    /// # Errors
    /// [`GpioError::Kernel`].
    pub fn set(&self, high: bool) -> Result<(), GpioError> {
        let result = self.request.set_value(self.offset, value(high));
        result.map_err(|e| GpioError::Kernel { name: self.name.clone(), message: e.to_string() })
    }
}

const fn value(high: bool) -> Value {
    if high { Value::Active } else { Value::Inactive }
}
