//! The log: lines on standard error, never on standard output.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// Overrides the flags, in the syntax of `tracing_subscriber::EnvFilter`.
const VARIABLE: &str = "AXISMIRROR_LOG";

/// The levels from least to most.
const LEVELS: [LevelFilter; 5] =
    [LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG, LevelFilter::TRACE];

/// Starts the log; called once.
pub(crate) fn start(verbose: u8, quiet: u8, default: LevelFilter) {
    let level = level(verbose, quiet, default);
    let filter = EnvFilter::builder().with_default_directive(level.into()).with_env_var(VARIABLE).from_env_lossy();
    let filter = quiet_library(filter, level, std::env::var_os(VARIABLE).is_some());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(stderr().is_terminal());
    // Whoever read the log may have gone away: then there is nobody to tell that a line could not be written.
    let log = log.log_internal_errors(false);
    // It fails only when there is a log already.
    let _ = log.with_target(false).try_init();
}

/// zenoh tells much of itself that nobody asked for.
fn quiet_library(filter: EnvFilter, level: LevelFilter, said: bool) -> EnvFilter {
    let directive = format!("zenoh={}", if level > LevelFilter::INFO { LevelFilter::INFO } else { LevelFilter::ERROR });
    match directive.parse() {
        Ok(directive) if cfg!(feature = "network") && !said => filter.add_directive(directive),
        _ => filter,
    }
}

fn level(verbose: u8, quiet: u8, default: LevelFilter) -> LevelFilter {
    let place = LEVELS.iter().position(|l| *l == default).unwrap_or(0);
    let place = (place + usize::from(verbose)).saturating_sub(usize::from(quiet)).min(LEVELS.len() - 1);
    LEVELS[place]
}

#[cfg(test)]
mod tests {
    use super::{LevelFilter, level};

    #[test]
    fn flags_move_the_level_and_stop_at_the_ends() {
        assert_eq!(level(0, 0, LevelFilter::INFO), LevelFilter::INFO);
        assert_eq!(level(1, 0, LevelFilter::INFO), LevelFilter::DEBUG);
        assert_eq!(level(200, 0, LevelFilter::WARN), LevelFilter::TRACE);
        assert_eq!(level(0, 2, LevelFilter::INFO), LevelFilter::ERROR);
        assert_eq!(level(0, 9, LevelFilter::WARN), LevelFilter::ERROR);
    }
}
