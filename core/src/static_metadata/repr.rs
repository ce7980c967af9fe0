//! Decoded values as text, in the way of Python's `repr`, for people to read.
//!
//! One line, control characters escaped, long arrays shortened. Must never be parsed by a program.

use core::fmt::{Display, Formatter, Result, Write};

use super::view::{ArrayView, ElementView, Item, ValueView};

/// How many elements of an array are shown.
const SHOWN: usize = 256;

/// Room for the shortest text that leads back to any `f64`, with exponent.
const FLOAT_LEN: usize = 32;

/// How much text a value becomes at most, in bytes: a blob may refer to one long value a million times.
const SHOWN_LEN: usize = 1 << 16;

/// Passes on text until there has been enough.
struct Limited<'f, 'o> {
    out: &'f mut Formatter<'o>,
    left: usize,
    cut: bool,
}

impl Write for Limited<'_, '_> {
    fn write_str(&mut self, text: &str) -> Result {
        if let Some(left) = self.left.checked_sub(text.len()) {
            self.left = left;
            return self.out.write_str(text);
        }
        self.cut = true;
        Err(core::fmt::Error)
    }
}

/// Shows what is cut short with dots at its end.
fn limited(out: &mut Formatter<'_>, show: impl FnOnce(&mut Limited<'_, '_>) -> Result) -> Result {
    let mut f = Limited { out, left: SHOWN_LEN, cut: false };
    let shown = show(&mut f);
    if f.cut { out.write_str("...") } else { shown }
}

impl Display for ValueView<'_, '_> {
    /// As Python's `repr`, in one line, cut at 64 KiB.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        limited(f, |f| value(f, *self))
    }
}

impl Display for Item<'_> {
    /// As Python's `repr` of the same value, cut at 64 KiB.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        limited(f, |f| item(f, *self))
    }
}

fn value(f: &mut Limited<'_, '_>, shown: ValueView<'_, '_>) -> Result {
    match shown {
        ValueView::None => f.write_str("None"),
        ValueView::Bool(b) => boolean(f, b),
        ValueView::Int(n) => write!(f, "{n}"),
        ValueView::BigInt(bytes) => big_int(f, bytes),
        ValueView::Float(x) => float(f, x),
        ValueView::Complex(re, im) => complex(f, re, im),
        ValueView::Str(text) => quoted(f, text.chars()),
        ValueView::Bytes(bytes) => byte_string(f, bytes.iter().copied()),
        ValueView::Array(array) => {
            f.write_str("array(")?;
            if array.rank() == 0 {
                element(f, &array, 0)?
            } else {
                bracketed(f, &array)?
            }
            f.write_str(", dtype=")?;
            element_type(f, &array)?;
            f.write_char(')')
        }
        ValueView::Scalar(array) => element(f, &array, 0),
        ValueView::List(items) => {
            f.write_char('[')?;
            separated(f, items, value)?;
            f.write_char(']')
        }
        ValueView::Tuple(items) => {
            f.write_char('(')?;
            separated(f, items, value)?;
            f.write_str(if items.len() == 1 { ",)" } else { ")" })
        }
        ValueView::Dict(entries) => {
            f.write_char('{')?;
            separated(f, entries, |f, (key, entry)| {
                quoted(f, key.chars())?;
                f.write_str(": ")?;
                value(f, entry)
            })?;
            f.write_char('}')
        }
    }
}

fn item(f: &mut Limited<'_, '_>, shown: Item<'_>) -> Result {
    match shown {
        Item::Bool(b) => boolean(f, b),
        Item::Int(n) => write!(f, "{n}"),
        Item::UInt(n) => write!(f, "{n}"),
        Item::F32(x) => float32(f, x),
        Item::F64(x) => float(f, x),
        Item::Complex(re, im) => complex(f, re, im),
        // A text from `S` holds bytes only, each as the character of its number.
        Item::Text(text) if text.is_bytes() => byte_string(f, text.chars().map(|c| c as u8)),
        Item::Text(text) => quoted(f, text.chars()),
        Item::Opaque(bytes) => byte_string(f, bytes.iter().copied()),
    }
}

fn separated<T>(
    f: &mut Limited<'_, '_>,
    items: impl Iterator<Item = T>,
    show: impl Fn(&mut Limited<'_, '_>, T) -> Result,
) -> Result {
    for (i, item) in items.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        show(f, item)?;
    }
    Ok(())
}

fn boolean(f: &mut Limited<'_, '_>, b: bool) -> Result {
    f.write_str(if b { "True" } else { "False" })
}

/// Hexadecimal, as long integers cannot be made decimal without memory.
fn big_int(f: &mut Limited<'_, '_>, bytes: &[u8]) -> Result {
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
fn exponent(f: &mut Limited<'_, '_>, text: &str) -> Result {
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

fn shortest(f: &mut Limited<'_, '_>, x: impl core::fmt::Debug, whole: &str) -> Result {
    let mut text = heapless::String::<FLOAT_LEN>::new();
    write!(text, "{x:?}")?;
    match text.strip_suffix(".0") {
        Some(digits) => write!(f, "{digits}{whole}"),
        None => exponent(f, &text),
    }
}

/// A number; `whole` is what follows the digits of one without a fraction.
fn real(f: &mut Limited<'_, '_>, x: f64, whole: &str) -> Result {
    match special(x) {
        Some(name) => f.write_str(name),
        None => shortest(f, x, whole),
    }
}

fn float(f: &mut Limited<'_, '_>, x: f64) -> Result {
    real(f, x, ".0")
}

fn float32(f: &mut Limited<'_, '_>, x: f32) -> Result {
    match special(f64::from(x)) {
        Some(name) => f.write_str(name),
        None => shortest(f, x, ".0"),
    }
}

/// Python leaves out a real part that is a positive zero, and the brackets with it.
fn complex(f: &mut Limited<'_, '_>, re: f64, im: f64) -> Result {
    if re.to_bits() == 0 {
        real(f, im, "")?;
        return f.write_char('j');
    }
    f.write_char('(')?;
    real(f, re, "")?;
    if im.is_nan() || im.is_sign_positive() {
        f.write_char('+')?;
    }
    real(f, im, "")?;
    f.write_str("j)")
}

/// Python takes double quotes around a text that holds single ones and no double ones.
fn quote(mut chars: impl Iterator<Item = char> + Clone) -> char {
    if chars.clone().any(|c| c == '\'') && !chars.any(|c| c == '"') { '"' } else { '\'' }
}

fn quoted(f: &mut Limited<'_, '_>, chars: impl Iterator<Item = char> + Clone) -> Result {
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

fn byte_string(f: &mut Limited<'_, '_>, bytes: impl Iterator<Item = u8> + Clone) -> Result {
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
fn bracketed(f: &mut Limited<'_, '_>, array: &ArrayView<'_, '_>) -> Result {
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

fn element(f: &mut Limited<'_, '_>, array: &ArrayView<'_, '_>, index: usize) -> Result {
    if let ElementView::Structured { .. } = array.element() {
        f.write_char('(')?;
        separated(f, array.columns(), |f, column| column.get(index).map_or(Ok(()), |i| item(f, i)))?;
        return f.write_char(')');
    }
    array.get(index).map_or(Ok(()), |i| item(f, i))
}

fn element_type(f: &mut Limited<'_, '_>, array: &ArrayView<'_, '_>) -> Result {
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

fn descr(f: &mut Limited<'_, '_>, element: ElementView<'_, '_>) -> Result {
    match element {
        ElementView::Plain(d) => write!(f, "'{}{}'", if d.size() == 1 { '|' } else { '<' }, d.code()),
        ElementView::Unicode(n) => write!(f, "'<U{n}'"),
        ElementView::Bytes(n) => write!(f, "'|S{n}'"),
        ElementView::Opaque { descr, .. } => quoted(f, descr.chars()),
        ElementView::Structured { size, .. } => write!(f, "'|V{size}'"),
    }
}
