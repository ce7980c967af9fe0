//! The times that the guest gave its frames, against when DRDY fell on the simulated device for just these frames.
//!
//! Guest and device have clocks of the same speed, the guest's virtual one, whose difference is found first: the guest said between which
//! two times of its clock it selected the chip, and the device when it was selected.

use std::collections::BTreeMap;

/// What came of it.
#[derive(Debug, PartialEq)]
pub(super) struct Times {
    /// Frames with the time of the edge before their own.
    pub(super) early: usize,
    /// Frames whose time is neither.
    pub(super) bad: usize,
    /// The kernel's time of an edge behind the edge itself, at most, in nanoseconds, for frames whose time is right.
    pub(super) worst_ns: i64,
    /// How well the difference of the clocks is known, in nanoseconds; `None`: by the edges themselves alone.
    pub(super) clocks_within_ns: Option<i64>,
}

/// Compares; a time that is further than `limit_ns` from its edge is another edge's.
pub(super) fn judge(output: &str, limit_ns: i64) -> Result<Times, String> {
    let guest = lines(output, "FRAME");
    // Of several chips the first one paces.
    let peer = output.split("PEER ").nth(1).unwrap_or_default();
    let mut falls: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (number, ns) in lines(peer, "FALL") {
        falls.entry(number).or_default().push(ns);
    }
    let edges = |number: i64| falls.get(&number).map_or(&[][..], Vec::as_slice);
    let selects = peer.lines().filter_map(|l| l.trim().strip_prefix("SELECT ")?.parse::<i64>().ok());
    let bounds: Vec<(i64, i64)> =
        lines(output, "ANCHOR").iter().zip(selects).map(|((before, after), at)| (before - at, after - at)).collect();
    let lowest = bounds.iter().map(|b| b.0).max();
    let highest = bounds.iter().map(|b| b.1).min();
    let (difference, clocks_within_ns) = match lowest.zip(highest) {
        Some((low, high)) if low > high => return Err(format!("the clocks cannot be brought together: {bounds:?}")),
        Some((low, high)) => (low.midpoint(high), Some((high - low) / 2)),
        // What most frames say. A chip that was reset counts anew: its last edge of a number is the one.
        None => {
            let behind = guest.iter().filter_map(|(number, ns)| Some(ns - edges(*number).last()?));
            let mut behind: Vec<i64> = behind.collect();
            behind.sort_unstable();
            (*behind.get(behind.len() / 2).ok_or("no frame has an edge of its own")?, None)
        }
    };
    if clocks_within_ns.is_some_and(|within| within > limit_ns) {
        return Err(format!(
            "the clocks are brought together within {clocks_within_ns:?} ns, which does not tell edges apart"
        ));
    }
    // An edge that fell again before the host came is as good.
    let off = |number: i64, ns: i64| {
        let nearest = edges(number).iter().map(|fell| (ns - fell - difference).abs()).min();
        nearest.filter(|off| *off <= limit_ns)
    };
    let mut times = Times { early: 0, bad: 0, worst_ns: 0, clocks_within_ns };
    for (number, ns) in guest {
        match (off(number, ns), off(number - 1, ns)) {
            (Some(off), _) => times.worst_ns = times.worst_ns.max(off),
            (None, Some(_)) => times.early += 1,
            (None, None) => times.bad += 1,
        }
    }
    Ok(times)
}

/// The pairs of numbers behind a word.
fn lines(output: &str, word: &str) -> Vec<(i64, i64)> {
    let pair = |line: &str| {
        let (first, second) = line.trim().strip_prefix(word)?.trim_start().split_once(' ')?;
        Some((first.parse().ok()?, second.parse().ok()?))
    };
    output.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guest's clock is 1000 ns ahead; two chips, the second of which does not matter.
    fn output(frames: &str, anchors: &str) -> String {
        format!(
            "{anchors}noise\r\n{frames}RESULT x=1\r\nPEER x=1\nSELECT 50\nSELECT 90\nFALL 3 10000\nFALL 4 20000\nFALL 4 20700\nPEER x=1\nFALL 3 77\n"
        )
    }

    const ANCHORS: &str = "ANCHOR 1040 1080\r\nANCHOR 1080 1095\r\n";

    #[test]
    fn a_frame_has_the_time_of_its_own_edge() {
        let good = judge(&output("FRAME 3 11002\r\nFRAME 4 21000\r\n", ANCHORS), 300).unwrap();
        assert_eq!((good.bad, good.clocks_within_ns), (0, Some(7)));
        assert_eq!(judge(&output("FRAME 4 21702\r\n", ANCHORS), 300).unwrap().bad, 0);
        // One of the edge before, one of the edge behind, one of no edge, one without an edge.
        let early = judge(&output("FRAME 4 11002\r\n", ANCHORS), 300).unwrap();
        assert_eq!((early.early, early.bad), (1, 0));
        for frame in ["FRAME 3 21000\r\n", "FRAME 3 12000\r\n", "FRAME 5 31000\r\n"] {
            let bad = judge(&output(frame, ANCHORS), 300).unwrap();
            assert_eq!((bad.early, bad.bad), (0, 1), "{frame}");
        }
    }

    #[test]
    fn without_anchors_the_times_among_themselves_have_to_fit() {
        let good = judge(&output("FRAME 3 11002\r\nFRAME 4 21008\r\n", ""), 300).unwrap();
        assert_eq!((good.bad, good.clocks_within_ns), (0, None));
        assert!(judge(&output("", ""), 300).is_err());
    }

    #[test]
    fn clocks_that_contradict_themselves_are_an_error() {
        assert!(judge(&output("FRAME 3 11002\r\n", "ANCHOR 1040 1080\r\nANCHOR 3080 3095\r\n"), 300).is_err());
        assert!(judge(&output("FRAME 3 11002\r\n", "ANCHOR 1040 9080\r\n"), 300).is_err());
    }
}
