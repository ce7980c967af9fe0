//! ADS131M04 and ADS131M08: the driver against transactions of the datasheet, the simulated chip byte by byte, both together.

mod frames;

use std::cell::RefCell;

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Limits, Step};
use axismirror_boards::adc::{Adc, AdcError, FrameStatus, Input};
use axismirror_boards::ads131m0x::frame::checksum;
use axismirror_boards::ads131m0x::registers::Gain;
use axismirror_boards::ads131m0x::{Ads131m0x, Model, Part, Settings};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::{Level, NoPace};
use axismirror_boards::self_test::SelfTest;
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::device::Device;
use axismirror_boards::sim::{self, Fault, Faults, ScheduledFault, SimBoard, SimSettings};
use axismirror_core::health::Health;
use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Pause};
use embedded_hal_mock::eh1::spi::{Mock, Transaction as Spi};
use frames::Frames;

/// Words of 24 bits, the last one the checksum of those before, padded to a frame of the M04.
fn sent(words: &[u32]) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()[1..].to_vec()).collect();
    let crc = checksum(&bytes).to_be_bytes();
    bytes.extend([crc[0], crc[1], 0]);
    bytes.resize(18, 0);
    bytes
}

fn answer(response: u16, samples: [u32; 4]) -> Vec<u8> {
    let mut words = vec![u32::from(response) << 8];
    words.extend(samples);
    sent(&words)
}

fn transfer(out: Vec<u8>, back: Vec<u8>) -> Vec<Spi<u8>> {
    vec![Spi::transaction_start(), Spi::transfer_in_place(out, back), Spi::transaction_end()]
}

/// A command, and a NULL for its response.
fn command(words: &[u32], response: u16) -> Vec<Spi<u8>> {
    [transfer(sent(words), answer(0x0500, [0; 4])), transfer(sent(&[0]), answer(response, [0; 4]))].concat()
}

fn write(address: u32, value: u32) -> Vec<Spi<u8>> {
    let written = command(&[(0x6000 | address << 7) << 8, value << 8], (0x4000 | address << 7) as u16);
    [written, command(&[(0xA000 | address << 7) << 8], value as u16)].concat()
}

fn initialise(expected: &[Vec<Spi<u8>>]) -> Result<(), AdcError<embedded_hal::spi::ErrorKind>> {
    let mut spi = Mock::new(&expected.concat());
    let mut delay = CheckedDelay::new(&[Pause::delay_ms(1), Pause::delay_us(20)]);
    let mut adc = Ads131m0x::new(spi.clone(), delay.clone(), Settings::new(Part::M04).with_gain(Gain::X4));
    let result = adc.initialise();
    spi.done();
    delay.done();
    result
}

fn good() -> Vec<Vec<Spi<u8>>> {
    vec![
        command(&[0x001100], 0xFF24),
        command(&[0xA00000], 0x2401),
        write(0x02, 0x1110), // MODE: input checksum, 24 bits, timeout; RESET cleared
        write(0x03, 0x0F96), // CLOCK: four channels, external, OSR 4096, high resolution
        write(0x04, 0x2222), // GAIN1
        write(0x09, 0),      // CH0_CFG to CH3_CFG
        write(0x0E, 0),
        write(0x13, 0),
        write(0x18, 0),
        transfer(sent(&[0x002200]), answer(0x0500, [0; 4])), // STANDBY
    ]
}

#[test]
fn setting_up_is_the_datasheets_sequence() {
    assert_eq!(initialise(&good()), Ok(()));
}

#[test]
fn another_chip_or_none_is_not_configured() {
    let wrong = |found| Err(AdcError::WrongId { chip: "ADS131M04", found, expected: 0x2400, mask: 0xFF00 });
    assert_eq!(initialise(&[command(&[0x001100], 0xFF28)]), wrong(0x2800));
    // RESET was not carried out.
    assert_eq!(initialise(&[command(&[0x001100], 0x0011)]), wrong(0x0011));
    for stuck in [0x00, 0xFF] {
        let none = [transfer(sent(&[0x001100]), vec![stuck; 18]), transfer(sent(&[0]), vec![stuck; 18])].concat();
        assert_eq!(initialise(&[none]), wrong(u16::from_be_bytes([stuck; 2])));
    }
}

#[test]
fn a_register_that_did_not_take_is_named() {
    let mut bad = good()[..3].to_vec();
    let wrong = [command(&[0x618000, 0x0F9600], 0x4180), command(&[0xA18000], 0x0F0E)].concat();
    bad.push(wrong);
    let error = AdcError::ReadBack { register: "CLOCK", wrote: 0x0F96, read: 0x0F0E };
    assert_eq!(initialise(&bad), Err(error));
}

#[test]
fn frames_are_checked_and_the_first_is_read_twice() {
    let mut corrupt = answer(0x010F, [1, 2, 3, 4]);
    corrupt[5] ^= 1;
    let computed = checksum(&corrupt[..15]);
    let received = u16::from_be_bytes([corrupt[15], corrupt[16]]);
    let null = || sent(&[0]);
    let expected = [
        transfer(null(), answer(0x010F, [9; 4])),
        transfer(null(), answer(0x010F, [1, 0xFF_FFFF, 0x80_0000, 0x7F_FFFF])),
        transfer(null(), corrupt),
        transfer(null(), answer(0x050F, [0; 4])), // the chip was reset
        transfer(null(), answer(0x010F, [5, 6, 7, 8])),
        // After a pause.
        transfer(null(), answer(0x010F, [9; 4])),
        transfer(null(), answer(0x010F, [10; 4])),
    ]
    .concat();
    let mut spi = Mock::new(&expected);
    let mut delay = CheckedDelay::new(&[]);
    let mut adc = Ads131m0x::new(spi.clone(), delay.clone(), Settings::new(Part::M04));
    let mut codes = [0; 4];
    assert_eq!(adc.read_frame(&mut codes), Ok(FrameStatus::default()));
    assert_eq!(codes, [1, -1, -8_388_608, 8_388_607]);
    assert_eq!(adc.read_frame(&mut codes), Err(AdcError::BadChecksum { received, computed }));
    assert_eq!(adc.read_frame(&mut codes), Err(AdcError::BadStatus { bytes: [5, 0x0F, 0] }));
    assert_eq!((adc.read_frame(&mut codes).is_ok(), codes), (true, [5, 6, 7, 8]));
    adc.skip_unread();
    assert_eq!((adc.read_frame(&mut codes).is_ok(), codes), (true, [10; 4]));
    assert_eq!(adc.read_frame(&mut [0; 8]), Err(AdcError::FrameBuffer { channels: 4, given: 8 }));
    spi.done();
    delay.done();
}

struct Bench(Model<'static>, i64);

impl Bench {
    fn new() -> Self {
        let mut bench = Self(Model::new(Part::M04, Signal::Counter, 0, 0.0, Faults::new()), 0);
        bench.wait(300_000);
        bench
    }

    fn wait(&mut self, ns: i64) {
        self.1 += ns;
        self.0.advance_to(self.1);
    }

    fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.select();
        let answer = bytes.iter().map(|b| self.0.transfer(*b)).collect();
        self.0.deselect();
        answer
    }

    /// The response to a command, with the checksum checked.
    fn ask(&mut self, words: &[u32]) -> u16 {
        self.send(&sent(words));
        let answer = self.send(&sent(&[0]));
        assert_eq!(checksum(&answer[..15]), u16::from_be_bytes([answer[15], answer[16]]));
        u16::from_be_bytes([answer[0], answer[1]])
    }
}

#[test]
fn responses_belong_to_the_frame_before() {
    let mut bench = Bench::new();
    // The first frame after power-up tells what the chip is; the checksum is that of the real device's log.
    let first = bench.send(&[0; 18]);
    assert_eq!(first[..3], [0xFF, 0x24, 0x00]);
    assert_eq!(bench.send(&sent(&[0xA18000]))[..3], [0x05, 0x00, 0x00]);
    assert_eq!(bench.send(&sent(&[0xA10000]))[..3], [0x0F, 0x0E, 0x00]);
    assert_eq!(bench.send(&[0; 18])[..3], [0x05, 0x10, 0x00]);
    // Several registers at once: the answer, ID and STATUS and MODE, and the checksum.
    bench.send(&sent(&[0xA00200]));
    let several = bench.send(&[0; 18]);
    assert_eq!(several[..12], [0xE0, 0x02, 0, 0x24, 0x00, 0, 0x05, 0x00, 0, 0x05, 0x10, 0]);
    assert_eq!(checksum(&several[..12]), u16::from_be_bytes([several[12], several[13]]));
    assert_eq!(bench.ask(&[0x002200]), 0x0022);
    assert_eq!(bench.ask(&[0x055500]), 0x0555);
    assert_eq!(bench.ask(&[0x618000, 0x000000]) & 0x8000, 0x8000, "locked: not written, STATUS says so");
    assert_eq!(bench.0.register(3), Some(0x0F0E));
    assert_eq!(bench.ask(&[0x065500]), 0x0655);
    assert_eq!(bench.ask(&[0x618000, 0x0F9600]), 0x4180);
    assert_eq!(bench.0.register(3), Some(0x0F96));
}

#[test]
fn the_log_of_a_real_device_is_what_the_model_sends() {
    // 24 05 00, twelve zeros, CE A1: an idle M04 with that response.
    let mut bench = Bench::new();
    bench.send(&sent(&[0x002200]));
    bench.send(&[0; 18]);
    let frame = bench.send(&[0; 18]);
    assert_eq!(
        (&frame[..2], &frame[15..17]),
        (&[5, 0][..], &checksum(&[&[5][..], &[0; 14]].concat()).to_be_bytes()[..])
    );
}

#[test]
fn a_reset_wants_a_whole_frame() {
    let mut bench = Bench::new();
    bench.send(&[0; 18]);
    bench.ask(&[0x618000, 0x0F9600]);
    bench.send(&sent(&[0x001100])[..15]);
    assert_eq!(bench.send(&[0; 18])[..2], [0x00, 0x11]);
    assert_eq!(bench.0.register(3), Some(0x0F96));
    bench.send(&sent(&[0x001100]));
    assert_eq!(bench.send(&[0; 18]), [0; 18], "busy for 5 us");
    bench.wait(6_000);
    assert_eq!(bench.send(&[0; 18])[..2], [0xFF, 0x24]);
    assert_eq!(bench.0.register(3), Some(0x0F0E));
}

#[test]
fn a_wrong_checksum_from_the_host_is_refused_when_it_is_to_be() {
    let mut bench = Bench::new();
    bench.send(&[0; 18]);
    let mut bad = sent(&[0x620000, 0x111100]);
    bad[6] ^= 1;
    bench.send(&bad);
    assert_eq!(bench.0.register(4), Some(0x1111), "not looked at after a reset");
    assert_eq!(bench.ask(&[0x610000, 0x111000]), 0x4100);
    let mut bad = sent(&[0x620000, 0x222200]);
    bad[6] ^= 1;
    bench.send(&bad);
    let status = bench.send(&sent(&[0]));
    assert_eq!((status[0] & 0x10, bench.0.register(4)), (0x10, Some(0x1111)));
    assert_eq!(bench.ask(&[0x620000, 0x222200]), 0x4200);
    assert_eq!(bench.0.register(4), Some(0x2222));
}

#[test]
fn two_samples_are_kept_and_the_older_comes_first() {
    let mut bench = Bench::new();
    bench.send(&[0; 18]);
    bench.send(&sent(&[0x618000, 0x0F9600])); // 1 kHz
    bench.wait(3_050_000);
    let code = |frame: Vec<u8>| u32::from_be_bytes([0, frame[3], frame[4], frame[5]]) / 8;
    assert_eq!(bench.0.level(), Level::Low);
    let begin = code(bench.send(&sent(&[0])));
    assert_eq!(bench.0.level(), Level::High);
    bench.wait(5_000_000);
    assert_eq!(code(bench.send(&sent(&[0]))), begin + 4);
    assert_eq!(bench.0.level(), Level::Low);
    assert_eq!(code(bench.send(&sent(&[0]))), begin + 5);
    assert_eq!((bench.0.level(), bench.0.overwritten()), (Level::High, 3));
    let short = bench.send(&sent(&[0])[..9]);
    assert_eq!(u32::from_be_bytes([0, short[3], short[4], short[5]]) / 8, begin + 5);
}

fn run(board: &str, rate: f64, steps: usize, settings: SimSettings<'_>) -> (Frames, Health) {
    let board = Board::find(board).unwrap();
    let world = RefCell::new(SimBoard::new(board, settings));
    let mut adcs = sim::adcs(&world, board, rate, 1, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::of(board.channels());
    for _ in 0..steps {
        acquisition.step(&mut sink).unwrap();
    }
    let health = Health { measured_rate: 0.0, ..*acquisition.health() };
    (sink, health)
}

fn fault(fault: Fault, frames: u64) -> SimSettings<'static> {
    SimSettings::new(Signal::Counter).with_fault(ScheduledFault { fault, chip: 0, after_frame: 40, frames }).unwrap()
}

/// Frame numbers against the chip's own count.
fn in_step(frames: &Frames) -> bool {
    let first = frames.0[0].2[0] / 8 - frames.0[0].0 as i32;
    frames.0.iter().all(|(number, _, codes)| codes[0] / 8 - *number as i32 == first)
}

#[test]
fn nothing_is_lost_when_nothing_fails() {
    for (board, channels) in [("ads131m04", 4), ("ads131m08", 8)] {
        for rate in [500.0, 4000.0, 32000.0] {
            let (frames, health) = run(board, rate, 500, SimSettings::new(Signal::Counter));
            assert_eq!((health, frames.0.len()), (Health::default(), 500));
            let begin = frames.0[0].2[0];
            for (k, (number, _, codes)) in (0..).zip(&frames.0) {
                assert_eq!(*number, k as u64);
                assert_eq!(*codes, (0..channels).map(|c| begin + 8 * k + c).collect::<Vec<i32>>());
            }
        }
    }
}

#[test]
fn each_fault_is_counted_as_what_it_is() {
    for bad in [Fault::StatusBit(3), Fault::DataBit(0), Fault::DataBit(191), Fault::MisoLow, Fault::MisoHigh] {
        let (frames, health) = run("ads131m08", 1000.0, 100, fault(bad, 3));
        assert_eq!(health, Health { bad_frames: 3, frames_lost: 3, ..Health::default() }, "{bad:?}");
        assert!(in_step(&frames) && frames.0.len() == 97);
    }
    let (frames, health) = run("ads131m08", 1000.0, 100, fault(Fault::BusError, 3));
    assert_eq!(health, Health { bus_errors: 3, frames_lost: 3, ..Health::default() });
    assert!(in_step(&frames), "what waited in the chip is not taken for what came later");
    for missed in [Fault::MissedEdge, Fault::DroppedEdge] {
        let (frames, health) = run("ads131m04", 1000.0, 100, fault(missed, 1));
        assert_eq!(health, Health { drdy_missed: 1, ..Health::default() });
        assert!(in_step(&frames) && frames.0.len() == 100);
    }
    for stuck in [Fault::DrdyHigh, Fault::DrdyLow] {
        let (_, health) = run("ads131m04", 1000.0, 100, fault(stuck, 12));
        assert_eq!((health.drdy_missed, health.restarts, health.bad_frames, health.bus_errors), (10, 1, 0, 0));
    }
}

#[test]
fn a_host_that_is_too_slow_loses_frames_and_stays_in_step() {
    // 30 bytes of 1.5 us are 45 us, more than a period of 32 kHz.
    let mut settings = SimSettings::new(Signal::Counter);
    settings.byte_ns = 1_500;
    let (frames, health) = run("ads131m08", 32000.0, 500, settings);
    assert!(health.frames_lost > 100 && health.bad_frames == 0, "{health:?}");
    assert!(frames.0.windows(2).all(|w| w[1].2[0] > w[0].2[0]), "never an older frame");
}

#[test]
fn a_wrong_id_is_an_error_that_says_so() {
    let board = Board::find("ads131m08").unwrap();
    let settings = SimSettings::new(Signal::Counter)
        .with_fault(ScheduledFault { fault: Fault::WrongId(0x26), chip: 0, after_frame: 0, frames: u64::MAX })
        .unwrap();
    let world = RefCell::new(SimBoard::new(board, settings));
    let mut adcs = sim::adcs(&world, board, 1000.0, 1, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    let error = acquisition.start().unwrap_err();
    assert!(matches!(error, AcquisitionError::Adc { error: AdcError::WrongId { found: 0x2600, .. }, .. }), "{error}");
}

#[test]
fn the_test_levels_prove_scale_and_order_of_channels() {
    let board = Board::find("ads131m08").unwrap();
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Square)));
    let mut adcs = sim::adcs(&world, board, 1000.0, 32, Input::TestSignal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut test = SelfTest::new(&adcs);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    while test.verdicts().any(|v| v.unwrap().is_err()) {
        assert_eq!(acquisition.step(&mut test), Ok(Step::Frame));
    }
    for (channel, verdict) in test.verdicts().enumerate() {
        let expected = if channel % 2 == 0 { 1_118_481.0 } else { -1_118_481.0 };
        assert_eq!(verdict.unwrap().unwrap().amplitude, expected);
    }
}
