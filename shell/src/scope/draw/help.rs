//! The list of keys, over the traces.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Scene, put, write_at};
use crate::scope::keys::KEYS;

/// Columns of a key's name.
const NAMES: u16 = 11;

/// As much of it as fits.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    for row in area.rows() {
        row.columns().for_each(|at| put(buffer, at.x, at.y, ' ', Style::reset()));
    }
    let indent = u16::from(area.height > KEYS.len() as u16 + 2);
    for (key, row) in KEYS.iter().zip(area.rows().skip(indent.into())) {
        write_at(buffer, row, 1, key.name, Style::new().add_modifier(Modifier::BOLD), theme);
        write_at(buffer, row, 1 + NAMES, key.meaning, Style::new(), theme);
    }
}
