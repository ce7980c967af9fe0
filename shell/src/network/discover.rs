//! Which streams other machines send.
//!
//! Found by liveliness tokens, described by whoever relays them. Receives nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zenoh::query::{ConsolidationMode, QueryTarget};
use zenoh::{Session, Wait as _};

use super::error::NetworkError;
use super::info::Announced;
use super::key::{Address, Selection, Topic};
use super::session::{NetworkSettings, Purpose};

/// Between two questions who is there.
const ASK_EVERY: Duration = Duration::from_millis(300);
/// How long answers may take.
const ANSWER_WITHIN: Duration = Duration::from_millis(1000);

/// A stream that another machine, or this one, sends.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Box and stream.
    pub address: Address,
    /// What its relay says; nothing when it did not answer, or what nobody understands.
    pub info: Option<Announced>,
}

/// Looks around for so long. Two relays that send under one key are both among those that are found.
///
/// # Errors
/// [`NetworkError`].
pub fn discover(network: &NetworkSettings, look_for: Duration, stop: &AtomicBool) -> Result<Vec<Sent>, NetworkError> {
    let Some(session) = network.open(Purpose::Seek, stop)? else { return Ok(vec![]) };
    let end = Instant::now() + look_for;
    let mut found: BTreeMap<(Address, Option<u64>), Sent> = BTreeMap::new();
    // Relaxed: a flag alone, nothing is published with it.
    while !stop.load(Ordering::Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let within = ANSWER_WITHIN.min(left);
        for (address, info) in ask(&session, within)? {
            let relay = info.as_ref().map(|announced| announced.info.relay);
            found.insert((address.clone(), relay), Sent { address, info });
        }
        std::thread::sleep(ASK_EVERY.min(end.saturating_duration_since(Instant::now())));
    }
    if let Err(error) = session.close().wait() {
        tracing::debug!("the session did not end as it should: {error}");
    }
    // A token alone says less than its relay's answer.
    let answered: Vec<Address> =
        found.keys().filter(|(_, relay)| relay.is_some()).map(|(address, _)| address.clone()).collect();
    Ok(found
        .into_iter()
        .filter(|((address, relay), _)| relay.is_some() || !answered.contains(address))
        .map(|(_, sent)| sent)
        .collect())
}

fn ask(session: &Session, within: Duration) -> Result<Vec<(Address, Option<Announced>)>, NetworkError> {
    let mut found = Vec::new();
    let key = Selection::ALL.key(Topic::Alive);
    let tokens = session.liveliness().get(key.clone()).timeout(within).wait();
    let tokens = tokens.map_err(|source| NetworkError::Declare { key, source })?;
    while let Ok(reply) = tokens.recv() {
        if let Ok(sample) = reply.result()
            && let Some((address, Topic::Alive)) = Address::of_key(sample.key_expr().as_str())
        {
            found.push((address, None));
        }
    }
    if found.is_empty() {
        return Ok(found);
    }
    let key = Selection::ALL.key(Topic::Info);
    let infos = session.get(key.clone()).target(QueryTarget::All).consolidation(ConsolidationMode::None);
    let infos = infos.timeout(within).wait().map_err(|source| NetworkError::Declare { key, source })?;
    while let Ok(reply) = infos.recv() {
        if let Ok(sample) = reply.result()
            && let Some((address, Topic::Info)) = Address::of_key(sample.key_expr().as_str())
            && let Ok(announced) = Announced::parse(&sample.payload().to_bytes(), None, &address)
        {
            // Of several answers of a relay the last one is about now.
            found.push((address, Some(announced)));
        }
    }
    Ok(found)
}
