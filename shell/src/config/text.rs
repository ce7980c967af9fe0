//! Settings as the text of a settings file, which reads back as the same settings.
//!
//! Knows how values are written; never writes a file.

use std::path::Path;

use toml::Value;

use super::key::{Key, SIMULATE_TABLE};
use super::settings::{CLOCKS, MODES, SIGNALS, SPI_ACCESSES, Settings, UNITS};

impl Settings {
    /// The value of `key` as TOML, or `None` when it is not given.
    #[must_use]
    pub fn value_text(&self, key: Key) -> Option<String> {
        let sim = &self.simulate;
        let value = match key {
            Key::Name => text(&self.name),
            Key::Board => text(&self.board),
            Key::Rate => Value::Float(self.rate?),
            Key::Gain => Value::Integer(i64::from(self.gain?)),
            Key::Channels => {
                let numbers = self.channels.as_ref()?.numbers().iter();
                numbers.map(|&n| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX))).collect::<Vec<_>>().into()
            }
            Key::Labels => list(self.labels.as_ref()?),
            Key::Units => text(word(&UNITS, &self.units)),
            Key::Dtype => text(self.dtype?.code()),
            Key::Chunk => Value::Integer(i64::from(self.chunk?.get())),
            Key::BufDur => Value::Float(self.buf_dur),
            Key::Axis => text(self.axis.as_deref()?),
            Key::StructVersion => Value::Integer(i64::from(self.struct_version.number())),
            Key::Key => text(self.key.as_deref()?),
            Key::Clock => text(word(&CLOCKS, &self.clock)),
            Key::Duration => Value::Float(self.duration?.as_secs_f64()),
            Key::Conn => path(self.conn.as_deref()?),
            Key::Events => path(self.events.as_deref()?),
            Key::Mode => text(word(&MODES, &self.mode)),
            Key::Group => text(self.group.as_deref()?),
            Key::Spi => text(word(&SPI_ACCESSES, &self.spi)),
            Key::Priority => Value::Integer(self.priority?.into()),
            Key::Cpu => Value::Integer(i64::try_from(self.cpu?).unwrap_or(i64::MAX)),
            Key::LockMemory => Value::Boolean(self.lock_memory?),
            Key::Simulate => Value::Boolean(sim.enabled),
            Key::Signal => text(word(&SIGNALS, &sim.signal?)),
            Key::File => path(sim.file.as_deref()?),
            Key::FrequencyHz => Value::Float(sim.frequency_hz),
            Key::AmplitudeUv => Value::Float(sim.amplitude_uv),
            Key::Fast => Value::Boolean(sim.fast),
            Key::Faults => list(&sim.faults),
        };
        Some(match value {
            // With an exponent where the digits would fill lines.
            Value::Float(number) => format!("{number:?}"),
            value => value.to_string(),
        })
    }

    /// A settings file with these settings: every key with its meaning, those that are not given as comments.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        let mut in_simulate = false;
        for key in Key::all() {
            if key.in_simulate() && !in_simulate {
                in_simulate = true;
                out += &format!(
                    "\n# The ADC is simulated: it answers on the SPI level, through the same driver.\n[{SIMULATE_TABLE}]\n"
                );
            }
            out += &format!("# {}\n", key.meaning());
            out += &match self.value_text(key) {
                Some(value) => format!("{} = {value}\n", key.name()),
                None => format!("# {} =\n", key.name()),
            };
        }
        out
    }

    /// The keys whose values differ, in the order of the printed file.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Key> {
        Key::all().filter(|&key| self.value_text(key) != other.value_text(key)).collect()
    }
}

fn text(s: &str) -> Value {
    Value::String(s.to_owned())
}

fn path(p: &Path) -> Value {
    text(&p.to_string_lossy())
}

fn list(items: &[String]) -> Value {
    items.iter().map(|s| text(s)).collect::<Vec<_>>().into()
}

fn word<T: PartialEq>(known: &[(&'static str, T)], value: &T) -> &'static str {
    known.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}
