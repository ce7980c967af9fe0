//! Changes of a running stream's settings, as `key=value`.
//!
//! A change is checked where it is typed and again where it is applied. Knows nothing of how it travels.

use core::fmt;

use super::error::{ConfigError, Place};
use super::given::Given;
use super::key::{Key, Reach};
use super::settings::Settings;
use crate::nearest::did_you_mean;

/// One change: a key that can change at run time, and a value of the right type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    key: Key,
    value: String,
}

impl Change {
    /// From `buf_dur=5`, `channels=1-4,8`, `simulate.signal=eeg`, `chunk=auto`.
    ///
    /// # Errors
    /// [`ConfigError::NotKeyValue`], [`ConfigError::UnknownKey`], [`ConfigError::Fixed`], [`ConfigError::Value`].
    pub fn parse(given: &str) -> Result<Self, ConfigError> {
        let not_key_value = || ConfigError::NotKeyValue { given: given.to_owned() };
        let (word, value) = given.split_once('=').ok_or_else(not_key_value)?;
        let key = Key::from_word(word).ok_or_else(|| {
            let names = Key::all().map(|k| if k == Key::Simulate { super::key::SIMULATE_TABLE } else { k.name() });
            ConfigError::UnknownKey {
                place: Place::Change,
                key: word.to_owned(),
                suggestion: did_you_mean(word.trim(), names),
            }
        })?;
        let change = Self { key, value: value.trim().to_owned() };
        change.apply(&mut Settings::default())?;
        if key.reach() == Reach::Fixed {
            return Err(ConfigError::Fixed { key });
        }
        Ok(change)
    }

    /// Several, each of another key.
    ///
    /// # Errors
    /// As [`Change::parse`], and [`ConfigError::Twice`].
    pub fn parse_all(given: &[String]) -> Result<Vec<Self>, ConfigError> {
        let mut changes: Vec<Self> = Vec::with_capacity(given.len());
        for text in given {
            let change = Self::parse(text)?;
            if let Some(first) = changes.iter().find(|c| c.key == change.key) {
                let (key, first, second) = (change.key, first.to_string(), change.to_string());
                return Err(ConfigError::Twice { key, first, second });
            }
            changes.push(change);
        }
        Ok(changes)
    }

    /// What changes.
    #[must_use]
    pub fn key(&self) -> Key {
        self.key
    }

    fn apply(&self, settings: &mut Settings) -> Result<(), ConfigError> {
        settings.set(self.key, Given::Text(core::slice::from_ref(&self.value)), Place::Change)
    }
}

/// As [`Change::parse`] reads it.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

impl Settings {
    /// These settings with all of the changes, or an error and none of them.
    ///
    /// # Errors
    /// What is wrong with the first impossible one, or with the settings that they lead to together.
    pub fn with_changes(&self, changes: &[Change]) -> Result<Self, ConfigError> {
        let mut settings = self.clone();
        for change in changes {
            change.apply(&mut settings)?;
        }
        settings.check()?;
        Ok(settings)
    }
}
