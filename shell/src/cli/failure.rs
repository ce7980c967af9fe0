//! What a subcommand ends with when it does not succeed: message, causes, hint and exit status.

use core::fmt;
use std::error::Error;
use std::process::ExitCode;

use axismirror::causes;
use axismirror::config::ConfigError;
use axismirror::control::ControlError;
use axismirror::mirror::MirrorError;
use axismirror::service::ServiceError;

/// Exit status of a failure.
pub(crate) const FAILED: u8 = 1;
/// Exit status of wrong use: of flags (clap's own, too) and of settings.
pub(crate) const USAGE: u8 = 2;

/// Why a subcommand did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// `None`: nothing to say, and the exit status of success.
    message: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
    hint: Option<String>,
    status: u8,
}

impl Failure {
    /// The reader of standard output went away: no failure of ours.
    pub(crate) fn quiet() -> Self {
        Self { message: None, source: None, hint: None, status: 0 }
    }

    /// Exit status 1.
    pub(crate) fn failed(message: impl fmt::Display) -> Self {
        Self { message: Some(message.to_string()), source: None, hint: None, status: FAILED }
    }

    /// Exit status 2.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { status: USAGE, ..Self::failed(message) }
    }

    /// An error and its causes, of wrong use or not.
    pub(crate) fn of(error: &(dyn Error + 'static), is_usage: bool) -> Self {
        from_error(error, if is_usage { USAGE } else { FAILED })
    }

    /// With an error that caused it.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// With advice how to mend it.
    pub(crate) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }

    /// An error with its causes: of wrong use, or a failure.
    pub(crate) fn of_error(error: &(dyn Error + 'static), usage: bool) -> Self {
        from_error(error, if usage { USAGE } else { FAILED })
    }

    /// Says it on standard error and gives the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        use std::io::Write;
        // Where standard error is gone there is nobody to tell.
        let _ = write!(std::io::stderr(), "{self}");
        ExitCode::from(self.status)
    }
}

/// `error: ...`, its causes, and a hint, a line each.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(message) = &self.message else { return Ok(()) };
        writeln!(f, "error: {message}")?;
        let mut cause: Option<&(dyn Error + 'static)> = self.source.as_deref().map(|e| e as _);
        while let Some(error) = cause {
            writeln!(f, "  because: {error}")?;
            cause = error.source();
        }
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// An error and its causes, with an exit status.
pub(crate) fn from_error(error: &(dyn Error + 'static), status: u8) -> Failure {
    let mut messages = causes::messages(error).into_iter();
    let message = messages.next();
    let causes = messages.collect::<Vec<_>>().join("\n  because: ");
    let failure = Failure { message, status, ..Failure::failed("") };
    if causes.is_empty() { failure } else { failure.because(causes) }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        from_error(&error, USAGE).hint(error.hint())
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        from_error(&error, FAILED).hint(error.hint())
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let status = match error {
            ServiceError::Config(_) | ServiceError::Board(_) | ServiceError::BoardFile(_) => USAGE,
            ServiceError::Name(_) | ServiceError::Labels(_) => USAGE,
            ServiceError::Fault { .. } | ServiceError::FaultOfBoard { .. } => USAGE,
            ServiceError::TooManyFaults { .. } => USAGE,
            _ => FAILED,
        };
        from_error(&error, status).hint(error.hint())
    }
}

impl From<MirrorError> for Failure {
    fn from(error: MirrorError) -> Self {
        let status = if matches!(error, MirrorError::Name(_)) { USAGE } else { FAILED };
        from_error(&error, status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_message_causes_and_hint() {
        let source = std::io::Error::other("the disk is gone");
        let error = ConfigError::Read { path: "a.toml".into(), source };
        let text = Failure::from(error).to_string();
        assert_eq!(text, "error: settings file a.toml cannot be read\n  because: the disk is gone\n");
        let text = Failure::failed("x").because("y").hint("z".to_owned()).to_string();
        assert_eq!(text, "error: x\n  because: y\nhint: z\n");
        assert_eq!(Failure::quiet().to_string(), "");
        // What a message says already is not said again as its cause.
        let error = ServiceError::from(axismirror_core::publisher::PublishError::from(
            axismirror_core::settings::PlanError::Gain { gain: 0.0 },
        ));
        let text = Failure::from(error).to_string();
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
