//! JSON values that keep what Python keeps: the order of keys, and integers apart from floats.
//!
//! Knows nothing of messages.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A JSON value.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number without a point.
    Int(i64),
    /// A number without a point beyond `i64`.
    UInt(u64),
    /// A number with a point or an exponent.
    Float(f64),
    /// `"..."`
    Str(String),
    /// `[...]`
    List(Vec<Json>),
    /// `{...}`
    Dict(Ordered<Json>),
}

impl Json {
    /// Whether this is an object that has all these keys.
    #[must_use]
    pub fn has_keys(&self, keys: &[&str]) -> bool {
        matches!(self, Self::Dict(d) if keys.iter().all(|k| d.0.iter().any(|(name, _)| name == k)))
    }
}

/// A JSON object in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered<T>(pub Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        d.deserialize_map(Entries(PhantomData))
    }
}
