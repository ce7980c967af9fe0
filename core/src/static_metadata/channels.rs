//! The channel axis that readers know: a structured array with `label` and, where known, `x`, `y`, `bank`, `elec`.
//!
//! Lays the columns out as the bytes of an [`Array`]. Knows nothing of pickles, boards or units.

use super::LABEL_FIELD;
use crate::axis_array::{Array, Element, Field, ScalarElement};
use crate::dtype::DType;

/// Code points of a label: `U16` in the contract with readers.
pub const LABEL_CODE_POINTS: usize = 16;

/// Code points of a bank's name.
pub const BANK_CODE_POINTS: usize = 16;

/// Bytes of a code point in numpy's UCS-4.
const UCS4: usize = 4;

const FIELD_COUNT: usize = 5;

/// What is known of each channel. All columns that are given are as long as `labels`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChannelTable<'a> {
    /// Name of each channel, at most [`LABEL_CODE_POINTS`] code points.
    pub labels: &'a [&'a str],
    /// Place of each electrode, left to right, in the unit that the producer chose.
    pub x: Option<&'a [f32]>,
    /// Place of each electrode, back to front.
    pub y: Option<&'a [f32]>,
    /// The group of inputs that the channel belongs to, at most [`BANK_CODE_POINTS`] code points.
    pub bank: Option<&'a [&'a str]>,
    /// Number of the electrode within its bank; readers take 0 for "not set".
    pub elec: Option<&'a [i32]>,
}

/// A column of a [`ChannelTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Column {
    /// `label`
    #[error("label")]
    Label,
    /// `x`
    #[error("x")]
    X,
    /// `y`
    #[error("y")]
    Y,
    /// `bank`
    #[error("bank")]
    Bank,
    /// `elec`
    #[error("elec")]
    Elec,
}

impl Column {
    const fn field(self) -> Field<'static> {
        let (name, element) = match self {
            Self::Label => (LABEL_FIELD, ScalarElement::Unicode(LABEL_CODE_POINTS as u32)),
            Self::X => ("x", ScalarElement::Plain(DType::F32)),
            Self::Y => ("y", ScalarElement::Plain(DType::F32)),
            Self::Bank => ("bank", ScalarElement::Unicode(BANK_CODE_POINTS as u32)),
            Self::Elec => ("elec", ScalarElement::Plain(DType::I32)),
        };
        Field { name, element }
    }
}

/// Why a table could not be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ChannelTableError {
    /// A label or a bank's name that its field has no room for.
    #[error("{column} of channel {channel} has {code_points} characters; there is room for {limit}")]
    TextTooLong {
        /// Which column.
        column: Column,
        /// Which channel, from 0.
        channel: usize,
        /// Its length.
        code_points: usize,
        /// The field's length.
        limit: usize,
    },
    /// A text that ends in a NUL, which a padded field cannot tell from its padding.
    #[error("{column} of channel {channel} ends in a NUL character, which numpy would drop")]
    TrailingNul {
        /// Which column.
        column: Column,
        /// Which channel, from 0.
        channel: usize,
    },
    /// A column that does not have one value a channel.
    #[error("{column} has {given} values for {channels} channels")]
    ColumnLength {
        /// Which column.
        column: Column,
        /// Labels.
        channels: usize,
        /// Values of the column.
        given: usize,
    },
    /// The caller's slice is not as long as the table.
    #[error("the table needs {needed} bytes, the slice has {given}")]
    Room {
        /// [`ChannelTable::size`].
        needed: usize,
        /// The slice's length.
        given: usize,
    },
}

/// The fields of a table: what [`Element::Structured`] borrows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelFields {
    fields: [Field<'static>; FIELD_COUNT],
    len: usize,
}

impl ChannelFields {
    /// The fields in the order of the bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[Field<'static>] {
        self.fields.get(..self.len).unwrap_or_default()
    }

    /// The array over bytes that [`ChannelTable::write`] wrote. `shape` is `&[channels]`.
    #[must_use]
    pub fn array<'a>(&'a self, shape: &'a [usize], bytes: &'a [u8]) -> Array<'a> {
        Array { element: Element::Structured(self.as_slice()), shape, bytes }
    }
}

impl<'a> ChannelTable<'a> {
    /// Labels alone.
    #[must_use]
    pub const fn of_labels(labels: &'a [&'a str]) -> Self {
        Self { labels, x: None, y: None, bank: None, elec: None }
    }

    /// The columns that are given, in the order of their fields, with their lengths.
    fn columns(&self) -> impl Iterator<Item = (Column, usize)> {
        [
            Some((Column::Label, self.labels.len())),
            self.x.map(|c| (Column::X, c.len())),
            self.y.map(|c| (Column::Y, c.len())),
            self.bank.map(|c| (Column::Bank, c.len())),
            self.elec.map(|c| (Column::Elec, c.len())),
        ]
        .into_iter()
        .flatten()
    }

    /// The fields of one channel.
    #[must_use]
    pub fn fields(&self) -> ChannelFields {
        let mut all = ChannelFields { fields: [Column::Label.field(); FIELD_COUNT], len: 0 };
        for (slot, (column, _)) in all.fields.iter_mut().zip(self.columns()) {
            *slot = column.field();
            all.len += 1;
        }
        all
    }

    /// Bytes of one channel.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.columns().map(|(column, _)| column.field().element.size()).sum()
    }

    /// Bytes of the table.
    #[must_use]
    pub fn size(&self) -> usize {
        self.stride().saturating_mul(self.labels.len())
    }

    /// Writes the table into `out`, which is exactly [`size`](Self::size) bytes long: one channel behind the other, little-endian.
    ///
    /// # Errors
    /// See [`ChannelTableError`]; `out` is then partly written.
    pub fn write(&self, out: &mut [u8]) -> Result<(), ChannelTableError> {
        let channels = self.labels.len();
        for (column, given) in self.columns() {
            if given != channels {
                return Err(ChannelTableError::ColumnLength { column, channels, given });
            }
        }
        if out.len() != self.size() {
            return Err(ChannelTableError::Room { needed: self.size(), given: out.len() });
        }
        for (channel, row) in out.chunks_exact_mut(self.stride()).enumerate() {
            let mut rest = row;
            for (column, _) in self.columns() {
                // The row is the sum of its fields' sizes, so no field can be without room.
                let Some((field, behind)) = rest.split_at_mut_checked(column.field().element.size()) else { break };
                self.write_field(column, channel, field)?;
                rest = behind;
            }
        }
        Ok(())
    }

    fn write_field(&self, column: Column, channel: usize, field: &mut [u8]) -> Result<(), ChannelTableError> {
        let number = match column {
            Column::Label => return write_text(self.labels.get(channel), column, channel, field),
            Column::Bank => return write_text(self.bank.and_then(|c| c.get(channel)), column, channel, field),
            Column::X => self.x.and_then(|c| c.get(channel)).map(|v| v.to_le_bytes()),
            Column::Y => self.y.and_then(|c| c.get(channel)).map(|v| v.to_le_bytes()),
            Column::Elec => self.elec.and_then(|c| c.get(channel)).map(|v| v.to_le_bytes()),
        };
        for (to, from) in field.iter_mut().zip(number.unwrap_or_default()) {
            *to = from;
        }
        Ok(())
    }
}

fn write_text(text: Option<&&str>, column: Column, channel: usize, field: &mut [u8]) -> Result<(), ChannelTableError> {
    let text = text.copied().unwrap_or_default();
    if text.ends_with('\0') {
        return Err(ChannelTableError::TrailingNul { column, channel });
    }
    let (code_points, limit) = (text.chars().count(), field.len() / UCS4);
    if code_points > limit {
        return Err(ChannelTableError::TextTooLong { column, channel, code_points, limit });
    }
    field.fill(0);
    for (slot, c) in field.chunks_exact_mut(UCS4).zip(text.chars()) {
        slot.copy_from_slice(&u32::from(c).to_le_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_recorded_axis() {
        // struct-v2/labelled: numpy's own bytes of [("Fp1", -0.3, 0.95), ("Fp2", 0.3, 0.95)] as U16, f4, f4.
        let golden = include_bytes!("testdata/golden-v2-labelled.pickle");
        let table = ChannelTable {
            labels: &["Fp1", "Fp2"],
            x: Some(&[-0.3, 0.3]),
            y: Some(&[0.95, 0.95]),
            ..ChannelTable::default()
        };
        let mut bytes = [0xff; 144];
        assert_eq!(table.size(), bytes.len());
        table.write(&mut bytes).unwrap();
        assert!(golden.windows(bytes.len()).any(|w| w == bytes));
        assert_eq!(table.fields().as_slice().len(), 3);
    }

    #[test]
    fn errors_say_which_and_by_how_much() {
        let mut out = [0; 128];
        let table = ChannelTable::of_labels(&["ok", "seventeen letters"]);
        assert_eq!(
            table.write(&mut out),
            Err(ChannelTableError::TextTooLong { column: Column::Label, channel: 1, code_points: 17, limit: 16 })
        );
        let table = ChannelTable::of_labels(&["ok", "sixteen letters✓"]);
        assert_eq!(table.write(&mut out), Ok(()));
        assert_eq!(table.write(&mut out[..127]), Err(ChannelTableError::Room { needed: 128, given: 127 }));
        let table = ChannelTable { x: Some(&[0.0]), ..ChannelTable::of_labels(&["a", "b"]) };
        assert_eq!(
            table.write(&mut out),
            Err(ChannelTableError::ColumnLength { column: Column::X, channels: 2, given: 1 })
        );
        let table = ChannelTable::of_labels(&["a\0"]);
        assert_eq!(
            table.write(&mut out[..64]),
            Err(ChannelTableError::TrailingNul { column: Column::Label, channel: 0 })
        );
    }
}
