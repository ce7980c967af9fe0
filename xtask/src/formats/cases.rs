//! The cases: what is recorded, what happens meanwhile, and what must be in the files.

use super::session::{Session, wait_for};
use super::{Case, Context};
use crate::interop::service::binary;
use crate::step::{Outcome, StepResult};
use crate::sys;

/// Every format.
const ALL_ENDINGS: [&str; 7] = ["bdf", "edf", "parquet", "arrow", "feather", "xdf", "csv"];
/// Those that hold 24 bits.
const LONG_ENDINGS: [&str; 5] = ["bdf", "parquet", "arrow", "xdf", "csv"];

pub(super) const ALL: [Case; 7] = [
    Case { name: "codes", work: codes },
    Case { name: "volts", work: volts },
    Case { name: "16-bits", work: small },
    Case { name: "kill", work: kill },
    Case { name: "restart", work: restart },
    Case { name: "full", work: full },
    Case { name: "channels", work: channels },
];

/// Codes, with planned gaps and two events; the counter tells by itself what is missing.
fn codes(context: &Context) -> StepResult {
    let faults =
        ["--faults", "dropped-edge@1400x12", "--faults", "dropped-edge@1900x12", "--faults", "bus-error@2300x3"];
    let board = ["--board", "pieeg8", "--signal", "counter", "--units", "codes", "--labels", "A1,B2,C3,D4,E5,F6,G7,Hµ"];
    let mut session = Session::start(context, &[&board[..], &faults].concat())?;
    session.record(&ALL_ENDINGS, &["--seconds", "8"])?;
    session.mark("eyes closed")?;
    session.mark("µ, \"quoted\" <&> = 2")?;
    session.wait_ended(0)?;
    let seen = session.check("", &["--gap", "--ended", "--least", "2000", "--counter", "--events", "2"])?;
    session.said("frames not acquired")?;
    session.example(&seen)?;
    session.end()?;
    Ok(Outcome::Checked(seen))
}

/// Single precision, of which EDF and BDF take the codes back.
fn volts(context: &Context) -> StepResult {
    let board = ["--board", "pieeg8", "--signal", "eeg", "--units", "volts", "--gain", "24"];
    let mut session = Session::start(context, &[&board[..], &["--faults", "dropped-edge@1500x12"]].concat())?;
    session.record(&ALL_ENDINGS, &["--seconds", "6"])?;
    session.wait_ended(0)?;
    let seen = session.check("", &["--ended", "--least", "1500"])?;
    session.end()?;
    Ok(Outcome::Checked(seen))
}

/// A converter of 12 bits without a sign, double precision, and a rate whose period is no decimal fraction.
fn small(context: &Context) -> StepResult {
    let board = ["--board", "mcp3208", "--signal", "sine", "--units", "volts", "--dtype", "f8", "--rate", "300"];
    let mut session = Session::start(context, &board)?;
    session.record(&ALL_ENDINGS, &["--seconds", "4"])?;
    session.wait_ended(0)?;
    let seen = session.check("", &["--ended", "--least", "1200"])?;
    session.end()?;
    Ok(Outcome::Checked(seen))
}

/// kill -9 at some instant: up to the last flush everything is there.
fn kill(context: &Context) -> StepResult {
    let mut session = Session::start(context, &["--board", "pieeg8", "--signal", "counter", "--units", "codes"])?;
    session.record(&ALL_ENDINGS, &[])?;
    session.wait_grown(2)?;
    session.kill()?;
    let seen = session.check("", &["--least", "250", "--counter"])?;
    session.end()?;
    Ok(Outcome::Checked(seen))
}

/// The service dies and comes again: the same file goes on behind a gap. Then the gain changes: a new part.
fn restart(context: &Context) -> StepResult {
    let mut session = Session::start(context, &["--board", "pieeg8", "--signal", "eeg", "--units", "codes"])?;
    session.record(&LONG_ENDINGS, &[])?;
    session.wait_grown(1)?;
    session.service.kill()?;
    session.service.start_again()?;
    session.service.wait_ready()?;
    session.wait_grown(2)?;
    session.service.set("gain=12")?;
    let second = |ending| context.folder.join(format!("recording-2.{ending}"));
    wait_for("second parts", || LONG_ENDINGS.iter().all(|e| std::fs::metadata(second(e)).is_ok_and(|m| m.len() > 0)))?;
    session.stop()?;
    let first = session.check("", &["--gap", "--ended", "--least", "250"])?;
    let second = session.check("-2", &["--ended"])?;
    session.end()?;
    Ok(Outcome::Checked(format!("{first}; {second}")))
}

/// A small disk, full by the recording itself and by somebody else.
fn full(context: &Context) -> StepResult {
    // In a mount namespace of its own, which a user may make where the system lets him.
    const MOUNT: &str = "mount -t tmpfs -o size=1m axismirror \"$1\"";
    const RECORD: &str =
        "\"$2\" record \"$3\" -o \"$1/recording.$4\"; status=$?; cp \"$1/recording.$4\" \"$5\"; exit $status";
    const EAT: &str = "(while [ \"$(cat \"$1\"/recording.* | wc -c)\" -lt 300000 ]; do sleep 0.1; done; cat /dev/zero > \"$1/eat\") 2>/dev/null &";
    let unshare = ["--user", "--map-root-user", "--mount"];
    if !sys::succeeds("unshare", &[&unshare[..], &["mount", "-t", "tmpfs", "axismirror", "/mnt"]].concat()) {
        return Ok(Outcome::Skipped("unshare and mount are not allowed here".to_owned()));
    }
    let mut seen = Vec::new();
    let board = ["--board", "pieeg8", "--signal", "counter", "--units", "codes", "--rate", "4000"];
    let mut session = Session::start(context, &board)?;
    for (who, eat) in [("itself", ""), ("somebody", EAT)] {
        let folder = context.folder.join(who);
        for ending in LONG_ENDINGS {
            let disk = folder.join(ending);
            std::fs::create_dir_all(&disk).map_err(|e| format!("{}: {e}", disk.display()))?;
            let file = context.folder.join(format!("recording-{who}.{ending}"));
            let mut c = sys::command("unshare");
            c.args(unshare).args(["sh", "-c", &format!("{MOUNT} && {{ {eat}\n{RECORD}; }}"), "sh"]);
            c.arg(&disk).arg(binary()).args([&context.stream, ending]).arg(&file);
            session.spawn(file, &mut c)?;
        }
        session.wait_ended(1)?;
        session.said("full")?;
        seen.push(session.check(&format!("-{who}"), &["--least", "1000", "--counter"])?);
        session.forget();
    }
    session.end()?;
    Ok(Outcome::Checked(seen.join("; ")))
}

/// Some of the channels, and what the ring held before.
fn channels(context: &Context) -> StepResult {
    let mut session = Session::start(context, &["--board", "pieeg8", "--signal", "eeg", "--units", "volts"])?;
    // Twice as much as has to be compared: the reference begins later, on a busy machine much later.
    session.record(&ALL_ENDINGS, &["--seconds", "4", "--channels", "3,1,8", "--oldest"])?;
    session.wait_ended(0)?;
    let seen = session.check("", &["--ended", "--least", "500", "--channels", "3,1,8", "--from-oldest"])?;
    session.end()?;
    Ok(Outcome::Checked(seen))
}
