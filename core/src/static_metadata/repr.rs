//! Decoded values as text, in the way of Python's `repr`, for people to read.
//!
//! One line, control characters escaped, long arrays shortened. Must never be parsed by a program.

use core::fmt::{Display, Formatter, Result, Write};

use super::view::{ArrayView, ElementView, Item, ValueView};

/// How many elements of an array are shown.
const SHOWN: usize = 256;

/// Room for the shortest text that leads back to any `f64`, with exponent.
const FLOAT_LEN: usize = 32;

impl Display for ValueView<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match *self {
            Self::None => f.write_str("None"),
            Self::Bool(b) => boolean(f, b),
            Self::Int(n) => write!(f, "{n}"),
            Self::BigInt(bytes) => big_int(f, bytes),
            Self::Float(x) => float(f, x),
            Self::Complex(re, im) => complex(f, re, im),
            Self::Str(text) => quoted(f, text.chars()),
            Self::Bytes(bytes) => byte_string(f, bytes.iter().copied()),
            Self::Array(array) => {
                f.write_str("array(")?;
                if array.rank() == 0 {
                    elements(f, &array)?
                } else {
                    bracketed(f, &array)?
                }
                f.write_str(", dtype=")?;
                element_type(f, &array)?;
                f.write_char(')')
            }
            Self::Scalar(array) => elements(f, &array),
            Self::List(items) => {
                f.write_char('[')?;
                separated(f, items, |f, item| item.fmt(f))?;
                f.write_char(']')
            }
            Self::Tuple(items) => {
                f.write_char('(')?;
                separated(f, items, |f, item| item.fmt(f))?;
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Self::Dict(entries) => {
                f.write_char('{')?;
                separated(f, entries, |f, (key, value)| {
                    quoted(f, key.chars())?;
                    f.write_str(": ")?;
                    value.fmt(f)
                })?;
                f.write_char('}')
            }
        }
    }
}

impl Display for Item<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match *self {
            Self::Bool(b) => boolean(f, b),
            Self::Int(n) => write!(f, "{n}"),
            Self::UInt(n) => write!(f, "{n}"),
            Self::F32(x) => float32(f, x),
            Self::F64(x) => float(f, x),
            Self::Complex(re, im) => complex(f, re, im),
            // A text from `S` holds bytes only, each as the character of its number.
            Self::Text(text) if text.is_bytes() => byte_string(f, text.chars().map(|c| c as u8)),
            Self::Text(text) => quoted(f, text.chars()),
            Self::Opaque(bytes) => byte_string(f, bytes.iter().copied()),
        }
    }
}

fn separated<T>(
    f: &mut Formatter<'_>,
    items: impl Iterator<Item = T>,
    show: impl Fn(&mut Formatter<'_>, T) -> Result,
) -> Result {
    for (i, item) in items.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        show(f, item)?;
    }
    Ok(())
}

fn boolean(f: &mut Formatter<'_>, b: bool) -> Result {
    f.write_str(if b { "True" } else { "False" })
}

/// Hexadecimal, as long integers cannot be made decimal without memory.
fn big_int(f: &mut Formatter<'_>, bytes: &[u8]) -> Result {
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    f.write_str(if negative { "-0x" } else { "0x" })?;
    let lowest = bytes.iter().position(|b| *b != 0).unwrap_or(0);
    let digit = |i: usize, b: u8| match (negative, i.cmp(&lowest)) {
        (false, _) | (true, core::cmp::Ordering::Less) => b,
        // Two's complement: invert and add one; the one is carried up to the lowest byte that is not 0.
        (true, core::cmp::Ordering::Equal) => b.wrapping_neg(),
        (true, core::cmp::Ordering::Greater) => !b,
    };
    let mut leading = true;
    for (i, b) in bytes.iter().enumerate().rev() {
        match (leading, digit(i, *b)) {
            (true, 0) => {}
            (true, d) => {
                leading = false;
                write!(f, "{d:x}")?;
            }
            (false, d) => write!(f, "{d:02x}")?,
        }
    }
    Ok(())
}

/// Python writes `1e+16` and `1e-05` where Rust writes `1e16` and `1e-5`.
fn exponent(f: &mut Formatter<'_>, text: &str) -> Result {
    let Some((digits, exponent)) = text.split_once('e') else { return f.write_str(text) };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    let zero = if exponent.len() < 2 { "0" } else { "" };
    write!(f, "{digits}e{sign}{zero}{exponent}")
}

fn special(x: f64) -> Option<&'static str> {
    match x {
        _ if x.is_nan() => Some("nan"),
        f64::INFINITY => Some("inf"),
        f64::NEG_INFINITY => Some("-inf"),
        _ => None,
    }
}

fn shortest(f: &mut Formatter<'_>, x: impl core::fmt::Debug) -> Result {
    let mut text = heapless::String::<FLOAT_LEN>::new();
    write!(text, "{x:?}")?;
    // Python: 1e16, not 1.0e16, which is what Rust writes as well.
    exponent(f, &text)
}

fn float(f: &mut Formatter<'_>, x: f64) -> Result {
    match special(x) {
        Some(name) => f.write_str(name),
        None => shortest(f, x),
    }
}

fn float32(f: &mut Formatter<'_>, x: f32) -> Result {
    match special(f64::from(x)) {
        Some(name) => f.write_str(name),
        None => shortest(f, x),
    }
}

fn complex(f: &mut Formatter<'_>, re: f64, im: f64) -> Result {
    f.write_char('(')?;
    float(f, re)?;
    if !im.is_sign_negative() || im.is_nan() {
        f.write_char('+')?;
    }
    float(f, im)?;
    f.write_str("j)")
}

/// Python takes double quotes around a text that holds single ones and no double ones.
fn quote(mut chars: impl Iterator<Item = char> + Clone) -> char {
    if chars.clone().any(|c| c == '\'') && !chars.any(|c| c == '"') { '"' } else { '\'' }
}

fn quoted(f: &mut Formatter<'_>, chars: impl Iterator<Item = char> + Clone) -> Result {
    let quote = quote(chars.clone());
    f.write_char(quote)?;
    for c in chars {
        match c {
            _ if c == quote || c == '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\'' | '"' => f.write_char(c)?,
            // What Rust would escape is not printable: control characters, marks that turn the direction of writing.
            _ if c.escape_debug().len() == 1 => f.write_char(c)?,
            _ => match u32::from(c) {
                n @ 0..=0xff => write!(f, "\\x{n:02x}")?,
                n @ 0..=0xffff => write!(f, "\\u{n:04x}")?,
                n => write!(f, "\\U{n:08x}")?,
            },
        }
    }
    f.write_char(quote)
}

fn byte_string(f: &mut Formatter<'_>, bytes: impl Iterator<Item = u8> + Clone) -> Result {
    let quote = quote(bytes.clone().map(char::from));
    write!(f, "b{quote}")?;
    for b in bytes {
        match b {
            _ if char::from(b) == quote || b == b'\\' => write!(f, "\\{}", char::from(b))?,
            b'\n' => f.write_str("\\n")?,
            b'\r' => f.write_str("\\r")?,
            b'\t' => f.write_str("\\t")?,
            b' '..=b'~' => f.write_char(char::from(b))?,
            _ => write!(f, "\\x{b:02x}")?,
        }
    }
    f.write_char(quote)
}

/// Elements in brackets, one pair a dimension, as far as they are shown.
fn bracketed(f: &mut Formatter<'_>, array: &ArrayView<'_, '_>) -> Result {
    if array.is_empty() {
        f.write_str("[], shape=(")?;
        for length in array.shape() {
            write!(f, "{length},")?;
        }
        return f.write_char(')');
    }
    for i in 0..array.len() {
        // How many dimensions begin at this element: those whose inner lengths divide its number.
        let begins = boundaries(array, i);
        if i > 0 {
            f.write_str(", ")?;
        }
        (0..begins).try_for_each(|_| f.write_char('['))?;
        if i == SHOWN {
            f.write_str("...")?;
            return (0..array.rank()).try_for_each(|_| f.write_char(']'));
        }
        element(f, array, i)?;
        let ends = boundaries(array, i + 1);
        (0..ends).try_for_each(|_| f.write_char(']'))?;
    }
    Ok(())
}

/// How many dimensions end before, and begin at, the element `index` in C order.
fn boundaries(array: &ArrayView<'_, '_>, index: usize) -> usize {
    let rank = array.rank();
    (0..rank)
        .filter(|&outer| {
            let inner = array.shape().skip(outer).fold(1_usize, |n, length| n.saturating_mul(length));
            index.is_multiple_of(inner)
        })
        .count()
}

/// The only element of an array without dimensions.
fn elements(f: &mut Formatter<'_>, array: &ArrayView<'_, '_>) -> Result {
    element(f, array, 0)
}

fn element(f: &mut Formatter<'_>, array: &ArrayView<'_, '_>, index: usize) -> Result {
    if let ElementView::Structured { .. } = array.element() {
        f.write_char('(')?;
        separated(f, array.fields(), |f, field| {
            array.column(field.name).and_then(|c| c.get(index)).map_or(Ok(()), |item| item.fmt(f))
        })?;
        return f.write_char(')');
    }
    array.get(index).map_or(Ok(()), |item| item.fmt(f))
}

fn element_type(f: &mut Formatter<'_>, array: &ArrayView<'_, '_>) -> Result {
    if let ElementView::Structured { .. } = array.element() {
        f.write_char('[')?;
        separated(f, array.fields(), |f, field| {
            f.write_char('(')?;
            quoted(f, field.name.chars())?;
            f.write_str(", ")?;
            descr(f, field.element)?;
            f.write_char(')')
        })?;
        return f.write_char(']');
    }
    descr(f, array.element())
}

fn descr(f: &mut Formatter<'_>, element: ElementView<'_, '_>) -> Result {
    match element {
        ElementView::Plain(d) => write!(f, "'{}{}'", if d.size() == 1 { '|' } else { '<' }, d.code()),
        ElementView::Unicode(n) => write!(f, "'<U{n}'"),
        ElementView::Bytes(n) => write!(f, "'|S{n}'"),
        ElementView::Opaque { descr, .. } => quoted(f, descr.chars()),
        ElementView::Structured { size, .. } => write!(f, "'|V{size}'"),
    }
}
