//! Filters against scipy 1.17.1: `butter(2, 0.5, "highpass")`, `butter(4, 1, "highpass")` and `butter(4, 40, "lowpass")` as second-order sections at 250 Hz, and
//! the cookbook's notch (b = 1, -2 cos w, 1; a = 1 + alpha, -2 cos w, 1 - alpha; alpha = sin w / 2Q) through `tf2sos`; all by `sosfilt` with
//! `sosfilt_zi(sos) * x[0]`.

use super::*;

const RATE: Option<f64> = Some(250.0);
/// Where the expected values are.
const AT: [usize; 7] = [0, 1, 49, 50, 51, 120, 199];

/// 100 + 3 sin(2 pi 10 Hz t), and a step of 2 at frame 50.
fn signal() -> Vec<f64> {
    let sample = |n: u32| {
        let step = if n >= 50 { 2.0 } else { 0.0 };
        100.0 + 3.0 * (2.0 * PI * 10.0 * f64::from(n) / 250.0).sin() + step
    };
    (0..200).map(sample).collect()
}

fn filtered(filters: &Filters) -> Vec<f64> {
    let mut bank = Bank::new(filters, RATE, 2).unwrap();
    signal().into_iter().map(|x| bank.run(1, x)).collect()
}

fn holds(filters: &Filters, expected: [f64; 7]) {
    let y = filtered(filters);
    for (at, expected) in AT.into_iter().zip(expected) {
        assert!((y[at] - expected).abs() < 1e-8, "{filters}, frame {at}: {} is not {expected}", y[at]);
    }
}

#[test]
fn each_filter_is_scipys() {
    let band = Some(Band::new(1.0, 40.0).unwrap());
    holds(
        &Filters { dc: true, ..Filters::default() },
        [
            0.0,
            0.739469627213623,
            -0.6634801312854819,
            2.0712845332650858,
            2.7752461612129196,
            -2.576553117967123,
            -0.9198407535531317,
        ],
    );
    holds(
        &Filters { notch: Some(50.0), ..Filters::default() },
        [
            100.0,
            100.7344282814475,
            99.23898443124264,
            101.95897911309838,
            102.68110245348824,
            99.13382010970301,
            101.23982113226157,
        ],
    );
    holds(
        &Filters { band, ..Filters::default() },
        [
            0.0,
            0.016511552148446795,
            -1.7211292932983402,
            -0.9989670211439401,
            -0.02099743020138939,
            -3.5286739212151716,
            -1.387759401281677,
        ],
    );
    holds(
        &Filters { dc: true, notch: Some(50.0), band },
        [
            0.0,
            0.016110123637544844,
            -1.4760241603876088,
            -0.7376707376238169,
            0.2411181163400719,
            -3.3613720826819304,
            -1.1755122326015788,
        ],
    );
    assert_eq!(filtered(&Filters::default()), signal());
}

/// What settles is only what changes: behind a gap, a constant is a constant at once.
#[test]
fn a_filter_starts_settled_after_a_reset_and_after_what_is_no_number() {
    let filters = Filters { dc: true, notch: Some(60.0), band: None };
    let mut bank = Bank::new(&filters, RATE, 1).unwrap();
    assert!((0..500).all(|_| bank.run(0, 0.3) == 0.0));
    let step = bank.run(0, 5.0);
    assert!(step > 4.0, "the step passes: {step}");
    bank.reset();
    assert!((0..500).all(|_| bank.run(0, 5.0) == 0.0));
    assert!(bank.run(0, f64::INFINITY).is_nan());
    assert_eq!(bank.run(0, -1e6), 0.0);
    // The notch alone leaves a constant what it is.
    let mut notch = Bank::new(&Filters { notch: Some(60.0), ..Filters::default() }, RATE, 1).unwrap();
    assert!((0..500).all(|_| notch.run(0, 0.3) == 0.3));
}

#[test]
fn what_cannot_be_had_is_refused_with_the_reason() {
    let all = Filters { dc: true, notch: Some(50.0), band: Some(Band::new(1.0, 40.0).unwrap()) };
    assert_eq!(all.check(None), Err(FilterError::Irregular));
    assert_eq!(Filters::default().check(None), Ok(()));
    assert_eq!(all.check(Some(100.0)), Err(FilterError::AboveNyquist { hz: 50.0, rate: 100.0 }));
    assert_eq!(all.check(Some(100.1)), Ok(()));
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-300, 1e300] {
        let _ = all.check(Some(rate));
        assert!(rate > 1.0 || all.check(Some(rate)).is_err(), "{rate}");
    }
    for (low, high) in [(0.0, 1.0), (2.0, 1.0), (1.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
        assert!(Band::new(low, high).is_err());
    }
    assert_eq!(all.to_string(), "no DC, 50 Hz notch, 1-40 Hz");
}
