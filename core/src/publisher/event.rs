//! What a publisher tells of its segments while it works, and to whom.

/// What happens to a stream's segments, in the words of the life-cycle channel (spec: wire, conn).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// The header goes away (or would, were it there).
    MetaCleanup,
    /// A header with placeholders is about to be made.
    MetaReset,
    /// The data segment goes away (or would, were it there).
    BufferCleanup,
    /// The description is about to change.
    BeginUpdate,
    /// The description has changed.
    MetaUpdated,
    /// A new data segment is in place.
    BufferReset,
    /// New static metadata is in place.
    AuxUpdated,
    /// The stream has ended.
    Close,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::MetaCleanup,
        Self::MetaReset,
        Self::BufferCleanup,
        Self::BeginUpdate,
        Self::MetaUpdated,
        Self::BufferReset,
        Self::AuxUpdated,
        Self::Close,
    ];

    /// The published sink's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MetaCleanup => "meta cleanup",
            Self::MetaReset => "meta reset",
            Self::BufferCleanup => "buffer cleanup",
            Self::BeginUpdate => "begin update",
            Self::MetaUpdated => "meta updated",
            Self::BufferReset => "buffer reset",
            Self::AuxUpdated => "aux updated",
            Self::Close => "close",
        }
    }
}

/// Is told of events as they happen. Must not wait.
pub trait Observer {
    /// One of them.
    fn event(&mut self, event: Event);
}

/// Nobody listens.
impl Observer for () {
    fn event(&mut self, _: Event) {}
}

impl<F: FnMut(Event)> Observer for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}
