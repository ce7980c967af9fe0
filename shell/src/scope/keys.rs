//! What each key does: the one list that the scope obeys, its help shows and the manual prints.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// End.
    Quit,
    /// Show or hide the keys.
    Help,
    /// Hide the keys, and nothing else: a slow line tears arrow keys apart, and what comes first of them is an Esc.
    Back,
    /// Hold the picture, or let it run.
    Pause,
    /// Less time, or less of the spectrum, in the same width.
    Shorter,
    /// More of it.
    Longer,
    /// While it is held: earlier.
    Earlier,
    /// While it is held: later.
    Later,
    /// The same signal drawn larger.
    Larger,
    /// Drawn smaller.
    Smaller,
    /// Another way to choose sizes.
    Auto,
    /// The channel before.
    Previous,
    /// The channel behind.
    Next,
    /// Channels before those on the page.
    PageUp,
    /// Channels behind those on the page.
    PageDown,
    /// The selected channel alone, or all again.
    Alone,
    /// Hide the selected channel.
    Hide,
    /// Show all channels.
    ShowAll,
    /// Fewer channels on a page.
    Fewer,
    /// More channels on a page.
    More,
    /// DC removal on or off.
    Dc,
    /// Notch: off, 50 Hz, 60 Hz.
    Notch,
    /// Band-pass: off and some bands.
    Band,
    /// Spectrum of the selected channel, or traces.
    Spectrum,
    /// All as it was at the start.
    Reset,
}

/// A line of the list.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is called.
    pub name: &'static str,
    /// In a word or two; empty where the line of keys has no room for it.
    pub short: &'static str,
    /// In a sentence.
    pub meaning: &'static str,
}

/// All keys, those that a line shows first in its order.
pub const KEYS: [Key; 16] = [
    Key { name: "q", short: "quit", meaning: "quit (Ctrl-C)" },
    Key { name: "?", short: "keys", meaning: "show or hide this list (h; Esc hides it); up and down scroll it" },
    Key { name: "space", short: "pause", meaning: "hold the picture; reading goes on, and what is lost is counted" },
    Key { name: "[ ]", short: "time", meaning: "less or more time; of a spectrum, less or more frequencies" },
    Key { name: "+ -", short: "size", meaning: "draw larger or smaller, all channels alike" },
    Key { name: "a", short: "auto", meaning: "autoscale: each channel, all alike, or off" },
    Key { name: "up down", short: "channel", meaning: "select a channel (k j)" },
    Key { name: "f", short: "spectrum", meaning: "spectrum of the selected channel, or traces" },
    Key { name: "d", short: "DC", meaning: "remove what is slower than 0.5 Hz, or not" },
    Key { name: "n", short: "notch", meaning: "notch: 50 Hz, 60 Hz, off" },
    Key { name: "b", short: "band", meaning: "band-pass: that of --band, 1-40, 8-13, 0.5-100, 20-450 Hz, off" },
    Key { name: "Enter", short: "alone", meaning: "the selected channel alone, or all again" },
    Key { name: "x s", short: "hide", meaning: "x hides the selected channel, s shows all" },
    Key { name: "PgUp PgDn", short: "", meaning: "channels of the page before or behind" },
    Key { name: "{ }", short: "", meaning: "fewer or more channels on a page" },
    Key { name: "left right", short: "", meaning: "while held: earlier or later; r: all as it was at the start" },
];

/// What a key asks for; nothing when it is none of ours.
#[must_use]
pub fn command(key: &KeyEvent) -> Option<Command> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'C' | 'd' | 'q')).then_some(Command::Quit);
    }
    Some(match key.code {
        KeyCode::Char('q' | 'Q') => Command::Quit,
        KeyCode::Esc => Command::Back,
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => Command::Help,
        KeyCode::Char(' ') => Command::Pause,
        KeyCode::Char('[') => Command::Shorter,
        KeyCode::Char(']') => Command::Longer,
        KeyCode::Left => Command::Earlier,
        KeyCode::Right => Command::Later,
        // Without shift, too.
        KeyCode::Char('+' | '=') => Command::Larger,
        KeyCode::Char('-' | '_') => Command::Smaller,
        KeyCode::Char('a') => Command::Auto,
        KeyCode::Up | KeyCode::Char('k') => Command::Previous,
        KeyCode::Down | KeyCode::Char('j') => Command::Next,
        KeyCode::PageUp => Command::PageUp,
        KeyCode::PageDown => Command::PageDown,
        KeyCode::Enter => Command::Alone,
        KeyCode::Char('x') => Command::Hide,
        KeyCode::Char('s') => Command::ShowAll,
        KeyCode::Char('{') => Command::Fewer,
        KeyCode::Char('}') => Command::More,
        KeyCode::Char('d') => Command::Dc,
        KeyCode::Char('n') => Command::Notch,
        KeyCode::Char('b') => Command::Band,
        KeyCode::Char('f') => Command::Spectrum,
        KeyCode::Char('r') => Command::Reset,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode) -> Option<Command> {
        command(&KeyEvent::new(code, KeyModifiers::NONE))
    }

    #[test]
    fn every_key_that_the_list_names_does_something() {
        for word in KEYS.iter().flat_map(|key| key.name.split(' ')) {
            let code = match word {
                "space" => KeyCode::Char(' '),
                "up" => KeyCode::Up,
                "down" => KeyCode::Down,
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                "Enter" => KeyCode::Enter,
                "PgUp" => KeyCode::PageUp,
                "PgDn" => KeyCode::PageDown,
                _ => KeyCode::Char(word.chars().next().unwrap()),
            };
            assert!(pressed(code).is_some(), "{word}");
        }
    }

    #[test]
    fn control_c_ends_and_a_release_does_nothing() {
        assert_eq!(command(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Command::Quit));
        assert_eq!(command(&KeyEvent::new(KeyCode::Char('x'), KeyModifiers::CONTROL)), None);
        let release = KeyEvent { kind: KeyEventKind::Release, ..KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE) };
        assert_eq!(command(&release), None);
        assert_eq!(pressed(KeyCode::Char('Z')), None);
    }
}
