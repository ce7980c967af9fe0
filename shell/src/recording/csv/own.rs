//! What our own recorder writes as comments among the rows: the description, gaps and events.
//!
//! How each is written is said at [`formats::csv`](crate::formats::csv). Must never see a row.

use super::super::content::{Block, Mark};
use crate::formats::csv::{DESCRIPTION, EVENT, GAP, event_of, said};
use crate::formats::own::{Description, frames_of};

/// The description, if that is what a comment is.
pub(super) fn description(comment: &str) -> Option<Description> {
    said(comment, DESCRIPTION).and_then(Description::known_or_told)
}

/// What was said of the row that comes next.
#[derive(Debug, Default)]
pub(super) struct Among {
    lost: u64,
}

impl Among {
    /// Takes a comment. Says whether it was of a gap.
    pub(super) fn take(&mut self, comment: &str, block: &mut Block) -> bool {
        if let Some(frames) = said(comment, GAP).and_then(frames_of) {
            self.lost = self.lost.saturating_add(frames);
            return true;
        }
        let event = said(comment, EVENT).and_then(event_of);
        block.marks.extend(event.map(|(time, text)| Mark { time, duration: None, text: text.to_owned() }));
        false
    }

    /// Gives it to a block that has no frame yet.
    pub(super) fn lay_down(&mut self, block: &mut Block) {
        if block.frames == 0 {
            block.lost = block.lost.saturating_add(std::mem::take(&mut self.lost));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_taken_apart() {
        let mut among = Among::default();
        let mut block = Block::default();
        assert!(among.take("# gap: 3 frames were overwritten before they were read", &mut block));
        assert!(among.take("# gap: 1 frame was not acquired", &mut block));
        assert!(!among.take("# event: frame=8 time=1.5 two words", &mut block));
        assert!(!among.take("# event: frame=8", &mut block));
        assert!(!among.take("", &mut block));
        among.lay_down(&mut block);
        assert_eq!(block.lost, 4);
        assert_eq!(block.marks, [Mark { time: 1.5, duration: None, text: "two words".to_owned() }]);
    }
}
