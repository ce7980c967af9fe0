//! The header as a mirror sees it: consistent looks at fields that change under its hands.

use super::{Proof, TRIES};
use crate::extension::Extension;
use crate::fence::Acquire;
use crate::header::{Description, DescriptionError, Generation, HeaderView};
use crate::memory::Memory;
use crate::ring::possible;

/// A stream's header.
#[derive(Debug)]
pub(super) struct Header<M> {
    pub(super) view: HeaderView<M>,
    pub(super) extension: Option<Extension<M>>,
    /// Generation of the static metadata that [`Mirror::changes`] has told of.
    pub(super) told_of: u32,
}

/// The last counters of a generation that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) committed: u64,
    pub(super) reserved: u64,
}

/// One consistent look at a header.
pub(super) struct Look {
    pub(super) bvalid: bool,
    pub(super) generation: Generation,
    pub(super) sequence: u32,
    pub(super) base: u64,
    pub(super) committed: u64,
    /// The last counters of the generation before.
    pub(super) before: Ended,
    pub(super) description: Result<Description, DescriptionError>,
}

impl<M: Memory + Clone> Header<M> {
    /// Reads the fields that belong together; `None` when they keep changing.
    pub(super) fn look(&self) -> Option<Look> {
        (0..TRIES).find_map(|_| match &self.extension {
            Some(extension) => self.look_with(extension),
            None => self.look_without(),
        })
    }

    /// What `f` reads of the description, if nothing of that changed meanwhile: the sequence tells.
    fn unchanged<T>(&self, extension: &Extension<M>, f: impl FnOnce(u32) -> T) -> Option<T> {
        let sequence = extension.sequence();
        self.view.memory().fence_acquire(Acquire::Look);
        let value = f(sequence);
        self.view.memory().fence_acquire(Acquire::Looked);
        (extension.sequence() == sequence && sequence.is_multiple_of(2)).then_some(value)
    }

    fn look_with(&self, extension: &Extension<M>) -> Option<Look> {
        self.unchanged(extension, |sequence| self.look_now(extension, sequence))
    }

    fn look_now(&self, extension: &Extension<M>, sequence: u32) -> Look {
        let generation = self.view.buffer_generation();
        let (now, before) = (extension.counters(generation), extension.counters(generation.previous()));
        let (committed, reserved) = (before.committed(), before.reserved());
        Look {
            bvalid: self.view.bvalid(),
            generation,
            sequence,
            base: now.base(),
            committed: now.committed(),
            before: Ended { committed: possible(committed, reserved), reserved },
            description: Description::parse(&self.view),
        }
    }

    /// Generation and length of the static metadata, which belong together; `None` when there is none or when they keep changing.
    pub(super) fn static_metadata(&self) -> Option<(u32, u32)> {
        let both = || {
            let generation = self.view.meta_generation();
            if self.extension.is_none() {
                // With our block, the sequence orders all of this.
                self.view.memory().fence_acquire(Acquire::StaticMetadata);
            }
            (generation, self.view.aux_nbytes())
        };
        let found = match &self.extension {
            Some(extension) => (0..TRIES).find_map(|_| self.unchanged(extension, |_| both())),
            None => Some(both()),
        };
        found.filter(|(generation, _)| *generation != 0)
    }

    /// A published writer clears `bvalid` before it changes a field, and sets it last.
    fn look_without(&self) -> Option<Look> {
        let (bvalid, generation) = self.state();
        self.view.memory().fence_acquire(Acquire::State);
        let description = Description::parse(&self.view);
        let n_frames = description.as_ref().map_or(0, Description::n_frames);
        // Its fences come after the description's loads and before the second look at the state, too.
        let committed = self.legacy_total(n_frames).unwrap_or(0);
        let before = Ended { committed: 0, reserved: 0 };
        let look = Look { bvalid, generation, sequence: 0, base: 0, committed, before, description };
        (self.state() == (bvalid, generation)).then_some(look)
    }

    /// `bvalid` and the generation that it is said of, or a later one.
    pub(super) fn state(&self) -> (bool, Generation) {
        let bvalid = self.view.bvalid();
        self.view.memory().fence_acquire(Acquire::Valid);
        (bvalid, self.view.buffer_generation())
    }

    /// Frames published in this generation by a writer without our block, from the two counters that it has and the ring's length. `None`
    /// when they change meanwhile. In between the stores of the two the result can be a ring too small, never too large. The fences are as good
    /// as it gets: the published writer stores plainly, in program order on x86 and in any on ARM.
    pub(super) fn legacy_total(&self, n_frames: u32) -> Option<u64> {
        let n_frames = u64::from(n_frames);
        (0..TRIES).find_map(|_| {
            let wraps = self.view.wrap_counter();
            self.view.memory().fence_acquire(Acquire::Wraps);
            let index = self.view.write_index().min(n_frames);
            self.view.memory().fence_acquire(Acquire::Index);
            (self.view.wrap_counter() == wraps).then(|| wraps.saturating_mul(n_frames).saturating_add(index))
        })
    }

    #[inline]
    pub(super) fn proof(&self) -> Proof {
        if self.extension.is_some() { Proof::Untorn } else { Proof::Unproven }
    }
}
