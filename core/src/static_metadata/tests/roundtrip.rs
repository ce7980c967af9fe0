//! What we write, read back. That Python reads it as well is checked by `tests/python/static_metadata.py`.

use super::std::format;
use super::std::vec;
use super::std::{string::ToString, vec::Vec};

use super::super::channels::ChannelTable;
use super::super::view::{AxisKind, Item, ValueView};
use super::super::{EncodeError, MAX_DEPTH, Place, SliceSink, encode, encoded_len};
use super::{recorded, with};
use crate::axis_array::{Array, Axis, AxisArray, Element, Field, Samples, ScalarElement, Value};
use crate::dtype::DType;

const EMPTY: AxisArray<'static> = AxisArray {
    data: Samples { dtype: DType::F32, shape: &[0], bytes: &[] },
    dims: &["time"],
    axes: &[],
    attrs: &[],
    key: "",
    stream_dim: None,
};

fn encoded(message: &AxisArray<'_>, axis: &str) -> Vec<u8> {
    let mut bytes = vec![0; encoded_len(message, axis).unwrap()];
    let mut sink = SliceSink::new(&mut bytes);
    encode(message, axis, &mut sink).unwrap();
    assert_eq!(sink.written().len(), bytes.len());
    bytes
}

/// The Python form of each value, worked out by hand from Python's `repr`.
#[test]
fn every_kind_of_value_comes_back() {
    let plain = |dtype, shape, bytes| Value::Array(Array { element: Element::Plain(dtype), shape, bytes });
    let fields = [
        Field { name: "n", element: ScalarElement::Plain(DType::U8) },
        Field { name: "s", element: ScalarElement::Bytes(3) },
        Field { name: "µ", element: ScalarElement::Unicode(1) },
    ];
    let structured = Array { element: Element::Structured(&fields), shape: &[1, 1], bytes: b"\x01ab\0\xe9\0\0\0" };
    let cases = [
        (Value::None, "None"),
        (Value::Bool(true), "True"),
        (Value::Bool(false), "False"),
        (Value::Int(255), "255"),
        (Value::Int(256), "256"),
        (Value::Int(65_536), "65536"),
        (Value::Int(-1), "-1"),
        (Value::Int(i64::MIN), "-9223372036854775808"),
        (Value::Int(i64::MAX), "9223372036854775807"),
        (Value::Float(-0.0), "-0.0"),
        (Value::Float(1e16), "1e+16"),
        (Value::Float(1.5e-5), "1.5e-05"),
        (Value::Float(1e300), "1e+300"),
        (Value::Float(f64::NAN), "nan"),
        (Value::Float(f64::NEG_INFINITY), "-inf"),
        (Value::Complex(0.5, f64::INFINITY), "(0.5+infj)"),
        (Value::Str("a\n'\u{1b}\u{202e}é\u{0}"), "\"a\\n'\\x1b\\u202eé\\x00\""),
        (Value::Bytes(b"\\\x7f\"'"), r#"b'\\\x7f"\''"#),
        (Value::List(&[]), "[]"),
        (Value::Tuple(&[]), "()"),
        (Value::Dict(&[]), "{}"),
        (Value::List(&[Value::Tuple(&[Value::Int(1)]), Value::Dict(&[("ü", Value::None)])]), "[(1,), {'ü': None}]"),
        (plain(DType::I16, &[2, 1], &[1, 0, 0xff, 0xff]), "array([[1], [-1]], dtype='<i2')"),
        (plain(DType::Bool, &[], &[1]), "array(True, dtype='|b1')"),
        (Value::Array(structured), "array([[(1, b'ab', 'é')]], dtype=[('n', '|u1'), ('s', '|S3'), ('µ', '<U1')])"),
    ];
    for (value, repr) in cases {
        let attrs = [("value", value)];
        let blob = encoded(&AxisArray { attrs: &attrs, ..EMPTY }, "time");
        with(&blob, |m| assert_eq!(m.attr("value").unwrap().to_string(), repr)).unwrap();
    }
}

#[test]
fn every_element_type_comes_back() {
    for dtype in DType::ALL {
        let bytes = vec![1; dtype.size()];
        let array = Array { element: Element::Plain(dtype), shape: &[1], bytes: &bytes };
        let attrs = [("value", Value::Array(array))];
        let blob = encoded(&AxisArray { attrs: &attrs, ..EMPTY }, "time");
        with(&blob, |m| {
            let Some(ValueView::Array(array)) = m.attr("value") else { panic!() };
            assert_eq!((array.bytes(), array.element().size()), (&bytes[..], dtype.size()));
        })
        .unwrap();
    }
}

#[test]
fn axes_come_back_with_the_buffered_one_first_and_bare() {
    let table =
        ChannelTable { x: Some(&[1.5, -2.0]), elec: Some(&[3, 4]), ..ChannelTable::of_labels(&["Fp1", "Ω✓"]) };
    let (fields, mut bytes) = (table.fields(), vec![0; table.size()]);
    table.write(&mut bytes).unwrap();
    let times = [0; 8];
    let message = AxisArray {
        data: Samples { dtype: DType::I32, shape: &[2, 1], bytes: &[0; 8] },
        dims: &["ch", "when"],
        axes: &[
            ("ch", Axis::Coordinate { unit: "mm", dims: &["ch"], data: fields.array(&[2], &bytes) }),
            (
                "when",
                Axis::Coordinate {
                    unit: "s",
                    dims: &["when"],
                    data: Array { element: Element::Plain(DType::F64), shape: &[1], bytes: &times },
                },
            ),
            ("spare", Axis::Linear { unit: "Hz", gain: 0.5, offset: -1.0 }),
        ],
        key: "Kanal µV",
        stream_dim: Some("when"),
        ..EMPTY
    };
    with(&encoded(&message, "when"), |m| {
        assert!(m.dims().eq(["when", "ch"]));
        assert_eq!((m.key(), m.buffered_axis(), m.stream_dim()), ("Kanal µV", "when", Some("when")));
        assert!(m.axes().map(|a| (a.name, a.unit)).eq([("ch", "mm"), ("when", "s"), ("spare", "Hz")]));
        assert!(matches!(m.axis("when").unwrap().kind, AxisKind::Coordinate { data: None, .. }));
        assert!(matches!(m.axis("spare").unwrap().kind, AxisKind::Linear { gain: 0.5, offset: Some(-1.0) }));
        assert!(m.labels().unwrap().eq(["Fp1", "Ω✓"]));
        let AxisKind::Coordinate { data: Some(ch), .. } = m.axis("ch").unwrap().kind else { panic!() };
        assert_eq!(ch.column("x").unwrap().get(1), Some(Item::F32(-2.0)));
        assert_eq!(ch.column("elec").unwrap().get(0), Some(Item::Int(3)));
    })
    .unwrap();
}

/// `struct-v2/labelled` through our writer must say what the published writer's blob says.
#[test]
fn a_recorded_stream_written_by_us_reads_the_same() {
    let table =
        ChannelTable { x: Some(&[-0.3, 0.3]), y: Some(&[0.95, 0.95]), ..ChannelTable::of_labels(&["Fp1", "Fp2"]) };
    let (fields, mut bytes) = (table.fields(), vec![0; table.size()]);
    table.write(&mut bytes).unwrap();
    let message = AxisArray {
        dims: &["time", "ch"],
        axes: &[
            ("time", Axis::Linear { unit: "s", gain: 1.0 / 250.0, offset: 0.0 }),
            ("ch", Axis::Coordinate { unit: "", dims: &["ch"], data: fields.array(&[2], &bytes) }),
        ],
        attrs: &[("unit", Value::Str("uV")), ("board", Value::Str("demo")), ("gain", Value::Int(24))],
        key: "eeg",
        ..EMPTY
    };
    let told = |blob: &[u8]| {
        with(blob, |m| {
            let axes: Vec<_> = m
                .axes()
                .map(|a| match a.kind {
                    AxisKind::Linear { gain, offset } => format!("{} {} {gain} {offset:?}", a.name, a.unit),
                    AxisKind::Coordinate { dims, data } => {
                        format!(
                            "{} {} {:?} {}",
                            a.name,
                            a.unit,
                            dims.collect::<Vec<_>>(),
                            ValueView::Array(data.unwrap())
                        )
                    }
                })
                .collect();
            let attrs: Vec<_> = m.attrs().map(|(k, v)| format!("{k} {v}")).collect();
            format!(
                "{:?} {axes:?} {attrs:?} {} {} {:?}",
                m.dims().collect::<Vec<_>>(),
                m.key(),
                m.buffered_axis(),
                m.stream_dim()
            )
        })
        .unwrap()
    };
    assert_eq!(told(&encoded(&message, "time")), told(recorded("golden-v2-labelled")));
}

#[test]
fn what_cannot_be_written_is_refused_with_its_place() {
    let refused = |value| encoded_len(&AxisArray { attrs: &[("ok", Value::None), ("bad", value)], ..EMPTY }, "time");
    let place = Place::Attr(1);
    let array = |element, shape, bytes| Value::Array(Array { element, shape, bytes });
    let short = refused(array(Element::Plain(DType::F32), &[2, 3], &[0; 23]));
    assert_eq!(short, Err(EncodeError::ArrayLength { place, needed: 24, given: 23 }));
    assert_eq!(short.unwrap_err().to_string(), "the array in entry 1 of attrs needs 24 bytes, but there are 23");
    let huge = refused(array(Element::Plain(DType::F64), &[usize::MAX, 0], &[]));
    assert_eq!(huge, Err(EncodeError::ArrayTooLarge { place }));
    let wide = refused(array(Element::Unicode(u32::MAX), &[0], &[]));
    assert_eq!(wide, Err(EncodeError::ElementTooLarge { place, size: u64::from(u32::MAX) * 4 }));
    let ranked = refused(array(Element::Plain(DType::U8), &[1; 33], &[0]));
    assert_eq!(ranked, Err(EncodeError::ArrayRank { place, rank: 33 }));
    let twice = [Field { name: "a", element: ScalarElement::Bytes(1) }; 2];
    assert_eq!(refused(array(Element::Structured(&twice), &[0], &[])), Err(EncodeError::FieldName { place, field: 1 }));
    assert_eq!(refused(array(Element::Structured(&[]), &[0], &[])), Err(EncodeError::FieldCount { place, fields: 0 }));
    assert_eq!(encoded_len(&EMPTY, "ch"), Err(EncodeError::NoBufferedAxis { dims: 1 }));
    let axes = [
        ("time", Axis::Linear { unit: "s", gain: 1.0, offset: 0.0 }),
        (
            "ch",
            Axis::Coordinate {
                unit: "",
                dims: &["ch"],
                data: Array { element: Element::Plain(DType::U8), shape: &[2], bytes: &[1] },
            },
        ),
    ];
    assert_eq!(
        encoded_len(&AxisArray { axes: &axes, ..EMPTY }, "time"),
        Err(EncodeError::ArrayLength { place: Place::Axis(1), needed: 2, given: 1 })
    );
    let mut room = [0; 10];
    let full = encode(&EMPTY, "time", &mut SliceSink::new(&mut room)).unwrap_err();
    assert!(matches!(full, EncodeError::Sink(f) if f.room == 10));
}

/// `levels` lists within one another, as an attribute; `then` gets the encoded blob.
fn nested(levels: usize, value: Value<'_>, then: &mut dyn FnMut(&Value<'_>)) {
    if levels == 0 { then(&value) } else { nested(levels - 1, Value::List(&[value]), then) }
}

#[test]
fn nesting_is_bounded_and_what_we_write_we_read() {
    nested(MAX_DEPTH, Value::List(&[]), &mut |value| {
        let blob = encoded(&AxisArray { attrs: &[("deep", *value)], ..EMPTY }, "time");
        with(&blob, |m| {
            let shown = m.attr("deep").unwrap().to_string();
            assert_eq!(shown, "[".repeat(MAX_DEPTH + 1) + &"]".repeat(MAX_DEPTH + 1));
        })
        .unwrap();
    });
    nested(MAX_DEPTH + 1, Value::None, &mut |value| {
        let place = Place::Attr(0);
        let message = AxisArray { attrs: &[("deep", *value)], ..EMPTY };
        assert_eq!(encoded_len(&message, "time"), Err(EncodeError::TooDeep { place }));
    });
}
