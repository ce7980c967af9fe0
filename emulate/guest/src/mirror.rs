//! Verifies the counter signal in a stream that the service publishes in the guest's shared memory.
//!
//! Must never look at the ADC itself.

use std::error::Error;
use std::time::{Duration, Instant};

use axismirror::mirror::{Mirror, Proof, Start, State};
use axismirror_core::health::Health;

use crate::verify::{self, Expected, Verifier};

/// How long the service may take to begin.
const BEGIN: Duration = Duration::from_secs(20);
/// The longest sleep between two looks.
const SLEEP: Duration = Duration::from_millis(20);

/// Reads until the stream ends, and says what came.
pub(crate) fn run(name: &str, expected: Expected) -> Result<(), Box<dyn Error>> {
    let mut mirror = Mirror::open(name, Start::Oldest)?;
    let start = Instant::now();
    let (mut verifier, mut health) = (None, Health::default());
    let (mut missed, mut unproven) = (0, 0);
    loop {
        mirror.wait(SLEEP)?;
        if let Some(extension) = mirror.extension() {
            let now = extension.health();
            if let Some(verifier) = &mut verifier
                && now.restarts != health.restarts
            {
                Verifier::restarted(verifier);
            }
            // A service that ends leaves its counts to nobody: the last ones seen are the stream's.
            health = now;
        }
        let chunk = mirror.read()?;
        missed += chunk.missed();
        unproven += u64::from(chunk.frames() > 0 && chunk.proof() != Proof::Untorn);
        let channels = chunk.frame_samples();
        if chunk.frames() > 0 {
            let verifier = verifier.get_or_insert_with(|| Verifier::new(channels, expected));
            for (codes, time) in chunk.samples::<i32>()?.chunks(channels).zip(chunk.times()) {
                verifier.verify(codes, (time * 1e9).round() as i64);
            }
            continue;
        }
        match (chunk.state(), &verifier) {
            (State::Valid, _) => {}
            (_, Some(verifier)) => {
                print!("{}", verifier.times());
                println!("RESULT {} missed={missed} unproven={unproven} {}", verifier.seen(), verify::health(&health));
                return Ok(());
            }
            (_, None) if start.elapsed() > BEGIN => return Err("the service published nothing".into()),
            (_, None) => {}
        }
    }
}
