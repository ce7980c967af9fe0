//! What every simulated chip offers: its side of the SPI bus, of DRDY and of time.
//!
//! Must never know of a particular chip or of the host.

use crate::drdy::{Edge, Level};

/// A chip at the other end of the wires.
pub trait Device {
    /// How many frames a second the host will ask for. Chips that have a clock of their own do not care.
    fn set_pace(&mut self, _rate: f64) {}

    /// Lets time pass up to `time_ns` of the simulated world. Earlier times do nothing.
    fn advance_to(&mut self, time_ns: i64);

    /// When it will convert next, if it is converting. A chip without a clock does so when it is asked.
    fn next_conversion_ns(&self) -> Option<i64> {
        None
    }

    /// Chip-select falls.
    fn select(&mut self);

    /// Eight clocks: the byte from the host goes in, one from the chip comes out.
    fn transfer(&mut self, mosi: u8) -> u8;

    /// Chip-select rises.
    fn deselect(&mut self);

    /// Whether the host's transfers fail now.
    fn bus_fails(&self) -> bool;

    /// Whether the chip has no power and no wires now.
    fn is_unplugged(&self) -> bool;

    /// The chip has no power: it forgets what it was told, and does not convert.
    fn lose_power(&mut self);

    /// Level of DRDY. A chip that has none leaves it high.
    fn level(&self) -> Level {
        Level::High
    }

    /// The next edge in the host's queue, with its time in the simulated world.
    fn pop_edge(&mut self) -> Option<Edge> {
        None
    }
}
