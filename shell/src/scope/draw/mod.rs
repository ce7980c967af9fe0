//! The scope's picture: title, traces or spectrum, axis, health, keys, into the cells of a ratatui buffer of any size.
//!
//! What a small terminal has no room for is left out, the traces last. Each text that a stranger may have written is escaped and cut.

mod help;
mod lines;
mod spectrum;
mod traces;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::canvas::Symbols;
use super::scale::Range;
use super::{Health, Link, Seen, Signals, View, text};

/// Colours of channels: none that alarms are in.
const CHANNELS: [Color; 5] = [Color::Cyan, Color::Green, Color::Yellow, Color::Magenta, Color::Blue];

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Without it, everything that a colour says is said otherwise, too.
    pub colour: bool,
    /// What traces are made of; with ASCII, all else is ASCII as well.
    pub symbols: Symbols,
}

impl Theme {
    const fn ascii(self) -> bool {
        matches!(self.symbols, Symbols::Ascii)
    }

    fn style(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    fn channel(self, channel: usize) -> Style {
        self.style(CHANNELS.get(channel % CHANNELS.len()).copied().unwrap_or_default())
    }

    /// Of what went wrong: a colour, and otherwise reversed.
    fn alarm(self) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.colour { style.fg(Color::Red) } else { style.add_modifier(Modifier::REVERSED) }
    }

    fn dim(self) -> Style {
        self.style(Color::DarkGray)
    }

    fn mark(self) -> Style {
        self.style(Color::White).add_modifier(Modifier::BOLD)
    }
}

/// All that a picture is of.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The stream's name, as it was asked for.
    pub name: &'a str,
    /// What was seen of it.
    pub signals: &'a Signals,
    /// What of that is looked at.
    pub view: &'a View,
    /// How it is now.
    pub health: &'a Health,
    /// Frames a second that arrived of late.
    pub arrivals: Option<f64>,
    /// For how many seconds none has arrived, when that is worth a word.
    pub idle_s: Option<f64>,
    /// What the last key could not do.
    pub message: Option<&'a str>,
    /// What the terminal can show.
    pub theme: Theme,
}

/// What one picture leaves to the next, so that nothing trembles.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    ranges: Vec<Option<Range>>,
    /// From edge to edge of the selected channel's band.
    span: Option<f64>,
    /// Channels on a page, and the first one's place among those that are shown.
    page: usize,
    first: usize,
    /// Whether each channel's size is beside it.
    sizes_are_shown: bool,
    /// Lines that the keys can be scrolled by.
    more_keys: usize,
}

/// Where the parts lie; a part of no height is not drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    title: Rect,
    traces: Rect,
    axis: Rect,
    health: Rect,
    keys: Rect,
}

impl Parts {
    fn of(area: Rect) -> Self {
        let h = area.height;
        let row = |from_top: u16, height: u16| Rect { y: area.y + from_top, height, ..area };
        let (title, axis, health, keys) = (u16::from(h >= 3), u16::from(h >= 7), u16::from(h >= 4), u16::from(h >= 10));
        let traces = h - title - axis - health - keys;
        Self {
            title: row(0, title),
            traces: row(title, traces),
            axis: row(title + traces, axis),
            health: row(title + traces + axis, health),
            keys: row(h - keys, keys),
        }
    }
}

impl Picture {
    /// What keys may ask about.
    #[must_use]
    pub fn seen(&self, signals: &Signals) -> Seen {
        let (source, history) = (signals.source(), signals.history());
        Seen {
            channels: source.map_or(0, |s| s.labels.len()),
            rate: source.and_then(|s| s.rate),
            span: self.span.unwrap_or(1.0),
            kept: history.map_or(0, |h| h.longest()),
            page: self.page.max(1),
            more_keys: self.more_keys,
        }
    }

    /// Forgets how large things were: other channels.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Draws the scene.
    pub fn draw(&mut self, scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let parts = Parts::of(area);
        if scene.signals.last().is_none() {
            lines::waiting(scene, parts.traces, buffer);
        } else if scene.view.spectrum {
            spectrum::draw(scene, parts.traces, parts.axis, buffer);
        } else {
            traces::draw(self, scene, parts.traces, parts.axis, buffer);
        }
        // Behind the traces, whose sizes it names.
        lines::title(scene, self, parts.title, buffer);
        lines::health(scene, parts.health, buffer);
        lines::keys(scene, parts.keys, buffer);
        if scene.view.help {
            self.more_keys = help::draw(scene, parts.traces.union(parts.axis), buffer);
        } else if let Some(message) = scene.message.filter(|_| parts.keys.is_empty()) {
            write(buffer, parts.health, message, scene.theme.alarm(), scene.theme);
        }
    }
}

/// A text in a row, cut to its width; returns the columns that it took.
fn write(buffer: &mut Buffer, row: Rect, text: &str, style: Style, theme: Theme) -> u16 {
    if row.is_empty() {
        return 0;
    }
    let text = text::fit(text, row.width.into(), theme.ascii());
    let (end, _) = buffer.set_stringn(row.x, row.y, &text, row.width.into(), style);
    end - row.x
}

/// The same from a column on, counted from the row's first.
fn write_at(buffer: &mut Buffer, row: Rect, column: u16, text: &str, style: Style, theme: Theme) -> u16 {
    let column = column.min(row.width);
    write(buffer, Rect { x: row.x + column, width: row.width - column, ..row }, text, style, theme)
}

/// One character at a place of the buffer, if there is such a place.
fn put(buffer: &mut Buffer, x: u16, y: u16, symbol: char, style: Style) {
    if let Some(cell) = buffer.cell_mut(Position { x, y }) {
        cell.set_char(symbol).set_style(style);
    }
}

/// The writer in words, and whether that is as it should be.
fn link(health: &Health) -> (String, bool) {
    match (health.link, health.silent_s) {
        (Link::Alive, Some(s)) => (format!("ADC silent for {s:.0} s"), false),
        (Link::Alive, None) => ("writer alive".to_owned(), true),
        (Link::Absent, _) => ("no stream".to_owned(), false),
        (Link::NotYet, _) => ("nothing published".to_owned(), false),
        (Link::Stopped(s), _) => (format!("writer stands still for {s:.0} s"), false),
        (Link::Gone, _) => ("no writer".to_owned(), false),
        (Link::Unknown, _) => ("Python writer".to_owned(), true),
    }
}

#[cfg(test)]
mod tests;
