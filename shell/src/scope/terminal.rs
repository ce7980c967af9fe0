//! The terminal while the scope has it: raw mode and the alternate screen, given back whatever happens.
//!
//! Knows escape sequences and signals, and nothing of streams. Keys are read by a thread of their own: crossterm's reader goes round for ever on a
//! terminal that went away (a read that ends or fails is tried again), and whoever waits for frames must be able to end then.

use std::io::{self, Stdout, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use ratatui::Terminal as Cells;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{self, Event, KeyEvent};
use ratatui::crossterm::terminal::{
    self, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{cursor, execute};
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Columns and rows of a terminal that does not say.
const USUAL: (u16, u16) = (80, 24);
/// Keys that may wait.
const KEYS: usize = 64;

/// Why the terminal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Standard output goes somewhere else.
    #[error("standard output is no terminal")]
    NoTerminal,
    /// It cannot move its cursor.
    #[error("a terminal of the kind {term:?} (the environment variable TERM) cannot show a scope")]
    Dumb {
        /// What TERM says.
        term: String,
    },
    /// It does not do what it is told.
    #[error("the terminal cannot be used")]
    Io(#[from] io::Error),
}

/// What came while waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// Another size.
    Resized,
    /// Nothing within the time.
    Nothing,
    /// A signal asks to end, or the terminal went away.
    End,
}

/// The terminal, ours until it is dropped.
#[derive(Debug)]
pub struct Terminal {
    cells: Cells<CrosstermBackend<Stdout>>,
    input: Receiver<Input>,
    end: Arc<AtomicBool>,
    _restore: Restore,
}

/// Gives the terminal back.
#[derive(Debug)]
struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether the terminal is ours.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// To the state that a shell expects, once: leaving the other screen again would set the cursor back over what was said since. What fails, fails
/// because it is gone.
fn restore() {
    // Relaxed: nothing else is published by it, and each of two that come here at once finds out alone whether it is the first.
    if !TAKEN.swap(false, Ordering::Relaxed) {
        return;
    }
    let _ = execute!(stdout(), LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

impl Terminal {
    /// Takes the terminal of standard output.
    ///
    /// # Errors
    /// [`TerminalError`].
    pub fn open() -> Result<Self, TerminalError> {
        use io::IsTerminal as _;
        if !stdout().is_terminal() {
            return Err(TerminalError::NoTerminal);
        }
        let term = std::env::var("TERM").unwrap_or_default();
        if matches!(term.as_str(), "" | "dumb" | "unknown") {
            return Err(TerminalError::Dumb { term });
        }
        let end = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            signal_hook::flag::register(signal, Arc::clone(&end))?;
        }
        // Before a panic's message, which would be lost on the other screen.
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
        }));
        // Relaxed: a flag alone.
        TAKEN.store(true, Ordering::Relaxed);
        let restore = Restore;
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, cursor::Hide)?;
        let cells = Cells::with_options(CrosstermBackend::new(stdout()), TerminalOptions { viewport: viewport()? })?;
        Ok(Self { cells, input: keys()?, end, _restore: restore })
    }

    /// Draws, and sends what has changed.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn draw(&mut self, mut draw: impl FnMut(Rect, &mut Buffer)) -> Result<(), TerminalError> {
        self.cells.draw(|frame| draw(frame.area(), frame.buffer_mut()))?;
        Ok(())
    }

    /// What comes next, within the time.
    #[must_use]
    pub fn wait(&self, longest: Duration) -> Input {
        let input = match self.input.recv_timeout(longest) {
            Ok(input) => input,
            Err(RecvTimeoutError::Timeout) => Input::Nothing,
            Err(RecvTimeoutError::Disconnected) => Input::End,
        };
        // Relaxed: a flag alone.
        if self.end.load(Ordering::Relaxed) { Input::End } else { input }
    }
}

/// All of the terminal, or as much as every terminal has where it does not say how large it is: a serial line.
fn viewport() -> io::Result<Viewport> {
    let (width, height) = terminal::size()?;
    let known = width > 0 && height > 0;
    Ok(if known { Viewport::Fullscreen } else { Viewport::Fixed(Rect::new(0, 0, USUAL.0, USUAL.1)) })
}

/// Starts the thread that reads keys; it ends with the process.
fn keys() -> io::Result<Receiver<Input>> {
    let (send, receive) = sync_channel(KEYS);
    std::thread::Builder::new().name("keys".into()).spawn(move || {
        loop {
            let input = match event::read() {
                Ok(Event::Key(key)) => Input::Key(key),
                Ok(Event::Resize(..)) => Input::Resized,
                Ok(_) => continue,
                Err(_) => Input::End,
            };
            if send.send(input).is_err() || input == Input::End {
                return;
            }
        }
    })?;
    Ok(receive)
}
