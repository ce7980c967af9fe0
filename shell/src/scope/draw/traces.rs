//! Channels under one another over time, with their labels, what is missing and what was marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Picture, Scene, put, text, write, write_at};
use crate::scope::canvas::Canvas;
use crate::scope::history::Envelope;
use crate::scope::scale::{Range, step_above};
use crate::scope::{Missing, Sizes, Source};

/// Columns of labels at least and at most.
const LABELS: (usize, usize) = (4, 14);
/// Columns from one time to the next on the axis.
const TICKS: f64 = 10.0;

/// Which part of the stream the columns of dots are.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// Number of the first column of dots, counted from place 0.
    first: u64,
    /// Columns of dots.
    columns: usize,
    /// Frames of a column.
    frames: f64,
    /// Place behind the last frame in the picture.
    end: f64,
    /// Dots across a cell.
    dots: usize,
}

impl Window {
    /// Columns lie at whole multiples of their length, so that a running picture moves by columns and does not shimmer.
    fn new(scene: &Scene<'_>, cells: u16) -> Option<Self> {
        let (source, history) = (scene.signals.source()?, scene.signals.history()?);
        let dots = scene.theme.symbols.dots().0;
        let columns = usize::from(cells) * dots;
        let all = scene.view.frames(source.rate);
        let frames = all / columns.max(1) as f64;
        let end = (history.end() as f64 - scene.view.back * all).max(0.0);
        let first = ((end / frames).ceil() as u64).saturating_sub(columns as u64);
        Some(Self { first, columns, frames, end, dots })
    }

    /// The cell that a place is in, counted from the left edge; negative before it.
    fn cell(&self, place: f64) -> f64 {
        ((place / self.frames).floor() - self.first as f64) / self.dots as f64
    }

    /// The cells that a gap takes, at least one; `None` when it is not in the picture.
    fn cells(&self, from: u64, frames: u64, width: u16) -> Option<(u16, u16)> {
        let (begin, end) = (self.cell(from as f64).floor(), self.cell((from + frames) as f64).ceil());
        let seen = end > 0.0 && begin < f64::from(width) && (from as f64) < self.end;
        seen.then(|| (begin.max(0.0) as u16, end.max(begin + 1.0).min(width.into()) as u16))
    }
}

/// Traces, labels and time axis.
pub(super) fn draw(picture: &mut Picture, scene: &Scene<'_>, area: Rect, axis: Rect, buffer: &mut Buffer) {
    let Some(source) = scene.signals.source() else { return };
    let channels = page(picture, scene, source, area.height);
    let bands = channels.len().max(1) as u16;
    // Sizes have a row of their own.
    let with_sizes = scene.view.sizes == Sizes::Each && area.height / bands >= 2;
    let left = labels_width(source, &channels, with_sizes, scene, area.width);
    let inner = Rect { x: area.x + left, width: area.width - left, ..area };
    let Some(window) = Window::new(scene, inner.width) else { return };
    picture.ranges.resize(source.labels.len(), None);
    let traces: Vec<(usize, Vec<Option<Envelope>>)> =
        channels.iter().map(|&c| (c, scene.signals.trace(c, window.first, window.columns, window.frames))).collect();
    rescale(picture, scene, &traces);
    picture.sizes_are_shown = with_sizes;
    // All alike is all of one height, too.
    let height = if scene.view.sizes == Sizes::Each { inner.height } else { inner.height / bands * bands };
    for (i, (channel, trace)) in traces.iter().enumerate() {
        let edge = |i: usize| inner.y + (i as u32 * u32::from(height) / u32::from(bands)) as u16;
        let band = Rect { y: edge(i), height: edge(i + 1) - edge(i), ..inner };
        let range = picture.ranges.get(*channel).copied().flatten();
        label(scene, source, *channel, range, Rect { x: area.x, width: left, ..band }, buffer);
        if let Some(range) = range {
            let mut canvas = Canvas::new(scene.theme.symbols, band.width, band.height);
            line(&mut canvas, trace, &range);
            canvas.draw(band, scene.theme.channel(*channel), buffer);
        }
    }
    gaps(scene, &window, inner, buffer);
    let axis = Rect { x: inner.x, width: inner.width, ..axis };
    ticks(scene, source, &window, axis, buffer);
    gap_counts(scene, &window, axis, buffer);
    marks(scene, &window, inner, buffer);
}

/// The channels of the page on which the selected one is.
fn page(picture: &mut Picture, scene: &Scene<'_>, source: &Source, rows: u16) -> Vec<usize> {
    let shown = scene.view.shown(source.labels.len());
    let page = scene.view.page.unwrap_or(usize::MAX).min(shown.len()).min(rows.into()).max(1);
    picture.page = page;
    let selected = shown.iter().position(|c| *c >= scene.view.selected).unwrap_or(0);
    // The last page is a full one, too.
    let first = (selected / page * page).min(shown.len().saturating_sub(page));
    picture.first = first;
    shown.into_iter().skip(first).take(page).collect()
}

/// Columns that labels take, with a space behind them.
fn labels_width(source: &Source, channels: &[usize], with_sizes: bool, scene: &Scene<'_>, columns: u16) -> u16 {
    let label = |c: &usize| {
        source.labels.get(*c).map_or(0, |label| text::width(&text::fit(label, LABELS.1, scene.theme.ascii())))
    };
    let longest = channels.iter().map(label).max().unwrap_or(0);
    let sizes = if with_sizes { 8 } else { 0 };
    // A marker before, a space behind.
    let wanted = longest.max(sizes).clamp(LABELS.0, LABELS.1) + 2;
    (wanted as u16).min(columns / 4)
}

/// Follows the signals, as far as sizes are automatic.
fn rescale(picture: &mut Picture, scene: &Scene<'_>, traces: &[(usize, Vec<Option<Envelope>>)]) {
    let seen = |trace: &[Option<Envelope>]| {
        trace.iter().flatten().copied().reduce(|a, b| Envelope { min: a.min.min(b.min), max: a.max.max(b.max) })
    };
    let seen: Vec<(usize, Envelope)> = traces.iter().filter_map(|(c, trace)| Some((*c, seen(trace)?))).collect();
    let following =
        |picture: &Picture, c: usize, e: Envelope| Range::following(picture.ranges.get(c).copied().flatten(), e);
    let span = match scene.view.sizes {
        Sizes::Each => None,
        Sizes::Fixed(span) => Some(span),
        // As large as the tallest needs, from what each would have by itself.
        Sizes::Alike => {
            let before = picture.span;
            let tallest = seen.iter().map(|(_, e)| e.max - e.min).fold(0.0, f64::max);
            let before = before.map(|span| Range { center: 0.0, span });
            Some(Range::following(before, Envelope { min: -tallest / 2.0, max: tallest / 2.0 }).span)
        }
    };
    for (c, envelope) in seen {
        let range = match span {
            None => following(picture, c, envelope),
            Some(span) => {
                let center = picture.ranges.get(c).copied().flatten().map_or(f64::NAN, |range| range.center);
                Range { center, span }.centered(envelope)
            }
        };
        if let Some(at) = picture.ranges.get_mut(c) {
            *at = Some(range);
        }
        if c == scene.view.selected || span.is_some() || picture.span.is_none() {
            picture.span = Some(range.span);
        }
    }
}

/// Its name, and where there is a row for it, from edge to edge of its band.
fn label(scene: &Scene<'_>, source: &Source, channel: usize, range: Option<Range>, at: Rect, buffer: &mut Buffer) {
    if at.is_empty() {
        return;
    }
    let selected = channel == scene.view.selected;
    let style = scene.theme.channel(channel);
    let style = if selected { style.add_modifier(Modifier::REVERSED | Modifier::BOLD) } else { style };
    let with_size = at.height >= 2 && scene.view.sizes == Sizes::Each;
    let row = Rect {
        y: at.y + (at.height - 1 - u16::from(with_size)) / 2,
        height: 1,
        width: at.width.saturating_sub(1),
        ..at
    };
    let name = source.labels.get(channel).map_or("", String::as_str);
    // Said without a style as well: in a copied text, nothing is reversed.
    let marker = if selected { ">" } else { " " };
    let taken = write(buffer, row, marker, Style::new(), scene.theme);
    write_at(buffer, row, taken, name, style, scene.theme);
    if let Some(range) = range.filter(|_| with_size) {
        let size = text::quantity(range.span, &source.shown.unit);
        // A part of it would be another size.
        let fits = usize::from(row.width) > text::width(&size);
        let size = if fits { size.as_str() } else { "" };
        write_at(buffer, Rect { y: row.y + 1, ..row }, taken, size, scene.theme.dim(), scene.theme);
    }
}

/// A line through the columns, each from least to greatest and on to the one before.
fn line(canvas: &mut Canvas, trace: &[Option<Envelope>], range: &Range) {
    let rows = canvas.size().1;
    let row = |value: f64| {
        let from_top = (1.0 - range.place(value)) * rows as f64;
        // What is outside is at the edge.
        (from_top.floor().max(0.0) as usize).min(rows.saturating_sub(1))
    };
    let mut before: Option<(usize, usize)> = None;
    for (x, envelope) in trace.iter().enumerate() {
        let Some(envelope) = envelope else {
            before = None;
            continue;
        };
        let (mut top, mut bottom) = (row(envelope.max), row(envelope.min));
        let own = (top, bottom);
        if let Some((before_top, before_bottom)) = before {
            top = top.min(before_bottom + 1);
            bottom = bottom.max(before_top.saturating_sub(1));
        }
        canvas.column(x, top, bottom);
        before = Some(own);
    }
}

/// Where frames are missing: in every band, at least a column.
fn gaps(scene: &Scene<'_>, window: &Window, area: Rect, buffer: &mut Buffer) {
    let (ascii, alarm) = (scene.theme.ascii(), scene.theme.alarm());
    for gap in scene.signals.gaps() {
        let Some((from, to)) = window.cells(gap.place, gap.frames, area.width) else { continue };
        let held = gap.missing == Missing::Held;
        let style = if held { scene.theme.dim() } else { alarm.remove_modifier(Modifier::REVERSED) };
        let symbol = match (ascii, held) {
            (true, false) => '#',
            (true, true) => '.',
            (false, false) => '\u{2591}',
            (false, true) => '\u{b7}',
        };
        for y in area.y..area.bottom() {
            (from..to).for_each(|x| put(buffer, area.x + x, y, symbol, style));
        }
    }
}

/// How many frames are missing, under each gap.
fn gap_counts(scene: &Scene<'_>, window: &Window, axis: Rect, buffer: &mut Buffer) {
    for gap in scene.signals.gaps() {
        let Some((from, _)) = window.cells(gap.place, gap.frames, axis.width) else { continue };
        let what = match gap.missing {
            Missing::Overwritten => "missed",
            Missing::NotAcquired => "not acquired",
            Missing::Held => "held",
        };
        let style = if gap.missing == Missing::Held { scene.theme.dim() } else { scene.theme.alarm() };
        let taken = write_at(buffer, axis, from, &format!("{what} {} ", gap.frames), style, scene.theme);
        // No part of a time that it covers is left.
        let covered = |x: &u16| buffer.cell((*x, axis.y)).is_some_and(|cell| cell.symbol() != " ");
        let behind: Vec<u16> = (axis.x + from + taken..axis.right()).take_while(covered).collect();
        let before: Vec<u16> = (axis.x..axis.x + from).rev().take_while(covered).collect();
        behind.into_iter().chain(before).for_each(|x| put(buffer, x, axis.y, ' ', Style::new()));
    }
}

/// A line with a text for each mark.
fn marks(scene: &Scene<'_>, window: &Window, area: Rect, buffer: &mut Buffer) {
    let (symbol, style) = (if scene.theme.ascii() { '!' } else { '\u{2502}' }, scene.theme.mark());
    for (i, mark) in scene.signals.marks().enumerate() {
        let Some((x, _)) = window.cells(mark.place, 0, area.width) else { continue };
        (area.y..area.bottom()).for_each(|y| put(buffer, area.x + x, y, symbol, style));
        // Neighbours do not hide one another's texts.
        let row = Rect { y: area.y + (i as u16) % area.height.max(1), height: area.height.min(1), ..area };
        write_at(buffer, row, x + 1, &mark.text, style.add_modifier(Modifier::REVERSED), scene.theme);
    }
}

/// Times before the newest frame, or frames before it.
fn ticks(scene: &Scene<'_>, source: &Source, window: &Window, axis: Rect, buffer: &mut Buffer) {
    let rate = source.rate.unwrap_or(1.0);
    let newest = scene.signals.history().map_or(0.0, |h| h.end() as f64);
    let cells = f64::from(axis.width).max(1.0);
    let step = step_above(scene.view.window(source.rate) * TICKS / cells);
    let right = (newest - window.end) / rate;
    let first = (right / step).ceil();
    for i in 0..axis.width {
        let before = (first + f64::from(i)) * step;
        let cell = window.cell(newest - before * rate - 0.5).floor();
        if cell < 0.0 {
            break;
        }
        let tick = if source.rate.is_some() {
            text::seconds(-before, scene.view.window(source.rate))
        } else {
            format!("{}", -before)
        };
        let tick = if before == 0.0 { "0".to_owned() } else { tick };
        let length = text::width(&tick);
        // The last column of a label is where its time is.
        let Some(column) = (cell as usize + 1).checked_sub(length) else { continue };
        if column + length <= axis.width.into() {
            write_at(buffer, axis, column as u16, &tick, scene.theme.dim(), scene.theme);
        }
    }
}
