//! The fences of the protocol by name: what each orders, and which one on the other side it pairs with.
//!
//! A pair holds so: the writer stores data, fences (release), stores a signal; the reader loads the signal, fences (acquire), loads the data. Who
//! sees the signal sees the data. The same pair the other way round proves that something was *not* seen: who sees the data after a fence sees,
//! behind one of his own, that the signal before it was given.
//!
//! The names cost nothing: memory that is no model ignores them. The models in `tests/loom` leave out one at a time, and each has to be missed.
//! A fence that no model misses has no place here. Knows no layout and no memory.

macro_rules! fences {
    ($(#[$doc:meta])* $kind:ident { $($(#[$variant_doc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub enum $kind { $($(#[$variant_doc])* $variant,)* }

        impl $kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
        }
    };
}

fences! {
    /// Fences of the writer: everything before one happened before what is stored after it.
    Release {
        /// `reserved`, then frames and times. Pairs with [`Acquire::Copied`]: who has copied a byte of a chunk sees it reserved.
        Reserved,
        /// Frames, times and `newest`, then `write_index` and `committed`. Pairs with [`Acquire::Committed`], and for readers without our block with
        /// [`Acquire::Wraps`]: frames that count are there.
        Frames,
        /// `write_index`, then `wrap_counter`. Pairs with [`Acquire::Wraps`] and serves published readers, which load in program order: no new
        /// wrap with the old index.
        WriteIndex,
        /// Whatever a sleeper waits for, then the futex word. Pairs with [`Acquire::News`]: who sleeps on the new word has seen the news.
        News,
        /// The odd sequence, then the fields of the description. Pairs with [`Acquire::Looked`] and [`Acquire::Unchanged`]: who sees a field of the
        /// next description sees that the sequence is another.
        Change,
        /// The fields of the description, then the even sequence. Pairs with [`Acquire::Look`]: who sees it sees all of them.
        Changed,
        /// `bvalid = 0`, then the fields of the description. Pairs with [`Acquire::Wraps`] and [`Acquire::Index`] before the last look at `bvalid` of
        /// a reader without our block: who sees a new field sees that the old ones no longer hold.
        Invalid,
        /// The counters of a generation and its description, then `buffer_generation`, which makes them the valid ones. Pairs with
        /// [`Acquire::State`]: who sees the generation, a writer that adopts the header included, finds its counters whole.
        Counters,
        /// `buffer_generation`, then `bvalid = 1`. Pairs with [`Acquire::Valid`] and serves published readers, which look at `bvalid` alone.
        Generation,
        /// The static metadata's segment and length, then its generation. Pairs with [`Acquire::StaticMetadata`].
        StaticMetadata,
        /// The header's version, then its magic. Pairs with [`Acquire::Magic`].
        Magic,
        /// The extension block's version and size, then its magic. Pairs with [`Acquire::Block`].
        Block,
    }
}

fences! {
    /// Fences of a reader: everything loaded before one happened before what comes after it.
    Acquire {
        /// `committed`, then frames, times and `newest`. Pairs with [`Release::Frames`].
        Committed,
        /// Frames and times, then `reserved`. Pairs with [`Release::Reserved`].
        Copied,
        /// The sequence, then the fields of the description. Pairs with [`Release::Changed`].
        Look,
        /// The fields of the description, then the sequence again. Pairs with [`Release::Change`].
        Looked,
        /// Counters and frames of a generation, then the sequence again. Pairs with [`Release::Change`]: had one of them been of a later
        /// generation, we would see that the sequence is another.
        Unchanged,
        /// The futex word, then whatever a sleeper waits for. Pairs with [`Release::News`].
        News,
        /// Without our block: `bvalid`, then `buffer_generation`. Pairs with [`Release::Generation`]: no `bvalid` of the next generation with the old
        /// number.
        Valid,
        /// Without our block: `bvalid` and `buffer_generation`, then the description. Pairs with [`Release::Counters`].
        State,
        /// Without our block: `wrap_counter`, then `write_index` and the frames. Pairs with [`Release::WriteIndex`] and [`Release::Frames`].
        Wraps,
        /// Without our block: `write_index`, then `wrap_counter` again. Pairs with [`Release::Reserved`] and [`Release::Frames`] of the append after
        /// the wrap: had the index been of the next lap, we would see that the ring has wrapped.
        Index,
        /// Without our block: the generation of the static metadata, then its length and bytes. Pairs with [`Release::StaticMetadata`].
        StaticMetadata,
        /// The header's magic, then its version. Pairs with [`Release::Magic`].
        Magic,
        /// The extension block's magic, then its version and size. Pairs with [`Release::Block`].
        Block,
    }
}
