//! The list of keys, over the traces.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Scene, put, text, write_at};
use crate::scope::keys::KEYS;

/// Columns of a key's name.
const NAMES: u16 = 11;
/// Columns of a meaning at least: where there are fewer, it is cut.
const MEANING: usize = 12;

/// Draws as much of it as fits, from where it is scrolled to; returns how many lines it can be scrolled by.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) -> usize {
    let theme = scene.theme;
    for row in area.rows() {
        row.columns().for_each(|at| put(buffer, at.x, at.y, ' ', Style::reset()));
    }
    let lines = lines(usize::from(area.width.saturating_sub(2 + NAMES)).max(MEANING));
    let rows = usize::from(area.height);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    // The last row says that there is more.
    let fits = lines.len() <= rows;
    let shown = if fits { lines.len() } else { rows.saturating_sub(1) };
    let more = lines.len() - shown;
    let from = scene.view.help_from.min(more);
    let indent = usize::from(rows > lines.len() + 2);
    for ((name, meaning), row) in lines.iter().skip(from).take(shown).zip(area.rows().skip(indent)) {
        write_at(buffer, row, 1, name, bold, theme);
        write_at(buffer, row, 1 + NAMES, meaning, Style::new(), theme);
    }
    if let Some(row) = area.rows().next_back().filter(|_| !fits) {
        let (first, last, all) = (from + 1, from + shown, lines.len());
        write_at(buffer, row, 1, &format!("up down: scroll ({first}-{last} of {all} lines)"), theme.dim(), theme);
    }
    more
}

/// Names and meanings, those that need more than one line without a name in the others.
fn lines(columns: usize) -> Vec<(&'static str, String)> {
    let of_key = |key: &crate::scope::keys::Key| {
        let meaning = text::wrap(key.meaning, columns);
        std::iter::once(key.name).chain(std::iter::repeat("")).zip(meaning).collect::<Vec<_>>()
    };
    KEYS.iter().flat_map(of_key).collect()
}
