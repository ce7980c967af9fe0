//! Dots in the cells of a terminal: Braille, 2 by 4 dots a cell, or ASCII, 1 by 3.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// What dots are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symbols {
    /// Unicode's Braille patterns.
    #[default]
    Braille,
    /// What every terminal has.
    Ascii,
}

/// Bits of the dots of a Braille cell, by row and column (Unicode 16, section 21.1: dots 1 to 3 and 7 are the left column).
const BRAILLE: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
const BRAILLE_BASE: u32 = 0x2800;
/// By the dots that are set: 1 the upper, 2 the middle, 4 the lower one.
const ASCII: [char; 8] = [' ', '\'', '-', '^', '_', ':', 'v', '|'];

impl Symbols {
    /// Dots of a cell: across and down.
    #[must_use]
    pub const fn dots(self) -> (usize, usize) {
        match self {
            Self::Braille => (2, 4),
            Self::Ascii => (1, 3),
        }
    }

    fn bit(self, x: usize, y: usize) -> u8 {
        match self {
            Self::Braille => BRAILLE.get(y).and_then(|row| row.get(x)).copied().unwrap_or_default(),
            Self::Ascii => 1 << y,
        }
    }

    fn glyph(self, bits: u8) -> char {
        match self {
            Self::Braille => char::from_u32(BRAILLE_BASE + u32::from(bits)).unwrap_or(' '),
            Self::Ascii => ASCII.get(usize::from(bits)).copied().unwrap_or(' '),
        }
    }
}

/// Dots over an area of cells.
#[derive(Clone, Debug)]
pub struct Canvas {
    symbols: Symbols,
    cells: (usize, usize),
    bits: Vec<u8>,
}

impl Canvas {
    /// Empty, over so many cells across and down.
    #[must_use]
    pub fn new(symbols: Symbols, across: u16, down: u16) -> Self {
        let cells = (usize::from(across), usize::from(down));
        Self { symbols, cells, bits: vec![0; cells.0 * cells.1] }
    }

    /// Dots across and down.
    #[must_use]
    pub const fn size(&self) -> (usize, usize) {
        let (x, y) = self.symbols.dots();
        (self.cells.0 * x, self.cells.1 * y)
    }

    /// Sets a column of dots; rows count from the top.
    pub fn column(&mut self, x: usize, top: usize, bottom: usize) {
        let (dots_x, dots_y) = self.symbols.dots();
        for y in top..=bottom.min(self.size().1.saturating_sub(1)) {
            let bit = self.symbols.bit(x % dots_x, y % dots_y);
            let cell = y / dots_y * self.cells.0 + x / dots_x;
            if let Some(bits) = self.bits.get_mut(cell).filter(|_| x / dots_x < self.cells.0) {
                *bits |= bit;
            }
        }
    }

    /// Puts the cells with dots into a buffer, with the upper left one at the area's.
    pub fn draw(&self, area: Rect, style: Style, buffer: &mut Buffer) {
        let rows = self.bits.chunks(self.cells.0.max(1));
        for (y, row) in area.rows().zip(rows) {
            for (at, bits) in y.columns().zip(row).filter(|(_, bits)| **bits != 0) {
                if let Some(cell) = buffer.cell_mut(at.as_position()) {
                    cell.set_char(self.symbols.glyph(*bits)).set_style(style);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(symbols: Symbols, columns: &[(usize, usize, usize)]) -> Vec<String> {
        let area = Rect::new(0, 0, 2, 2);
        let (mut canvas, mut buffer) = (Canvas::new(symbols, 2, 2), Buffer::empty(area));
        columns.iter().for_each(|(x, top, bottom)| canvas.column(*x, *top, *bottom));
        canvas.draw(area, Style::new(), &mut buffer);
        (0..2).map(|y| (0..2).map(|x| buffer[(x, y)].symbol().to_owned()).collect()).collect()
    }

    #[test]
    fn dots_lie_where_unicode_has_them() {
        // Dot 1 is the upper left, 8 the lower right: U+2801, U+2880.
        assert_eq!(drawn(Symbols::Braille, &[(0, 0, 0), (3, 7, 7)]), ["\u{2801} ", " \u{2880}"]);
        assert_eq!(drawn(Symbols::Braille, &[(1, 0, 7)]), ["\u{28b8} ", "\u{28b8} "]);
        assert_eq!(drawn(Symbols::Ascii, &[(0, 0, 0), (1, 2, 3)]), ["'_", " '"]);
        assert_eq!(drawn(Symbols::Ascii, &[(0, 0, 5), (1, 1, 1), (1, 4, 5)]), ["|-", "|v"]);
    }

    #[test]
    fn what_is_outside_is_not_drawn() {
        assert_eq!(drawn(Symbols::Braille, &[(4, 0, 7), (99, 0, 0), (0, 8, 20), (0, 5, 2)]), ["  ", "  "]);
        Canvas::new(Symbols::Braille, 0, 0).column(0, 0, 5);
    }
}
