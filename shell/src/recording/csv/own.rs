//! What our own recorder writes as comments among the rows: the description, gaps and events.
//!
//! ```text
//! # axismirror: {...                             before the first row
//! # gap: 12 frames were not acquired             before the row behind it
//! # event: frame=1000 time=12.5 eyes closed
//! ```

use super::super::content::{Block, Mark};
use super::super::own::Own;
use crate::formats::own::frames_of;

/// The description, if that is what a comment is.
pub(super) fn description(comment: &str) -> Option<Own> {
    said(comment, "axismirror:").and_then(Own::parse)
}

fn said<'a>(comment: &'a str, what: &str) -> Option<&'a str> {
    comment.strip_prefix('#')?.trim_start().strip_prefix(what).map(str::trim)
}

/// What was said of the row that comes next.
#[derive(Debug, Default)]
pub(super) struct Among {
    lost: u64,
}

impl Among {
    /// Takes a comment. Says whether it was of a gap.
    pub(super) fn take(&mut self, comment: &str, block: &mut Block) -> bool {
        if let Some(frames) = said(comment, "gap:").and_then(frames_of) {
            self.lost = self.lost.saturating_add(frames);
            return true;
        }
        block.marks.extend(said(comment, "event:").and_then(event));
        false
    }

    /// Gives it to a block that has no frame yet.
    pub(super) fn lay_down(&mut self, block: &mut Block) {
        if block.frames == 0 {
            block.lost = block.lost.saturating_add(std::mem::take(&mut self.lost));
        }
    }
}

/// `frame=1000 time=12.5 eyes closed`
fn event(text: &str) -> Option<Mark> {
    let mut words = text.splitn(3, ' ').skip(1);
    let time = words.next()?.strip_prefix("time=")?.parse().ok().filter(|t: &f64| t.is_finite())?;
    Some(Mark { time, duration: None, text: words.next()?.to_owned() })
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
