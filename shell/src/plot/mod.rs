//! Pictures of a stream's newest seconds, behind `axismirror plot`: stacked channels with labels, units, times and gaps, as SVG or PNG.
//!
//! [`Excerpt`] takes frames, [`picture`] lays them out as shapes, [`svg`] and [`png`](png()) write the same shapes. PNG has letters of its own: a headless box
//! has no fonts.

mod drawing;
mod excerpt;
mod layout;
mod png;
mod svg;

pub use drawing::{Anchor, Drawing, Rgb, Shape};
pub use excerpt::{Excerpt, ExcerptError};
pub use layout::{LEAST, MOST, Options, picture};
pub use png::{PngError, not_in_font, png};
pub use svg::svg;
