//! Where the channels' electrodes are, out of a stream's static metadata.

use axismirror_core::static_metadata::node::Node;
use axismirror_core::static_metadata::view::{AxisKind, Item};
use axismirror_core::static_metadata::{CHANNEL_DIM, decode, nodes_needed};

/// `x` and `y` of each channel, as the channel axis has them; `None` when it has not.
pub(super) fn positions(blob: &[u8]) -> Option<Vec<[f32; 2]>> {
    let mut arena = vec![Node::EMPTY; nodes_needed(blob).ok()?];
    let metadata = decode(blob, &mut arena).ok()?;
    let AxisKind::Coordinate { data: Some(data), .. } = metadata.axis(CHANNEL_DIM)?.kind else { return None };
    let number = |column: &str, i: usize| match data.column(column)?.get(i)? {
        Item::F32(x) => Some(x),
        Item::F64(x) => Some(x as f32),
        _ => None,
    };
    (0..data.len()).map(|i| Some([number("x", i)?, number("y", i)?])).collect()
}
