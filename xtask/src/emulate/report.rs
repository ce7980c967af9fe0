//! What guest and peer said, against what the case expects.
//!
//! Must never run anything.

mod iio;
mod times;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Case;
use super::case::{Count, Reader, Spi};

/// Counters of the guest that are 0 unless a case says otherwise.
const COUNTERS: [&str; 11] = [
    "repeated",
    "bad_codes",
    "bad_times",
    "early_times",
    "frames_lost",
    "drdy_missed",
    "bad_frames",
    "bus_errors",
    "overruns",
    "slips",
    "restarts",
];
/// Why a frame is lost: each one for one of these.
const CAUSES: [&str; 4] = ["overruns", "drdy_missed", "bad_frames", "bus_errors"];
/// What only the acquisition alone shows, and what only a mirror does.
const OF_ACQUISITION: [&str; 2] = ["seqno_gaps", "refused"];
const OF_MIRROR: [&str; 2] = ["missed", "unproven"];

/// What a case came to.
#[derive(Debug)]
pub(super) struct Seen {
    /// For the table: what was proven, and how.
    pub(super) text: String,
    /// What was read.
    pub(super) codes: Option<Codes>,
}

/// The frames that came, for a comparison.
#[derive(Debug)]
pub(super) struct Codes {
    /// The ADC's number of the first frame.
    first: f64,
    /// How many frames are compared, and the sum of their codes.
    frames: f64,
    digest: f64,
    /// The chip converted before anybody read it: which frame is the first one is chance, and what counts is that each one behind it was read.
    free_running: bool,
}

impl Codes {
    fn is_the_same(&self, other: &Self) -> bool {
        let any_first = self.free_running && self.first != other.first;
        self.frames == other.frames && (any_first || (self.first, self.digest) == (other.first, other.digest))
    }
}

type Values = BTreeMap<String, f64>;

/// The values of the line that begins with a word.
fn values(output: &str, word: &str) -> Option<Values> {
    let line = output.lines().find_map(|l| l.trim().strip_prefix(word)?.strip_prefix(' '))?;
    let pairs = line.split_whitespace().filter_map(|w| w.split_once('='));
    Some(pairs.filter_map(|(k, v)| Some((k.to_owned(), v.parse().ok()?))).collect())
}

/// What is worth a line in the table, or what is wrong.
pub(super) fn judge(case: &Case, output: &str) -> Result<Seen, String> {
    if case.reader == Reader::Iio {
        return iio::judge(case, output).map(|text| Seen { text, codes: None });
    }
    let (Some(mut guest), Some(peer)) = (values(output, "RESULT"), values(output, "PEER")) else {
        return Err(format!("the guest said nothing of a result:{}", tail(output)));
    };
    let missing = |what: &str| format!("nothing is said of {what}");
    let of = |values: &Values, what: &str| values.get(what).copied().ok_or_else(|| missing(what));
    let mut dated = format!("times within {} us", of(&guest, "worst_time_us")?);
    if has_data_ready(case) {
        let times = times::judge(output, case.apart_ns() / 2)?;
        // The device knows better than the guest, which takes the conversions to be one as far from the other as the next.
        guest.insert("bad_times".to_owned(), times.bad as f64);
        guest.insert("early_times".to_owned(), times.early as f64);
        let clocks = times
            .clocks_within_ns
            .map_or("edges only".to_owned(), |ns| format!("clocks within {} us", ns as f64 / 1e3));
        dated = format!("times within {} us of their own edges ({clocks})", times.worst_ns as f64 / 1e3);
    }
    guest.entry("early_times".to_owned()).or_default();
    let mut wrong = Vec::new();
    let mut counted = Vec::new();
    let more = match case.reader {
        Reader::Acquisition => OF_ACQUISITION,
        Reader::Service | Reader::Iio => OF_MIRROR,
    };
    for counter in COUNTERS.into_iter().chain(more) {
        let found = of(&guest, counter)?;
        let expected = case.counts.iter().find(|(c, _)| *c == counter).map_or(Count::Is(0), |(_, count)| *count);
        let good = match expected {
            Count::Is(n) => found == n as f64,
            Count::Within(low, high) => (low as f64..=high as f64).contains(&found),
        };
        if !good {
            wrong.push(format!("{counter} is {found}, expected {expected:?}"));
        } else if found > 0.0 {
            counted.push(format!("{counter} {found}"));
        }
    }
    // The ADC's own numbering is the judge of what is lost.
    let (absent, lost) = (of(&guest, "absent")?, of(&guest, "frames_lost")?);
    if (absent - lost).abs() > case.lost_within as f64 {
        wrong.push(format!("{absent} frames are missing, but {lost} are counted as lost"));
    }
    // While the chips are initialised again frames are lost for no other reason.
    let reasons = CAUSES.iter().map(|cause| of(&guest, cause)).sum::<Result<f64, _>>()?;
    if of(&guest, "restarts")? == 0.0 && reasons != lost {
        wrong.push(format!("{lost} frames are counted as lost, for {reasons} reasons"));
    }
    let frames = of(&guest, "frames")?;
    let due = case.due();
    if frames + lost < due {
        wrong.push(format!("{frames} frames and {lost} lost ones in a time for {due}"));
    }
    let falls = of(&peer, "falls")?;
    let all_edges = case.shift == 0 && !case.counts.iter().any(|(c, _)| *c == "seqno_gaps");
    if case.reader == Reader::Acquisition && has_data_ready(case) && all_edges {
        let edges = of(&guest, "edges")?;
        // One may fall behind the end.
        if falls < edges || falls > edges + 1.0 && !case.chip.free_running {
            wrong.push(format!("DRDY fell {falls} times, and the kernel told of {edges}"));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let counted = if counted.is_empty() { "nothing lost".to_owned() } else { counted.join(", ") };
    let text = format!("{}: {frames} frames verified, {dated}; {counted}", how(case));
    let codes = Codes {
        first: of(&guest, "first")?,
        frames: of(&guest, "digest_frames")?,
        digest: of(&guest, "digest")?,
        free_running: case.chip.free_running,
    };
    Ok(Seen { text, codes: Some(codes) })
}

/// The result of the second way to the same chip, against that of the first.
pub(super) fn same(spidev: &Codes, mut mapped: Seen) -> Result<Seen, String> {
    if !mapped.codes.as_ref().is_some_and(|codes| codes.is_the_same(spidev)) {
        return Err(format!("by spidev {spidev:?}, by mapped registers {:?}", mapped.codes));
    }
    let _ = write!(mapped.text, "; {} frames the same as by spidev", spidev.frames);
    Ok(mapped)
}

fn has_data_ready(case: &Case) -> bool {
    case.machine.wires(case.chip).iter().any(|w| w.data_ready.is_some())
}

/// Who read, by what.
fn how(case: &Case) -> String {
    let who = if case.reader == Reader::Service { "service and mirror" } else { "driver and acquisition" };
    let driver = match case.spi {
        Spi::Spidev => case.machine.spi.join(","),
        Spi::Mapped => "mapped registers".to_owned(),
    };
    let pace = match (has_data_ready(case), case.reader) {
        (true, Reader::Acquisition) => "DRDY edges, line_seqno",
        (true, _) => "DRDY edges",
        (false, _) => "the guest's clock",
    };
    format!("{who}, {driver}, {pace}")
}

/// The last lines, for an error's text.
fn tail(output: &str) -> String {
    const LINES: usize = 8;
    let lines: Vec<&str> = output.lines().filter(|l| !l.trim().is_empty()).collect();
    format!("\n      | {}", lines[lines.len().saturating_sub(LINES)..].join("\n      | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulate::case;

    fn case(name: &str) -> Case {
        case::all().into_iter().find(|c| c.name == name && c.chip.name == "ads1299").unwrap()
    }

    /// As the guest says it, with some values changed.
    fn output(changes: &[(&str, f64)]) -> String {
        let all = COUNTERS.into_iter().chain(OF_ACQUISITION).chain(OF_MIRROR);
        let mut values: BTreeMap<&str, f64> = all.map(|c| (c, 0.0)).collect();
        values.extend([("frames", 998.0), ("absent", 0.0), ("edges", 998.0), ("worst_time_us", 0.1)]);
        values.extend([("first", 0.0), ("digest_frames", 980.0), ("digest", 42.0)]);
        values.extend(changes.iter().copied());
        let words: Vec<String> = values.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let times = |counter: &str, line: &str| line.repeat(values.get(counter).map_or(0, |n| *n as usize));
        let strays = times("bad_times", "FRAME 0 9000000000\r\n") + &times("early_times", "FRAME 1 5\r\n");
        format!(
            "noise\r\nFRAME 0 5\r\n{strays}RESULT {}\r\nDONE 0\nPEER selects=9 bytes=9 falls=998\nFALL 0 5\n",
            words.join(" ")
        )
    }

    #[test]
    fn a_clean_run_has_all_frames_and_counts_nothing() {
        assert!(judge(&case("1000-hz"), &output(&[])).is_ok());
        for counter in COUNTERS.into_iter().chain(OF_ACQUISITION) {
            assert!(judge(&case("1000-hz"), &output(&[(counter, 1.0)])).is_err(), "{counter}");
        }
        assert!(judge(&case("1000-hz"), &output(&[("frames", 900.0)])).is_err());
        assert!(judge(&case("1000-hz"), &output(&[("absent", 1.0)])).is_err());
        assert!(judge(&case("1000-hz"), &output(&[("edges", 990.0)])).is_err());
        assert!(judge(&case("1000-hz"), "panic").is_err());
    }

    #[test]
    fn a_fault_is_counted_as_what_it_is_and_as_nothing_else() {
        let mut tried = 0;
        for case in case::all().iter().filter(|c| c.reader != Reader::Iio) {
            let name = format!("{} {} {}", case.machine.name, case.chip.name, case.name);
            let lowest = |count: Count| match count {
                Count::Is(n) | Count::Within(n, _) => n as f64,
            };
            let mut good: Vec<_> = case.counts.iter().map(|(counter, count)| (*counter, lowest(*count))).collect();
            let lost = good.iter().find(|g| g.0 == "frames_lost").map_or(0.0, |g| g.1);
            // Causes that may be of any number make up for what the lowest ones leave.
            let sum: f64 = good.iter().filter(|g| CAUSES.contains(&g.0)).map(|g| g.1).sum();
            let restarts = good.iter().any(|g| g.0 == "restarts");
            if let Some(cause) = good.iter_mut().find(|g| CAUSES.contains(&g.0) && !restarts) {
                cause.1 += lost - sum;
            }
            good.extend([("absent", lost), ("frames", case.due().ceil()), ("edges", 998.0)]);
            assert!(judge(case, &output(&good)).is_ok(), "{name}: {:?}", judge(case, &output(&good)));
            let with = |counter, value| [good.as_slice(), &[(counter, value)]].concat();
            let more = if case.reader == Reader::Service { OF_MIRROR } else { OF_ACQUISITION };
            for counter in COUNTERS.into_iter().chain(more) {
                match case.counts.iter().find(|(c, _)| *c == counter).map(|(_, count)| *count) {
                    // One more or one less, and a fault that was not there.
                    Some(Count::Is(n)) => {
                        for wrong in [n as f64 - 1.0, n as f64 + 1.0, 0.0] {
                            assert!(judge(case, &output(&with(counter, wrong))).is_err(), "{name}: {counter} {wrong}");
                        }
                    }
                    Some(Count::Within(low, high)) => {
                        for wrong in [low as f64 - 1.0, high as f64 + 1.0, 0.0] {
                            assert!(judge(case, &output(&with(counter, wrong))).is_err(), "{name}: {counter} {wrong}");
                        }
                    }
                    None => assert!(judge(case, &output(&with(counter, 1.0))).is_err(), "{name}: {counter}"),
                }
                tried += 1;
            }
            let absent = lost + case.lost_within as f64 + 1.0;
            assert!(judge(case, &output(&with("absent", absent))).is_err(), "{name}: absent");
        }
        assert!(tried > 500);
    }

    #[test]
    fn another_way_has_to_read_the_same() {
        let seen = |changes: &[(&str, f64)]| judge(&case("service-mapped"), &output(changes)).unwrap();
        let spidev = seen(&[]).codes.unwrap();
        assert!(same(&spidev, seen(&[])).unwrap().text.ends_with("980 frames the same as by spidev"));
        for what in ["first", "digest", "digest_frames"] {
            assert!(same(&spidev, seen(&[(what, 7.0)])).is_err(), "{what}");
        }
    }
}
