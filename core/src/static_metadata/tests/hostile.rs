//! Blobs that no honest writer leaves: refused with a reason, never a panic, never more than bounded work.

use super::std::format;
use super::std::vec;
use super::std::{string::ToString, vec::Vec};

use super::super::decode::MAX_VALUES;
use super::super::node::Node;
use super::super::view::ValueView;
use super::super::{Construct, DecodeError, Limit, Part, decode, opcode as op};
use super::{RECORDED, recorded, with};

/// The opcodes of protocol 4 around `body`.
fn pickle(body: &[&[u8]]) -> Vec<u8> {
    [&[op::PROTO, 4][..], &body.concat(), &[op::STOP]].concat()
}

fn text(s: &str) -> Vec<u8> {
    [&[op::SHORT_BINUNICODE, u8::try_from(s.len()).unwrap()], s.as_bytes()].concat()
}

/// A blob that is fine but for one attribute, whose opcodes are `value`.
fn with_attr(value: &[u8]) -> Vec<u8> {
    with_entries(&[("attrs", [&[op::EMPTY_DICT][..], &text("a"), value, &[op::SETITEM]].concat())])
}

/// A blob of the parts that are required, some replaced or added.
fn with_entries(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let required = [
        ("version", vec![op::BININT1, 1]),
        ("dims", vec![op::EMPTY_LIST]),
        ("axes", vec![op::EMPTY_DICT]),
        ("attrs", vec![op::EMPTY_DICT]),
        ("key", text("k")),
        ("buffered_axis", text("time")),
    ];
    let mut body = vec![op::EMPTY_DICT, op::MARK];
    for (name, value) in required.iter().chain(entries) {
        body.extend(text(name));
        body.extend(value);
    }
    body.push(op::SETITEMS);
    pickle(&[&body])
}

fn global(module: &str, name: &str) -> Vec<u8> {
    [text(module), text(name), vec![op::STACK_GLOBAL]].concat()
}

/// `numpy.ndarray((length,), numpy.dtype(descr), bytes)`
fn ndarray(lengths: &[&[u8]], descr: &str, bytes: &[u8]) -> Vec<u8> {
    let bytes = [&[op::SHORT_BINBYTES, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    [
        global("numpy", "ndarray"),
        vec![op::MARK, op::MARK],
        lengths.concat(),
        vec![op::TUPLE],
        global("numpy", "dtype"),
        text(descr),
        vec![op::TUPLE1, op::REDUCE],
        bytes,
        vec![op::TUPLE, op::REDUCE],
    ]
    .concat()
}

fn refusal(blob: &[u8]) -> DecodeError {
    with(blob, |m| format!("{:?}", m.attrs().map(|(_, v)| v.to_string()).collect::<Vec<_>>())).unwrap_err()
}

#[test]
fn nothing_is_imported() {
    for (module, name) in [("os", "system"), ("builtins", "eval"), ("numpy", "load"), ("numpy.core.multiarray", "x")] {
        let blob = with_attr(&[global(module, name), text("true"), vec![op::TUPLE1, op::REDUCE]].concat());
        let refused = refusal(&blob);
        let DecodeError::Forbidden { name: found, .. } = &refused else { panic!("{refused}") };
        assert_eq!(*found, *format!("{module}.{name}"));
    }
    // The text of a name is bounded.
    let blob = with_attr(&global(&"ä".repeat(100), "x"));
    let DecodeError::Forbidden { name, .. } = refusal(&blob) else { panic!() };
    assert_eq!(*name, *"ä".repeat(24));
}

#[test]
fn opcodes_of_other_protocols_are_refused_by_name_and_place() {
    // GLOBAL, INST, OBJ, NEWOBJ, DUP, POP, PUT, EXT1, NEXT_BUFFER, EMPTY_SET
    for opcode in [b'c', b'i', b'o', 0x81, b'2', b'0', b'p', 0x82, 0x97, 0x8f] {
        let blob = pickle(&[&[op::NONE], &[opcode]]);
        assert_eq!(refusal(&blob), DecodeError::Opcode { opcode, offset: 3 });
    }
    assert_eq!(refusal(b"\x80\x03N."), DecodeError::NotAPickle);
    assert_eq!(refusal(b""), DecodeError::NotAPickle);
    assert_eq!(refusal(b"(dp0\n."), DecodeError::NotAPickle);
    assert_eq!(refusal(b"\x80\x04N\x80\x04."), DecodeError::Opcode { opcode: 0x80, offset: 3 });
}

#[test]
fn every_beginning_of_a_recorded_blob_is_cut_off() {
    for (name, blob) in RECORDED {
        let step = if cfg!(miri) { 97 } else { 1 };
        for end in (0..blob.len()).step_by(step) {
            let refused = refusal(&blob[..end]);
            assert!(
                matches!(refused, DecodeError::CutOff { .. } | DecodeError::NotAPickle),
                "{name}[..{end}]: {refused}"
            );
        }
    }
}

#[test]
fn a_value_cannot_contain_itself() {
    // l = []; l.append(l)
    let own = with_attr(&[op::EMPTY_LIST, op::MEMOIZE, op::BINGET, 0, op::APPEND]);
    assert!(matches!(refusal(&own), DecodeError::Recursive { .. }));
    // t = ([],); t[0].append(t), by way of the memo
    let late = with_attr(&[
        op::EMPTY_LIST,
        op::MEMOIZE,
        op::TUPLE1,
        op::MEMOIZE,
        op::BINGET,
        0,
        op::BINGET,
        1,
        op::APPEND,
        op::TUPLE2,
    ]);
    assert!(matches!(refusal(&late), DecodeError::Recursive { .. }));
    let absent = with_attr(&[op::BINGET, 7]);
    assert!(matches!(refusal(&absent), DecodeError::Reference { index: 7, .. }));
}

#[test]
fn references_do_not_multiply_without_bound() {
    // Each tuple holds the one before ten times: 10^n values in 25 n bytes.
    let mut body = vec![op::MARK, op::EMPTY_TUPLE, op::MEMOIZE];
    for level in 0..8_u8 {
        body.push(op::MARK);
        body.extend([op::BINGET, level].repeat(10));
        body.extend([op::TUPLE, op::MEMOIZE]);
    }
    body.push(op::TUPLE);
    let refused = refusal(&with_attr(&body));
    assert!(matches!(refused, DecodeError::TooLarge { limit: Limit::Values(MAX_VALUES), .. }), "{refused}");
}

#[test]
fn work_on_fields_is_bounded() {
    // One type of 60 fields, made again and again by reference to its parts: 3600 comparisons for eight bytes each.
    let mut body = global("numpy", "dtype");
    body.push(op::MEMOIZE);
    body.extend([text("V60"), vec![op::TUPLE1, op::MEMOIZE]].concat());
    let names: Vec<Vec<u8>> = (0..60).map(|i| text(&format!("{i:0>100}"))).collect();
    body.extend([vec![op::MARK, op::BININT1, 3], text("|"), vec![op::NONE, op::MARK], names.concat()].concat());
    body.extend([op::TUPLE, op::EMPTY_DICT, op::MARK]);
    let u1 = [global("numpy", "dtype"), text("u1"), vec![op::TUPLE1, op::REDUCE]].concat();
    names.iter().for_each(|name| body.extend([&name[..], &u1, &[op::BININT1, 0, op::TUPLE2]].concat()));
    body.extend([op::SETITEMS, op::BININT1, 60, op::TUPLE, op::MEMOIZE]);
    let one = [op::BINGET, 0, op::BINGET, 1, op::REDUCE, op::BINGET, 2, op::BUILD];
    let times = |n| with_attr(&[&[op::MARK][..], &body, &one.repeat(n), &[op::TUPLE]].concat());
    // A few are fine, but for a type not being a value.
    assert_eq!(refusal(&times(3)), DecodeError::Type { part: Part::Root });
    assert!(matches!(refusal(&times(10_000)), DecodeError::TooLarge { limit: Limit::FieldWork(_), .. }));
}

#[test]
fn text_for_people_is_bounded() {
    // 60,000 references to a text of 255 characters.
    let long =
        [&[op::MARK][..], &text(&"x".repeat(255)), &[op::MEMOIZE], &[op::BINGET, 0].repeat(60_000), &[op::TUPLE]]
            .concat();
    let shown = with(&with_attr(&long), |m| m.attr("a").unwrap().to_string()).unwrap();
    assert!(shown.starts_with("('xxx") && shown.ends_with("..."));
    assert!(shown.len() <= (1 << 16) + 3);
}

#[test]
fn depth_is_bounded() {
    let depth = 10_000;
    let blob = with_attr(&[vec![op::EMPTY_LIST; depth], vec![op::APPEND; depth - 1]].concat());
    assert!(matches!(refusal(&blob), DecodeError::TooLarge { limit: Limit::Depth(_), .. }));
}

#[test]
fn arrays_that_do_not_fit_their_bytes() {
    let needed = |blob: &[u8]| match refusal(&with_attr(blob)) {
        DecodeError::ArrayLength { needed, given, .. } => (needed, given),
        other => panic!("{other}"),
    };
    assert_eq!(needed(&ndarray(&[&[op::BININT1, 2]], "<f4", &[0; 7])), (8, 7));
    assert_eq!(needed(&ndarray(&[], "<U2", &[])), (8, 0));
    assert_eq!(needed(&ndarray(&[&[op::BININT1, 0]], "<f4", &[1])), (0, 1));
    let large = [&[op::LONG1, 8][..], &i64::MAX.to_le_bytes()].concat();
    let refused = refusal(&with_attr(&ndarray(&[&large, &large], "<f8", &[])));
    assert!(matches!(refused, DecodeError::TooLarge { limit: Limit::ArraySize, .. }));
    let refused = refusal(&with_attr(&ndarray(&[&large], "<U0", &[])));
    assert!(matches!(refused, DecodeError::TooLarge { limit: Limit::Values(_), .. }), "{refused}");
    let refused = refusal(&with_attr(&ndarray(&[&[op::BININT1, 1][..]; 65], "<u1", &[0])));
    assert!(matches!(refused, DecodeError::TooLarge { limit: Limit::Rank(64), .. }));
    let negative = [&[op::BININT][..], &(-1_i32).to_le_bytes()].concat();
    let refused = refusal(&with_attr(&ndarray(&[&negative], "<u1", &[])));
    assert!(matches!(refused, DecodeError::Malformed { what: Construct::Shape, .. }));
}

#[test]
fn element_types_that_are_refused() {
    let refused = |descr| refusal(&with_attr(&ndarray(&[&[op::BININT1, 0]], descr, &[])));
    assert!(matches!(refused(">f4"), DecodeError::BigEndian { .. }));
    assert_eq!(refused("|O").to_string(), "element type |O at byte 119 is not supported");
    for descr in ["O8", "", "<", "U", "U-1", "U1.5", "f3", "f4,f4", "U99999999999"] {
        assert!(matches!(refused(descr), DecodeError::ElementType { .. }), "{descr}");
    }
    assert!(matches!(refused("U4294967295"), DecodeError::TooLarge { limit: Limit::ElementSize(_), .. }));
    // numpy states the byte order in the dtype's state: one byte of the recorded blob makes it big-endian.
    let mut blob: Vec<u8> = recorded("golden-v2-channel_major").into();
    let order = blob.windows(3).position(|w| w == [op::SHORT_BINUNICODE, 1, b'<']).unwrap();
    blob[order + 2] = b'>';
    assert!(matches!(refusal(&blob), DecodeError::BigEndian { .. }));
}

#[test]
fn only_values_are_values() {
    for value in
        [global("numpy", "dtype"), [global("numpy", "dtype"), text("f4"), vec![op::TUPLE1, op::REDUCE]].concat()]
    {
        assert_eq!(refusal(&with_attr(&value)), DecodeError::Type { part: Part::Root });
        let within = [&[op::EMPTY_LIST][..], &value, &[op::APPEND]].concat();
        assert_eq!(refusal(&with_attr(&within)), DecodeError::Type { part: Part::Root });
    }
}

#[test]
fn parts_are_required_and_typed() {
    assert_eq!(refusal(&pickle(&[&[op::EMPTY_LIST]])), DecodeError::Type { part: Part::Root });
    assert_eq!(refusal(&pickle(&[&[op::EMPTY_DICT]])), DecodeError::Missing { part: Part::Version });
    assert_eq!(refusal(&with_entries(&[("version", vec![op::BININT1, 2])])), DecodeError::Version { found: 2 });
    let none = || vec![op::NONE];
    for (name, part) in [
        ("version", Part::Version),
        ("dims", Part::Dims),
        ("axes", Part::Axes),
        ("attrs", Part::Attrs),
        ("key", Part::Key),
        ("buffered_axis", Part::BufferedAxis),
    ] {
        assert_eq!(refusal(&with_entries(&[(name, none())])), DecodeError::Type { part });
    }
    assert_eq!(
        refusal(&with_entries(&[("stream_dim", vec![op::NEWTRUE])])),
        DecodeError::Type { part: Part::StreamDim }
    );
    assert_eq!(
        refusal(&with_entries(&[("dims", [&[op::EMPTY_LIST, op::NONE, op::APPEND][..]].concat())])),
        DecodeError::Type { part: Part::Dims }
    );
    let key = [op::EMPTY_DICT, op::NONE, op::NONE, op::SETITEM];
    assert!(matches!(refusal(&with_attr(&key)), DecodeError::Key { .. }));

    let axis = |entries: &[(&str, Vec<u8>)]| {
        let mut dict = vec![op::EMPTY_DICT];
        dict.extend(text("ch"));
        dict.extend([op::EMPTY_DICT, op::MARK]);
        for (name, value) in entries {
            dict.extend(text(name));
            dict.extend(value);
        }
        dict.extend([op::SETITEMS, op::SETITEM]);
        refusal(&with_entries(&[("axes", dict)]))
    };
    let unit = ("unit", text("s"));
    assert_eq!(axis(&[]), DecodeError::Missing { part: Part::AxisUnit });
    assert_eq!(axis(core::slice::from_ref(&unit)), DecodeError::Missing { part: Part::AxisKind });
    assert_eq!(axis(&[unit.clone(), ("kind", text("linear"))]), DecodeError::Missing { part: Part::AxisGain });
    assert_eq!(
        axis(&[unit.clone(), ("kind", text("linear")), ("gain", text("1"))]),
        DecodeError::Type { part: Part::AxisGain }
    );
    assert_eq!(axis(&[unit.clone(), ("kind", text("coord"))]), DecodeError::Missing { part: Part::AxisDims });
    assert!(matches!(axis(&[unit, ("kind", text("log"))]), DecodeError::UnknownAxisKind { kind } if *kind == *"log"));
}

#[test]
fn unknown_keys_are_ignored_and_absent_stream_dim_is_none() {
    let blob = with_entries(&[("later", vec![op::EMPTY_LIST]), ("key", text("last"))]);
    with(&blob, |m| assert_eq!((m.key(), m.stream_dim()), ("last", None))).unwrap();
}

#[test]
fn integers_of_any_length() {
    let int = |bytes: &[u8]| {
        let blob = with_attr(&[&[op::LONG1, bytes.len() as u8], bytes].concat());
        with(&blob, |m| m.attr("a").unwrap().to_string()).unwrap()
    };
    assert_eq!(int(&[]), "0");
    assert_eq!(int(&[0xff]), "-1");
    assert_eq!(int(&[0, 0x80]), "-32768");
    assert_eq!(int(&[0xff, 0]), "255");
    assert_eq!(int(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "1");
    // hex(2**63), hex(-2**63 - 1), hex(-2**64)
    assert_eq!(int(&[0, 0, 0, 0, 0, 0, 0, 0x80, 0]), "0x8000000000000000");
    assert_eq!(int(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff]), "-0x8000000000000001");
    assert_eq!(int(&[0, 0, 0, 0, 0, 0, 0, 0, 0xff]), "-0x10000000000000000");
}

/// A linear congruential generator (Knuth's MMIX constants), so that a failure comes back.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// Walks through everything that a reader can ask for.
fn walk(value: ValueView<'_, '_>) -> usize {
    match value {
        ValueView::List(items) | ValueView::Tuple(items) => items.map(walk).sum(),
        ValueView::Dict(entries) => entries.map(|(_, v)| walk(v)).sum(),
        ValueView::Array(a) | ValueView::Scalar(a) => {
            let columns = a.columns().filter(|c| c.get(c.len() / 2).is_some()).count();
            a.shape().count() + a.len().min(4) + columns + usize::from(a.get(0).is_some())
        }
        other => other.as_str().map_or(1, str::len),
    }
}

#[test]
fn mutated_blobs_never_panic() {
    let rounds = if cfg!(miri) { 10 } else { 3000 };
    let mut random = Lcg(1);
    let mut read = 0;
    // One arena for all: what one blob leaves behind must not matter to the next.
    let mut memory = vec![0_u8; 8192];
    for (_, blob) in RECORDED {
        for _ in 0..rounds {
            let mutated = &mut memory[..blob.len()];
            mutated.copy_from_slice(blob);
            for _ in 0..=random.below(3) {
                let (at, from) = (random.below(blob.len()), random.below(blob.len()));
                mutated[at] = match random.below(3) {
                    0 => random.below(256) as u8,
                    1 => blob[from],
                    _ => mutated[at] ^ (1 << random.below(8)),
                };
            }
            let mut arena = vec![Node::EMPTY; mutated.len()];
            let Ok(m) = decode(mutated, &mut arena) else { continue };
            read += 1;
            m.attrs().for_each(|(_, v)| assert!(walk(v) < usize::MAX));
            let shown: usize = m.attrs().map(|(_, v)| v.to_string().len()).sum();
            let labels: usize = m.labels().into_iter().flatten().take(8).map(|l| l.to_string().len()).sum();
            assert!(shown + labels + m.dims().count() + m.axes().count() < usize::MAX);
        }
    }
    assert!(read > rounds, "most mutations hit a text and must still decode: {read}");
}
