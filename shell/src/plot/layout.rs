//! Where everything of a picture is: title, channels under one another with label and size, time axis, gaps, marks.

use super::drawing::{Anchor, Drawing, Rgb, Shape};
use super::excerpt::Excerpt;
use super::png::LETTER;
use crate::count::count;
use crate::scope::history::Envelope;
use crate::scope::scale::{Range, step_above};
use crate::scope::{Gap, Mark, Missing, text};

const BLACK: Rgb = Rgb(30, 30, 30);
const GREY: Rgb = Rgb(110, 110, 110);
const GRID: Rgb = Rgb(225, 225, 225);
const MISSING: Rgb = Rgb(255, 222, 215);
const ALARM: Rgb = Rgb(190, 30, 20);
const MARK: Rgb = Rgb(120, 60, 160);
/// Of the channels, in turn: dark enough on white, and apart for most eyes (Okabe and Ito's palette without its light ones).
const CHANNELS: [Rgb; 4] = [Rgb(0, 114, 178), Rgb(0, 128, 96), Rgb(166, 80, 0), Rgb(134, 72, 112)];

/// Of a letter, with the space above and below.
const ROW: f32 = 18.0;
const EDGE: f32 = 16.0;
/// Above the traces: a line of title, one of what else is said, and what is said of gaps.
const TOP: f32 = EDGE + 3.25 * ROW;
/// Lines of what else is said at most.
const SAID: usize = 2;
/// Below them: times, and what they are.
const BOTTOM: f32 = EDGE + 2.0 * ROW;
/// Columns of labels at most.
const LABEL: usize = 16;
/// What labels may take of the sheet's width.
const LABELS: f32 = 0.3;
/// From one label to the next at least: their letters do not touch.
const APART: f32 = 0.8 * ROW;
/// From one time to the next at least, and where a sheet is narrow.
const TICKS: (f64, f64) = (60.0, 90.0);
/// Height of a channel where nobody says: as much as makes a sheet of this height, but between these.
const SHEET: f32 = 720.0;
const CHANNEL: (f32, f32) = (28.0, 140.0);
/// Least width and height of a sheet in pixels: smaller ones have no room for a title and a trace.
pub const LEAST: (u32, u32) = (320, 200);
/// Greatest width and height of a sheet in pixels.
pub const MOST: u32 = 16_384;

/// How a picture is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// In pixels, from [`LEAST`] to [`MOST`]; 1200 and as high as the channels need when nobody says.
    pub size: Option<(u32, u32)>,
    /// All channels in one size.
    pub alike: bool,
    /// What else is to be said under the title.
    pub notes: Vec<String>,
}

/// Lays out an excerpt.
#[must_use]
pub fn picture(excerpt: &Excerpt, options: &Options) -> Drawing {
    let channels = excerpt.samples.len().max(1) as f32;
    let width = options.size.map_or(1200, |(width, _)| width).clamp(LEAST.0, MOST);
    let said = said(excerpt, options, columns_of(width as f32 - 2.0 * EDGE));
    let (top, bottom) = (TOP + said.len().saturating_sub(1) as f32 * ROW, BOTTOM);
    let wanted = (SHEET / channels).clamp(CHANNEL.0, CHANNEL.1) * channels + top + bottom;
    let height = options.size.map_or(wanted.round() as u32, |(_, height)| height).clamp(LEAST.1, MOST);
    let ranges = ranges(excerpt, options.alike);
    let most = columns_of(width as f32 * LABELS - EDGE);
    let labels: Vec<String> = excerpt.labels.iter().map(|label| text::fit(label, LABEL.min(most), false)).collect();
    let size =
        |range: &Option<Range>| range.map_or_else(String::new, |range| text::quantity(range.span, &excerpt.shown.unit));
    let sizes: Vec<String> = ranges.iter().map(size).collect();
    let widest = |texts: &[String]| texts.iter().map(|t| text::width(t)).max().unwrap_or(0);
    let band = (height as f32 - top - bottom) / channels;
    // Under one another where there is room for it; beside one another where there is room for that.
    let under = band >= 2.0 * ROW;
    let both = if under { widest(&labels).max(widest(&sizes)) } else { widest(&labels) + 1 + widest(&sizes) };
    let sized = both <= most.max(LABEL / 2);
    let columns = if sized { both } else { widest(&labels) };
    let every = (APART / band).ceil().max(1.0) as usize;
    let left = EDGE + (columns + 1) as f32 * LETTER;
    let frame =
        Frame { left, right: width as f32 - EDGE, top, bottom: height as f32 - bottom, places: excerpt.places() };
    let mut shapes = Vec::new();
    title(&heading(excerpt), &said, width as f32, &mut shapes);
    frame.gaps(&excerpt.gaps, &mut shapes);
    frame.times(excerpt, sized, &mut shapes);
    for (c, samples) in excerpt.samples.iter().enumerate() {
        let colour = CHANNELS.get(c % CHANNELS.len()).copied().unwrap_or(BLACK);
        let (y0, y1) = (frame.band(c, channels), frame.band(c + 1, channels));
        let middle = (y0 + y1) / 2.0;
        let range = ranges.get(c).copied().flatten();
        let [label, size] = [&labels, &sizes].map(|texts| texts.get(c).cloned().unwrap_or_default());
        let x = left - LETTER;
        let half = if under && sized { ROW / 2.0 } else { 0.0 };
        let label_x = if under || !sized { x } else { x - (widest(&sizes) + 1) as f32 * LETTER };
        if c % every == 0 {
            shapes.push(Shape::Text { x: label_x, y: middle - half, anchor: Anchor::End, text: label, colour });
            if sized {
                shapes.push(Shape::Text { x, y: middle + half, anchor: Anchor::End, text: size, colour: GREY });
            }
        }
        if let Some(range) = range {
            frame.trace(samples, range, (y0, y1), colour, &mut shapes);
        }
        if c > 0 {
            shapes.push(Shape::Line { points: vec![(left, y0), (frame.right, y0)], width: 0.5, colour: GRID });
        }
    }
    frame.marks(&excerpt.marks, &mut shapes);
    frame.border(&mut shapes);
    Drawing { width, height, title: heading(excerpt), shapes }
}

/// Name, channels, rate, unit.
fn heading(excerpt: &Excerpt) -> String {
    let rate = excerpt.rate.map_or_else(|| "irregular rate".to_owned(), |rate| text::quantity(rate, "Hz"));
    let unit = if excerpt.shown.unit.is_empty() { String::new() } else { format!(", {}", excerpt.shown.unit) };
    text::fit(&format!("{}: {} \u{d7} {rate}{unit}", excerpt.name, count(excerpt.labels.len(), "channel")), 400, false)
}

/// Letters that so many pixels have room for.
fn columns_of(pixels: f32) -> usize {
    (pixels / LETTER).max(0.0) as usize
}

/// How long, until when, what is missing, and the notes: in lines of so many columns.
fn said(excerpt: &Excerpt, options: &Options, columns: usize) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(seconds) = excerpt.seconds() {
        let until = excerpt.times.last().map(|t| format!(" until {}", text::time_of_day(*t, excerpt.clock)));
        said.push(format!("{seconds:.3} s{}", until.unwrap_or_default()));
    } else {
        said.push(count(excerpt.len(), "frame"));
    }
    for (missing, what) in
        [(Missing::Overwritten, "overwritten before they were read"), (Missing::NotAcquired, "not acquired")]
    {
        let frames: u64 = excerpt.gaps.iter().filter(|gap| gap.missing == missing).map(|gap| gap.frames).sum();
        if frames > 0 {
            said.push(format!("{} {what}", count(frames, "frame")));
        }
    }
    said.extend(options.notes.iter().cloned());
    let mut lines = text::wrap(&said.join("; "), columns);
    if lines.len() > SAID {
        let rest = lines.split_off(SAID - 1).join(" ");
        lines.push(text::fit(&rest, columns, false));
    }
    lines
}

fn title(heading: &str, said: &[String], width: f32, shapes: &mut Vec<Shape>) {
    let lines = std::iter::once((heading, BLACK)).chain(said.iter().map(|line| (line.as_str(), GREY)));
    for (i, (line, colour)) in lines.enumerate() {
        let (y, text) = (EDGE + (i as f32 + 0.5) * ROW, text::fit(line, columns_of(width - 2.0 * EDGE), false));
        shapes.push(Shape::Text { x: EDGE, y, anchor: Anchor::Start, text, colour });
    }
}

/// The middle of a text of this length that is to be at `x`, so that all of it is between two edges.
fn within(x: f32, length: f32, (left, right): (f32, f32)) -> f32 {
    x.min(right - length / 2.0).max(left + length / 2.0)
}

/// What each channel's band shows; `None` of one that has no number.
fn ranges(excerpt: &Excerpt, alike: bool) -> Vec<Option<Range>> {
    let seen: Vec<Option<Envelope>> = excerpt
        .samples
        .iter()
        .map(|row| {
            let numbers = || row.iter().copied().filter(|x| x.is_finite());
            Some(Envelope { min: numbers().reduce(f64::min)?, max: numbers().reduce(f64::max)? })
        })
        .collect();
    let own = seen.iter().map(|e| e.map(|e| Range::following(None, e)));
    if !alike {
        return own.collect();
    }
    let span = own.flatten().map(|range| range.span).fold(0.0, f64::max);
    seen.iter().map(|e| e.map(|e| Range { center: f64::NAN, span }.centered(e))).collect()
}

/// The part of the sheet that the traces are on.
struct Frame {
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    /// When each frame was.
    places: Vec<f64>,
}

impl Frame {
    fn span(&self) -> (f64, f64) {
        let (first, last) = (self.places.first().copied().unwrap_or(0.0), self.places.last().copied().unwrap_or(0.0));
        (first, if last > first { last } else { first + 1.0 })
    }

    fn x(&self, place: f64) -> f32 {
        let (first, last) = self.span();
        self.left + ((place - first) / (last - first) * f64::from(self.right - self.left)) as f32
    }

    /// Of a frame, or of the last one before it whose time is known.
    fn x_of(&self, frame: u64) -> f32 {
        let last = self.places.len().saturating_sub(1);
        let known =
            self.places.iter().take(usize::try_from(frame).unwrap_or(last).min(last) + 1).rev().find(|p| p.is_finite());
        self.x(known.copied().unwrap_or(0.0))
    }

    /// Upper edge of a channel's band.
    fn band(&self, channel: usize, channels: f32) -> f32 {
        self.top + (self.bottom - self.top) * channel as f32 / channels
    }

    fn border(&self, shapes: &mut Vec<Shape>) {
        let (l, t, r, b) = (self.left, self.top, self.right, self.bottom);
        shapes.push(Shape::Line { points: vec![(l, t), (r, t), (r, b), (l, b), (l, t)], width: 1.0, colour: GREY });
    }

    /// Lines at round times, with the times under them.
    fn times(&self, excerpt: &Excerpt, sized: bool, shapes: &mut Vec<Shape>) {
        let (first, last) = self.span();
        let length = last - first;
        let timed = excerpt.rate.is_some() || !excerpt.times.is_empty();
        let width = f64::from(self.right - self.left).max(1.0);
        let step = step_above(length * (width / 3.0).clamp(TICKS.0, TICKS.1) / width);
        let y = self.bottom + ROW;
        for i in 0..=(length / step) as u32 {
            let place = -f64::from(i) * step;
            let x = self.x(place);
            let label = if timed { text::seconds(place, length) } else { format!("{place}") };
            let label = if i == 0 { "0".to_owned() } else { label };
            shapes.push(Shape::Line { points: vec![(x, self.top), (x, self.bottom + 5.0)], width: 1.0, colour: GRID });
            let anchor = if i == 0 { Anchor::End } else { Anchor::Middle };
            shapes.push(Shape::Text { x, y, anchor, text: label, colour: GREY });
        }
        let what = if timed { "time before the newest frame" } else { "frames before the newest" };
        // Where there is no room for all of it, the first part alone.
        let room = self.right - EDGE;
        let all = format!("{what}; at each label, the height of its band");
        let what = if sized && text::width(&all) <= columns_of(room) { all } else { what.to_owned() };
        let middle = within((self.left + self.right) / 2.0, text::width(&what) as f32 * LETTER, (EDGE, self.right));
        shapes.push(Shape::Text { x: middle, y: y + ROW, anchor: Anchor::Middle, text: what, colour: GREY });
    }

    /// Areas where frames are missing, at least two pixels wide, with how many.
    fn gaps(&self, gaps: &[Gap], shapes: &mut Vec<Shape>) {
        let mut free = f32::MIN;
        for gap in gaps {
            let (from, to) = (self.x_of(gap.place.saturating_sub(1)), self.x_of(gap.place + gap.frames));
            let width = (to - from).max(2.0);
            shapes.push(Shape::Area { x: from, y: self.top, width, height: self.bottom - self.top, colour: MISSING });
            let text = format!("{} missing", gap.frames);
            let length = text.len() as f32 * LETTER;
            let middle = within(from + width / 2.0, length, (self.left, self.right));
            // Not over one another: each is counted in the title.
            if middle - length / 2.0 > free {
                free = middle + length / 2.0 + LETTER;
                let y = self.top - ROW / 2.0;
                shapes.push(Shape::Text { x: middle, y, anchor: Anchor::Middle, text, colour: ALARM });
            }
        }
    }

    /// Lines with a text.
    fn marks(&self, marks: &[Mark], shapes: &mut Vec<Shape>) {
        let rows = ((self.bottom - self.top) / ROW).max(1.0) as usize;
        for (i, mark) in marks.iter().enumerate() {
            let x = self.x_of(mark.place);
            shapes.push(Shape::Line { points: vec![(x, self.top), (x, self.bottom)], width: 1.5, colour: MARK });
            let (left, y) = (x + LETTER / 2.0, self.top + ((i % rows) as f32 + 0.5) * ROW);
            let columns = ((self.right - left) / LETTER).max(0.0) as usize;
            let text = text::fit(&mark.text, columns, false);
            shapes.push(Shape::Text { x: left, y, anchor: Anchor::Start, text, colour: MARK });
        }
    }

    /// A line through the samples, with a break where one is missing; where there are many, least and greatest of each pixel.
    fn trace(&self, samples: &[f64], range: Range, (y0, y1): (f32, f32), colour: Rgb, shapes: &mut Vec<Shape>) {
        let at = |place: f64, value: f64| (self.x(place), y1 - (range.place(value).clamp(0.0, 1.0) as f32) * (y1 - y0));
        let (first, last) = self.span();
        let pixels = f64::from(self.right - self.left).max(1.0);
        let pixel = |place: f64| ((place - first) / (last - first) * pixels) as u64;
        let mut points = Vec::new();
        let mut column: Vec<(f64, f64)> = Vec::new();
        let mut end = |points: &mut Vec<(f32, f32)>| match points.len() {
            0 => {}
            1 => {
                // A sample alone is a dot.
                let (x, y) = points.first().copied().unwrap_or_default();
                *points = vec![(x - 0.5, y), (x + 0.5, y)];
                shapes.push(Shape::Line { points: std::mem::take(points), width: 1.0, colour });
            }
            _ => shapes.push(Shape::Line { points: std::mem::take(points), width: 1.0, colour }),
        };
        let flush = |column: &mut Vec<(f64, f64)>, points: &mut Vec<(f32, f32)>| {
            points.extend(extremes(column).into_iter().map(|(place, value)| at(place, value)));
            column.clear();
        };
        for (place, value) in self.places.iter().copied().zip(samples.iter().copied()) {
            if !value.is_finite() || !place.is_finite() {
                flush(&mut column, &mut points);
                end(&mut points);
                continue;
            }
            if column.first().is_some_and(|(before, _)| pixel(*before) != pixel(place)) {
                flush(&mut column, &mut points);
            }
            column.push((place, value));
        }
        flush(&mut column, &mut points);
        end(&mut points);
    }
}

/// The points of a pixel's column that make the same line as all of them: first, least, greatest and last, in their order.
fn extremes(column: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if column.len() <= 4 {
        return column.to_vec();
    }
    let index = |better: fn(f64, f64) -> bool| {
        let pick = |best: usize, i: usize| {
            let value = |i: usize| column.get(i).map_or(f64::NAN, |(_, v)| *v);
            if better(value(i), value(best)) { i } else { best }
        };
        (0..column.len()).fold(0, pick)
    };
    let mut kept = vec![0, index(|a, b| a < b), index(|a, b| a > b), column.len() - 1];
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().filter_map(|i| column.get(i).copied()).collect()
}

#[cfg(test)]
mod tests;
