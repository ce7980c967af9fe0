//! Title, health, keys, and what is said while there is nothing to draw.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::{Picture, Scene, link, text, write, write_at};
use crate::sample::fixed;
use crate::scope::keys::KEYS;
use crate::scope::{Link, Sizes};

/// Between two things on a line.
const BETWEEN: &str = " \u{b7} ";

/// Name, channels, rate, unit, time, size, filters.
pub(super) fn title(scene: &Scene<'_>, picture: &Picture, row: Rect, buffer: &mut Buffer) {
    let span = picture.span;
    let (view, theme) = (scene.view, scene.theme);
    let style = if theme.colour { Style::new() } else { Style::new().add_modifier(Modifier::BOLD) };
    let mut parts = vec![scene.name.to_owned()];
    if view.paused {
        // First of all: what stands still is not what is.
        let held = if view.back > 0.0 { "HELD, earlier" } else { "HELD" };
        parts.insert(0, held.to_owned());
    }
    if let Some(source) = scene.signals.source() {
        let shown = source.labels.len();
        let of = if shown < source.channels { format!(" of {}", source.channels) } else { String::new() };
        let rate = source.rate.map_or_else(|| "irregular".to_owned(), |rate| text::quantity(rate, "Hz"));
        let all = scene.view.shown(shown).len();
        let page = match picture.first + picture.page {
            last if picture.page < all && !view.spectrum => format!(" ({}-{last} here)", picture.first + 1),
            _ => String::new(),
        };
        parts.push(format!("{shown}{of} ch{page} \u{d7} {rate}"));
        match (view.sizes, view.spectrum) {
            (_, true) => parts.push(format!("spectrum, {}/\u{221a}Hz", unit(&source.shown.unit))),
            (Sizes::Each, _) if picture.sizes_are_shown => parts.push("auto each".to_owned()),
            (Sizes::Each, _) => {
                // Of one there is room to say it.
                let label = source.labels.get(view.selected).map_or("", String::as_str);
                let size = span.map(|span| format!(", {label} {}", text::quantity(span, &source.shown.unit)));
                parts.push(format!("auto each{}", size.unwrap_or_default()));
            }
            (Sizes::Alike, _) => {
                parts.push(format!("auto, {} a band", text::quantity(span.unwrap_or_default(), &source.shown.unit)));
            }
            (Sizes::Fixed(span), _) => parts.push(format!("{} a band", text::quantity(span, &source.shown.unit))),
        }
        if !scene.signals.filters().is_off() {
            parts.push(scene.signals.filters().to_string());
        }
    }
    let taken = write(buffer, row, &format!(" {} ", parts.join(BETWEEN)), style, theme);
    let all = Rect { width: if view.paused { taken } else { 0 }, ..row };
    buffer.set_style(all, Style::new().add_modifier(Modifier::REVERSED));
}

/// What a unit is called where nobody says.
pub(super) fn unit(unit: &str) -> &str {
    if unit.is_empty() { "1" } else { unit }
}

/// Writer, what is missing, rate, jitter: what matters most comes first.
pub(super) fn health(scene: &Scene<'_>, row: Rect, buffer: &mut Buffer) {
    let (health, theme) = (scene.health, scene.theme);
    let (_, overwritten, not_acquired) = scene.signals.counts();
    let (link, good) = link(health);
    let mut parts = vec![(link, good), (format!("missed {overwritten}"), overwritten == 0)];
    if let Some(s) = scene.idle_s.filter(|_| good) {
        parts.insert(1, (format!("no frame for {s:.0} s"), false));
    }
    if not_acquired > 0 {
        parts.push((format!("not acquired {not_acquired}"), false));
    }
    match health.lost {
        Some(lost) => parts.push((format!("lost {lost}"), lost == 0)),
        None if health.link == Link::Unknown => parts.push(("torn reads possible".to_owned(), true)),
        None => {}
    }
    match (health.rate, scene.arrivals) {
        (Some(rate), _) => parts.push((format!("{} Hz", fixed(rate, 2)), true)),
        (None, Some(rate)) => parts.push((format!("{rate:.1} Hz arrive"), true)),
        (None, None) => {}
    }
    if let Some(jitter) = health.jitter_s {
        parts.push((format!("jitter {}", text::quantity(jitter, "s")), true));
    }
    if health.bad > 0 {
        parts.push((format!("bad frames {}", health.bad), false));
    }
    if health.electrodes_off > 0 {
        parts.push((format!("electrodes off {}", health.electrodes_off), false));
    }
    parts.extend(scene.signals.newest().map(|time| (time, true)));
    let mut at = 1;
    for (i, (part, good)) in parts.iter().enumerate() {
        // A part of a number would be another one.
        let needed = text::width(part) + if i > 0 { text::width(BETWEEN) } else { 0 };
        if i > 0 && usize::from(at) + needed > usize::from(row.width) {
            break;
        }
        if i > 0 {
            at += write_at(buffer, row, at, BETWEEN, theme.dim(), theme);
        }
        at += write_at(buffer, row, at, part, if *good { Style::new() } else { theme.alarm() }, theme);
    }
}

/// As many keys as fit, or what the last one could not do.
pub(super) fn keys(scene: &Scene<'_>, row: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    if let Some(message) = scene.message {
        write_at(buffer, row, 1, message, theme.alarm(), theme);
        return;
    }
    let mut at = 1;
    for key in KEYS.iter().filter(|key| !key.short.is_empty()) {
        let length = (key.name.len() + key.short.len() + 3) as u16;
        if at + length > row.width + 2 {
            break;
        }
        at += write_at(buffer, row, at, key.name, Style::new().add_modifier(Modifier::BOLD), theme);
        at += 1 + write_at(buffer, row, at + 1, key.short, theme.dim(), theme);
        at += 2;
    }
}

/// What is waited for.
pub(super) fn waiting(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let text = match scene.health.link {
        Link::Absent => format!("waiting for the stream {}", scene.name),
        Link::Gone => format!("{} has no writer; waiting for one", scene.name),
        _ => format!("{} is there; waiting for frames", scene.name),
    };
    let text = text::fit(&text, area.width.into(), scene.theme.ascii());
    let left = (usize::from(area.width) - text::width(&text)) / 2;
    let row = Rect { y: area.y + area.height / 2, height: area.height.min(1), ..area };
    write_at(buffer, row, left as u16, &text, Style::new(), scene.theme);
}
