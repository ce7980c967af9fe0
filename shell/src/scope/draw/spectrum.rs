//! The spectrum of the selected channel: amplitude spectral density over frequency, in decades.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::lines::unit;
use super::{Scene, text, write, write_at};
use crate::count::count;
use crate::scope::canvas::Canvas;
use crate::scope::scale::step_above;
use crate::scope::spectrum::Spectrum;

/// Columns of the vertical axis.
const LEFT: u16 = 10;
/// Decades that are shown at least and at most.
const DECADES: (f64, f64) = (2.0, 6.0);
/// Columns from one frequency to the next.
const TICKS: f64 = 10.0;

/// The spectrum, and its frequencies below it.
pub(super) fn draw(scene: &Scene<'_>, area: Rect, axis: Rect, buffer: &mut Buffer) {
    let Some(source) = scene.signals.source() else { return };
    let channel = scene.view.selected;
    let theme = scene.theme;
    let (head, plot) = (Rect { height: area.height.min(1), ..area }, shrunk(area));
    let label = source.labels.get(channel).map_or("", String::as_str);
    let end = scene.signals.history().map_or(0, |h| h.end());
    let end = end.saturating_sub((scene.view.back * scene.view.frames(source.rate)) as u64);
    let Some(spectrum) = scene.signals.spectrum(channel, end) else {
        let why =
            if source.rate.is_none() { "no spectrum: the rate is irregular" } else { "too few frames in a row yet" };
        write(buffer, head, &format!(" {label}: {why}"), Style::new(), theme);
        return;
    };
    let peak = spectrum.peak().map_or_else(String::new, |peak| {
        format!(
            ", peak {} with amplitude {}",
            text::quantity(peak.hz, "Hz"),
            text::quantity(peak.amplitude, &source.shown.unit)
        )
    });
    let pieces = format!("{}, {} apart", count(spectrum.pieces, "piece"), text::quantity(spectrum.step_hz, "Hz"));
    write(buffer, head, &format!(" {label}{peak} ({pieces})"), theme.channel(channel), theme);
    let highest_hz = source.rate.unwrap_or(0.0) / 2.0 / f64::from(1_u32 << scene.view.halvings);
    let Some((bottom, top)) = decades(&spectrum) else { return };
    for decade in 0..=(top - bottom) as u16 {
        let part = f64::from(decade) / (top - bottom);
        let row = Rect {
            y: plot.y + (part * f64::from(plot.height.saturating_sub(1))).round() as u16,
            height: plot.height.min(1),
            x: area.x,
            width: LEFT.min(area.width),
        };
        let value = text::quantity(10_f64.powf(top - f64::from(decade)), unit(&source.shown.unit));
        write_at(buffer, row, (LEFT - 1).saturating_sub(text::width(&value) as u16), &value, theme.dim(), theme);
    }
    let mut canvas = Canvas::new(theme.symbols, plot.width, plot.height);
    let (columns, rows) = canvas.size();
    for x in 0..columns {
        if let Some(density) =
            strongest(&spectrum, highest_hz * x as f64 / columns as f64, highest_hz * (x + 1) as f64 / columns as f64)
        {
            let part = (top - density.log10()) / (top - bottom);
            if part < 1.0 {
                canvas.column(x, (part.max(0.0) * rows as f64) as usize, rows);
            }
        }
    }
    canvas.draw(plot, theme.channel(channel), buffer);
    ticks(scene, highest_hz, Rect { x: plot.x, width: plot.width, ..axis }, buffer);
}

/// Without the head and the vertical axis.
fn shrunk(area: Rect) -> Rect {
    let (left, head) = (LEFT.min(area.width), area.height.min(1));
    Rect { x: area.x + left, y: area.y + head, width: area.width - left, height: area.height - head }
}

/// From and to which power of ten; `None` when there is nothing.
fn decades(spectrum: &Spectrum) -> Option<(f64, f64)> {
    // The bins beside 0 Hz are of the mean that was taken out.
    let bins = || spectrum.density.iter().skip(2).copied().filter(|d| *d > 0.0);
    let top = bins().reduce(f64::max)?.log10().ceil();
    let least = bins().reduce(f64::min)?.log10().floor();
    Some((least.clamp(top - DECADES.1, top - DECADES.0), top))
}

/// The highest bin between two frequencies, or the nearest one where they have none between them.
fn strongest(spectrum: &Spectrum, from: f64, to: f64) -> Option<f64> {
    let (from, to) = (from / spectrum.step_hz, to / spectrum.step_hz);
    let (first, last) = (from.ceil() as usize, (to.ceil() as usize).saturating_sub(1));
    if first > last {
        return spectrum.density.get(from.round() as usize).copied();
    }
    spectrum.density.get(first..=last.min(spectrum.density.len() - 1))?.iter().copied().reduce(f64::max)
}

fn ticks(scene: &Scene<'_>, highest_hz: f64, axis: Rect, buffer: &mut Buffer) {
    let step = step_above(highest_hz * TICKS / f64::from(axis.width).max(1.0));
    for i in 0..axis.width {
        let hz = f64::from(i) * step;
        if hz >= highest_hz {
            break;
        }
        let (column, tick) = ((hz / highest_hz * f64::from(axis.width)) as u16, text::quantity(hz, "Hz"));
        if usize::from(column) + text::width(&tick) <= axis.width.into() {
            write_at(buffer, axis, column, &tick, scene.theme.dim(), scene.theme);
        }
    }
}
