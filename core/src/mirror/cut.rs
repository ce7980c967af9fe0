//! Segments that somebody has cut short under a mirror, and headers that it lets go of.
//!
//! Knows nothing of how a missing page is noticed: that is the source's business.

use super::{Mirror, Read};
use crate::extension::Writer;
use crate::store::SegmentSource;

/// Where a mirror was in a stream whose header it has let go of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    pub(super) writer: Writer,
    /// The next frame that it would have handed out.
    pub(super) next: u64,
}

impl<S: SegmentSource> Mirror<S> {
    /// Lets go of segments that were [cut short](SegmentSource::is_cut), and says whether there were any. To be called behind a read when one may
    /// have been, with what it handed out: if so, that is nothing to be used, and counts as missed. The stream is then as one that
    /// is not valid; its next ring or header is found as any other.
    #[cold]
    pub fn let_go_of_cut(&mut self, read: Option<&Read>) -> bool {
        let header = self.header.as_ref().map(|h| h.view.memory()).filter(|m| self.source.is_cut(m)).cloned();
        let ring = self.buffer.as_ref().is_some_and(|b| self.source.is_cut(b.ring.memory()));
        if header.is_none() && !ring {
            return false;
        }
        if let Some(read) = read {
            self.missed = self.missed.saturating_add(read.missed);
            if let Some(buffer) = &mut self.buffer {
                buffer.take_back(read);
            }
        }
        if let Some(buffer) = &mut self.buffer {
            buffer.cut_short();
        }
        if header.is_some() {
            self.let_go();
            self.cut = header;
        }
        true
    }

    /// Lets go of header and buffer, and remembers the place.
    pub(super) fn let_go(&mut self) {
        self.header = None;
        if let Some(buffer) = self.buffer.take().filter(|b| b.position.is_some()) {
            self.left = Some(Left { writer: buffer.writer, next: buffer.next() });
        }
    }
}
