//! Why a stream cannot start, or has to end.

use std::fmt::Display;
use std::io;

use axismirror_boards::board::BoardError;

use crate::board_file::{BoardFileError, FindError};
use axismirror_core::name::NameError;
use axismirror_core::publisher::PublishError;
use axismirror_core::static_metadata::channels::ChannelTableError;

use super::faults;
use crate::access::AccessError;
use crate::config::ConfigError;
use crate::conn::{ConnError, SocketFileError};
use crate::control::ControlError;
use crate::hardware::HardwareError;
use crate::recording::RecordingError;
use crate::shm::ShmError;

/// Why a stream cannot start, or has to end.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A setting that the board cannot do.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// No such board.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The board's file is no board.
    #[error(transparent)]
    BoardFile(#[from] BoardFileError),
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A label that readers have no room for.
    #[error("the channel labels cannot be published")]
    Labels(#[from] ChannelTableError),
    /// A real board cannot be opened.
    #[error(transparent)]
    Hardware(#[from] HardwareError),
    /// A recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A fault that is none.
    #[error("{given:?} is no fault; possible is {form}", form = faults::FORM)]
    Fault {
        /// As written.
        given: String,
    },
    /// A fault that the board's chip cannot show.
    #[error("fault {given:?} is not possible on this board: {possible}")]
    FaultOfBoard {
        /// As written.
        given: String,
        /// What its chip can show, or which chips there are.
        possible: String,
    },
    /// More faults than can be planned.
    #[error("at most {most} faults can be planned")]
    TooManyFaults {
        /// How many.
        most: usize,
    },
    /// The stream cannot be published.
    #[error(transparent)]
    Publish(#[from] PublishError<ShmError>),
    /// The stream of its events cannot be published.
    #[error("the stream's events cannot be published")]
    Events(#[source] PublishError<ShmError>),
    /// The socket for marks cannot be made.
    #[error("the socket for events cannot be opened")]
    EventSocket(#[from] SocketFileError),
    /// The group of readers is none.
    #[error("the stream cannot be shared")]
    Access(#[from] AccessError),
    /// The life-cycle channel cannot be opened.
    #[error(transparent)]
    Conn(#[from] ConnError),
    /// The control socket cannot be opened.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The ADC does not start.
    #[error("the ADC does not start: {0}")]
    Start(String),
    /// The ADC had started, and cannot be read any more.
    #[error("the acquisition cannot go on: {0}")]
    Acquisition(String),
    /// Signals cannot be waited for.
    #[error("signals cannot be waited for")]
    Signals(#[source] io::Error),
    /// No thread for the acquisition.
    #[error("the acquisition's thread cannot be started")]
    Thread(#[source] io::Error),
    /// A defect.
    #[error("the acquisition ended with a defect of this program")]
    Panicked,
}

impl ServiceError {
    /// How to mend it, where the message does not say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(e) => e.hint(),
            Self::Control(e) => e.hint(),
            Self::Board(_) => Some("`axismirror boards` lists them".to_owned()),
            Self::Hardware(e) => e.hint(),
            _ => None,
        }
    }
}

impl ServiceError {
    /// What ends an acquisition, or keeps it from beginning.
    pub(super) fn of_acquisition(error: impl Display, started: bool) -> Self {
        let error = error.to_string();
        if started { Self::Acquisition(error) } else { Self::Start(error) }
    }
}

impl From<FindError> for ServiceError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Id(error) => error.into(),
            FindError::File(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axismirror_boards::acquisition::AcquisitionError;

    use super::ServiceError;

    #[test]
    fn an_acquisition_that_breaks_off_is_not_one_that_does_not_start() {
        type Error = AcquisitionError<(), &'static str>;
        let said = |started| ServiceError::of_acquisition(Error::DataReady("unplugged"), started).to_string();
        assert_eq!(said(false), "the ADC does not start: the DRDY line cannot be watched: \"unplugged\"");
        assert_eq!(said(true), "the acquisition cannot go on: the DRDY line cannot be watched: \"unplugged\"");
    }
}
