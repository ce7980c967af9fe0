//! A drawing as PNG. Letters are those of Noto Sans Mono, rasterised beforehand, so that no font has to be there.

use std::borrow::Cow;
use std::collections::BTreeSet;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, Transform};
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::drawing::{Anchor, Drawing, Rgb, Shape};

const WEIGHT: FontWeight = FontWeight::Regular;
const HEIGHT: RasterHeight = RasterHeight::Size16;
/// From a letter's upper edge to the middle of small ones.
const MIDDLE: f32 = 8.5;
/// Columns of a letter.
pub(super) const LETTER: f32 = get_raster_width(WEIGHT, HEIGHT) as f32;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PngError {
    /// Nothing, or more than memory can hold.
    #[error("a picture of {width} by {height} pixels is not possible")]
    Size {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// It could not be written as PNG.
    #[error("the picture cannot be written as PNG: {0}")]
    Encoding(String),
}

/// The whole file.
///
/// # Errors
/// [`PngError`].
pub fn png(drawing: &Drawing) -> Result<Vec<u8>, PngError> {
    render(drawing)?.encode_png().map_err(|e| PngError::Encoding(e.to_string()))
}

fn render(drawing: &Drawing) -> Result<Pixmap, PngError> {
    let (width, height) = (drawing.width, drawing.height);
    let mut sheet = Pixmap::new(width, height).ok_or(PngError::Size { width, height })?;
    sheet.fill(Color::WHITE);
    for shape in &drawing.shapes {
        match shape {
            Shape::Line { points, width, colour } => line(&mut sheet, points, *width, *colour),
            Shape::Area { x, y, width, height, colour } => {
                if let Some(area) = Rect::from_xywh(*x, *y, *width, *height) {
                    sheet.fill_path(
                        &PathBuilder::from_rect(area),
                        &paint(*colour),
                        FillRule::Winding,
                        Transform::identity(),
                        None,
                    );
                }
            }
            Shape::Text { x, y, anchor, text, colour } => letters(&mut sheet, (*x, *y), *anchor, text, *colour),
        }
    }
    Ok(sheet)
}

fn paint(Rgb(r, g, b): Rgb) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, 255);
    paint
}

fn line(sheet: &mut Pixmap, points: &[(f32, f32)], width: f32, colour: Rgb) {
    let mut path = PathBuilder::new();
    for (i, (x, y)) in points.iter().enumerate() {
        if i == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
    }
    let stroke = Stroke { width, line_join: tiny_skia::LineJoin::Round, ..Stroke::default() };
    if let Some(path) = path.finish() {
        sheet.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
    }
}

/// The letters of a drawing that the font does not have, each once: the picture has boxes for them.
#[must_use]
pub fn not_in_font(drawing: &Drawing) -> BTreeSet<String> {
    let texts = drawing.shapes.iter().filter_map(|shape| match shape {
        Shape::Text { text, .. } => Some(spelt(text)),
        _ => None,
    });
    let missing = |text: Cow<'_, str>| -> Vec<String> {
        let seen = text.graphemes(true).filter(|cluster| raster(cluster).is_none() && cluster.width() > 0);
        seen.map(str::to_owned).collect()
    };
    texts.flat_map(missing).collect()
}

/// A text as the font can have it: it has no ellipsis.
fn spelt(text: &str) -> Cow<'_, str> {
    if text.contains('…') { text.replace('…', "~").into() } else { text.into() }
}

/// A letter of the font.
fn raster(cluster: &str) -> Option<RasterizedChar> {
    let mut chars = cluster.chars();
    chars.next().filter(|_| chars.next().is_none()).and_then(|c| get_raster(c, WEIGHT, HEIGHT))
}

/// Letters one beside the other; a box as wide as a terminal has it for one that the font does not know.
fn letters(sheet: &mut Pixmap, (x, y): (f32, f32), anchor: Anchor, text: &str, colour: Rgb) {
    let text = spelt(text);
    let length = text.width() as f32 * LETTER;
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - length / 2.0,
        Anchor::End => x - length,
    };
    let (mut left, top) = (left.round(), (y - MIDDLE).round());
    for cluster in text.graphemes(true) {
        let width = cluster.width() as f32 * LETTER;
        match raster(cluster) {
            Some(raster) => {
                for (row, pixels) in raster.rows().enumerate() {
                    for (column, coverage) in pixels.iter().enumerate() {
                        blend(sheet, left + column as f32, top + row as f32, *coverage, colour);
                    }
                }
            }
            None if width > 0.0 => {
                let (l, t, r, b) = (left + 1.5, top + 3.5, left + width - 1.5, top + 13.5);
                line(sheet, &[(l, t), (r, t), (r, b), (l, b), (l, t)], 1.0, colour);
            }
            None => {}
        }
        left += width;
    }
}

/// Mixes a colour into a pixel, if there is such a pixel.
fn blend(sheet: &mut Pixmap, x: f32, y: f32, coverage: u8, Rgb(r, g, b): Rgb) {
    let (width, height) = (sheet.width(), sheet.height());
    if coverage == 0 || !(0.0..width as f32).contains(&x) || !(0.0..height as f32).contains(&y) {
        return;
    }
    let at = y as usize * width as usize + x as usize;
    if let Some(pixel) = sheet.pixels_mut().get_mut(at) {
        let mix = |old: u8, new: u8| {
            ((u32::from(old) * (255 - u32::from(coverage)) + u32::from(new) * u32::from(coverage) + 127) / 255) as u8
        };
        let mixed =
            PremultipliedColorU8::from_rgba(mix(pixel.red(), r), mix(pixel.green(), g), mix(pixel.blue(), b), 255);
        *pixel = mixed.unwrap_or(*pixel);
    }
}
