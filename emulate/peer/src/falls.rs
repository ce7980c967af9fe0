//! What fell on the wires and when, in the guest's time: for whoever judges the times that the guest gives its frames.
//!
//! Must never judge.

use std::collections::BTreeMap;
use std::fmt;

use axismirror_boards::sim::SimChip;

/// Chip-selects that are kept: the first ones, by which the guest's clock and ours are brought together.
const SELECTS: usize = 16;
/// Edges of a frame that are kept: so many of the first ones, and as many of the last ones. A chip that nobody reads converts the same input
/// over and over.
const FALLS: usize = 8;
/// MUX of the ADS1256, and the input that its scans begin with, in the upper four bits (SBAS288, MUX register).
const MUX: u8 = 0x01;
const FIRST_INPUT: u8 = 0;

/// The log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Falls {
    selects: Vec<i64>,
    falls: BTreeMap<u64, Vec<i64>>,
}

impl Falls {
    /// Chip-select fell.
    pub(crate) fn select(&mut self, time_ns: i64) {
        if self.selects.len() < SELECTS {
            self.selects.push(time_ns);
        }
    }

    /// DRDY fell, and told of this chip's newest conversion.
    pub(crate) fn data_ready(&mut self, chip: &SimChip<'_>, time_ns: i64) {
        let Some(frame) = frame(chip) else { return };
        let falls = self.falls.entry(frame).or_default();
        if falls.len() >= 2 * FALLS {
            falls.remove(FALLS);
        }
        falls.push(time_ns);
    }
}

/// The number of the frame that begins with the newest conversion, as the counter signal has it.
fn frame(chip: &SimChip<'_>) -> Option<u64> {
    match chip {
        SimChip::Ads1299(model) => model.conversion(),
        SimChip::Ads131m0x(model) => model.conversion(),
        SimChip::Ads1256(model) => (model.register(MUX)? >> 4 == FIRST_INPUT).then(|| model.scan()),
        SimChip::Max111x(_) | SimChip::Mcp320x(_) => None,
    }
}

/// `SELECT ns` and `FALL frame ns`, a line each.
impl fmt::Display for Falls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.selects.iter().try_for_each(|ns| writeln!(f, "SELECT {ns}"))?;
        let mut falls = self.falls.iter().flat_map(|(frame, all)| all.iter().map(move |ns| (frame, ns)));
        falls.try_for_each(|(frame, ns)| writeln!(f, "FALL {frame} {ns}"))
    }
}
