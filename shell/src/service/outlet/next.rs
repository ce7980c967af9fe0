//! What a stream is to be from now on.
//!
//! Knows how large its ring would be, and not whether there is room.

use axismirror_core::header::Description;
use axismirror_core::settings::{PlanError, Settings as RingSettings};

use crate::service::message::Template;
use crate::service::place::{Channel, Slot};

/// What frames and chunks are like, from a moment on.
#[derive(Clone, Debug)]
pub(in crate::service) struct Next {
    pub(in crate::service) ring: RingSettings,
    pub(in crate::service) template: Template,
    pub(in crate::service) channels: Vec<Channel>,
    /// The same for each of the board's channels.
    pub(in crate::service) slots: Vec<Slot>,
    /// Frames of a chunk, at least 1.
    pub(in crate::service) chunk: usize,
    /// Whether frames come as fast as they can, at times of their own.
    pub(in crate::service) free_running: bool,
}

impl Next {
    /// What its ring would be; `None` when its messages cannot be buffered along the axis that is asked for.
    pub(super) fn described(&self) -> Result<Option<Description>, PlanError> {
        self.template.with_message(|message| Ok(self.ring.plan(message)?.map(|plan| plan.description)))
    }

    /// Bytes of its ring.
    pub(super) fn ring_len(&self) -> Result<usize, PlanError> {
        Ok(self.described()?.map_or(0, |description| description.data_len(self.ring.version)))
    }
}
