//! A table of a board file, read key by key: types, ranges, and what was written that nobody asked for.
//!
//! Never knows what a key means.

use std::cell::RefCell;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::BoardFileError;
use super::words::{TOP, Words};
use crate::config::Place;
use crate::config::given::{Given, Possible};
use crate::nearest::did_you_mean;

/// A table with its place in the file.
pub(super) struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    /// How its keys are called in messages: empty, or `spi.` and the like.
    prefix: String,
    table: &'a DeTable<'a>,
    offset: usize,
    asked: RefCell<Vec<&'static str>>,
}

/// A value with its key, for messages.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) key: &'static str,
    pub(super) value: &'a DeValue<'a>,
    offset: usize,
}

impl Field<'_> {
    /// As written.
    pub(super) fn given(&self) -> Given<'_> {
        Given::Toml(self.value)
    }
}

type Result<T> = std::result::Result<T, BoardFileError>;

/// The file and line of a byte.
pub(super) fn place(path: &Path, text: &str, offset: usize) -> Place {
    let line = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
    Place::File { path: path.to_owned(), line }
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str, prefix: &str, table: &'a DeTable<'a>, offset: usize) -> Self {
        Self { path, text, prefix: prefix.to_owned(), table, offset, asked: RefCell::default() }
    }

    fn place(&self, offset: usize) -> Place {
        place(self.path, self.text, offset)
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &'static str) -> Option<Field<'a>> {
        self.asked.borrow_mut().push(key);
        self.table.iter().find(|(k, _)| k.get_ref().as_ref() == key).map(|(k, value)| Field {
            key,
            value: value.get_ref(),
            offset: k.span().start,
        })
    }

    /// Where the table begins: its head, or without one its first key.
    fn begin(&self) -> usize {
        if self.prefix.is_empty() {
            self.table.iter().map(|(key, _)| key.span().start).min().unwrap_or(0)
        } else {
            self.offset
        }
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &'static str, possible: &str) -> Result<Field<'a>> {
        self.get(key).ok_or_else(|| BoardFileError::Missing {
            place: self.place(self.begin()),
            key: self.prefix.clone() + key,
            possible: possible.to_owned(),
        })
    }

    /// The error for a value that is not possible.
    pub(super) fn wrong(&self, field: Field<'_>, possible: impl Into<String>) -> BoardFileError {
        BoardFileError::Value {
            place: self.place(field.offset),
            key: self.prefix.clone() + field.key,
            given: field.given().shown(),
            possible: possible.into(),
        }
    }

    fn taken<T>(&self, field: Field<'_>, taken: std::result::Result<T, Possible>) -> Result<T> {
        taken.map_err(|Possible(possible)| self.wrong(field, possible))
    }

    /// A text of at most `high` bytes.
    pub(super) fn text(&self, field: Field<'_>, high: usize) -> Result<String> {
        self.taken(field, field.given().text(1, high))
    }

    /// A whole number.
    pub(super) fn whole(&self, field: Field<'_>, low: u32, high: u32) -> Result<u32> {
        self.taken(field, field.given().whole(low, high))
    }

    /// A whole number that fits in a byte.
    pub(super) fn byte(&self, field: Field<'_>, low: u8, high: u8) -> Result<u8> {
        let whole = self.whole(field, low.into(), high.into())?;
        Ok(u8::try_from(whole).unwrap_or(high))
    }

    /// A number greater than 0.
    pub(super) fn positive(&self, field: Field<'_>, unit: &str) -> Result<f64> {
        self.taken(field, field.given().positive(unit))
    }

    /// `true` or `false`; `default` when it is not there.
    pub(super) fn flag(&self, key: &'static str, default: bool) -> Result<bool> {
        self.get(key).map_or(Ok(default), |field| self.taken(field, field.given().boolean()))
    }

    /// One of the known words; `default` when it is not there.
    pub(super) fn word<T: Copy>(&self, key: &'static str, known: &Words<T>, default: T) -> Result<T> {
        self.get(key).map_or(Ok(default), |field| self.taken(field, field.given().word(known)))
    }

    /// One of the known words.
    pub(super) fn needed_word<T: Copy>(&self, key: &'static str, known: &Words<T>) -> Result<T> {
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        let field = self.need(key, &words.join(", "))?;
        self.taken(field, field.given().word(known))
    }

    /// The items of a list, each as a field of its own.
    pub(super) fn items(&self, field: Field<'a>, possible: &str) -> Result<Vec<Field<'a>>> {
        match field.value {
            DeValue::Array(items) => Ok(items
                .iter()
                .map(|item| Field { key: field.key, value: item.get_ref(), offset: item.span().start })
                .collect()),
            _ => Err(self.wrong(field, possible)),
        }
    }

    /// A list of texts; empty when it is not there.
    pub(super) fn texts(&self, key: &'static str, high: usize) -> Result<Vec<String>> {
        let Some(field) = self.get(key) else { return Ok(Vec::new()) };
        self.items(field, "a list of texts")?.into_iter().map(|item| self.text(item, high)).collect()
    }

    /// A table under a key.
    pub(super) fn table(&self, field: Field<'a>) -> Result<Reader<'a>> {
        match field.value {
            DeValue::Table(table) => {
                let prefix = format!("{}{}.", self.prefix, field.key);
                Ok(Reader::new(self.path, self.text, &prefix, table, field.offset))
            }
            _ => Err(self.wrong(field, "a table")),
        }
    }

    /// The error for a key that nobody asked for, if there is one. To be called when all was asked.
    pub(super) fn finish(&self) -> Result<()> {
        let asked = self.asked.borrow();
        let unknown = self.table.iter().find(|(key, _)| !asked.contains(&key.get_ref().as_ref()));
        unknown.map_or(Ok(()), |(key, _)| {
            let word = key.get_ref().as_ref();
            let suggestion = if !self.prefix.is_empty() && TOP.contains(&word) {
                "; it belongs above the first table".to_owned()
            } else {
                did_you_mean(word, asked.iter().copied())
            };
            let (place, key) = (self.place(key.span().start), self.prefix.clone() + word);
            Err(BoardFileError::UnknownKey { place, key, suggestion })
        })
    }
}
