//! What of a stream is looked at and how: a state that keys change. Knows no sample and no terminal.

use super::filter::{Band, Filters};
use super::keys::Command;
use super::scale::{step_down, step_up};

/// Seconds of a picture at the start, and frames where the rate is irregular.
const WINDOW: f64 = 5.0;
const WINDOW_FRAMES: f64 = 500.0;
/// Least number of frames in a picture.
const FEWEST_FRAMES: f64 = 10.0;
/// How often the spectrum can be halved.
const MOST_HALVINGS: u32 = 8;
/// The mains of the world, in Hz.
const MAINS: [f64; 2] = [50.0, 60.0];

/// How large traces are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sizes {
    /// Each channel as large as fits.
    #[default]
    Each,
    /// All alike, as large as the largest fits.
    Alike,
    /// All alike, so much from edge to edge, in the samples' unit.
    Fixed(f64),
}

/// What is known of the stream where keys ask.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Channels that there are.
    pub channels: usize,
    /// Nominal rate in Hz, `None` when irregular.
    pub rate: Option<f64>,
    /// From edge to edge of the selected channel's band now.
    pub span: f64,
    /// Frames that are kept at most.
    pub kept: u64,
    /// Channels on a page.
    pub page: usize,
    /// How many lines the list of keys can be scrolled by, where it has not room for all.
    pub more_keys: usize,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The picture is held.
    pub paused: bool,
    /// The keys are shown.
    pub help: bool,
    /// Lines of the keys that are above the first one shown.
    pub help_from: usize,
    /// The spectrum of the selected channel is shown.
    pub spectrum: bool,
    /// How often the spectrum's width is halved.
    pub halvings: u32,
    /// Width of the picture in seconds, or in frames where the rate is irregular; [`View::window`] knows both.
    window: Option<f64>,
    /// How far the right edge is before the newest frame, in widths of the picture.
    pub back: f64,
    /// How large.
    pub sizes: Sizes,
    /// Through which filters.
    pub filters: Filters,
    /// The band that was asked for at the start, which the key offers first.
    own_band: Option<Band>,
    /// A channel, from 0.
    pub selected: usize,
    /// The selected channel alone is shown.
    pub alone: bool,
    /// Channels that are not shown.
    hidden: Vec<bool>,
    /// Channels on a page; as many as fit when it is not said.
    pub page: Option<usize>,
}

impl View {
    /// As it starts, or as the command line says.
    #[must_use]
    pub fn new(window: Option<f64>, sizes: Sizes, filters: Filters) -> Self {
        Self {
            paused: false,
            help: false,
            help_from: 0,
            spectrum: false,
            halvings: 0,
            window,
            back: 0.0,
            sizes,
            filters,
            own_band: filters.band,
            selected: 0,
            alone: false,
            hidden: Vec::new(),
            page: None,
        }
    }

    /// Width of the picture: in seconds at a regular rate, otherwise in frames.
    #[must_use]
    pub fn window(&self, rate: Option<f64>) -> f64 {
        match rate {
            Some(rate) => self.window.unwrap_or(WINDOW).max(FEWEST_FRAMES / rate),
            None => self.window.unwrap_or(WINDOW_FRAMES).max(FEWEST_FRAMES),
        }
    }

    /// Width of the picture in frames.
    #[must_use]
    pub fn frames(&self, rate: Option<f64>) -> f64 {
        self.window(rate) * rate.unwrap_or(1.0)
    }

    /// The channels that are shown, of so many.
    #[must_use]
    pub fn shown(&self, channels: usize) -> Vec<usize> {
        if self.alone {
            return (0..channels).filter(|c| *c == self.selected).collect();
        }
        (0..channels).filter(|c| !self.hidden.get(*c).copied().unwrap_or(false)).collect()
    }

    /// Another stream, of other channels: what was chosen among the old ones is void.
    pub fn forget_channels(&mut self) {
        (self.selected, self.alone, self.back) = (0, false, 0.0);
        self.hidden.clear();
    }

    /// Does what a key asks for; whether to go on.
    pub fn apply(&mut self, command: Command, seen: &Seen) -> bool {
        if command == Command::Quit {
            // Out of the help first.
            return std::mem::take(&mut self.help);
        }
        match command {
            Command::Quit => {}
            Command::Help => (self.help, self.help_from) = (!self.help, 0),
            Command::Back => self.help = false,
            Command::Previous | Command::PageUp if self.help => self.help_from = self.help_from.saturating_sub(1),
            Command::Next | Command::PageDown if self.help => {
                self.help_from = (self.help_from + 1).min(seen.more_keys);
            }
            Command::Pause => (self.paused, self.back) = (!self.paused, 0.0),
            Command::Spectrum => self.spectrum = !self.spectrum,
            Command::Shorter if self.spectrum => self.halvings = (self.halvings + 1).min(MOST_HALVINGS),
            Command::Longer if self.spectrum => self.halvings = self.halvings.saturating_sub(1),
            Command::Shorter => self.set_window(step_down(self.window(seen.rate)), seen),
            Command::Longer => self.set_window(step_up(self.window(seen.rate)), seen),
            Command::Earlier if self.paused => {
                let most = (seen.kept as f64 / self.frames(seen.rate) - 1.0).max(0.0);
                self.back = (self.back + 0.25).min(most);
            }
            Command::Later => self.back = (self.back - 0.25).max(0.0),
            Command::Earlier => {}
            Command::Larger => self.sizes = Sizes::Fixed(step_down(seen.span)),
            Command::Smaller => self.sizes = Sizes::Fixed(step_up(seen.span)),
            Command::Auto => {
                self.sizes = match self.sizes {
                    Sizes::Each => Sizes::Alike,
                    Sizes::Alike => Sizes::Fixed(seen.span),
                    Sizes::Fixed(_) => Sizes::Each,
                }
            }
            Command::Previous => self.select(-1, seen),
            Command::Next => self.select(1, seen),
            Command::PageUp => self.select(-(seen.page as isize), seen),
            Command::PageDown => self.select(seen.page as isize, seen),
            Command::Alone => self.alone = !self.alone,
            Command::Hide => self.hide(seen),
            Command::ShowAll => {
                self.alone = false;
                self.hidden.clear();
            }
            Command::Fewer => self.page = Some((seen.page / 2).max(1)),
            Command::More => self.page = Some((seen.page * 2).max(1)).filter(|page| *page < seen.channels),
            Command::Dc => self.filters.dc = !self.filters.dc,
            Command::Notch => self.filters.notch = next(&MAINS, self.filters.notch),
            Command::Band => self.filters.band = self.next_band(),
            Command::Reset => *self = Self { paused: self.paused, ..Self::new(None, Sizes::Each, Filters::default()) },
        }
        true
    }

    fn set_window(&mut self, window: f64, seen: &Seen) {
        let longest = (seen.kept as f64 / seen.rate.unwrap_or(1.0)).max(FEWEST_FRAMES / seen.rate.unwrap_or(1.0));
        let window = if window > longest { step_down(longest * 1.5) } else { window };
        self.window = Some(window.max(FEWEST_FRAMES / seen.rate.unwrap_or(1.0)));
    }

    /// Moves by so many of the channels that are not hidden.
    fn select(&mut self, by: isize, seen: &Seen) {
        let alone = std::mem::take(&mut self.alone);
        let shown = self.shown(seen.channels);
        self.alone = alone;
        let at = shown.iter().position(|c| *c >= self.selected).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(shown.len().saturating_sub(1));
        self.selected = shown.get(to).copied().unwrap_or(0);
    }

    /// Not the last one: nothing would be left to look at.
    fn hide(&mut self, seen: &Seen) {
        self.alone = false;
        let shown = self.shown(seen.channels);
        if shown.len() > 1 {
            self.hidden.resize(seen.channels, false);
            if let Some(hidden) = self.hidden.get_mut(self.selected) {
                *hidden = true;
            }
            let behind = shown.iter().find(|c| **c > self.selected);
            let before = shown.iter().rev().find(|c| **c < self.selected);
            self.selected = behind.or(before).copied().unwrap_or(0);
        }
    }

    fn next_band(&self) -> Option<Band> {
        let bands: Vec<Band> =
            self.own_band.into_iter().chain(Band::USUAL.into_iter().filter(|b| Some(*b) != self.own_band)).collect();
        next(&bands, self.filters.band)
    }
}

/// What follows in a list that begins and ends with nothing.
fn next<T: Copy + PartialEq>(list: &[T], now: Option<T>) -> Option<T> {
    match now {
        None => list.first().copied(),
        Some(now) => list.iter().skip_while(|one| **one != now).nth(1).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Seen = Seen { channels: 4, rate: Some(250.0), span: 1e-4, kept: 250 * 600, page: 4, more_keys: 3 };

    fn view() -> View {
        View::new(None, Sizes::default(), Filters::default())
    }

    fn after(commands: &[Command]) -> View {
        let mut view = view();
        commands.iter().for_each(|c| assert!(view.apply(*c, &SEEN)));
        view
    }

    #[test]
    fn quitting_leaves_the_help_first() {
        let mut view = after(&[Command::Help]);
        assert!(view.apply(Command::Quit, &SEEN) && !view.help);
        assert!(!view.apply(Command::Quit, &SEEN));
    }

    #[test]
    fn what_a_torn_arrow_key_begins_with_ends_nothing_but_the_help() {
        assert!(!after(&[Command::Help, Command::Back]).help);
        let held = [Command::Pause, Command::Earlier, Command::Next, Command::Alone];
        assert_eq!(after(&[&held[..], &[Command::Back]].concat()), after(&held));
    }

    #[test]
    fn the_help_is_scrolled_as_far_as_there_is_more_and_the_channel_stays() {
        let down = after(&[&[Command::Help][..], &[Command::Next; 9]].concat());
        assert_eq!((down.help_from, down.selected), (3, 0));
        let up = after(&[&[Command::Help][..], &[Command::Next; 9], &[Command::Previous; 2]].concat());
        assert_eq!(up.help_from, 1);
        assert_eq!(after(&[Command::Help, Command::Next, Command::Help, Command::Help]).help_from, 0);
    }

    #[test]
    fn time_goes_by_1_2_5_within_what_is_kept() {
        assert_eq!(view().window(SEEN.rate), 5.0);
        assert_eq!(after(&[Command::Shorter]).window(SEEN.rate), 2.0);
        assert_eq!(after(&[Command::Longer, Command::Longer]).window(SEEN.rate), 20.0);
        assert_eq!(after(&[Command::Longer; 30]).window(SEEN.rate), 500.0, "600 s are kept");
        assert_eq!(after(&[Command::Shorter; 30]).window(SEEN.rate), 0.04, "ten frames");
        assert_eq!((view().window(None), view().frames(None)), (500.0, 500.0));
        assert_eq!(view().frames(SEEN.rate), 1250.0);
        // From the end of what is kept back to where it was.
        assert_eq!(after(&[[Command::Longer; 30].as_slice(), &[Command::Shorter; 6]].concat()).window(SEEN.rate), 5.0);
    }

    #[test]
    fn the_past_is_reached_only_while_held_and_only_as_far_as_it_is_kept() {
        assert_eq!(after(&[Command::Earlier]).back, 0.0);
        assert_eq!(after(&[Command::Pause, Command::Earlier, Command::Earlier]).back, 0.5);
        assert_eq!(after(&[[Command::Pause].as_slice(), &[Command::Earlier; 1000]].concat()).back, 119.0);
        assert_eq!(after(&[Command::Pause, Command::Earlier, Command::Later, Command::Later]).back, 0.0);
        assert_eq!(after(&[Command::Pause, Command::Earlier, Command::Pause]).back, 0.0);
    }

    #[test]
    fn channels_are_selected_hidden_and_shown() {
        assert_eq!(after(&[Command::Previous]).selected, 0);
        assert_eq!(after(&[Command::Next; 9]).selected, 3);
        let hidden = after(&[Command::Next, Command::Hide]);
        assert_eq!((hidden.shown(4), hidden.selected), (vec![0, 2, 3], 2));
        let last = after(&[Command::Next, Command::Next, Command::Next, Command::Hide, Command::Hide]);
        assert_eq!((last.shown(4), last.selected), (vec![0, 1], 1));
        assert_eq!(after(&[Command::Hide; 9]).shown(4).len(), 1, "one is left");
        assert_eq!(after(&[Command::Hide, Command::ShowAll]).shown(4), [0, 1, 2, 3]);
        let alone = after(&[Command::Next, Command::Alone, Command::Next]);
        assert_eq!(alone.shown(4), [2]);
        assert_eq!(after(&[Command::Alone, Command::Alone]).shown(4).len(), 4);
        assert_eq!(view().shown(0), [0; 0]);
        let mut none = view();
        for command in [Command::Next, Command::Hide, Command::PageDown, Command::Alone, Command::Previous] {
            assert!(
                none.apply(command, &Seen { channels: 0, page: 0, kept: 0, span: f64::NAN, rate: None, more_keys: 0 })
            );
        }
    }

    #[test]
    fn pages_halve_and_double() {
        assert_eq!(after(&[Command::Fewer]).page, Some(2));
        let mut view = view();
        view.apply(Command::Fewer, &Seen { page: 1, ..SEEN });
        assert_eq!(view.page, Some(1));
        view.apply(Command::More, &Seen { page: 1, ..SEEN });
        assert_eq!(view.page, Some(2));
        view.apply(Command::More, &Seen { page: 2, ..SEEN });
        assert_eq!(view.page, None, "all");
    }

    #[test]
    fn sizes_are_automatic_until_they_are_set() {
        assert_eq!(after(&[Command::Larger]).sizes, Sizes::Fixed(5e-5));
        assert_eq!(after(&[Command::Smaller]).sizes, Sizes::Fixed(2e-4));
        assert_eq!(after(&[Command::Auto]).sizes, Sizes::Alike);
        assert_eq!(after(&[Command::Auto, Command::Auto]).sizes, Sizes::Fixed(1e-4));
        assert_eq!(after(&[Command::Auto; 3]).sizes, Sizes::Each);
    }

    #[test]
    fn filters_go_round() {
        assert_eq!(after(&[Command::Notch]).filters.notch, Some(50.0));
        assert_eq!(after(&[Command::Notch; 2]).filters.notch, Some(60.0));
        assert_eq!(after(&[Command::Notch; 3]).filters, Filters::default());
        assert_eq!(after(&[Command::Band; 5]).filters, Filters::default());
        let own = Band::new(2.0, 30.0).ok();
        let mut view = View::new(None, Sizes::Each, Filters { band: own, ..Filters::default() });
        let mut bands = vec![];
        for _ in 0..6 {
            view.apply(Command::Band, &SEEN);
            bands.push(view.filters.band);
        }
        assert_eq!((bands[4], bands[5]), (None, own));
    }
}
