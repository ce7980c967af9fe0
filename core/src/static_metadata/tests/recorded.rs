//! Blobs that the published writer left.

use super::std::{format, vec};
use super::std::{string::ToString, vec::Vec};

use super::super::node::Node;
use super::super::view::{AxisKind, ElementView, Item, ValueView};
use super::super::{DecodeError, decode, nodes_needed};
use super::{RECORDED, recorded, with};
use crate::dtype::DType;

#[test]
fn labelled_streams_of_both_releases() {
    for name in ["golden-v1-labelled", "golden-v2-labelled"] {
        with(recorded(name), |m| {
            assert!(m.dims().eq(["time", "ch"]));
            assert_eq!((m.key(), m.buffered_axis(), m.stream_dim()), ("eeg", "time", None));
            let time = m.axis("time").unwrap();
            assert_eq!(time.unit, "s");
            assert!(matches!(time.kind, AxisKind::Linear { gain: 0.004, offset: None }));
            let AxisKind::Coordinate { mut dims, data: Some(data) } = m.axis("ch").unwrap().kind else { panic!() };
            assert_eq!((dims.next(), dims.next()), (Some("ch"), None));
            assert_eq!((data.len(), data.rank(), data.element().size()), (2, 1, 72));
            assert_eq!(m.labels().unwrap().map(|l| l.to_string()).collect::<Vec<_>>(), ["Fp1", "Fp2"]);
            let fields: Vec<_> = data.fields().map(|f| (f.name, f.offset)).collect();
            assert_eq!(fields, [("label", 0), ("x", 64), ("y", 68)]);
            assert_eq!(data.column("x").unwrap().get(0), Some(Item::F32(-0.3)));
            assert_eq!(data.column("y").unwrap().get(1), Some(Item::F32(0.95)));
            assert_eq!(data.column("y").unwrap().get(2), None);
            let attrs: Vec<_> = m.attrs().map(|(k, v)| format!("{k}={v}")).collect();
            assert_eq!(attrs, ["unit='uV'", "board='demo'", "gain=24"]);
        })
        .unwrap();
    }
}

#[test]
fn other_streams() {
    with(recorded("golden-v2-channel_major"), |m| {
        assert!(m.dims().eq(["time", "ch"]));
        assert!(m.labels().unwrap().eq(["C0", "C1", "C2"]));
        assert_eq!(m.attrs().len(), 0);
        assert!(m.labels_of("time").is_none());
        assert!(m.labels_of("absent").is_none());
    })
    .unwrap();
    with(recorded("golden-v2-irregular_time"), |m| {
        let time = m.axis("time").unwrap();
        let AxisKind::Coordinate { mut dims, data: None } = time.kind else { panic!() };
        assert_eq!((time.unit, dims.next()), ("s", Some("time")));
    })
    .unwrap();
    with(recorded("golden-v2-three_dims"), |m| {
        assert!(m.dims().eq(["time", "y", "x"]));
        assert!(m.axes().map(|a| (a.name, a.unit)).eq([("time", "s"), ("y", "mm"), ("x", "mm")]));
        assert!(matches!(m.axis("x").unwrap().kind, AxisKind::Linear { gain: 1.0, offset: Some(0.0) }));
        assert!(m.labels().is_none());
    })
    .unwrap();
    with(recorded("golden-v2-key_change"), |m| assert_eq!(m.key(), "Kanal µV ✓")).unwrap();
    with(recorded("golden-v2-long_key"), |m| assert_eq!(m.key(), "k".repeat(1500))).unwrap();
}

/// `repr` of what `make_rich.py` puts into `attrs`, as Python prints it; a large int is hexadecimal with us.
const RICH: [(&str, &str); 43] = [
    ("none", "None"),
    ("true", "True"),
    ("false", "False"),
    ("small", "7"),
    ("byte2", "300"),
    ("neg", "-1"),
    ("neg_long", "-1099511627776"),
    ("large", "4611686018427387905"),
    ("min", "-9223372036854775808"),
    ("huge", "0x400000000000000000"),
    ("u32", "4000000000"),
    ("float", "0.1"),
    ("nan", "nan"),
    ("inf", "inf"),
    ("minus_inf", "-inf"),
    ("complex", "(1.5-2j)"),
    ("text", "'Kanal µV ✓ 🧠'"),
    ("bytes", r#"b"\x00\xff'""#),
    ("list", "[1, [2.5, 'a', [None]], ()]"),
    ("tuple", "(1, 2, 3, 4, 5)"),
    ("t1", "(1,)"),
    ("t2", "(1, 2)"),
    ("t3", "(1, 2, 3)"),
    ("dict", "{'a': {'b': [True]}, 'empty': {}}"),
    ("empty_list", "[]"),
    ("shared_a", "[1, 2]"),
    ("shared_b", "[1, 2]"),
    ("np_f64", "2.5"),
    ("np_i32", "-3"),
    ("np_bool", "True"),
    ("np_str", "'né'"),
    ("np_bytes", "b'ab'"),
    ("np_c128", "(1+2j)"),
    ("np_f16", "0.5"),
    ("np_empty_str", "''"),
    ("np_void", "b'abc'"),
    ("arr_i2", "array([-2, -1, 0, 1, 2], dtype='<i2')"),
    ("arr_f8", "array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], dtype='<f8')"),
    ("arr_f_order", "array([[0, 1, 2], [3, 4, 5]], dtype='<i2')"),
    ("arr_strided", "array([0, 2, 4, 6, 8], dtype='<i4')"),
    ("arr_bytes", "array([b'ab', b'c'], dtype='|S2')"),
    ("arr_u8", "array([18446744073709551615], dtype='<u8')"),
    ("arr_record", "array([(1, 2.0)], dtype=[('a', '<i4'), ('b', '<f8')])"),
];

#[test]
fn every_kind_of_value_from_both_numpys() {
    for name in ["rich-numpy126", "rich-numpy2"] {
        with(recorded(name), |m| {
            for (key, repr) in RICH {
                assert_eq!(m.attr(key).unwrap().to_string(), repr, "{key} of {name}");
            }
            assert_eq!(m.attr("long_text").unwrap().as_str(), Some(&*"x".repeat(300)));
            let ValueView::Bytes(bytes) = m.attr("long_bytes").unwrap() else { panic!() };
            assert!(bytes.iter().copied().eq((0..=255).chain(0..=255)));
            assert_eq!(m.attr("np_f64").unwrap().as_f64(), Some(2.5));
            assert_eq!(m.attr("np_i32").unwrap().as_i64(), Some(-3));
            assert_eq!(m.attr("true").unwrap().as_i64(), Some(1));
            assert_eq!(m.attr("dict").unwrap().get("a").unwrap().get("b").unwrap().to_string(), "[True]");
            assert!(m.attr("absent").is_none());
            assert_eq!((m.key(), m.stream_dim()), ("rich µ", Some("time")));
            assert!(m.dims().eq(["time", "ch", "freq"]));
            assert!(m.axes().map(|a| a.name).eq(["time", "ch", "freq", "spare"]));
            assert!(m.labels().unwrap().eq(["Fp1", "Ωµ"]));
            let AxisKind::Coordinate { data: Some(ch), .. } = m.axis("ch").unwrap().kind else { panic!() };
            assert_eq!(ch.column("elec").unwrap().get(1).unwrap().as_i64(), Some(2));
            assert_eq!(ch.column("bank").unwrap().get(1).unwrap().to_string(), "'B'");
        })
        .unwrap();
    }
}

#[test]
fn unusual_arrays_from_both_numpys() {
    for name in ["rich-numpy126", "rich-numpy2"] {
        with(recorded(name), |m| {
            let array = |key| match m.attr(key) {
                Some(ValueView::Array(array) | ValueView::Scalar(array)) => array,
                other => panic!("{key}: {other:?}"),
            };
            let numbers = |key| {
                let a = array(key);
                (0..a.len()).map(|i| a.get(i).unwrap().as_f64().unwrap()).collect::<Vec<_>>()
            };
            // arange(24).reshape(2, 3, 4).transpose(1, 0, 2)
            let transposed = array("arr_transposed");
            assert!(transposed.shape().eq([3, 2, 4]));
            let expected: Vec<f64> = (0..24).map(|i| f64::from((i / 8) * 4 + (i / 4 % 2) * 12 + i % 4)).collect();
            assert_eq!(numbers("arr_transposed"), expected, "{name}");
            assert_eq!(numbers("arr_f_order"), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
            assert!(array("arr_f_order").shape().eq([2, 3]));
            assert!(!array("arr_f_order").is_c_order());

            assert_eq!((array("arr_0d").rank(), numbers("arr_0d")), (0, vec![3.25]));
            assert!(array("arr_empty").shape().eq([0, 3]));
            assert_eq!(m.attr("arr_empty").unwrap().to_string(), "array([], shape=(0,3,), dtype='|u1')");
            assert_eq!(numbers("arr_bool"), [1.0, 0.0]);
            // The smallest half-precision number, 2^-24, is what 6e-8 becomes.
            assert_eq!(numbers("arr_f2"), [0.5, -2.0, 2.0_f64.powi(-24), f64::INFINITY]);
            assert_eq!(array("arr_c8").get(0), Some(Item::Complex(0.5, -1.0)));

            let padded = array("arr_padded");
            assert_eq!(padded.element().size(), 16);
            assert!(padded.fields().map(|f| (f.name, f.offset)).eq([("a", 0), ("b", 8)]));
            assert_eq!(padded.column("b").unwrap().get(0), Some(Item::F64(2.5)));
            // Fields with parts of their own are bytes to us; what stands behind them is still found.
            let nested = array("arr_nested");
            assert_eq!(nested.column("n").unwrap().get(0), Some(Item::Opaque(&[1, 2])));
            assert_eq!(nested.column("s").unwrap().get(0), Some(Item::Opaque(&[3, 0, 4, 0])));
            assert_eq!(nested.column("t").unwrap().get(0), Some(Item::Int(5)));
            assert_eq!(array("arr_titled").column("name").unwrap().get(0).unwrap().to_string(), "'a'");
            // 2024-01-02 is day 19724.
            let date = array("np_date");
            assert!(matches!(date.element(), ElementView::Opaque { descr: "M8", size: 8 }));
            assert_eq!(date.element_bytes(0), Some(&19724_i64.to_le_bytes()[..]));
            assert!(matches!(array("arr_strided").element(), ElementView::Plain(DType::I32)));
        })
        .unwrap();
    }
}

#[test]
fn the_arena_that_is_asked_for_is_enough_and_no_larger_than_the_blob() {
    for (name, blob) in RECORDED {
        let needed = nodes_needed(blob).unwrap();
        assert!(needed <= blob.len(), "{name}");
        let mut arena = vec![Node::EMPTY; needed];
        let full = decode(blob, &mut arena[..needed - 1]).unwrap_err();
        assert_eq!(full, DecodeError::ArenaFull { given: needed - 1, needed });
        assert!(decode(blob, &mut arena).is_ok(), "{name}");
        // An arena with another blob's remains is as good as a fresh one.
        let again = decode(recorded("golden-v2-labelled"), &mut arena);
        if needed >= nodes_needed(recorded("golden-v2-labelled")).unwrap() {
            assert_eq!(again.unwrap().key(), "eeg");
        }
    }
}

#[test]
fn bytes_behind_the_end_are_ignored() {
    let mut blob: Vec<u8> = recorded("golden-v2-labelled").into();
    blob.extend([0; 100]);
    assert_eq!(with(&blob, |m| m.key().to_string()), Ok("eeg".to_string()));
}
