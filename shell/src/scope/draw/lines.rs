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

/// A part of the health line.
struct Part {
    text: String,
    good: bool,
    /// Where there is no room for all, those with the least stay.
    rank: u8,
}

/// Bad news stays longest, and of it what says that nothing comes any more; what is as it should be goes first.
mod rank {
    pub(super) const LINK: u8 = 0;
    pub(super) const IDLE: u8 = 1;
    pub(super) const MISSING: u8 = 2;
    pub(super) const BAD: u8 = 3;
    pub(super) const ALIVE: u8 = 10;
    pub(super) const RATE: u8 = 11;
    pub(super) const JITTER: u8 = 12;
    pub(super) const NONE_LOST: u8 = 13;
    pub(super) const NONE_MISSED: u8 = 14;
    pub(super) const TIME: u8 = 15;
}

/// Writer, what is missing, rate, jitter, always in this order.
pub(super) fn health(scene: &Scene<'_>, row: Rect, buffer: &mut Buffer) {
    let theme = scene.theme;
    let parts = with_room(health_parts(scene), row.width.into());
    let mut at = 1;
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            at += write_at(buffer, row, at, BETWEEN, theme.dim(), theme);
        }
        let style = if part.good { Style::new() } else { theme.alarm() };
        at += write_at(buffer, row, at, &part.text, style, theme);
    }
}

fn health_parts(scene: &Scene<'_>) -> Vec<Part> {
    let health = scene.health;
    let (_, overwritten, not_acquired) = scene.signals.counts();
    let mut parts = Vec::new();
    let mut say = |text: String, good: bool, rank: u8| parts.push(Part { text, good, rank });
    let missing = |n: u64, none: u8| if n == 0 { none } else { rank::MISSING };
    let (link, good) = link(health);
    say(link, good, if good { rank::ALIVE } else { rank::LINK });
    if let Some(s) = scene.idle_s.filter(|_| good) {
        say(format!("no frame for {s:.0} s"), false, rank::IDLE);
    }
    // Of a stream that has not been there nothing is counted.
    let is_seen = scene.signals.source().is_some();
    if is_seen {
        say(format!("missed {overwritten}"), overwritten == 0, missing(overwritten, rank::NONE_MISSED));
    }
    if not_acquired > 0 {
        say(format!("not acquired {not_acquired}"), false, rank::MISSING);
    }
    match health.lost {
        Some(lost) => say(format!("lost {lost}"), lost == 0, missing(lost, rank::NONE_LOST)),
        None if health.link == Link::Unknown => say("torn reads possible".to_owned(), true, rank::NONE_MISSED),
        None => {}
    }
    match (health.rate, scene.arrivals.filter(|_| is_seen)) {
        (Some(rate), _) => say(format!("{} Hz", fixed(rate, 2)), true, rank::RATE),
        (None, Some(rate)) => say(format!("{rate:.1} Hz arrive"), true, rank::RATE),
        (None, None) => {}
    }
    if let Some(jitter) = health.jitter_s {
        say(format!("jitter {}", text::quantity(jitter, "s")), true, rank::JITTER);
    }
    if health.bad > 0 {
        say(format!("bad frames {}", health.bad), false, rank::BAD);
    }
    if health.electrodes_off > 0 {
        say(format!("electrodes off {}", health.electrodes_off), false, rank::BAD);
    }
    if let Some(time) = scene.signals.newest() {
        say(time, true, rank::TIME);
    }
    parts
}

/// Those that a row of so many columns has room for, whole: a part of a number would be another one. At least one.
fn with_room(mut parts: Vec<Part>, columns: usize) -> Vec<Part> {
    let needed = |parts: &[Part]| {
        1 + parts.iter().map(|part| text::width(&part.text) + text::width(BETWEEN)).sum::<usize>()
            - text::width(BETWEEN)
    };
    while parts.len() > 1 && needed(&parts) > columns {
        // Of equal ones the last.
        let least = parts.iter().enumerate().max_by_key(|(i, part)| (part.rank, *i)).map_or(0, |(i, _)| i);
        parts.remove(least);
    }
    parts
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
