//! Reads an ADC with the product's drivers, SPI and GPIO, and verifies the counter signal frame by frame.
//!
//! Without the service around them: what it does not show (edges, `line_seqno`) is counted here.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::{Duration, Instant};

use axismirror::board_file;
use axismirror::config::SpiAccess;
use axismirror::gpio::GpioError;
use axismirror::hardware::{Hardware, HostDataReady, Wanted};
use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Limits, Step};
use axismirror_boards::adc::Input;
use axismirror_boards::drdy::{DataReady, Level, Wait};

use crate::verify::{self, Expected, Verifier};

/// How long to wait before an ADC that does not answer is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Where and how to read.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A board's id, or the path of its file.
    #[arg(long, default_value = "pieeg8")]
    board: String,
    #[command(flatten)]
    expected: Expected,
    /// Seconds.
    #[arg(long, default_value_t = 1.0)]
    duration: f64,
}

/// Reads for so long, and says what came.
pub(crate) fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let board = board_file::find(&args.board)?;
    let wanted = Wanted {
        rate: args.expected.rate,
        gain: board.default_gain,
        input: Input::Normal,
        spi: SpiAccess::Kernel,
        stop: Arc::new(AtomicBool::new(false)),
    };
    let mut hardware = Hardware::open(board, &wanted)?;
    let mut drdys: Vec<Counted> = std::mem::take(&mut hardware.data_ready).into_iter().map(Counted::new).collect();
    let channels = board.channels();
    let mut verifier = Verifier::new(channels, args.expected);
    let mut acquisition = Acquisition::new(&mut hardware.adcs, &mut drdys, Limits::default())?;
    acquisition.start()?;
    let start = Instant::now();
    let mut refused = 0;
    while start.elapsed().as_secs_f64() < args.duration {
        match acquisition.step(&mut verifier) {
            Ok(Step::Restarted) => verifier.restarted(),
            Ok(_) => {}
            Err(AcquisitionError::Adc { .. }) => {
                refused += 1;
                sleep(PAUSE);
            }
            Err(e) => return Err(e.into()),
        }
    }
    let health = *acquisition.health();
    // An ADC that is dead at the end need not hear it.
    let _ = acquisition.stop();
    drop(acquisition);
    let (edges, gaps) = drdys.iter().fold((0, 0), |(edges, gaps), d| (edges + d.edges, gaps + d.gaps));
    print!("{}", verifier.times());
    println!(
        "RESULT {} edges={edges} seqno_gaps={gaps} refused={refused} {}",
        verifier.seen(),
        verify::health(&health)
    );
    Ok(())
}

/// A source of edges that counts them, and the gaps in their numbers.
struct Counted {
    source: HostDataReady,
    edges: u64,
    gaps: u64,
    last: Option<u32>,
}

impl Counted {
    const fn new(source: HostDataReady) -> Self {
        Self { source, edges: 0, gaps: 0, last: None }
    }
}

impl DataReady for Counted {
    type Error = GpioError;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, GpioError> {
        let wait = self.source.wait(timeout_ns)?;
        if let Wait::Edge(edge) = wait {
            self.edges += 1;
            if let (Some(last), Some(now)) = (self.last, edge.seqno) {
                self.gaps += u64::from(now != last.wrapping_add(1));
            }
            self.last = edge.seqno;
        }
        Ok(wait)
    }

    fn level(&mut self) -> Result<Option<Level>, GpioError> {
        self.source.level()
    }

    fn now_ns(&mut self) -> Option<i64> {
        self.source.now_ns()
    }
}
