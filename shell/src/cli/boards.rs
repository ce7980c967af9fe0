//! `axismirror boards`: what boards there are and what each can do.

use axismirror::board_file;
use axismirror::service::ServiceError;
use axismirror_boards::board::Board;
use clap::Args;

use super::columns::Rows;
use super::{Failure, output};

/// List the boards, or show one: chips, wiring, rates in Hz, gains, channel labels
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  axismirror boards\n  axismirror boards pieeg8\n  axismirror boards pieeg8 --toml > mine.toml\n  axismirror boards ./mine.toml"
)]
pub(crate) struct BoardsArgs {
    /// Board id, or the path of a board file
    #[arg(value_name = "BOARD")]
    pub(crate) board: Option<String>,
    /// Print the board as a board file, to be copied and changed
    #[arg(long, requires = "board")]
    pub(crate) toml: bool,
}

/// Prints the boards, or one of them.
pub(crate) fn run(args: &BoardsArgs) -> Result<(), Failure> {
    let text = match &args.board {
        None => list(),
        Some(id) => {
            let board = board_file::find(id).map_err(ServiceError::from)?;
            if args.toml { board_file::print(board) } else { page(board) }
        }
    };
    output::print(text)
}

fn list() -> String {
    let mut rows = Rows::folding(15, 46);
    for board in Board::all() {
        rows.add(board.id, &format!("{:<15} {:>2} channels  {}", board.title, board.channels(), chips(board)));
    }
    rows.text()
}

fn chips(board: &Board) -> String {
    board.chips.iter().map(|c| c.kind.name()).collect::<Vec<_>>().join(" + ")
}

fn page(board: &Board) -> String {
    let mut rows = Rows::new(13);
    let mut row = |name: &str, value: String| rows.add(name, &value);
    row("board", format!("{} ({})", board.id, board.title));
    row("channels", format!("{}: {}", board.channels(), board.labels.join(" ")));
    row("rates", format!("{} Hz (default {})", join(board.rates), board.default_rate));
    row("gains", format!("{} (default {})", join(board.gains), board.default_gain));
    row("reference", format!("{} V", board.vref));
    row("SPI", format!("mode {}, {} Hz (at most {})", board.spi.mode, board.spi.speed_hz, board.spi.max_speed_hz));
    for chip in board.chips {
        row("chip", format!("{} on /dev/spidev{}.{}", chip.kind.name(), chip.bus, chip.select));
        let lines = [
            ("chip select", chip.select_line),
            ("DRDY", chip.data_ready),
            ("reset", chip.reset),
            ("power-down", chip.power_down),
        ];
        for (name, pin) in lines {
            if let Some(pin) = pin {
                row(&format!("  {name}"), format!("{} (pin {} of the header)", pin.name, pin.header_pin));
            }
        }
    }
    row("gpiochip", format!("label {}", board.gpio_chips.join(" or ")));
    for text in board.config_txt {
        row("config.txt", (*text).to_owned());
    }
    for note in board.notes {
        row("note", (*note).to_owned());
    }
    row("hardware", "not tried by this project; run it with --simulate".to_owned());
    rows.text()
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
