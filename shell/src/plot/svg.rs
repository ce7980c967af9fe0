//! A drawing as SVG 1.1 (W3C Recommendation of 16 August 2011): text that a viewer's fonts show and a search finds.

use crate::formats::xml::escaped;
use std::fmt::Write as _;

use super::drawing::{Anchor, Drawing, Rgb, Shape};

/// Height of letters in pixels: their width is then about what [`super::png`] has.
const LETTERS: f32 = 12.0;
/// From the middle of small letters down to the line that they stand on, by their height.
const BASELINE: f32 = 0.34;

/// The whole file.
#[must_use]
pub fn svg(drawing: &Drawing) -> String {
    let (w, h) = (drawing.width, drawing.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"'Noto Sans Mono','DejaVu Sans Mono',monospace\" font-size=\"{LETTERS}\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escaped(&drawing.title)
    );
    drawing.shapes.iter().for_each(|shape| shape_into(&mut out, shape));
    out.push_str("</svg>\n");
    out
}

fn shape_into(out: &mut String, shape: &Shape) {
    // Writing to a string does not fail.
    let _ = match shape {
        Shape::Line { points, width, colour } => {
            let places: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
            let (colour, width, places) = (hex(*colour), number(*width), places.join(" "));
            writeln!(
                out,
                "<polyline points=\"{places}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"/>"
            )
        }
        Shape::Area { x, y, width, height, colour } => {
            let [x, y, width, height] = [x, y, width, height].map(|n| number(*n));
            writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>", hex(*colour))
        }
        Shape::Text { x, y, anchor, text, colour } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let (x, y) = (number(*x), number(*y + BASELINE * LETTERS));
            let (colour, text) = (hex(*colour), escaped(text));
            writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{colour}\" xml:space=\"preserve\">{text}</text>"
            )
        }
    };
}

fn hex(Rgb(r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// In hundredths, without zeros at the end.
fn number(x: f32) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_elements_and_texts_are_escaped() {
        let shapes = vec![
            Shape::Line { points: vec![(1.0, 2.5), (3.25, 4.0)], width: 1.5, colour: Rgb(255, 0, 16) },
            Shape::Area { x: 0.0, y: 1.0, width: 10.0, height: 20.0, colour: Rgb(1, 2, 3) },
            Shape::Text {
                x: 5.0,
                y: 6.0,
                anchor: Anchor::End,
                text: "<a&b>\u{ffff}\u{1}".into(),
                colour: Rgb(0, 0, 0),
            },
        ];
        let text = svg(&Drawing { width: 30, height: 40, title: "x<y".into(), shapes });
        for part in [
            "viewBox=\"0 0 30 40\"",
            "<title>x&lt;y</title>",
            "<polyline points=\"1,2.5 3.25,4\" fill=\"none\" stroke=\"#ff0010\" stroke-width=\"1.5\"",
            "<rect x=\"0\" y=\"1\" width=\"10\" height=\"20\" fill=\"#010203\"/>",
            "text-anchor=\"end\" fill=\"#000000\" xml:space=\"preserve\">&lt;a&amp;b&gt;\u{fffd}\u{fffd}</text>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    }
}
