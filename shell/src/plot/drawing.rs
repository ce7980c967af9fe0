//! Shapes on a white sheet, in pixels from its upper left corner.

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Which point of a text its place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// What is drawn, later ones over earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A line through points.
    Line {
        /// From one to the next.
        points: Vec<(f32, f32)>,
        /// In pixels.
        width: f32,
        /// Of the line.
        colour: Rgb,
    },
    /// An area.
    Area {
        /// Left edge.
        x: f32,
        /// Upper edge.
        y: f32,
        /// In pixels.
        width: f32,
        /// In pixels.
        height: f32,
        /// Of the area.
        colour: Rgb,
    },
    /// A text, in letters of one width.
    Text {
        /// Of its anchor.
        x: f32,
        /// Of the middle of its letters.
        y: f32,
        /// Which end `x` is of.
        anchor: Anchor,
        /// Escaped already where it is a stranger's.
        text: String,
        /// Of the letters.
        colour: Rgb,
    },
}

/// A sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// What the picture is of, for those who cannot see it.
    pub title: String,
    /// What is on it.
    pub shapes: Vec<Shape>,
}
