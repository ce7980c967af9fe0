//! What goes wrong again and again is said once: until it is something else, or has gone well meanwhile.
//!
//! Knows neither what it is nor where it is said.

/// What was said last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    last: Option<String>,
}

impl Said {
    /// What came of it: a failure comes back when it is to be said, `None` is success.
    pub(crate) fn news(&mut self, failure: Option<String>) -> Option<&str> {
        let is_news = failure.is_some() && failure != self.last;
        self.last = failure;
        self.last.as_deref().filter(|_| is_news)
    }

    /// The failure, as long as it has not gone well since.
    pub(crate) fn last(&self) -> Option<&str> {
        self.last.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_news_until_it_is_said() {
        let mut said = Said::default();
        let outcomes = [Some("a"), Some("a"), Some("b"), Some("a"), None, None, Some("a")];
        let news = outcomes.map(|outcome| said.news(outcome.map(str::to_owned)).map(str::to_owned));
        assert_eq!(news.map(|text| text.is_some()), [true, false, true, true, false, false, true]);
        assert_eq!(said.last(), Some("a"));
        said.news(None);
        assert_eq!(said.last(), None);
    }
}
