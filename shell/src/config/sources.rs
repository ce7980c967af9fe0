//! Where settings come from: defaults, then a file, then flags, each over the one before.
//!
//! Kept for the life of the stream, so that SIGHUP reads the same file again. Knows TOML's tables, not the keys' ranges.

use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Place};
use super::given::Given;
use super::key::{Key, SIMULATE_TABLE};
use super::regular;
use super::settings::Settings;
use super::syntax::explained;
use crate::nearest::did_you_mean;

/// The longest settings file, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A settings file and flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The settings file, if there is one.
    pub file: Option<PathBuf>,
    /// The flags as written: a key and its value, or its values when the flag was repeated.
    pub flags: Vec<(Key, Vec<String>)>,
}

impl Sources {
    /// Reads them. Call it again for the same sources when the file may have changed.
    ///
    /// # Errors
    /// The first thing that is wrong, with file and line.
    pub fn load(&self) -> Result<Settings, ConfigError> {
        let mut settings = Settings::default();
        if let Some(path) = &self.file {
            take_file(&mut settings, path, &read(path)?)?;
        }
        for (key, values) in &self.flags {
            settings.set(*key, Given::Text(values), Place::Flag)?;
        }
        if !settings.simulate.enabled
            && let Some((key, values)) = self.flags.iter().find(|(k, _)| k.in_simulate() && *k != Key::Simulate)
        {
            let given = Given::Text(values).shown();
            return Err(ConfigError::NeedsSimulate { place: Place::Flag, key: *key, given });
        }
        settings.check()?;
        Ok(settings)
    }
}

impl Settings {
    /// From the text of a settings file.
    ///
    /// `path` is the file's name in messages; relative paths in the text start at its folder.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn from_toml(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        take_file(&mut settings, path, text)?;
        settings.check()?;
        Ok(settings)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = regular::open(path).map_err(failed)?;
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(ConfigError::FileTooLong { path: path.to_owned(), limit: MAX_FILE });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        syntax(path, &String::from_utf8_lossy(valid), valid.len(), "not UTF-8 from here on".to_owned())
    })
}

fn take_file(settings: &mut Settings, path: &Path, text: &str) -> Result<(), ConfigError> {
    let table = DeTable::parse(text).map_err(|error| {
        let (offset, message) = explained(text, &error);
        syntax(path, text, offset, message)
    })?;
    for (key, value) in table.get_ref() {
        let place = place(path, text, key.span().start);
        match (key.get_ref().as_ref(), value.get_ref()) {
            (SIMULATE_TABLE, DeValue::Table(inner)) => {
                settings.simulate.enabled = true;
                for (key, value) in inner {
                    let place = self::place(path, text, key.span().start);
                    let word = key.get_ref().as_ref();
                    let known = Key::all().find(|k| k.in_simulate() && k.name() == word);
                    let known = known.ok_or_else(|| unknown(place.clone(), word, true))?;
                    settings.set(known, Given::Toml(value.get_ref()), place)?;
                }
            }
            (SIMULATE_TABLE, value) => settings.set(Key::Simulate, Given::Toml(value), place)?,
            (word, value) => {
                let known = Key::all().find(|k| !k.in_simulate() && k.name() == word);
                let known = known.ok_or_else(|| unknown(place.clone(), word, false))?;
                settings.set(known, Given::Toml(value), place)?;
            }
        }
    }
    Ok(())
}

/// The error for a key that is not there, with the nearest one or the table in which it is.
fn unknown(place: Place, word: &str, in_simulate: bool) -> ConfigError {
    let key = if in_simulate { format!("{SIMULATE_TABLE}.{word}") } else { word.to_owned() };
    let elsewhere = Key::all().find(|k| k.in_simulate() != in_simulate && k.name() == word);
    let suggestion = match elsewhere {
        Some(_) if in_simulate => format!("; it belongs above the table [{SIMULATE_TABLE}]"),
        Some(_) => format!("; it belongs into the table [{SIMULATE_TABLE}]"),
        None => {
            let here = Key::all().filter(|k| k.in_simulate() == in_simulate).map(Key::name);
            did_you_mean(word, here.chain((!in_simulate).then_some(SIMULATE_TABLE)))
        }
    };
    ConfigError::UnknownKey { place, key, suggestion }
}

fn place(path: &Path, text: &str, offset: usize) -> Place {
    Place::File { path: path.to_owned(), line: position(text, offset).0 }
}

fn syntax(path: &Path, text: &str, offset: usize, message: String) -> ConfigError {
    let (line, column) = position(text, offset);
    ConfigError::Syntax { place: Place::File { path: path.to_owned(), line }, column, message }
}

/// Line and column (in characters) of a byte offset, from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
