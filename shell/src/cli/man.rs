//! `axismirror man`: the man pages, from the same definitions as the help.

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use super::{Cli, Failure, output};

/// Print a man page (roff)
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  axismirror man | man -l -\n  axismirror man run > axismirror-run.1")]
pub(crate) struct ManArgs {
    /// A subcommand, for its own page
    #[arg(value_name = "SUBCOMMAND")]
    subcommand: Option<String>,
}

/// Prints the page.
pub(crate) fn run(args: &ManArgs) -> Result<(), Failure> {
    output::print(page(args.subcommand.as_deref())?)
}

/// The page of the command, or of a subcommand.
fn page(subcommand: Option<&str>) -> Result<Vec<u8>, Failure> {
    let mut command = Cli::command();
    command.build();
    if let Some(name) = subcommand {
        let known: Vec<_> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
        command = command.find_subcommand(name).cloned().ok_or_else(|| {
            let suggestion = axismirror::nearest::did_you_mean(name, known.iter().map(String::as_str));
            Failure::usage(format!("there is no subcommand `{name}`{suggestion}"))
                .hint(format!("the subcommands are {}", known.join(", ")))
        })?;
    }
    let mut text = Vec::new();
    Man::new(command)
        .render(&mut text)
        .map_err(|error| Failure::failed("the page cannot be written").because(error))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn pages_of_the_command_and_of_subcommands() {
        let text = |sub| String::from_utf8(page(sub).unwrap()).unwrap();
        assert!(text(None).contains(".TH axismirror 1"));
        let run = text(Some("run"));
        assert!(run.contains(".TH axismirror-run 1") && run.contains("buf\\-dur"), "{run}");
        assert!(page(Some("rum")).unwrap_err().to_string().contains("`run`"));
    }
}
