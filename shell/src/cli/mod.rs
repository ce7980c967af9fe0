//! The command line: one file a subcommand, and what they share.
//!
//! Each subcommand turns its arguments into calls of the library and the results into text. Help, completions and the man pages
//! come from these definitions alone.

mod boards;
mod clean;
mod columns;
mod completions;
mod doctor;
mod failure;
mod info;
mod list;
pub(crate) mod log;
mod man;
mod mark;
mod metrics;
#[cfg(feature = "network")]
mod network;
mod output;
mod plot;
#[cfg(feature = "network")]
mod receive;
mod record;
#[cfg(feature = "network")]
mod relay;
mod replay;
mod run;
mod selftest;
mod set;
mod setting_flags;
mod stop;
mod stream;
mod tail;
#[cfg(test)]
mod tests;
mod view;
#[cfg(not(feature = "network"))]
mod without_network;

use std::io::{Write as _, stdout};

use clap::{ArgAction, Parser, Subcommand};

pub(crate) use failure::Failure;

/// Reads an ADC over SPI and publishes it through shared memory, where any number of local processes mirror it.
#[derive(Debug, Parser)]
#[command(name = "axismirror", version, propagate_version = true, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Cli {
    /// Say more: -v details, -vv everything
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Say less: -q only warnings, -qq only errors
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) quiet: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the command line asks for; `None` when that was help or the version, which was printed. Wrong use ends the process here.
pub(crate) fn parse() -> Result<Option<Cli>, Failure> {
    match Cli::try_parse() {
        Ok(cli) => Ok(Some(cli)),
        Err(error) if error.use_stderr() => error.exit(),
        // Not by clap's own `exit`: that says success, whatever became of the text.
        Err(text) => text.print().and_then(|()| stdout().flush()).map(|()| None).map_err(output::broken),
    }
}

const EXAMPLES: &str = "\
Examples:
  axismirror run --simulate --signal counter    publish a simulated board
  axismirror tail --follow                      see what a reader sees
  axismirror set axismirror buf_dur=5           change a running stream

Exit status: 0 success, 1 failure, 2 wrong use or wrong settings.
The environment variable AXISMIRROR_LOG (for example `axismirror::conn=debug`) overrides -v and -q.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(Box<run::RunArgs>),
    Set(set::SetArgs),
    Mark(mark::MarkArgs),
    Info(info::InfoArgs),
    Tail(tail::TailArgs),
    View(view::ViewArgs),
    Plot(plot::PlotArgs),
    Record(record::RecordArgs),
    Replay(Box<replay::ReplayArgs>),
    List(list::ListArgs),
    Boards(boards::BoardsArgs),
    Metrics(metrics::MetricsArgs),
    #[cfg(feature = "network")]
    Relay(relay::RelayArgs),
    #[cfg(feature = "network")]
    Receive(receive::ReceiveArgs),
    #[cfg(not(feature = "network"))]
    #[command(hide = true)]
    Relay(without_network::Args),
    #[cfg(not(feature = "network"))]
    #[command(hide = true)]
    Receive(without_network::Args),
    Clean(clean::CleanArgs),
    Doctor(doctor::DoctorArgs),
    #[command(name = "selftest")]
    SelfTest(selftest::SelfTestArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// Does the subcommand's work.
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match self {
            Self::Run(args) => run::run(args),
            Self::Set(args) => set::run(args),
            Self::Mark(args) => mark::run(args),
            Self::Info(args) => info::run(args),
            Self::Tail(args) => tail::run(args),
            Self::View(args) => view::run(args),
            Self::Plot(args) => plot::run(args),
            Self::Record(args) => record::run(args),
            Self::Replay(args) => replay::run(args),
            Self::List(args) => list::run(args),
            Self::Boards(args) => boards::run(args),
            Self::Metrics(args) => metrics::run(args),
            #[cfg(feature = "network")]
            Self::Relay(args) => relay::run(args),
            #[cfg(feature = "network")]
            Self::Receive(args) => receive::run(args),
            #[cfg(not(feature = "network"))]
            Self::Relay(_) => without_network::refuse("relay"),
            #[cfg(not(feature = "network"))]
            Self::Receive(_) => without_network::refuse("receive"),
            Self::Clean(args) => clean::run(args),
            Self::Doctor(args) => doctor::run(args),
            Self::SelfTest(args) => selftest::run(args),
            Self::Completions(args) => completions::run(args),
            Self::Man(args) => man::run(args),
        }
    }

    /// What is logged without -v and -q: a service says what it does, a command only what is wrong.
    pub(crate) fn default_level(&self) -> tracing::level_filters::LevelFilter {
        match self {
            Self::Run(_) | Self::Replay(_) => tracing::level_filters::LevelFilter::INFO,
            #[cfg(feature = "network")]
            Self::Relay(_) | Self::Receive(_) => tracing::level_filters::LevelFilter::INFO,
            _ => tracing::level_filters::LevelFilter::WARN,
        }
    }
}
