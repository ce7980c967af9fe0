//! `axismirror clean`: takes away what killed services have left.

use axismirror::config::visible;
use axismirror::count::count;
use axismirror::events;
use axismirror::shm::{SHM_DIR, left_behind};
use axismirror_core::name::StreamName;
use clap::Args;

use super::{Failure, output};

/// Remove the segments of streams whose services are gone and will not come back
///
/// A service that was killed leaves its segments, so that the next one of the same name can serve the readers that are attached.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  axismirror clean --dry-run\n  axismirror clean lab")]
pub(crate) struct CleanArgs {
    /// Only the stream of this name, with its events
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Say what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Also streams that a reader still has attached
    #[arg(long)]
    attached: bool,
}

/// Removes, and says what.
pub(crate) fn run(args: &CleanArgs) -> Result<(), Failure> {
    // Where the header is gone, only its segment's name is known.
    let segment = |name: &str| StreamName::new(name).map(|name| name.header()).map_err(Failure::usage);
    let meant = match &args.name {
        Some(name) => Some([segment(name)?, segment(&events::name_of(name))?]),
        None => None,
    };
    let found = left_behind(SHM_DIR, meant.as_ref().map(<[_; 2]>::as_slice));
    let found = found.map_err(|e| Failure::failed(format!("{SHM_DIR} cannot be looked into")).because(e))?;
    let mut text = String::new();
    for stream in &found {
        let files = count(stream.files.len(), "file");
        let name = visible(&stream.name);
        if stream.is_read && !args.attached {
            text.push_str(&format!("{name}: a reader is attached: {files} left alone (--attached removes them)\n"));
            continue;
        }
        let failed = |e| Failure::failed(format!("stream `{name}` cannot be removed")).because(e);
        let done = match args.dry_run {
            true => format!("{files} would be removed"),
            false => match stream.remove().map_err(failed)? {
                0 => "a service has it again; nothing removed".to_owned(),
                removed => format!("{} removed", count(removed, "file")),
            },
        };
        text.push_str(&format!("{name}: {done}\n"));
    }
    output::print(if text.is_empty() { "nothing was left behind\n".to_owned() } else { text })
}
