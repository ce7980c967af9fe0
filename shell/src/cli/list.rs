//! `axismirror list`: the streams of this machine.

use axismirror::shm::{self, Found, SHM_DIR};
use axismirror_core::header::Description;
use clap::Args;

use super::columns::Rows;
use super::{Failure, output};

/// List the streams of this machine, and whether their writers live
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the streams.
pub(crate) fn run(args: &ListArgs) -> Result<(), Failure> {
    let found =
        shm::streams(SHM_DIR).map_err(|e| Failure::failed(format!("{SHM_DIR} cannot be looked into")).because(e))?;
    let text = if args.json {
        serde_json::to_string_pretty(&found.iter().map(entry).collect::<Vec<_>>()).map_err(Failure::failed)? + "\n"
    } else if found.is_empty() {
        "no streams\n".to_owned()
    } else {
        let mut rows = Rows::folding(20, 59);
        found.iter().for_each(|found| rows.add(name(found), &line(found)));
        rows.text()
    };
    output::print(text)
}

/// A Python writer's stream has no name that could be known: its segment's name is a hash.
fn name(found: &Found) -> &str {
    found.name.as_deref().unwrap_or("?")
}

fn state(found: &Found) -> &'static str {
    match (found.valid, found.ours, found.writer) {
        (_, true, None) => "writer gone",
        (true, _, _) => "live",
        (false, _, _) => "not valid",
    }
}

fn line(found: &Found) -> String {
    let what = match &found.description {
        Some(d) => format!("{} Hz, {} samples a frame, {}", d.srate(), d.frame_samples(), d.dtype().code()),
        None => "nothing described yet".to_owned(),
    };
    format!("{} v{} {:<11} {what}", found.segment, found.version.number(), state(found))
}

fn entry(found: &Found) -> serde_json::Value {
    serde_json::json!({
        "name": found.name,
        "segment": found.segment,
        "struct_version": found.version.number(),
        "valid": found.valid,
        "state": state(found),
        "writer_pid": found.writer,
        "srate": found.description.as_ref().map(Description::srate),
        "frame_shape": found.description.as_ref().map(|d| d.frame_shape().to_vec()),
        "dtype": found.description.as_ref().map(|d| d.dtype().code()),
        "key": found.description.as_ref().map(|d| d.key().as_str().to_owned()),
    })
}
