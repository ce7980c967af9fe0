//! `cargo xtask`: drives builds, tests and demonstrations.
//!
//! A subcommand is one file in `commands/` and one line in `Command`. Must never be imported by the product, nor know
//! what is inside of it: everything goes through cargo and the command line.
#![forbid(unsafe_code)]

mod commands;
mod dist;
mod docs;
mod elf;
mod emulate;
mod formats;
mod host;
mod instructions;
mod interop;
mod python;
mod step;
mod sys;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{
    bench, ci, clocks, demo, dist as dist_command, docs as docs_command, emulate as emulate_command, firmware, flood,
    formats as formats_command, fuzz, interop as interop_command, loom, miri, network, soak, test, torture, tsan,
};
use step::Steps;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Drives builds, tests and demonstrations")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Test(test::Args),
    Demo(demo::Args),
    Interop(interop_command::Args),
    Formats(formats_command::Args),
    Bench(bench::Args),
    Ci(ci::Args),
    Miri(miri::Args),
    Loom(loom::Args),
    Firmware(firmware::Args),
    Emulate(emulate_command::Args),
    Dist(dist_command::Args),
    Docs(docs_command::Args),
    Clocks(clocks::Args),
    Torture(torture::Args),
    Soak(soak::Args),
    Flood(flood::Args),
    Tsan(tsan::Args),
    Fuzz(fuzz::Args),
    Network(network::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut steps = match sys::catch_signals() {
        Ok(()) => Steps::default(),
        Err(e) => {
            eprintln!("xtask: cannot catch signals: {e}");
            return ExitCode::FAILURE;
        }
    };
    match &cli.command {
        Command::Test(args) => args.run(&mut steps),
        Command::Demo(args) => args.run(&mut steps),
        Command::Interop(args) => args.run(&mut steps),
        Command::Formats(args) => args.run(&mut steps),
        Command::Bench(args) => args.run(&mut steps),
        Command::Ci(args) => args.run(&mut steps),
        Command::Miri(args) => args.run(&mut steps),
        Command::Loom(args) => args.run(&mut steps),
        Command::Firmware(args) => args.run(&mut steps),
        Command::Emulate(args) => args.run(&mut steps),
        Command::Dist(args) => args.run(&mut steps),
        Command::Docs(args) => args.run(&mut steps),
        Command::Clocks(args) => args.run(&mut steps),
        Command::Torture(args) => args.run(&mut steps),
        Command::Soak(args) => args.run(&mut steps),
        Command::Flood(args) => args.run(&mut steps),
        Command::Tsan(args) => args.run(&mut steps),
        Command::Fuzz(args) => args.run(&mut steps),
        Command::Network(args) => args.run(&mut steps),
    }
    steps.finish()
}
