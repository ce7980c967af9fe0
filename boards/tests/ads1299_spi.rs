//! The ADS1299 driver's bytes on the wire, against transactions written from the datasheet (SBAS499).
//!
//! Must never use the simulated chip: these expectations come from elsewhere than our own model.

use axismirror_boards::adc::{Adc, AdcError, FrameStatus};
use axismirror_boards::ads1299::{Ads1299, Settings};
use axismirror_boards::board::{Board, ChipKind};
use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Pause};
use embedded_hal_mock::eh1::spi::{Mock, Transaction as Spi};

/// 4 tCLK of 488.28 ns, and the 2.5 % that the oscillator may be slow.
const DECODE_NS: u32 = 2_100;

/// A command: every byte with its pause, chip-select low all the time.
fn command(bytes: &[u8]) -> Vec<Spi<u8>> {
    answered(bytes, &[])
}

fn answered(bytes: &[u8], answers: &[u8]) -> Vec<Spi<u8>> {
    let mut all = vec![Spi::transaction_start()];
    for byte in bytes {
        all.extend([Spi::write_vec(vec![*byte]), Spi::delay(DECODE_NS)]);
    }
    for byte in answers {
        all.extend([Spi::read_vec(vec![*byte]), Spi::delay(DECODE_NS)]);
    }
    all.push(Spi::transaction_end());
    all
}

/// Settings, the bytes of registers 01 to 11 and 14 to 17 that the maker of PiEEG uses.
fn pieeg() -> (Settings, [u8; 17], [u8; 4]) {
    let ChipKind::Ads1299(settings) = Board::find("pieeg8").unwrap().chips[0].kind else { panic!("an ADS1299") };
    let mut first = [0; 17];
    first[..4].copy_from_slice(&[0x96, 0xD4, 0xFE, 0x00]);
    (settings, first, [0x80, 0x20, 0x00, 0x00])
}

fn begin(id: u8) -> Vec<Spi<u8>> {
    [
        command(&[0x06]),               // RESET
        command(&[0x11]),               // SDATAC: registers can be reached from here on
        answered(&[0x20, 0x00], &[id]), // RREG ID, one register
    ]
    .concat()
}

fn configure(read_back: [u8; 24]) -> Vec<Spi<u8>> {
    let (_, first, second) = pieeg();
    [
        command(&[0x43, 0x00, 0xFE]),                 // WREG CONFIG3: the reference comes on
        command(&[&[0x41, 16][..], &first].concat()), // WREG CONFIG1 to LOFF_FLIP
        command(&[&[0x54, 3][..], &second].concat()), // WREG GPIO to CONFIG4
        answered(&[0x20, 23], &read_back),            // RREG all
    ]
    .concat()
}

fn good_read_back() -> [u8; 24] {
    let (_, first, second) = pieeg();
    let mut all = [0; 24];
    all[0] = 0x3E;
    all[1..18].copy_from_slice(&first);
    all[0x14..].copy_from_slice(&second);
    all
}

/// The pauses: 2^18 tCLK (128 ms), 18 tCLK (9 us), and 150 ms for the reference, each with 2.5 % to spare.
fn pauses(reference: bool) -> Vec<Pause> {
    let mut pauses = vec![Pause::delay_ms(132), Pause::delay_us(10)];
    pauses.extend(reference.then(|| Pause::delay_ms(150)));
    pauses
}

fn initialise(spi: &[Spi<u8>], reference: bool) -> Result<(), AdcError<embedded_hal::spi::ErrorKind>> {
    let (mut spi, mut delay) = (Mock::new(spi), CheckedDelay::new(&pauses(reference)));
    let mut adc = Ads1299::new(spi.clone(), delay.clone(), pieeg().0);
    let result = adc.initialise();
    spi.done();
    delay.done();
    result
}

#[test]
fn power_up_is_the_datasheets_sequence() {
    assert_eq!(initialise(&[begin(0x3E), configure(good_read_back())].concat(), true), Ok(()));
}

#[test]
fn another_revision_is_the_same_chip() {
    let mut read_back = good_read_back();
    read_back[0] = 0x9E;
    assert_eq!(initialise(&[begin(0x9E), configure(read_back)].concat(), true), Ok(()));
}

#[test]
fn another_chip_is_not_configured() {
    // ADS1298, ADS1299-4, nobody, a line that is stuck
    for found in [0x92, 0x3C, 0x00, 0xFF] {
        let result = initialise(&begin(found), false);
        let wrong = AdcError::WrongId { chip: "ADS1299", found: found.into(), expected: 0x1E, mask: 0x1F };
        assert_eq!(result, Err(wrong));
    }
}

#[test]
fn a_register_that_did_not_take_is_named() {
    for (at, register) in [(0x01, "CONFIG1"), (0x05, "CH1SET"), (0x14, "GPIO"), (0x15, "MISC1")] {
        let mut read_back = good_read_back();
        let wrote = read_back[at];
        read_back[at] ^= 0x20;
        let read = read_back[at];
        let result = initialise(&[begin(0x3E), configure(read_back)].concat(), true);
        assert_eq!(result, Err(AdcError::ReadBack { register, wrote: wrote.into(), read: read.into() }));
    }
}

#[test]
fn bits_that_only_the_chip_sets_are_not_judged() {
    let mut read_back = good_read_back();
    read_back[0x03] |= 0x01; // BIAS_STAT
    read_back[0x12] = 0xFF; // LOFF_STATP
    assert_eq!(initialise(&[begin(0x3E), configure(read_back)].concat(), true), Ok(()));
}

#[test]
fn start_and_stop() {
    let expected = [command(&[0x10]), command(&[0x08]), command(&[0x11]), command(&[0x0A])].concat();
    let (mut spi, mut delay) = (Mock::new(&expected), CheckedDelay::new(&[]));
    let mut adc = Ads1299::new(spi.clone(), delay.clone(), pieeg().0);
    adc.start().unwrap();
    adc.stop().unwrap();
    spi.done();
    delay.done();
}

#[test]
fn a_frame_is_one_transfer_of_zeros() {
    let frame = |status: [u8; 3]| {
        let mut bytes = vec![0; 27];
        bytes[..3].copy_from_slice(&status);
        bytes[3..6].copy_from_slice(&[0x80, 0x00, 0x00]);
        bytes[24..].copy_from_slice(&[0x7F, 0xFF, 0xFF]);
        vec![Spi::transaction_start(), Spi::transfer_in_place(vec![0; 27], bytes), Spi::transaction_end()]
    };
    let expected = [frame([0xC0, 0x00, 0x08]), frame([0x00, 0x00, 0x00]), frame([0xC0, 0x10, 0x08])].concat();
    let (mut spi, mut delay) = (Mock::new(&expected), CheckedDelay::new(&[]));
    let mut adc = Ads1299::new(spi.clone(), delay.clone(), pieeg().0);
    let mut codes = [0; 8];
    assert_eq!(adc.read_frame(&mut codes), Ok(FrameStatus { gpio: 8, ..FrameStatus::default() }));
    assert_eq!(codes, [-8_388_608, 0, 0, 0, 0, 0, 0, 8_388_607]);
    assert_eq!(adc.read_frame(&mut codes), Err(AdcError::BadStatus { bytes: [0x00, 0x00, 0x00] }));
    // A lead-off bit while the comparators are off.
    assert_eq!(adc.read_frame(&mut codes), Err(AdcError::BadStatus { bytes: [0xC0, 0x10, 0x08] }));
    assert_eq!(adc.read_frame(&mut codes[..7]), Err(AdcError::FrameBuffer { channels: 8, given: 7 }));
    spi.done();
    delay.done();
}
