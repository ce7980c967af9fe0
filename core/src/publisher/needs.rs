//! What memory a change of settings takes.
//!
//! Changes nothing.

use super::contents::Contents;
use super::{Observer, PublishError, Publisher};
use crate::axis_array::AxisArray;
use crate::header::HEADER_SEGMENT_LEN;
use crate::settings::Settings;
use crate::store::SegmentStore;

/// Bytes of the segments that a change makes; 0 of one that stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Needs {
    /// The header.
    pub header: usize,
    /// The ring.
    pub ring: usize,
    /// The static metadata.
    pub static_metadata: usize,
}

impl<S: SegmentStore, O: Observer> Publisher<S, O> {
    /// What [`Publisher::apply`] of these settings and [`Publisher::describe`] of this message behind it would make. Changes nothing.
    ///
    /// # Errors
    /// [`PublishError::Plan`], [`PublishError::StaticMetadata`].
    pub fn needs(&self, settings: &Settings, message: &AxisArray<'_>) -> Result<Needs, PublishError<S::Error>> {
        let Some(plan) = settings.plan(message)? else { return Ok(Needs::default()) };
        let version = settings.version;
        let other_header = self.renames(settings) || version != self.settings.version;
        let stays = !other_header
            && !self.ends_ring(settings)
            && self.open.axis.as_deref() == Some(plan.axis)
            && self.description() == Some(&plan.description);
        let static_metadata = if version.has_static_metadata() {
            let published = self.open.static_metadata.as_ref().filter(|_| !other_header);
            Contents::Message(message).changed(plan.axis, published)?
        } else {
            None
        };
        Ok(Needs {
            header: if other_header { HEADER_SEGMENT_LEN } else { 0 },
            ring: if stays { 0 } else { plan.description.data_len(version) },
            static_metadata: static_metadata.unwrap_or(0),
        })
    }

    /// Whether these settings give the stream another name.
    pub(super) fn renames(&self, settings: &Settings) -> bool {
        match &settings.shmem_name {
            Some(name) => *name != self.open.name,
            None => self.settings.shmem_name.is_some(),
        }
    }

    /// Whether these settings end the ring.
    pub(super) fn ends_ring(&self, settings: &Settings) -> bool {
        settings.buf_dur.to_bits() != self.settings.buf_dur.to_bits() || settings.axis != self.settings.axis
    }
}
