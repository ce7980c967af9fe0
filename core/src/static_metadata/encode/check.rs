//! Whether an array is one that numpy loads, before any of it is written.
//!
//! Knows numpy's limits. Knows nothing of pickles.

use super::{EncodeError, MAX_ARRAY_RANK, MAX_ELEMENT_SIZE, Place};
use crate::axis_array::{Array, Element, Field, ScalarElement};
use crate::static_metadata::MAX_FIELDS;

fn scalar_size(element: ScalarElement) -> u64 {
    match element {
        ScalarElement::Plain(d) => d.size() as u64,
        ScalarElement::Unicode(n) => u64::from(n) * 4,
        ScalarElement::Bytes(n) => u64::from(n),
    }
}

fn check_fields<E>(fields: &[Field<'_>], place: Place) -> Result<u64, EncodeError<E>> {
    if fields.is_empty() || fields.len() > MAX_FIELDS {
        return Err(EncodeError::FieldCount { place, fields: fields.len() });
    }
    for (i, field) in fields.iter().enumerate() {
        if field.name.is_empty() || fields.iter().take(i).any(|f| f.name == field.name) {
            return Err(EncodeError::FieldName { place, field: i });
        }
    }
    Ok(fields.iter().map(|f| scalar_size(f.element)).sum())
}

/// What numpy would refuse, and what would not be what the shape says.
pub(super) fn check_array<E>(array: &Array<'_>, place: Place) -> Result<(), EncodeError<E>> {
    let rank = array.shape.len();
    if rank > MAX_ARRAY_RANK {
        return Err(EncodeError::ArrayRank { place, rank });
    }
    let size = match array.element {
        Element::Plain(d) => scalar_size(ScalarElement::Plain(d)),
        Element::Unicode(n) => scalar_size(ScalarElement::Unicode(n)),
        Element::Bytes(n) => scalar_size(ScalarElement::Bytes(n)),
        Element::Structured(fields) => check_fields(fields, place)?,
    };
    if size > MAX_ELEMENT_SIZE {
        return Err(EncodeError::ElementTooLarge { place, size });
    }
    // numpy multiplies the lengths that are not 0, so an empty array may be too large as well.
    let too_large = EncodeError::ArrayTooLarge { place };
    let extent = array.shape.iter().filter(|n| **n != 0).try_fold(size, |n, &d| n.checked_mul(d as u64));
    let extent = extent.and_then(|n| isize::try_from(n).ok()).ok_or(too_large)?;
    let needed = if array.shape.contains(&0) { 0 } else { extent.unsigned_abs() };
    let given = array.bytes.len();
    if needed != given {
        return Err(EncodeError::ArrayLength { place, needed, given });
    }
    Ok(())
}
