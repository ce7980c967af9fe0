//! Prints the RMS of every channel for each 250 frames, and what was missed: `cargo run --example rms [NAME [FRAMES]]`.
use std::time::Duration;

use axismirror::config::visible;
use axismirror::mirror::{Follower, MirrorError, News, Start};

/// Frames of one line.
const WINDOW: usize = 250;

/// Root mean square of a channel about its mean.
fn rms(window: &[f64], channels: usize, channel: usize) -> f64 {
    let values = || window.iter().skip(channel).step_by(channels);
    let n = (window.len() / channels) as f64;
    let mean = values().sum::<f64>() / n;
    (values().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}

fn main() -> Result<(), MirrorError> {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or("axismirror".into());
    let most: usize = args.next().and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);

    let mut follower = Follower::open(&name, Start::Next)?;
    let (mut labels, mut window, mut read) = (Vec::new(), Vec::new(), 0);
    while read < most {
        match follower.next(Duration::from_millis(100))? {
            News::Nothing => {}
            News::Waiting(state) => eprintln!("{name}: {state:?}"),
            News::Stream(info) => {
                // The first one, or the stream has changed: what was gathered is of another kind.
                labels = info.labels.clone();
                window.clear();
                eprintln!("{} channels at {:?} Hz, in {}", info.channels, info.rate, visible(&info.unit));
            }
            News::Frames(frames) => {
                if frames.overwritten + frames.not_acquired > 0 {
                    println!("gap: {} overwritten, {} not acquired", frames.overwritten, frames.not_acquired);
                    window.clear();
                }
                read += frames.len();
                window.extend(frames.values());
                let size = WINDOW * labels.len();
                while window.len() >= size {
                    let line: Vec<String> = (0..labels.len())
                        .map(|c| format!("{} {:.6}", visible(&labels[c]), rms(&window[..size], labels.len(), c)))
                        .collect();
                    println!("{}", line.join("  "));
                    window.drain(..size);
                }
            }
        }
    }
    Ok(())
}
