//! `cargo xtask clocks`: an emulated PC whose clock is set, and which is suspended, under a running service.
//!
//! What is done is in `emulate/clocks/case.sh`; here it is run and judged. A machine of its own, since everybody else on this one would notice; a PC,
//! since QEMU's boards do not sleep.

use std::time::Duration;

use serde_json::Value;

use crate::host::{self, Missing, Tool};
use crate::interop::service;
use crate::step::{Outcome, Steps};
use crate::sys;

/// A kernel and busybox, some 70 MB.
const SETUP_LIMIT: Duration = Duration::from_secs(600);
/// A run takes half a minute.
const LIMIT: Duration = Duration::from_secs(300);
/// Frames per second, as in the script.
const RATE: f64 = 250.0;
/// Between what `/proc/uptime` says around the sleep and the sleep itself, in seconds.
const AROUND: f64 = 0.5;

const TOOLS: &[Tool] = &[
    Tool { probe: &["qemu-system-x86_64", "--version"], package: "qemu-system-x86=1:10.0.*" },
    Tool { probe: &["cpio", "--version"], package: "cpio" },
];

/// Set the clock of an emulated PC and suspend it under a running service, and see that no frame is lost but those of the sleep, and these are counted.
///
/// The first run fetches QEMU and a kernel, some 100 MB (x86-64 only).
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        steps.run("build", service::build);
        if steps.all_well() {
            steps.run("clocks", || match clocks() {
                Ok(Ok(said)) => {
                    println!("{said}");
                    Ok(Outcome::Passed)
                }
                Ok(Err(missing)) => missing.outcome(),
                Err(why) => Err(why),
            });
        }
    }
}

fn clocks() -> Result<Result<String, Missing>, String> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Ok(Err(Missing::Unavailable("the guest runs this machine's own build, for x86-64".to_owned())));
    }
    if let Err(missing) = host::tools(TOOLS) {
        return Ok(Err(missing));
    }
    let folder = sys::target_dir().join("clocks");
    let mut root = sys::command("emulate/clocks/root.sh");
    if let Err(missing) = host::fetching(root.arg(&folder).arg(service::binary()), SETUP_LIMIT)? {
        return Ok(Err(missing));
    }
    let mut qemu = sys::command("qemu-system-x86_64");
    qemu.args(["-machine", "q35", "-accel", "tcg", "-nic", "none", "-m", "512M", "-display", "none"]);
    qemu.args(["-monitor", "none", "-serial", "stdio", "-no-reboot", "-append", "console=ttyS0 quiet panic=-1"]);
    qemu.arg("-kernel").arg(folder.join("kernel")).arg("-initrd").arg(folder.join("root.cpio.gz"));
    let out = sys::output(&mut qemu, LIMIT)?;
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    judge(&text).map(Ok).map_err(|why| format!("{why}\n{text}"))
}

/// What a reader was told at one time.
#[derive(Clone, Copy, Debug)]
struct Look {
    published: f64,
    lost: f64,
    /// Time of the newest frame on `CLOCK_MONOTONIC`, in seconds.
    newest: f64,
}

impl Look {
    fn of(text: &str, name: &str) -> Result<Self, String> {
        let line = text.lines().find_map(|l| l.strip_prefix("LOOK ")?.strip_prefix(name));
        let line = line.ok_or_else(|| format!("no look \"{name}\""))?;
        let info: Value = serde_json::from_str(line.trim()).map_err(|e| format!("look \"{name}\": {e}"))?;
        if info["valid"] != true {
            return Err(format!("at \"{name}\" the stream is not valid"));
        }
        let number = |part: &str, key: &str| {
            info[part][key].as_f64().ok_or_else(|| format!("look \"{name}\" has no {part}.{key}"))
        };
        Ok(Self {
            published: number("frames", "published_ever")?,
            lost: number("health", "frames_lost")?,
            newest: number("frames", "newest_s")?,
        })
    }
}

/// Every frame is there or counted: those of the time awake are there, those of the sleep are counted.
fn judge(text: &str) -> Result<String, String> {
    let [begin, set, awake] = [Look::of(text, "begin")?, Look::of(text, "clock-set")?, Look::of(text, "awake")?];
    let asleep = text.lines().find_map(|l| l.strip_prefix("ASLEEP ")).ok_or("it did not say how long it slept")?;
    let times: Vec<f64> = asleep.split_whitespace().filter_map(|w| w.parse().ok()).collect();
    let &[before, after] = times.as_slice() else { return Err(format!("ASLEEP {asleep}: two times are wanted")) };
    let slept = after - before;
    if begin.lost != 0.0 || set.lost != 0.0 {
        return Err(format!("frames were lost before it slept: {begin:?}, {set:?}"));
    }
    if slept < 2.0 {
        return Err(format!("it slept for {slept:.1} s only"));
    }
    for (what, from, to) in [("while the clock was set", begin, set), ("from before the sleep to after it", set, awake)]
    {
        let due = ((to.newest - from.newest) * RATE).round();
        if to.published - from.published != due {
            return Err(format!("{what} {} frames came, {due} were due awake", to.published - from.published));
        }
    }
    if (awake.lost - slept * RATE).abs() > AROUND * RATE {
        return Err(format!("it slept for {slept:.2} s at {RATE} Hz, and {} frames are counted as lost", awake.lost));
    }
    Ok(format!(
        "    the clock was set by +1 h and -2 h: nothing lost; it slept for {slept:.2} s: {} frames lost and counted, {} there, all that were due",
        awake.lost, awake.published
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(awake_frames: u32, lost: u32, early_loss: u32) -> String {
        let look = |name: &str, frames: u32, lost: u32, newest: f64| {
            format!(
                "LOOK {name} {{\"valid\":true,\"frames\":{{\"published_ever\":{frames},\"newest_s\":{newest}}},\"health\":{{\"frames_lost\":{lost}}}}}\n"
            )
        };
        look("begin", 100, 0, 10.0)
            + &look("clock-set", 600, early_loss, 12.0)
            + "ASLEEP 12.4 18.3\n"
            + &look("awake", awake_frames, lost, 14.0)
    }

    #[test]
    fn every_frame_is_there_or_counted() {
        assert!(judge(&said(1100, 1460, 0)).is_ok());
        for (awake, lost, early) in [(1099, 1460, 0), (1101, 1460, 0), (1100, 0, 0), (1100, 2000, 0), (1100, 1460, 1)] {
            assert!(judge(&said(awake, lost, early)).is_err(), "{awake} {lost} {early}");
        }
        assert!(judge("").is_err());
    }
}
