//! The simulated ADS1299, spoken to in bytes as a careless host would, and through the driver.

use std::cell::RefCell;

use axismirror_boards::adc::{Adc, AdcError, FrameStatus, Input};
use axismirror_boards::ads1299::registers::{
    Channel, Config4, DataRate, Gain, Gpio, Mux, REGISTERS, TestFrequency, address,
};
use axismirror_boards::ads1299::{Ads1299, Model, Settings};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::{DataReady, Level, NoPace, Wait};
use axismirror_boards::self_test::{Judge, judge};
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::device::Device;
use axismirror_boards::sim::{Faults, SimBoard, SimChip, SimDelay, SimDrdy, SimSettings, SimSpi};

const MS: i64 = 1_000_000;
/// More than 4 tCLK.
const BYTE_NS: i64 = 2_500;

/// A chip with the time that a host lets pass.
struct Bench(Model<'static>, i64);

impl Bench {
    fn new() -> Self {
        Self(Model::new(Signal::Counter, 0, 0.0, Faults::new()), 0)
    }

    fn powered() -> Self {
        let mut bench = Self::new();
        bench.wait(128 * MS);
        bench
    }

    fn wait(&mut self, ns: i64) {
        self.1 += ns;
        self.0.advance_to(self.1);
    }

    fn exchange(&mut self, bytes: &[u8], byte_ns: i64) -> Vec<u8> {
        self.0.select();
        let mut exchange = |b: &u8| {
            self.1 += byte_ns;
            self.0.advance_to(self.1);
            self.0.transfer(*b)
        };
        let answer = bytes.iter().map(&mut exchange).collect();
        self.0.deselect();
        self.wait(byte_ns);
        answer
    }

    fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.exchange(bytes, BYTE_NS)
    }
}

#[test]
fn registers_have_their_reset_values_once_it_is_powered() {
    let mut bench = Bench::new();
    bench.wait(127 * MS);
    assert_eq!(bench.send(&[0x11]), [0]);
    assert_eq!(bench.send(&[0x20, 0, 0])[2], 0, "deaf until 2^18 tCLK are over");
    let mut bench = Bench::powered();
    bench.send(&[0x11]);
    let mut read = vec![0x20, 23];
    read.extend([0; 24]);
    let expected = [
        0x3E, 0x96, 0xC0, 0x60, 0x00, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0, 0, 0, 0, 0, 0, 0, 0x0F, 0, 0,
        0,
    ];
    assert_eq!(bench.send(&read)[2..], expected);
}

#[test]
fn register_writes_are_ignored_in_rdatac() {
    let mut bench = Bench::powered();
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x61));
    // The mistake of a public driver: RDATAC sent where SDATAC was meant.
    bench.send(&[0x10]);
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x61));
    bench.send(&[0x11]);
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x00));
    // And a write that is ignored is not taken for commands: 06 would be RESET.
    bench.send(&[0x10]);
    bench.send(&[0x46, 0, 0x06]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x00));
}

#[test]
fn read_only_and_fixed_bits_cannot_be_written() {
    let mut bench = Bench::powered();
    bench.send(&[0x11]);
    let mut all = vec![0x40, 23];
    all.extend([0xFF; 24]);
    bench.send(&all);
    let held = |at| bench.0.register(at).unwrap();
    assert_eq!([held(address::ID), held(address::LOFF_STATP), held(address::LOFF_STATN)], [0x3E, 0, 0]);
    assert_eq!([held(address::MISC1), held(address::MISC2), held(address::CONFIG4)], [0x20, 0x00, 0x0A]);
    assert_eq!(held(address::CONFIG3), 0xFE);
    let _ = bench.send(&all.iter().map(|b| b & 0x5F).collect::<Vec<_>>());
    assert_eq!(bench.0.register(address::CONFIG1).unwrap() & 0x98, 0x90);
}

#[test]
fn reset_brings_back_the_reset_values_and_rdatac() {
    let mut bench = Bench::powered();
    bench.send(&[0x11]);
    bench.send(&[0x45, 0, 0x00]);
    bench.send(&[0x06]);
    bench.send(&[0x11]);
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x61), "18 tCLK are not over: it heard nothing");
    bench.wait(10_000);
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x61), "in RDATAC");
    bench.send(&[0x11]);
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x00));
}

#[test]
fn bytes_that_come_faster_than_they_are_decoded_are_lost() {
    let mut bench = Bench::powered();
    bench.send(&[0x11]);
    bench.exchange(&[0x45, 0, 0x00], 400); // 20 MHz without pauses
    assert_eq!((bench.0.register(address::CH1SET), bench.0.dropped_commands()), (Some(0x61), 1));
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!((bench.0.register(address::CH1SET), bench.0.dropped_commands()), (Some(0x00), 1));
}

/// tCLK in femtoseconds.
const CLOCK_FS: i64 = 488_281_250;

fn ns(clocks: i64) -> i64 {
    (clocks * CLOCK_FS).div_euclid(1_000_000) + i64::from((clocks * CLOCK_FS) % 1_000_000 != 0)
}

#[test]
fn conversions_come_when_the_filter_has_settled_and_then_at_the_rate() {
    // Settling in tCLK for DR 0 to 6.
    for (dr, settling) in [521, 1033, 2057, 4105, 8201, 16393, 32777].into_iter().enumerate() {
        let mut bench = Bench::powered();
        bench.send(&[0x11]);
        bench.send(&[0x41, 0, 0x90 | dr as u8]);
        bench.send(&[0x08]);
        let first = bench.0.next_conversion_ns().unwrap();
        let since_start = first - (bench.1 - BYTE_NS);
        assert!((since_start - ns(settling)).abs() <= 489, "DR {dr}: {since_start}");
        bench.wait(first - bench.1 - 1);
        assert_eq!(bench.0.level(), Level::High);
        bench.wait(1);
        assert_eq!(bench.0.level(), Level::Low);
        let period = bench.0.next_conversion_ns().unwrap() - first;
        assert!((period - ns(128 << dr)).abs() <= 1, "DR {dr}: {period}");
        assert_eq!(bench.0.pop_edge().unwrap().time_ns, first);
        // A write to CONFIG1, even of what it holds, starts the filter again.
        bench.send(&[0x41, 0, 0x90 | dr as u8]);
        assert!(bench.0.next_conversion_ns().unwrap() - (bench.1 - BYTE_NS) > 4 * period);
    }
}

#[test]
fn drdy_rises_on_the_first_clock_and_unread_frames_are_overwritten() {
    let mut bench = Bench::powered();
    bench.send(&[0x08]);
    bench.wait(20 * MS);
    assert_eq!((bench.0.level(), bench.0.conversion(), bench.0.overwritten()), (Level::Low, Some(0), 0));
    bench.0.select();
    assert_eq!(bench.0.level(), Level::Low);
    bench.0.transfer(0);
    assert_eq!(bench.0.level(), Level::High);
    bench.0.deselect();
    bench.wait(4 * MS);
    bench.wait(8 * MS);
    assert_eq!((bench.0.level(), bench.0.conversion(), bench.0.overwritten()), (Level::Low, Some(3), 2));
    assert_eq!(std::iter::from_fn(|| bench.0.pop_edge()).count(), 4, "every conversion has its edge");
}

#[test]
fn standby_hears_wakeup_alone_and_stop_stops() {
    let mut bench = Bench::powered();
    bench.send(&[0x08]);
    bench.send(&[0x04]);
    bench.wait(100 * MS);
    assert_eq!(bench.0.conversion(), None);
    bench.send(&[0x11]);
    bench.send(&[0x02]);
    bench.wait(18 * MS);
    assert_eq!(bench.0.conversion(), Some(0));
    bench.send(&[0x45, 0, 0x00]);
    assert_eq!(bench.0.register(address::CH1SET), Some(0x61), "SDATAC was not heard");
    bench.send(&[0x0A]);
    bench.wait(20 * MS);
    assert_eq!((bench.0.conversion(), bench.0.next_conversion_ns()), (Some(0), None));
}

#[test]
fn rdata_asks_for_a_frame_and_a_frame_ends_in_zeros() {
    let mut bench = Bench::powered();
    bench.send(&[0x11]);
    bench.send(&[0x43, 0, 0xE0]);
    bench.wait(151 * MS);
    bench.send(&[0x45, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
    bench.send(&[0x08]);
    bench.wait(17 * MS);
    assert_eq!(bench.send(&[0; 30]), [0; 30], "not in RDATAC, nothing asked for");
    let mut ask = vec![0x12];
    ask.extend([0; 30]);
    let answer = bench.send(&ask);
    assert_eq!(answer[..7], [0, 0xC0, 0, 0, 0, 0, 0]);
    assert_eq!(answer[7..10], [0, 0, 1], "channel 2 of frame 0");
    assert_eq!(answer[28..], [0; 3]);
}

#[test]
fn without_a_reference_codes_clip() {
    let mut bench = Bench::powered();
    bench.send(&[0x08]);
    bench.wait(17 * MS);
    assert_eq!(bench.send(&[0; 27])[3..6], [0x7F, 0xFF, 0xFF]);
}

#[test]
fn single_shot_converts_once_for_each_start() {
    let mut bench = Bench::powered();
    bench.send(&[0x11]);
    bench.send(&[0x57, 0, 0x08]);
    for _ in 0..2 {
        bench.send(&[0x08]);
        bench.wait(100 * MS);
        assert!(bench.0.pop_edge().is_some());
        assert!(bench.0.pop_edge().is_none());
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    for round in 0..300 {
        let mut bench = if round % 2 == 0 { Bench::powered() } else { Bench::new() };
        bench.send(&[0x11]);
        for _ in 0..60 {
            let bytes: Vec<u8> = (0..next() % 40)
                .map(|_| match next() % 4 {
                    0 => [0x02, 0x04, 0x06, 0x08, 0x0A, 0x10, 0x11, 0x12][(next() % 8) as usize],
                    1 => 0x20 | next() as u8 & 0x3F,
                    _ => next() as u8,
                })
                .collect();
            bench.exchange(&bytes, (next() % 5000) as i64);
            bench.wait((next() % 30) as i64 * MS);
            assert_eq!(bench.0.register(address::ID), Some(0x3E));
        }
    }
    let mut codes = [0; 8];
    for _ in 0..20_000 {
        let bytes: [u8; 27] = std::array::from_fn(|_| next() as u8);
        let word = axismirror_boards::ads1299::frame::decode(&bytes, &mut codes);
        let _ = (word.status(), Settings::DEFAULT.status_check().accepts(word));
        assert!(codes.iter().all(|c| (-0x80_0000..=0x7F_FFFF).contains(c)));
    }
}

/// A driver over a simulated chip, started, and its DRDY.
fn with_driver<T>(
    signal: Signal<'_>,
    settings: Settings,
    test: impl FnOnce(
        &mut Ads1299<SimSpi<'_, '_>, SimDelay<'_, '_>>,
        &mut SimDrdy<'_, '_, NoPace>,
        &RefCell<SimBoard<'_>>,
    ) -> T,
) -> T {
    let board = Board::find("pieeg8").unwrap();
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(signal)));
    let mut adc = Ads1299::new(SimSpi::new(&world, 0), SimDelay::new(&world), settings);
    adc.initialise().unwrap();
    adc.start().unwrap();
    test(&mut adc, &mut SimDrdy::new(&world, 0, 0, NoPace), &world)
}

fn next(adc: &mut impl Adc, drdy: &mut impl DataReady) -> ([i32; 8], FrameStatus) {
    assert!(matches!(drdy.wait(1000 * MS), Ok(Wait::Edge(_))));
    let mut codes = [0; 8];
    let status = adc.read_frame(&mut codes).ok().unwrap();
    (codes, status)
}

#[test]
fn the_driver_reads_the_counter_at_every_rate() {
    for rate in DataRate::ALL {
        with_driver(Signal::Counter, Settings::DEFAULT.with_rate(rate), |adc, drdy, world| {
            for k in 0..1000 {
                assert_eq!(next(adc, drdy).0, std::array::from_fn(|c| 8 * k + c as i32));
            }
            let mut world = world.borrow_mut();
            let SimChip::Ads1299(model) = &world.chips()[0] else { panic!("an ADS1299") };
            assert_eq!((model.overwritten(), model.dropped_commands()), (0, 0));
        });
    }
}

#[test]
fn the_driver_leaves_the_chip_as_it_was_told() {
    let channel = |n: usize| Channel { power_down: n == 3, gain: Gain::ALL[n % 7], srb2: n == 4, mux: Mux::Shorted };
    let mut settings = Settings::DEFAULT.with_rate(DataRate::Sps1000);
    settings.channels = std::array::from_fn(channel);
    settings.config2.frequency = TestFrequency::Dc;
    (settings.bias_positive, settings.lead_off_flip) = (0xA5, 0x5A);
    settings.misc1.srb1 = true;
    with_driver(Signal::Counter, settings, |_, _, world| {
        let mut world = world.borrow_mut();
        let SimChip::Ads1299(model) = &world.chips()[0] else { panic!("an ADS1299") };
        for (at, (expected, register)) in (0..).zip(settings.image().into_iter().zip(REGISTERS)) {
            assert_eq!(model.register(at), Some(expected), "{}", register.name);
        }
    });
}

#[test]
fn the_test_signal_has_the_datasheets_amplitude_and_period() {
    for (gain, amplitude) in [(Gain::X1, 3495), (Gain::X24, 83886)] {
        let settings = Settings::DEFAULT.with_gain(gain);
        with_driver(Signal::Counter, settings, |adc, drdy, _| {
            adc.set_input(Input::TestSignal).unwrap();
            adc.start().unwrap();
            let codes: Vec<i32> = (0..1024).map(|_| next(adc, drdy).0[7]).collect();
            assert!(codes.iter().all(|c| c.abs() == amplitude));
            let changes: Vec<usize> = (1..1024).filter(|i| codes[*i] != codes[i - 1]).collect();
            assert!(changes.windows(2).all(|pair| pair[1] - pair[0] == 128), "{changes:?}");
            let found = judge(codes, adc.test_signal(7).unwrap()).unwrap();
            assert_eq!((found.amplitude, found.offset), (f64::from(amplitude), 0.0));
        });
    }
}

#[test]
fn the_self_test_finds_a_chip_at_another_gain() {
    with_driver(Signal::Square, Settings::DEFAULT.with_input(Input::TestSignal), |adc, drdy, _| {
        let mut wrong = Judge::new(Settings::DEFAULT.with_gain(Gain::X12).test_signal(0).unwrap());
        for _ in 0..1024 {
            wrong.push(next(adc, drdy).0[0]);
        }
        assert!(wrong.verdict().is_err());
    });
}

#[test]
fn inputs_gains_and_powered_down_channels() {
    let mut settings = Settings::DEFAULT;
    settings.channels[1].power_down = true;
    settings.channels[2].mux = Mux::Shorted;
    settings.channels[3].gain = Gain::X12;
    let dc = Signal::Sine { frequency: 0.0, amplitude: 1.0 };
    with_driver(dc, settings, |adc, drdy, _| {
        let codes = next(adc, drdy).0;
        // A sine of 0 Hz is constant: channel c at -sin(2 pi c / 16) V, far beyond +-187.5 mV.
        assert_eq!(codes[..5], [0, 0, 0, -0x80_0000, -0x80_0000]);
    });
    let small = Signal::Sine { frequency: 0.0, amplitude: 1e-3 };
    with_driver(small, settings, |adc, drdy, _| {
        let codes = next(adc, drdy).0;
        assert_eq!(codes[4], -(1e-3_f64 / 4.5 * 24.0 * 8_388_607.0).round() as i32);
        let expected = 1e-3 * (std::f64::consts::TAU * 3.0 / 16.0).sin() / 4.5 * 12.0 * 8_388_607.0;
        assert_eq!(codes[3], -expected.round() as i32);
    });
}

#[test]
fn leads_and_pins_are_in_the_status_word() {
    let mut settings = Settings::DEFAULT;
    settings.config4 = Config4 { single_shot: false, lead_off_comparators: true };
    (settings.lead_off_positive, settings.lead_off_negative) = (0xFF, 0x0F);
    settings.gpio = Gpio { data: 0b0101, inputs: 0b1000 };
    with_driver(Signal::Counter, settings, |adc, drdy, world| {
        {
            let mut world = world.borrow_mut();
            let SimChip::Ads1299(model) = &mut world.chips()[0] else { panic!("an ADS1299") };
            model.set_lead_off(0x81, 0xC3);
        }
        let (_, status) = next(adc, drdy);
        assert_eq!(
            status,
            FrameStatus { lead_off_positive: 0x81, lead_off_negative: 0x03, gpio: 0b0101, repeated: false }
        );
    });
}

#[test]
fn the_driver_finds_out_when_the_bus_garbles() {
    let board = Board::find("pieeg8").unwrap();
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Counter)));
    // A chip-select that nobody has.
    let mut adc = Ads1299::new(SimSpi::new(&world, 1), SimDelay::new(&world), Settings::DEFAULT);
    assert!(matches!(adc.initialise(), Err(AdcError::WrongId { found: 0xFF, .. })));
}
