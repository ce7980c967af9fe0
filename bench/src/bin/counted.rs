//! What `cargo xtask bench --instructions` runs under callgrind: one hot function, so and so often.
//!
//! Prints how many operations were done; callgrind counts the instructions in the function itself and in what it calls.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use axismirror_bench::counted;

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    if name == "--list" {
        counted::names().iter().for_each(|name| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    match counted::run(&name) {
        Ok(operations) => {
            println!("{operations}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
