//! Units of voltage, as files write them.

/// Known spellings and the volts in one; compared without letter case (nobody measures megavolts).
const VOLTS: [(&str, f64); 13] = [
    ("v", 1.0),
    ("volt", 1.0),
    ("volts", 1.0),
    ("mv", 1e-3),
    ("millivolt", 1e-3),
    ("millivolts", 1e-3),
    ("uv", 1e-6),
    ("\u{b5}v", 1e-6),
    ("microvolt", 1e-6),
    ("microvolts", 1e-6),
    ("nv", 1e-9),
    ("nanovolt", 1e-9),
    ("nanovolts", 1e-9),
];

/// Volts in one `unit`, or `None` when it is no voltage.
pub(crate) fn volts(unit: &str) -> Option<f64> {
    // The Greek letter looks like the micro sign.
    let unit = unit.trim().to_lowercase().replace('\u{3bc}', "\u{b5}");
    VOLTS.iter().find(|(name, _)| *name == unit).map(|(_, volts)| *volts)
}

#[cfg(test)]
mod tests {
    use super::volts;

    #[test]
    fn knows_the_usual_spellings() {
        assert_eq!([volts("uV"), volts("µV"), volts("μV"), volts(" UV "), volts("microvolts")], [Some(1e-6); 5]);
        assert_eq!([volts("mV"), volts("V"), volts("nV")], [Some(1e-3), Some(1.0), Some(1e-9)]);
        assert_eq!([volts("degC"), volts(""), volts("uVrms")], [None; 3]);
    }
}
