//! Why a recording cannot be played.
//!
//! What is wrong with the file itself is said by [`Problem`]; here is what cannot be made of a good one.

use std::io;
use std::path::PathBuf;

use axismirror_core::header::DescriptionError;
use axismirror_core::name::NameError;
use axismirror_core::publisher::PublishError;
use axismirror_core::settings::PlanError;

use crate::access::AccessError;
use crate::recording::{Problem, RATES, RecordingError};
use crate::service::ServiceError;
use crate::shm::ShmError;

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file is no recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// What was played so far was good.
    #[error("recording {} cannot be played to its end", path.display())]
    Damaged {
        /// As it was named.
        path: PathBuf,
        /// What is wrong with it.
        source: Problem,
    },
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The group of readers is none.
    #[error("the stream cannot be shared")]
    Access(#[from] AccessError),
    /// Neither rate nor times.
    #[error(
        "the recording says neither its rate nor its times: no column is called `time`, and its channels are {channels}; give the rate (--rate HZ)"
    )]
    NoRate {
        /// What it has: labels between commas.
        channels: String,
    },
    /// A rate that is none.
    #[error(
        "a rate of {rate:e} Hz is none that a stream can have; {:e} to {:e} Hz are possible: give it (--rate HZ)",
        RATES.start(),
        RATES.end()
    )]
    Rate {
        /// What was given, or what the recording says.
        rate: f64,
    },
    /// A speed that is none.
    #[error("a speed of {speed} is none; it has to be positive and finite")]
    Speed {
        /// What was given.
        speed: f64,
    },
    /// Codes of a file that has none.
    #[error("the recording's samples are {dtype}, no codes; leave out --units codes")]
    NoCodes {
        /// Their type.
        dtype: &'static str,
    },
    /// Volts of a file that has none.
    #[error("none of the channels has a voltage for its unit; leave out --units volts")]
    NoVolts,
    /// A type that the samples cannot have.
    #[error("the samples can be {possible}, not {given}")]
    DType {
        /// What was asked for.
        given: &'static str,
        /// What is possible.
        possible: &'static str,
    },
    /// Times of a second round would lie before those of the first.
    #[error("in a loop the recorded times would go back; leave out --loop or --original-times")]
    LoopedOriginalTimes,
    /// The stream cannot be described.
    #[error("the recording cannot be a stream")]
    Description(#[from] DescriptionError),
    /// The ring cannot be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What it says of itself cannot be published.
    #[error("labels and attributes cannot be published: {0}")]
    StaticMetadata(String),
    /// The stream cannot be published.
    #[error(transparent)]
    Publish(#[from] PublishError<ShmError>),
    /// The event stream or the control socket beside it.
    #[error(transparent)]
    Beside(#[from] ServiceError),
    /// No thread that reads the file.
    #[error("the thread that reads the file cannot be started")]
    Thread(#[source] io::Error),
}

impl ReplayError {
    /// Whether it lies in what was asked for.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Name(_) | Self::NoRate { .. } | Self::Rate { .. } | Self::Speed { .. } | Self::NoCodes { .. } => true,
            Self::NoVolts | Self::DType { .. } | Self::LoopedOriginalTimes | Self::Plan(_) => true,
            Self::Recording(e) => matches!(e.problem, Problem::NotThere { .. } | Problem::Rates { .. }),
            _ => false,
        }
    }
}
