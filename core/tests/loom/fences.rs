//! Each fence is missed: without it, one of the models finds what it prevents. A fence that is added needs a model here, or this does not compile.

use std::panic::catch_unwind;

use axismirror_core::fence::{Acquire, Release};

use super::memory::LeftOut;
use super::{adoption, generation, published, ring, sleeper, stamps, static_metadata};

type Model = fn(LeftOut);

const fn without_release(which: Release) -> Model {
    match which {
        Release::Reserved => ring::whole_ring,
        Release::Frames => ring::newest_frame,
        Release::WriteIndex => published::counters,
        Release::News => sleeper::frames,
        Release::Change | Release::Changed => static_metadata::with_block,
        Release::Invalid => published::description,
        Release::Counters => adoption::counters,
        Release::Generation => published::valid,
        Release::StaticMetadata => static_metadata::without_block,
        Release::Magic => stamps::header,
        Release::Block => stamps::block,
    }
}

const fn without_acquire(which: Acquire) -> Model {
    match which {
        Acquire::Committed => ring::newest_time,
        Acquire::Copied => ring::whole_ring,
        Acquire::Look | Acquire::Looked => generation::description,
        Acquire::Unchanged => generation::counters,
        Acquire::News => sleeper::frames,
        Acquire::Valid | Acquire::State => published::description,
        Acquire::Wraps => published::counters,
        Acquire::Index => published::available,
        Acquire::StaticMetadata => static_metadata::without_block,
        Acquire::Magic => stamps::header,
        Acquire::Block => stamps::block,
    }
}

/// Whether the model finds fault without the fence: by an assertion of its own, not by an accident of the test.
fn is_missed(model: Model, left_out: LeftOut) -> bool {
    match catch_unwind(|| model(left_out)) {
        Ok(()) => false,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            assert!(text.is_some_and(|t| t.starts_with("model: ")), "{left_out:?}: {text:?}");
            true
        }
    }
}

/// Those that no model misses.
fn not_missed<F: Copy>(all: &[F], model: impl Fn(F) -> Model, left_out: impl Fn(F) -> LeftOut) -> Vec<LeftOut> {
    let not_missed = |f: &F| !is_missed(model(*f), left_out(*f));
    all.iter().filter(|f| not_missed(f)).map(|f| left_out(*f)).collect()
}

#[test]
fn loom_every_release_is_missed() {
    assert_eq!(not_missed(Release::ALL, without_release, LeftOut::Release), []);
}

#[test]
fn loom_every_acquire_is_missed() {
    assert_eq!(not_missed(Acquire::ALL, without_acquire, LeftOut::Acquire), []);
}
