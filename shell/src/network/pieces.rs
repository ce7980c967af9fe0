//! Frames cut into messages of a length that the network takes in one piece.

use super::chunk::{Chunk, Content, HEADER_LEN};

/// The longest message, unless a frame is longer: a few packets of the network, and well within what zenoh sends in one piece.
const MESSAGE: usize = 16 << 10;

/// Frames in a row as messages, each with what it says. `head` is the first one's but for its length.
pub(super) fn cut<'a>(
    head: Chunk,
    times: &'a [f64],
    bytes: &'a [u8],
) -> impl Iterator<Item = (Chunk, Vec<u8>)> + use<'a> {
    let frame_len = usize::try_from(head.frame_len).unwrap_or(usize::MAX).max(1);
    let most = (MESSAGE.saturating_sub(HEADER_LEN) / frame_len.saturating_add(size_of::<f64>())).max(1);
    let content = if times.is_empty() { Content::Frames } else { Content::TimedFrames };
    bytes.chunks(most.saturating_mul(frame_len)).enumerate().map(move |(i, bytes)| {
        let first = head.first.saturating_add((i * most) as u64);
        let frames = u32::try_from(bytes.len() / frame_len).unwrap_or(0);
        let chunk = Chunk { first, frames, content, ..head };
        (chunk, chunk.emit(times.get(i * most..).unwrap_or_default(), bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::super::chunk::ChunkView;
    use super::*;

    #[test]
    fn every_frame_is_in_one_message() {
        let head = Chunk {
            relay: 1,
            instance: 2,
            description: 3,
            first: 100,
            generation: 4,
            frames: 0,
            frame_len: 8,
            content: Content::Frames,
        };
        let times: Vec<f64> = (0..5000).map(f64::from).collect();
        let bytes: Vec<u8> = (0..5000_u64).flat_map(u64::to_le_bytes).collect();
        let mut next = 0_u64;
        for (chunk, message) in cut(head, &times, &bytes) {
            assert!(message.len() <= MESSAGE);
            let view = ChunkView::new(&message).unwrap();
            assert_eq!(Chunk::parse(&view), chunk);
            assert_eq!(chunk.first, 100 + next);
            for (frame, time) in view.data().as_chunks::<8>().0.iter().zip(view.times()) {
                assert_eq!((u64::from_le_bytes(*frame), time), (next, next as f64));
                next += 1;
            }
        }
        assert_eq!(next, 5000);
        let long = Chunk { frame_len: 20_000, ..head };
        assert_eq!(cut(long, &[], &[0; 60_000]).map(|(chunk, _)| chunk.frames).collect::<Vec<_>>(), [1, 1, 1]);
    }
}
