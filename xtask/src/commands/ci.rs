//! `cargo xtask ci`: everything that must hold before a change goes in.

use super::{dist, docs, emulate, firmware, flood, fuzz, loom, miri, network, test, torture, tsan};
use crate::python::Release;
use crate::step::{Outcome, Steps};
use crate::sys;
use crate::{formats, instructions, interop};

/// A Cortex-M4F, as on boards that could carry core and drivers without an operating system.
const MICROCONTROLLER: &str = "thumbv7em-none-eabihf";

/// Kills of the service in `ci`; `cargo xtask torture` does many more.
const CI_KILLS: u64 = 25;

/// Seeds of the threads under Miri in `ci`.
const CI_SEEDS: u32 = 8;
/// Frames of the flood in `ci`.
const CI_FRAMES: u64 = 10_000_000;
/// Architecture whose package is built and checked in `ci`: the one that the emulated boards' programs are built for anyway.
const CI_PACKAGE: &str = "arm64";

/// Run every check: format, lints, documentation, no_std builds, tests, Python, guides, recordings, networks, kills, flood, loom, Miri, ThreadSanitizer, fuzzing, instructions, firmware, emulated boards, a package, licences.
///
/// Every step runs, whatever became of those before it.
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        steps.run("format", || sys::pass_through(sys::cargo().args(["fmt", "--all", "--check"])));
        steps.run("lints", || {
            let mut c = sys::cargo();
            c.args(["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]);
            sys::pass_through(&mut c)
        });
        // As for a small board: without Parquet and Arrow.
        steps.run("lints, no features", || {
            let mut c = sys::cargo();
            c.args(["clippy", "--package", "axismirror", "--no-default-features", "--", "-D", "warnings"]);
            sys::pass_through(&mut c)
        });
        steps.run("documentation", || {
            let mut c = sys::cargo();
            // As the lints have it: what depends is read once.
            sys::pass_through(
                c.args(["doc", "--workspace", "--no-deps", "--all-features"]).env("RUSTDOCFLAGS", "-D warnings"),
            )
        });
        for features in [None, Some("defmt")] {
            let name = format!("{MICROCONTROLLER}{}", features.map(|f| format!(", {f}")).unwrap_or_default());
            steps.run(&name, || {
                let mut c = sys::cargo();
                c.args(["build", "--package", "axismirror-core", "--package", "axismirror-boards"]);
                c.args(["--lib", "--target", MICROCONTROLLER]);
                if let Some(f) = features {
                    c.args(["--features", f]);
                }
                sys::pass_through(&mut c)
            });
        }
        test::workspace(steps);
        interop::all(steps);
        docs::docs(steps);
        formats::run(steps, None);
        network::network(steps);
        torture::build(steps);
        torture::torture(steps, Release::NEWEST, CI_KILLS, 2);
        flood::flood(steps, CI_FRAMES, 2);
        loom::loom(steps);
        miri::miri(steps, CI_SEEDS);
        tsan::tsan(steps);
        fuzz::quick(steps);
        instructions::check(steps, false);
        firmware::firmware(steps);
        emulate::quick(steps);
        dist::run(steps, |a| a.debian == CI_PACKAGE);
        dist::install(steps);
        dependencies(steps);
    }
}

/// Licences, sources and duplicates by deny.toml. Advisories need a database from the network and are not part of this.
fn dependencies(steps: &mut Steps) {
    steps.run("dependencies", || {
        if !sys::succeeds("cargo", &["deny", "--version"]) {
            return Ok(Outcome::Skipped("no cargo-deny: cargo install --locked cargo-deny".to_owned()));
        }
        sys::pass_through(sys::cargo().args(["deny", "check", "licenses", "bans", "sources"]))
    });
}
