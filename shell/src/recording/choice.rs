//! What of a recording is wanted, where it holds more than one stream of samples can.

use super::error::Problem;

/// Which signals and which stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Which signals.
    pub signals: Signals,
    /// Which stream of a file that holds several, by name or number; else the one with the most samples.
    pub stream: Option<String>,
}

/// Which signals of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Signals {
    /// Those of the highest rate.
    #[default]
    Fastest,
    /// Of those whose unit is a voltage, the ones of the highest rate.
    Voltages,
    /// These, by label or, counted from 1, by number; in this order.
    Named(Vec<String>),
}

/// The places of named signals among all.
pub(super) fn find<'a>(names: &[String], labels: impl Iterator<Item = &'a str> + Clone) -> Result<Vec<usize>, Problem> {
    let place = |name: &String| {
        let by_label = labels.clone().position(|l| l == name);
        let by_label = by_label.or_else(|| labels.clone().position(|l| l.eq_ignore_ascii_case(name)));
        let by_number = || name.parse::<usize>().ok()?.checked_sub(1).filter(|i| *i < labels.clone().count());
        by_label.or_else(by_number).ok_or_else(|| Problem::NotThere {
            what: "signal",
            given: name.clone(),
            possible: labels.clone().collect::<Vec<_>>().join(", "),
        })
    };
    names.iter().map(place).collect()
}
