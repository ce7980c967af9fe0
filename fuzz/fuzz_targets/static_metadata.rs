//! The pickle of static metadata: any bytes.
#![no_main]

use axismirror_core::static_metadata::node::Node;
use axismirror_core::static_metadata::{decode, nodes_needed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|blob: &[u8]| {
    let Ok(needed) = nodes_needed(blob) else { return };
    assert!(needed <= blob.len());
    let mut arena = vec![Node::default(); needed];
    match decode(blob, &mut arena) {
        Ok(meta) => {
            for axis in meta.axes() {
                let _ = meta.labels_of(axis.name).map(|l| l.take(100).count());
                let _ = format!("{axis:?}");
            }
            for (name, value) in meta.attrs() {
                let _ = (name, value.as_f64(), value.as_i64(), value.get("a"), format!("{value:?}").len());
            }
            let _ = (meta.dims().count(), meta.key(), meta.buffered_axis(), meta.stream_dim());
        }
        Err(e) => drop(e.to_string()),
    }
});
