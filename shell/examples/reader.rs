//! Prints a second of a stream: `cargo run --example reader [NAME]`.
use axismirror::mirror::{Mirror, MirrorError};

fn main() -> Result<(), MirrorError> {
    let name = std::env::args().nth(1).unwrap_or("axismirror".into());
    let mut mirror = Mirror::attach(&name)?;
    for _ in 0..10 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let chunk = mirror.read()?;
        let samples = chunk.samples::<i32>()?;
        println!("{} frames, {} missed, the last {:?}", chunk.frames(), chunk.missed(), samples.rchunks(8).next());
    }
    Ok(())
}
