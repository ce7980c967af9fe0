//! The unit in which samples are shown: volts where a stream of codes says what a code is.

use crate::formats::own::{CODE, VOLTS, volts_per_code};
use crate::mirror::StreamInfo;

/// What samples are multiplied by, and what they are then.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Empty when nobody says.
    pub unit: String,
    /// Units for one of the stream's.
    pub factor: f64,
}

impl Shown {
    /// Of a stream; as it has them where codes are wanted.
    #[must_use]
    pub fn of(info: &StreamInfo, codes: bool) -> Self {
        match volts_per_code(&info.attrs).filter(|_| info.unit == CODE && !codes) {
            Some(factor) => Self { unit: VOLTS.to_owned(), factor },
            None => Self { unit: info.unit.clone(), factor: 1.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::formats::own::VOLTS_PER_CODE;
    use crate::scope::signals::tests::info;

    #[test]
    fn codes_are_volts_where_the_stream_says_how() {
        let shown = |unit: &str, lsb: Value, codes: bool| {
            let attrs = [(VOLTS_PER_CODE.to_owned(), lsb)].into_iter().collect();
            let shown = Shown::of(&StreamInfo { unit: unit.to_owned(), attrs, ..info(Some(250.0), 2) }, codes);
            (shown.unit, shown.factor)
        };
        assert_eq!(shown("code", json!(2.5e-8), false), ("V".to_owned(), 2.5e-8));
        assert_eq!(shown("code", json!(2.5e-8), true), ("code".to_owned(), 1.0));
        assert_eq!(shown("code", json!("2.5e-8"), false), ("code".to_owned(), 1.0));
        assert_eq!(shown("code", json!(-1), false), ("code".to_owned(), 1.0));
        assert_eq!(shown("V", json!(2.5e-8), false), ("V".to_owned(), 1.0));
    }
}
