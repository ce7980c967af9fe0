//! `axismirror view`: a scope in the terminal, as a mirror process like any other.

use std::time::{Duration, Instant};

use axismirror::causes;
use axismirror::channels::Channels;
use axismirror::events::EventReader;
use axismirror::mirror::{Follower, News, Start, State, StreamInfo};
use axismirror::scope::canvas::Symbols;
use axismirror::scope::draw::{Picture, Scene, Theme};
use axismirror::scope::filter::{Band, FilterError, Filters};
use axismirror::scope::keys::{Command, KEYS, command};
use axismirror::scope::terminal::{Input, Terminal, TerminalError};
use axismirror::scope::{Arrivals, Health, Signals, Sizes, View};
use axismirror_core::extension::{Extension, Writer};
use clap::Args;

use super::Failure;

/// Between two pictures.
const PICTURE: Duration = Duration::from_millis(50);
/// Between two looks at the ring, unless it is so short that it would be overwritten meanwhile.
const LOOK: Duration = Duration::from_millis(25);
/// Looks while a ring is overwritten once, at least.
const LOOKS_A_RING: f64 = 8.0;
/// Shorter is no pause.
const SHORTEST_LOOK: Duration = Duration::from_millis(1);
/// Between two looks at the writer and for events.
const HEALTH: Duration = Duration::from_millis(250);

/// Show a stream in the terminal: a scope with time, size, filters, a spectrum, and the stream's health
#[derive(Debug, Args)]
#[command(after_help = after())]
pub(crate) struct ViewArgs {
    /// Name of the stream; one that is not there yet is waited for
    #[arg(value_name = "NAME", default_value = "axismirror")]
    name: String,
    /// Channels to show, counted from 1 in the published order: 1-4,8 [default: all, at most 256]
    #[arg(long, value_name = "LIST")]
    channels: Option<Channels>,
    /// Width of the picture in seconds, or in frames where the rate is irregular [default: 5, or 500 frames]
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    seconds: Option<f64>,
    /// Draw all channels alike, so much from edge to edge of a band, in the unit that is shown (V: 1e-4) [default: each as large as fits]
    #[arg(long, value_name = "SIZE", value_parser = positive)]
    size: Option<f64>,
    /// Show the ADC's codes as they are, also where the stream says what they are in volts
    #[arg(long)]
    codes: bool,
    #[command(flatten)]
    filters: FilterArgs,
    /// Start with the spectrum
    #[arg(long)]
    spectrum: bool,
    /// No colours, as with the environment variable NO_COLOR
    #[arg(long)]
    no_color: bool,
    /// ASCII instead of Braille patterns; by itself on a text console and where the locale is not UTF-8
    #[arg(long)]
    ascii: bool,
}

/// Filters of a picture.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FilterArgs {
    /// Remove what is slower than 0.5 Hz
    #[arg(long)]
    dc: bool,
    /// Remove the mains, in Hz
    #[arg(long, value_name = "HZ", value_parser = positive)]
    notch: Option<f64>,
    /// Let pass what is between two frequencies in Hz: 1-40
    #[arg(long, value_name = "LOW-HIGH", value_parser = band)]
    band: Option<Band>,
}

impl FilterArgs {
    /// Those that are asked for.
    pub(crate) fn filters(&self) -> Filters {
        Filters { dc: self.dc, notch: self.notch, band: self.band }
    }
}

const EXAMPLES: &str = "\
Filters change what is drawn, never data. Frames that are missing are marked and counted: those that were missed were overwritten before the scope had them, those that were not acquired or lost never came from the ADC. Events (`axismirror mark`) are lines with their text.

Examples:
  axismirror view
  axismirror view lab --channels 1-8 --seconds 10 --dc --notch 50
  axismirror view lab --band 1-40 --size 1e-4
  ssh -t pi axismirror view lab";

/// The list of keys, and what there is to say of it.
fn after() -> String {
    let keys: Vec<String> = KEYS.iter().map(|key| format!("  {:<10}  {}", key.name, key.meaning)).collect();
    format!("Keys:\n{}\n\n{EXAMPLES}", keys.join("\n"))
}

pub(crate) fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| *x > 0.0 && x.is_finite());
    number.ok_or_else(|| "a number greater than 0 is needed".to_owned())
}

fn band(text: &str) -> Result<Band, String> {
    let wrong = || "two frequencies in Hz are needed, the lower one first: 1-40".to_owned();
    let (low, high) = text.split_once('-').ok_or_else(wrong)?;
    let edge = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
    Band::new(edge(low)?, edge(high)?).map_err(|error| error.to_string())
}

impl From<TerminalError> for Failure {
    fn from(error: TerminalError) -> Self {
        let hint = match &error {
            TerminalError::NoTerminal => Some("`axismirror tail` prints frames, `axismirror plot` makes a picture"),
            TerminalError::Dumb { .. } => Some("in a terminal that can: TERM=xterm-256color axismirror view"),
            TerminalError::Io(_) => None,
        };
        let failure = Failure::failed(&error).hint(hint.map(str::to_owned));
        match error {
            TerminalError::Io(source) => failure.because(source),
            _ => failure,
        }
    }
}

/// Shows a stream until a key, a signal or the end of the terminal.
pub(crate) fn run(args: &ViewArgs) -> Result<(), Failure> {
    let follower = Follower::open(&args.name, Start::Oldest)?;
    let mut terminal = Terminal::open()?;
    let mut scope = Scope::new(args, follower);
    let mut drawn: Option<Instant> = None;
    loop {
        scope.read()?;
        if drawn.is_none_or(|at| at.elapsed() >= PICTURE) {
            terminal.draw(|area, buffer| scope.draw(area, buffer))?;
            drawn = Some(Instant::now());
        }
        match terminal.wait(scope.look()) {
            Input::End => return Ok(()),
            Input::Nothing => {}
            Input::Resized => drawn = None,
            Input::Key(key) => match command(&key) {
                Some(command) if !scope.apply(command) => return Ok(()),
                // A key is answered at once.
                Some(_) => drawn = None,
                None => {}
            },
        }
    }
}

/// A stream and its picture.
struct Scope {
    name: String,
    follower: Follower,
    /// `None` when they cannot be read.
    events: Option<EventReader>,
    /// Channels that were asked for, counted from 1.
    chosen: Option<Channels>,
    signals: Signals,
    view: View,
    picture: Picture,
    health: Health,
    state: State,
    /// Who writes, where that is known.
    writer: Option<Writer>,
    arrivals: Arrivals,
    looked: Option<Instant>,
    start: Instant,
    message: Option<String>,
    theme: Theme,
}

impl Scope {
    fn new(args: &ViewArgs, follower: Follower) -> Self {
        let sizes = args.size.map_or(Sizes::Each, Sizes::Fixed);
        let mut view = View::new(args.seconds, sizes, args.filters.filters());
        view.spectrum = args.spectrum;
        let places = args.channels.as_ref().map(|channels| channels.places().collect());
        Self {
            name: args.name.clone(),
            follower,
            events: EventReader::open(&args.name, Start::Oldest).ok(),
            chosen: args.channels.clone(),
            signals: Signals::new(places, args.codes),
            view,
            picture: Picture::default(),
            health: Health::default(),
            state: State::Absent,
            writer: None,
            arrivals: Arrivals::default(),
            looked: None,
            start: Instant::now(),
            message: None,
            theme: Theme { colour: !args.no_color && !no_colour(), symbols: symbols(args.ascii) },
        }
    }

    /// Takes all that is new, but for no longer than keys may wait, and looks after the writer now and then.
    fn read(&mut self) -> Result<(), Failure> {
        let until = Instant::now() + PICTURE;
        while Instant::now() < until {
            match self.follower.next(Duration::ZERO)? {
                News::Nothing => {
                    self.state = State::Valid;
                    break;
                }
                News::Waiting(state) => {
                    self.state = state;
                    break;
                }
                News::Stream(info) => {
                    let info = info.clone();
                    self.stream(&info)?;
                }
                News::Frames(frames) => self.signals.frames(&frames),
            }
        }
        if self.looked.is_none_or(|at| at.elapsed() >= HEALTH) {
            self.looked = Some(Instant::now());
            self.health = Health::of(self.follower.mirror(), self.state);
            self.arrivals.note(self.start.elapsed().as_secs_f64(), self.signals.counts().0);
            // Behind the frames: those that they are at are mostly there.
            if let Some(new) = self.events.as_mut().map(EventReader::take) {
                match new {
                    Ok(new) => new.events.into_iter().for_each(|event| self.signals.mark(event.frame, event.text)),
                    Err(error) => {
                        self.message = Some(format!("events cannot be read: {}", causes::line(&error)));
                        self.events = None;
                    }
                }
            }
        }
        Ok(())
    }

    /// What the frames from here on are.
    fn stream(&mut self, info: &StreamInfo) -> Result<(), Failure> {
        if info.is_events() {
            return Err(are_events(&info.name));
        }
        if let Some(Err(none)) = self.chosen.as_ref().map(|chosen| chosen.places_in(info.channels)) {
            self.message = Some(none.to_string());
        }
        // A Python writer does not say who it is, and makes a new buffer for each message where its rate is irregular.
        let writer = self.follower.mirror().extension().map(Extension::writer);
        let before = std::mem::replace(&mut self.writer, writer);
        if !self.signals.stream(info) {
            self.picture.forget();
            self.view.forget_channels();
            self.refilter();
        } else if writer != before {
            self.signals.mark_next("new writer".to_owned());
        }
        Ok(())
    }

    /// How long nothing has to be read.
    fn look(&self) -> Duration {
        let ring = self.follower.info().and_then(|info| Some(f64::from(info.n_frames) / info.rate?));
        let look = ring.map_or(LOOK, |seconds| Duration::try_from_secs_f64(seconds / LOOKS_A_RING).unwrap_or(LOOK));
        look.clamp(SHORTEST_LOOK, LOOK)
    }

    /// Does what a key asks for; whether to go on.
    fn apply(&mut self, command: Command) -> bool {
        self.message = None;
        let goes_on = self.view.apply(command, &self.picture.seen(&self.signals));
        self.signals.hold(self.view.paused);
        if self.view.filters != *self.signals.filters() {
            self.refilter();
        }
        goes_on
    }

    /// The filters that are asked for, as far as they can be had: what cannot is off, and said.
    fn refilter(&mut self) {
        while let Err(error) = self.signals.set_filters(self.view.filters) {
            self.message = Some(error.to_string());
            let filters = &mut self.view.filters;
            match error {
                FilterError::AboveNyquist { hz, .. } if filters.notch == Some(hz) => filters.notch = None,
                FilterError::AboveNyquist { .. } if filters.band.is_some() => filters.band = None,
                _ => *filters = Filters::default(),
            }
        }
    }

    fn draw(&mut self, area: ratatui::layout::Rect, buffer: &mut ratatui::buffer::Buffer) {
        let scene = Scene {
            name: &self.name,
            signals: &self.signals,
            view: &self.view,
            health: &self.health,
            arrivals: self.arrivals.rate(),
            idle_s: self.arrivals.idle(self.start.elapsed().as_secs_f64()),
            message: self.message.as_deref(),
            theme: self.theme,
        };
        self.picture.draw(&scene, area, buffer);
    }
}

/// What is no signal.
pub(crate) fn are_events(name: &str) -> Failure {
    Failure::failed(format!("stream `{name}` holds events, no signals"))
        .hint(format!("`axismirror tail {name}` prints them"))
}

/// Whether the user wants no colours anywhere (no-color.org).
fn no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// What the terminal can show: a text console has no Braille patterns, and what is not UTF-8 has none either.
fn symbols(ascii: bool) -> Symbols {
    let said =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|key| std::env::var(key).ok()).find(|v| !v.is_empty());
    let utf8 = said.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    let console = std::env::var("TERM").is_ok_and(|term| term == "linux");
    if ascii || console || !utf8 { Symbols::Ascii } else { Symbols::Braille }
}
