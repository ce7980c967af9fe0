//! A value as it was written, in TOML or as text, read as what a key asks for.
//!
//! Knows types and ranges; never knows which key it serves.

use std::path::PathBuf;

use toml::de::DeValue;

use super::invisible::{is_invisible, visible};
use crate::channels::{Channels, MAX_CHANNEL};

/// The longest part of a value that a message repeats, in characters.
const SHOWN: usize = 60;
/// The longest channel label, in code points: readers get them as `U16`.
pub const MAX_LABEL: usize = 16;

/// The longest name of a group, in bytes: far above the 32 that groupadd(8) allows.
const MAX_GROUP: usize = 255;

/// What a ring is called behind its stream's name and a `/`, before its number (spec: wire, segments and names).
const BUFFER: &str = "buffer";
/// What the static metadata is called there.
const META: &str = "meta";
/// What a stream's event stream is called there.
const EVENTS: &str = "events";

/// What a message calls characters that nobody sees, behind control characters.
const INVISIBLE: &str = "invisible characters";

/// The word for "as if it were not given".
const AUTO: &str = "auto";
/// The word for "none of it".
const NONE: &str = "none";

/// What would have been possible instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Possible(pub(crate) String);

impl From<&str> for Possible {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A value as written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    /// In a settings file.
    Toml(&'a DeValue<'a>),
    /// As the text of a flag or of a change; several when the flag was repeated.
    Text(&'a [String]),
}

impl Given<'_> {
    /// As written, cut to a readable length.
    pub(crate) fn shown(&self) -> String {
        let text = match self {
            Self::Toml(value) => show(value),
            Self::Text(texts) => texts.join(" "),
        };
        if text.is_empty() {
            return "(empty)".to_owned();
        }
        let clean = visible(&text);
        match clean.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}...", &clean[..end]),
            None => clean.into_owned(),
        }
    }

    /// The words `auto` and `none`, which stand for a key that is not given.
    pub(crate) fn is_unset(&self) -> bool {
        self.string().is_some_and(|s| s == AUTO || s == NONE)
    }

    /// A string; for text the last one given.
    fn string(&self) -> Option<&str> {
        match self {
            Self::Toml(value) => value.as_str(),
            Self::Text(texts) => texts.last().map(String::as_str),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, Possible> {
        match self {
            Self::Toml(value) => value.as_bool(),
            Self::Text(_) => self.string().and_then(|s| s.trim().parse().ok()),
        }
        .ok_or_else(|| "true or false".into())
    }

    /// A finite number greater than 0.
    pub(crate) fn positive(&self, unit: &str) -> Result<f64, Possible> {
        let number = match self {
            Self::Toml(DeValue::Float(f)) => f.as_str().parse::<f64>().ok(),
            Self::Toml(DeValue::Integer(_)) => self.integer().map(|i| i as f64),
            Self::Toml(_) => None,
            Self::Text(_) => self.string().and_then(|s| s.trim().parse().ok()),
        };
        number
            .filter(|n| n.is_finite() && *n > 0.0)
            .ok_or_else(|| Possible(format!("a finite number greater than 0, in {unit}")))
    }

    fn integer(&self) -> Option<i64> {
        match self {
            Self::Toml(value) => integer(value),
            Self::Text(_) => self.string().and_then(|s| s.trim().parse().ok()),
        }
    }

    /// A whole number from `low` to `high`.
    pub(crate) fn whole(&self, low: u32, high: u32) -> Result<u32, Possible> {
        self.integer()
            .and_then(|i| u32::try_from(i).ok())
            .filter(|i| (low..=high).contains(i))
            .ok_or_else(|| Possible(format!("a whole number from {low} to {high}")))
    }

    /// A text of `low` to `high` bytes of UTF-8 without characters that nobody sees.
    pub(crate) fn text(&self, low: usize, high: usize) -> Result<String, Possible> {
        self.string()
            .filter(|s| (low..=high).contains(&s.len()) && !s.contains(is_invisible))
            .map(str::to_owned)
            .ok_or_else(|| Possible(format!("a text of {low} to {high} bytes without control and {INVISIBLE}")))
    }

    /// The name of a stream: a text that no other stream calls its ring or its static metadata.
    pub(crate) fn stream_name(&self, high: usize) -> Result<String, Possible> {
        let name = self.text(1, high)?;
        let Some((stream, part)) = name.rsplit_once('/') else { return Ok(name) };
        let numbered = |kind| part.strip_prefix(kind).is_some_and(is_number);
        let what = match part {
            _ if numbered(BUFFER) => "a ring",
            _ if numbered(META) => "the static metadata",
            _ if part == EVENTS => "the stream of events",
            _ => return Ok(name),
        };
        let better = format!("{stream}-{part}");
        Err(Possible(format!(
            "a name that does not end in /{part}, which is what {what} of a stream `{stream}` is called: each would take the other's \
             memory; `{}` would do",
            better.trim_start_matches('-')
        )))
    }

    /// A name, or a number from 0 as text.
    pub(crate) fn name_or_number(&self) -> Result<String, Possible> {
        match self.integer() {
            Some(number) if number >= 0 => Ok(number.to_string()),
            _ => self.text(1, MAX_GROUP).map_err(|_| "the name of a group, or its number".into()),
        }
    }

    /// A path, as written.
    pub(crate) fn path(&self) -> Result<PathBuf, Possible> {
        self.string()
            .filter(|s| !s.is_empty() && !s.contains('\0'))
            .map(PathBuf::from)
            .ok_or_else(|| "the path of a file".into())
    }

    /// One of the known words.
    pub(crate) fn word<T: Copy>(&self, known: &[(&'static str, T)]) -> Result<T, Possible> {
        let given = self.string().map(str::trim);
        if let Some((_, value)) = known.iter().find(|(word, _)| Some(*word) == given) {
            return Ok(*value);
        }
        let words: Vec<_> = known.iter().map(|(word, _)| *word).collect();
        let suggestion = crate::nearest::did_you_mean(given.unwrap_or_default(), words.iter().copied());
        Err(Possible(words.join(", ") + &suggestion))
    }

    /// Channel numbers from 1, each once: `[1, 2, 5]` or `"1-4,8"`.
    pub(crate) fn channels(&self) -> Result<Channels, Possible> {
        let form =
            || Possible(format!("channel numbers from 1 to {MAX_CHANNEL}, each once, as [1, 2, 5] or \"1-4,8\""));
        let channels = match self {
            Self::Toml(DeValue::Array(items)) => {
                let number = |item: &DeValue<'_>| integer(item).and_then(|i| usize::try_from(i).ok());
                let numbers: Option<Vec<usize>> = items.iter().map(|item| number(item.get_ref())).collect();
                Channels::new(numbers.ok_or_else(form)?)
            }
            _ => self.string().ok_or_else(form)?.parse(),
        };
        channels.map_err(|_| form())
    }

    /// Channel labels: `["Fp1", "Fp2"]` or `"Fp1,Fp2"`.
    pub(crate) fn labels(&self) -> Result<Vec<String>, Possible> {
        let form = || {
            Possible(format!(
                "labels of 1 to {MAX_LABEL} characters, each once, as [\"Fp1\", \"Fp2\"] or \"Fp1,Fp2\", without control and {INVISIBLE}"
            ))
        };
        let labels: Vec<String> = match self {
            Self::Toml(DeValue::Array(items)) => {
                let texts = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
                texts.collect::<Option<_>>().ok_or_else(form)?
            }
            _ => self.string().ok_or_else(form)?.split(',').map(|label| label.trim().to_owned()).collect(),
        };
        let possible = |(i, label): (usize, &String)| {
            (1..=MAX_LABEL).contains(&label.chars().count())
                && !label.trim().is_empty()
                && !label.contains(is_invisible)
                && !labels[..i].contains(label)
        };
        if labels.is_empty() || labels.len() > MAX_CHANNEL || !labels.iter().enumerate().all(possible) {
            return Err(form());
        }
        Ok(labels)
    }

    /// A list of texts whose meaning somebody else checks, none of them empty: `["a", "b"]` or `"a,b"`.
    pub(crate) fn texts(&self) -> Result<Vec<String>, Possible> {
        let texts: Option<Vec<String>> = match self {
            Self::Text(texts) => {
                Some(texts.iter().flat_map(|text| text.split(',')).map(|text| text.trim().to_owned()).collect())
            }
            Self::Toml(DeValue::Array(items)) => {
                items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect()
            }
            Self::Toml(_) => None,
        };
        let full = |texts: &Vec<String>| texts.iter().all(|text| !text.trim().is_empty());
        texts.filter(full).ok_or_else(|| "a list of texts, none of them empty".into())
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer().and_then(|i| i64::from_str_radix(i.as_str(), i.radix()).ok())
}

fn show(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(s) => format!("\"{s}\""),
        DeValue::Integer(i) => i.to_string(),
        DeValue::Float(f) => f.to_string(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Datetime(d) => d.to_string(),
        DeValue::Array(items) => {
            let shown: Vec<_> = items.iter().map(|item| show(item.get_ref())).collect();
            format!("[{}]", shown.join(", "))
        }
        DeValue::Table(_) => "(a table)".to_owned(),
    }
}
