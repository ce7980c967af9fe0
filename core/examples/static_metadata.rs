//! Writes a fixed message's static metadata to standard output, for other languages to read.
//!
//! `tests/python/static_metadata.py` loads it and knows what must come out.

use std::io::Write as _;

use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Field, Samples, ScalarElement, Value};
use axismirror_core::dtype::DType;
use axismirror_core::static_metadata::channels::ChannelTable;
use axismirror_core::static_metadata::{Sink, encode, encoded_len};

struct Stdout(std::io::Stdout);

impl Sink for Stdout {
    type Error = std::io::Error;

    fn write(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.write_all(bytes)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = ChannelTable {
        labels: &["Fp1", "Ωµ ✓ 🧠", "sixteen letters."],
        x: Some(&[-0.3, 0.3, f32::NAN]),
        y: Some(&[0.95, 0.95, 0.0]),
        bank: Some(&["A", "A", "B"]),
        elec: Some(&[1, 2, -1]),
    };
    let fields = table.fields();
    let mut channels = vec![0; table.size()];
    table.write(&mut channels)?;

    let utf32 = |text: &str, n: usize| -> Vec<u8> {
        let padded = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(n);
        padded.flat_map(u32::to_le_bytes).collect()
    };
    let names = [utf32("low", 5), utf32("mitte", 5)].concat();
    let ramp: Vec<u8> = (0..6_i16).flat_map(|n| (n - 3).to_le_bytes()).collect();
    let halves: Vec<u8> = [0.5_f64, -0.25].iter().flat_map(|x| x.to_le_bytes()).collect();
    let pair = [
        Field { name: "n", element: ScalarElement::Plain(DType::U8) },
        Field { name: "s", element: ScalarElement::Bytes(3) },
    ];
    let long_text = "é".repeat(40_000);
    let long_bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();

    let plain = |dtype, shape, bytes| Value::Array(Array { element: Element::Plain(dtype), shape, bytes });
    let attrs = [
        ("none", Value::None),
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        (
            "ints",
            Value::List(&[
                Value::Int(0),
                Value::Int(255),
                Value::Int(256),
                Value::Int(65_535),
                Value::Int(65_536),
                Value::Int(-1),
                Value::Int(i32::MIN as i64),
                Value::Int(i32::MAX as i64 + 1),
                Value::Int(i64::MAX),
                Value::Int(i64::MIN),
            ]),
        ),
        (
            "floats",
            Value::Tuple(&[
                Value::Float(0.1),
                Value::Float(-0.0),
                Value::Float(1e300),
                Value::Float(f64::INFINITY),
                Value::Float(f64::NEG_INFINITY),
            ]),
        ),
        ("nan", Value::Float(f64::NAN)),
        ("complex", Value::Complex(1.5, -2.0)),
        ("text", Value::Str("Kanal µV ✓ 🧠 'quoted' \u{0}")),
        ("empty text", Value::Str("")),
        ("long text", Value::Str(&long_text)),
        ("bytes", Value::Bytes(b"\x00\xff'")),
        ("no bytes", Value::Bytes(b"")),
        ("long bytes", Value::Bytes(&long_bytes)),
        (
            "tuples",
            Value::List(&[
                Value::Tuple(&[]),
                Value::Tuple(&[Value::Int(1)]),
                Value::Tuple(&[Value::Int(1), Value::Int(2)]),
                Value::Tuple(&[Value::Int(1), Value::Int(2), Value::Int(3), Value::Int(4)]),
            ]),
        ),
        (
            "nested",
            Value::Dict(&[
                ("a", Value::List(&[Value::Dict(&[("b", Value::Tuple(&[Value::None]))]), Value::List(&[])])),
                ("ü", Value::Dict(&[])),
            ]),
        ),
        ("i2", plain(DType::I16, &[2, 3], &ramp)),
        ("u1", plain(DType::U8, &[0, 4], &[])),
        ("bool", plain(DType::Bool, &[2], &[1, 0])),
        ("zero dimensions", plain(DType::F64, &[], &halves[..8])),
        ("c16", plain(DType::C128, &[1], &halves)),
        ("longlong", plain(DType::LongLong, &[1], &[0xff; 8])),
        ("s3", Value::Array(Array { element: Element::Bytes(3), shape: &[2], bytes: b"abcd\0\0" })),
        (
            "pairs",
            Value::Array(Array { element: Element::Structured(&pair), shape: &[1, 2], bytes: b"\x01abc\x02d\0\0" }),
        ),
    ];
    let shape = [3];
    let message = AxisArray {
        data: Samples { dtype: DType::F32, shape: &[3, 0, 2], bytes: &[] },
        dims: &["ch", "time", "band"],
        axes: &[
            ("ch", Axis::Coordinate { unit: "mm", dims: &["ch"], data: fields.array(&shape, &channels) }),
            ("time", Axis::Linear { unit: "s", gain: 0.004, offset: 12.5 }),
            (
                "band",
                Axis::Coordinate {
                    unit: "",
                    dims: &["band"],
                    data: Array { element: Element::Unicode(5), shape: &[2], bytes: &names },
                },
            ),
            ("spare", Axis::Linear { unit: "Hz", gain: 0.5, offset: -1.0 }),
        ],
        attrs: &attrs,
        key: "sample µ",
        stream_dim: Some("time"),
    };
    encode(&message, "time", &mut Stdout(std::io::stdout()))?;
    std::io::stdout().flush()?;
    eprintln!("{} bytes", encoded_len(&message, "time")?);
    Ok(())
}
