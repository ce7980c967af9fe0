//! Checks what `axismirror tail --format csv` prints of a `counter` stream.
//!
//! The signal's definition: the code of channel c in frame k is (8 k + c) mod 2^23.

/// Codes of a 24-bit converter that are not negative.
const CODE_MODULUS: u64 = 1 << 23;
/// Codes from one frame to the next.
const STRIDE: u64 = 8;
/// How far a time step may be from 1 / rate, relative to it: printed times are rounded.
const TIME_TOLERANCE: f64 = 0.01;

/// What a CSV must hold.
pub(crate) struct Expected<'a> {
    pub(crate) rows: usize,
    /// Channel labels, where the wire version carries them.
    pub(crate) labels: Option<&'a str>,
    pub(crate) channels: usize,
    /// Rate in Hz, where the wire version carries times.
    pub(crate) rate: Option<f64>,
}

/// Checks header line and rows: `frame,time,` and one column a channel; consecutive frames, whole, in time.
pub(crate) fn check(csv: &str, expected: &Expected<'_>) -> Result<(), String> {
    let mut lines = csv.lines();
    let header = lines.next().ok_or("nothing was printed")?;
    let labels = header.strip_prefix("frame,time,").ok_or_else(|| format!("header line {header:?}"))?;
    if expected.labels.is_some_and(|l| l != labels) || labels.split(',').count() != expected.channels {
        return Err(format!("columns {labels:?}, expected {:?} ({})", expected.labels, expected.channels));
    }
    let mut last: Option<(u64, f64, u64)> = None;
    let mut rows = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let bad = || format!("row {line:?}");
        let [frame, time, values @ ..] = &*cells else { return Err(bad()) };
        let frame: u64 = frame.parse().map_err(|_| bad())?;
        let time: f64 = if time.is_empty() { f64::NAN } else { time.parse().map_err(|_| bad())? };
        let codes = values.iter().map(|v| v.parse::<f64>().map(|v| v as u64)).collect::<Result<Vec<_>, _>>();
        let codes = codes.map_err(|_| bad())?;
        let first = *codes.first().ok_or_else(bad)?;
        let whole = codes.iter().zip(0..).all(|(code, c)| *code == (first + c) % CODE_MODULUS);
        if codes.len() != expected.channels || first % STRIDE != 0 || !whole {
            return Err(format!("torn or foreign: {}", bad()));
        }
        if let Some((last_frame, last_time, last_code)) = last {
            if frame != last_frame + 1 || first != (last_code + STRIDE) % CODE_MODULUS {
                return Err(format!("frame {frame} (code {first}) after frame {last_frame} (code {last_code})"));
            }
            // An empty time is NaN, which is within no range.
            let in_time = |rate: f64| (-TIME_TOLERANCE..=TIME_TOLERANCE).contains(&((time - last_time) * rate - 1.0));
            if let Some(rate) = expected.rate.filter(|r| !in_time(*r)) {
                return Err(format!("time {time} after {last_time} at {rate} Hz"));
            }
        }
        last = Some((frame, time, first));
        rows += 1;
    }
    if rows == expected.rows { Ok(()) } else { Err(format!("{rows} rows, expected {}", expected.rows)) }
}

#[cfg(test)]
mod tests {
    use super::{Expected, check};

    const EXPECTED: Expected<'_> = Expected { rows: 3, labels: Some("a,b"), channels: 2, rate: Some(100.0) };
    const GOOD: &str = "frame,time,a,b\n4,1.00,8388600,8388601\n5,1.01,0,1\n6,1.02,8,9\n";

    #[test]
    fn a_good_one_passes() {
        assert_eq!(check(GOOD, &EXPECTED), Ok(()));
    }

    #[test]
    fn each_fault_is_told() {
        for (from, to) in [
            ("5,1.01", "7,1.01"),
            ("0,1\n", "0,2\n"),
            ("0,1\n", "16,17\n"),
            ("1.02", "1.05"),
            ("1.02", ""),
            ("a,b", "a,c"),
            ("6,1.02,8,9\n", ""),
            ("6,1.02,8,9", "# gap of 3 frames"),
        ] {
            let spoiled = GOOD.replacen(from, to, 1);
            assert_ne!(spoiled, GOOD);
            assert!(check(&spoiled, &EXPECTED).is_err(), "{from} -> {to}");
        }
    }
}
