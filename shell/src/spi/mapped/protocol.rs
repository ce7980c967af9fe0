//! What to write into SPI0's registers, and when (BCM2835 ARM Peripherals, chapter 10; the same block in BCM2711 ARM Peripherals, chapter 9).
//!
//! Polled: the FIFOs are filled and emptied by hand, neither interrupts nor DMA. Must never know where the registers are.

use axismirror_boards::board::SpiSettings;
use embedded_hal::spi::Operation;

use crate::clock;

/// Registers by their byte offset.
pub trait Registers {
    /// Reads one.
    fn read(&self, offset: usize) -> u32;
    /// Writes one.
    fn write(&mut self, offset: usize, value: u32);
}

/// Control and status.
pub const CS: usize = 0x00;
/// Both FIFOs, a byte a word.
pub const FIFO: usize = 0x04;
/// Divisor of the core clock.
pub const CLK: usize = 0x08;

/// Bits of [`CS`] (table 10.5).
pub mod cs {
    /// Chip-select in bits 1 and 0; 3 is none.
    pub const SELECT: u32 = 0b11;
    /// The first edge of the clock is in the middle of a bit, not at its beginning.
    pub const CPHA: u32 = 1 << 2;
    /// The clock rests high.
    pub const CPOL: u32 = 1 << 3;
    /// Empties both FIFOs.
    pub const CLEAR: u32 = 0b11 << 4;
    /// Transfer active: the select is low.
    pub const TA: u32 = 1 << 7;
    /// Nothing more to send.
    pub const DONE: u32 = 1 << 16;
    /// There is a byte to read.
    pub const RXD: u32 = 1 << 17;
    /// There is room for a byte to send.
    pub const TXD: u32 = 1 << 18;
}

/// No select: a line that is driven by hand.
pub const NO_SELECT: u8 = 3;
/// The largest divisor; written as 0 it would be 65536.
const MAX_DIVISOR: u32 = 65534;
/// How long nothing may move. A byte at the slowest clock (250 MHz / 65534) takes 2.4 ms.
const PATIENCE_NS: i64 = 100_000_000;
/// Looks between two looks at the clock.
const SPINS: u32 = 1024;

/// The controller stopped in the middle of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SPI0 stopped with {received} of {wanted} bytes received, status {status:#010x}: does another driver use it?")]
pub struct Stuck {
    /// Bytes received.
    pub received: usize,
    /// Bytes of the transfer.
    pub wanted: usize,
    /// The register CS.
    pub status: u32,
}

/// Mode, select and speed of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    control: u32,
    divisor: u32,
}

impl Setup {
    /// For a device at `select`, with a core clock of `core_hz`. Never faster than the settings say.
    #[must_use]
    pub fn new(settings: SpiSettings, select: u8, core_hz: u32) -> Self {
        let mut control = u32::from(select) & cs::SELECT;
        if settings.mode & 0b01 != 0 {
            control |= cs::CPHA;
        }
        if settings.mode & 0b10 != 0 {
            control |= cs::CPOL;
        }
        // Odd divisors are rounded down by the hardware, which would be too fast.
        let divisor = core_hz.div_ceil(settings.speed_hz.max(1)).next_multiple_of(2).clamp(2, MAX_DIVISOR);
        Self { control, divisor }
    }

    /// The clock that comes out, in Hz.
    #[must_use]
    pub const fn speed_hz(&self, core_hz: u32) -> u32 {
        core_hz / self.divisor
    }
}

/// SPI0 as one device uses it.
#[derive(Debug)]
pub struct Bus<R: Registers> {
    registers: R,
    setup: Setup,
}

impl<R: Registers> Bus<R> {
    /// Over the registers.
    pub fn new(mut registers: R, setup: Setup) -> Self {
        registers.write(CS, setup.control | cs::CLEAR);
        Self { registers, setup }
    }

    /// All operations under one select.
    ///
    /// # Errors
    /// [`Stuck`]; the device is deselected then, too.
    pub fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Stuck> {
        let Setup { control, divisor } = self.setup;
        // Other devices share the registers, with other settings.
        self.registers.write(CLK, divisor);
        self.registers.write(CS, control | cs::CLEAR);
        self.registers.write(CS, control | cs::TA);
        let mut result = Ok(());
        for operation in operations {
            result = match operation {
                Operation::Read(rx) => self.transfer(rx.len(), |_| 0, |i, byte| put(rx, i, byte)),
                Operation::Write(tx) => self.transfer(tx.len(), |i| get(tx, i), |_, _| {}),
                Operation::Transfer(rx, tx) => {
                    self.transfer(rx.len().max(tx.len()), |i| get(tx, i), |i, byte| put(rx, i, byte))
                }
                Operation::TransferInPlace(both) => self.in_place(both),
                Operation::DelayNs(ns) => {
                    clock::spin_ns(*ns);
                    Ok(())
                }
            };
            if result.is_err() {
                break;
            }
        }
        self.registers.write(CS, control | cs::CLEAR);
        result
    }

    fn in_place(&mut self, both: &mut [u8]) -> Result<(), Stuck> {
        // A byte is received after it was sent, so it can take its place.
        let bytes = core::cell::Cell::from_mut(both).as_slice_of_cells();
        let next = |i: usize| bytes.get(i).map_or(0, core::cell::Cell::get);
        self.transfer(bytes.len(), next, |i, byte| {
            if let Some(place) = bytes.get(i) {
                place.set(byte);
            }
        })
    }

    fn transfer(&mut self, len: usize, tx: impl Fn(usize) -> u8, mut rx: impl FnMut(usize, u8)) -> Result<(), Stuck> {
        let (mut sent, mut received) = (0, 0);
        let mut idle = Idle::new();
        loop {
            let status = self.registers.read(CS);
            if received >= len && status & cs::DONE != 0 {
                return Ok(());
            }
            if status & cs::RXD != 0 {
                // Also what is more than it should be: it must not be taken for the next transfer's.
                let byte = self.registers.read(FIFO) as u8;
                if received < len {
                    rx(received, byte);
                    received += 1;
                }
                idle = Idle::new();
            } else if sent < len && status & cs::TXD != 0 {
                self.registers.write(FIFO, tx(sent).into());
                sent += 1;
                idle = Idle::new();
            } else if idle.too_long() {
                return Err(Stuck { received, wanted: len, status });
            }
        }
    }
}

impl<R: Registers> Drop for Bus<R> {
    fn drop(&mut self) {
        self.registers.write(CS, cs::CLEAR);
    }
}

fn get(bytes: &[u8], i: usize) -> u8 {
    bytes.get(i).copied().unwrap_or(0)
}

fn put(bytes: &mut [u8], i: usize, byte: u8) {
    if let Some(place) = bytes.get_mut(i) {
        *place = byte;
    }
}

/// Looks at the clock only now and then: that costs more than a register.
struct Idle {
    spins: u32,
    since: Option<i64>,
}

impl Idle {
    const fn new() -> Self {
        Self { spins: 0, since: None }
    }

    fn too_long(&mut self) -> bool {
        self.spins += 1;
        if !self.spins.is_multiple_of(SPINS) {
            core::hint::spin_loop();
            return false;
        }
        let now = clock::monotonic_ns();
        now - *self.since.get_or_insert(now) > PATIENCE_NS
    }
}

/// Gives SPI0 its pins (alternate function 0, table 6-31): 9, 10 and 11, and 8 or 7 for select 0 or 1.
pub fn take_pins(gpio: &mut impl Registers, select: Option<u8>) {
    const ALT0: u32 = 0b100;
    let select = select.and_then(|s| 8_usize.checked_sub(s.into()));
    for pin in [9, 10, 11].into_iter().chain(select) {
        // Ten pins a word, three bits each, from offset 0 on (GPFSEL0, GPFSEL1).
        let (offset, shift) = (pin / 10 * 4, pin % 10 * 3);
        let others = gpio.read(offset) & !(0b111 << shift);
        gpio.write(offset, others | ALT0 << shift);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use super::*;

    /// SPI0 with 16 places in each FIFO and a device that answers each byte with its complement.
    #[derive(Default)]
    struct Simulated {
        cs: u32,
        clk: u32,
        /// Bytes since the select fell, for each time that it did.
        seen: Vec<(u32, u32, Vec<u8>)>,
        rx: RefCell<VecDeque<u8>>,
        tx: RefCell<VecDeque<u8>>,
        /// Shifts no more bits after so many bytes.
        dies_after: Option<usize>,
        moved: RefCell<usize>,
    }

    impl Registers for &RefCell<Simulated> {
        fn read(&self, offset: usize) -> u32 {
            let s = self.borrow();
            let (mut tx, mut rx) = (s.tx.borrow_mut(), s.rx.borrow_mut());
            match offset {
                CS => {
                    // A byte moves between two looks, unless nobody made room for it.
                    if s.cs & cs::TA != 0
                        && rx.len() < 16
                        && s.dies_after.is_none_or(|n| *s.moved.borrow() < n)
                        && let Some(byte) = tx.pop_front()
                    {
                        rx.push_back(!byte);
                        *s.moved.borrow_mut() += 1;
                    }
                    let bit = |on: bool, bit: u32| if on { bit } else { 0 };
                    s.cs | bit(tx.is_empty(), cs::DONE) | bit(!rx.is_empty(), cs::RXD) | bit(tx.len() < 16, cs::TXD)
                }
                FIFO => rx.pop_front().expect("read from an empty FIFO").into(),
                _ => panic!("read of {offset:#x}"),
            }
        }

        fn write(&mut self, offset: usize, value: u32) {
            let mut s = self.borrow_mut();
            match offset {
                CS => {
                    if value & cs::CLEAR != 0 {
                        s.tx.borrow_mut().clear();
                        s.rx.borrow_mut().clear();
                    }
                    if s.cs & cs::TA == 0 && value & cs::TA != 0 {
                        let clk = s.clk;
                        s.seen.push((value & !cs::TA, clk, Vec::new()));
                    }
                    s.cs = value & !cs::CLEAR;
                }
                FIFO => {
                    assert!(s.cs & cs::TA != 0, "sent while not selected");
                    assert!(s.tx.borrow().len() < 16, "overflow");
                    s.tx.borrow_mut().push_back(value as u8);
                    s.seen.last_mut().unwrap().2.push(value as u8);
                }
                CLK => s.clk = value,
                _ => panic!("write of {offset:#x}"),
            }
        }
    }

    const MODE_1: SpiSettings = SpiSettings { mode: 1, speed_hz: 4_000_000, max_speed_hz: 20_000_000 };

    #[test]
    fn operations_share_one_select_and_longer_ones_than_the_fifo_pass() {
        let chip = RefCell::new(Simulated::default());
        let mut bus = Bus::new(&chip, Setup::new(MODE_1, 1, 250_000_000));
        let (mut read, mut both, mut more) = ([0; 3], [0; 100], [0; 4]);
        both.iter_mut().zip(0..).for_each(|(b, i)| *b = i);
        bus.transaction(&mut [
            Operation::Write(&[0x20, 0x00]),
            Operation::DelayNs(10),
            Operation::Read(&mut read),
            Operation::TransferInPlace(&mut both),
            Operation::Transfer(&mut more, &[1, 2]),
        ])
        .unwrap();
        assert_eq!(read, [0xFF; 3]);
        assert!(both.iter().zip(0..).all(|(b, i): (_, u8)| *b == !i));
        assert_eq!(more, [!1, !2, 0xFF, 0xFF]);
        bus.transaction(&mut [Operation::Write(&[7])]).unwrap();
        let chip = chip.borrow();
        assert_eq!(chip.seen.len(), 2);
        // CS 1, CPHA, not CPOL; 250 MHz / 4 MHz = 62.5, up to the next even divisor.
        assert_eq!((chip.seen[0].0, chip.seen[0].1), (0b101, 64));
        assert_eq!(chip.seen[0].2[..6], [0x20, 0, 0, 0, 0, 0]);
        assert_eq!((chip.seen[0].2.len(), &chip.seen[1].2[..]), (2 + 3 + 100 + 4, &[7][..]));
        assert_eq!(chip.cs & cs::TA, 0);
    }

    #[test]
    fn a_controller_that_stops_is_an_error_and_deselected() {
        let chip = RefCell::new(Simulated { dies_after: Some(5), ..Simulated::default() });
        let mut bus = Bus::new(&chip, Setup::new(MODE_1, 0, 250_000_000));
        let error = bus.transaction(&mut [Operation::Write(&[0; 27])]).unwrap_err();
        assert_eq!((error.received, error.wanted), (5, 27));
        assert_eq!(chip.borrow().cs & cs::TA, 0);
        // What was left in the FIFO is gone.
        chip.borrow_mut().dies_after = None;
        let mut byte = [0];
        bus.transaction(&mut [Operation::Transfer(&mut byte, &[0x55])]).unwrap();
        assert_eq!(byte, [0xAA]);
    }

    #[test]
    fn the_clock_is_never_faster_than_asked() {
        for core in [250_000_000, 400_000_000, 500_000_000] {
            for speed in [1, 5_000, 1_000_000, 1_920_000, 3_600_000, 20_000_000, 500_000_000] {
                let settings = SpiSettings { speed_hz: speed, ..MODE_1 };
                let setup = Setup::new(settings, 0, core);
                assert!(setup.divisor.is_multiple_of(2) && (2..=65534).contains(&setup.divisor));
                // The slowest that there is, and otherwise not above.
                assert!(setup.divisor == 65534 || setup.speed_hz(core) <= speed);
            }
        }
    }

    #[test]
    fn modes_are_cpol_and_cpha() {
        let control = |mode| Setup::new(SpiSettings { mode, ..MODE_1 }, 0, 250_000_000).control;
        assert_eq!([0, 1, 2, 3].map(control), [0, 0b0100, 0b1000, 0b1100]);
    }

    struct Pins([u32; 2]);

    impl Registers for Pins {
        fn read(&self, offset: usize) -> u32 {
            self.0[offset / 4]
        }
        fn write(&mut self, offset: usize, value: u32) {
            self.0[offset / 4] = value;
        }
    }

    #[test]
    fn only_spi0s_own_pins_change_their_function() {
        // All pins outputs (001) before.
        let all = 0o1_111_111_111;
        let mut pins = Pins([all, all]);
        take_pins(&mut pins, Some(0));
        assert_eq!(pins.0, [0o4_411_111_111, 0o1_111_111_144]);
        let mut pins = Pins([all, all]);
        take_pins(&mut pins, Some(1));
        assert_eq!(pins.0[0], 0o4_141_111_111);
        let mut pins = Pins([all, all]);
        take_pins(&mut pins, None);
        assert_eq!(pins.0[0], 0o4_111_111_111);
    }
}
