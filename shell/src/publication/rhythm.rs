//! When to look for news that come at regular intervals: just after the next are due, and at growing intervals while they are late.
//!
//! Knows of times alone.

use std::time::Duration;

/// How long after news are due they are looked for: clocks and schedulers are no better.
const MARGIN: Duration = Duration::from_micros(50);
/// The least and the longest pause while news are late, and the pause between looks at news that come faster.
const FIRST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);
/// The longest pause of all: how late news may be found that come out of their rhythm, of a stream that changes or ends.
const LONGEST: Duration = Duration::from_millis(10);

/// What a look has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct News {
    /// How often there was something new since the look before.
    pub count: u32,
    /// When there was last, in nanoseconds.
    pub at_ns: i64,
}

/// The rhythm of what was found so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rhythm {
    /// When there was something new, in nanoseconds.
    last: Option<i64>,
    /// When the next is due, in nanoseconds.
    due: i64,
    /// The pause before the next look, when they are late.
    pause: Duration,
}

impl Rhythm {
    /// How long to wait before the next look, after one at `now_ns` nanoseconds and what it has found.
    pub(super) fn next(&mut self, now_ns: i64, found: Option<News>) -> Duration {
        if let Some(news) = found {
            let count = i64::from(news.count.max(1));
            let period = self.last.map_or(0, |last| news.at_ns.saturating_sub(last) / count);
            self.last = Some(news.at_ns);
            self.due = news.at_ns.saturating_add(period);
            self.pause = if period < LONGEST_PAUSE.as_nanos() as i64 { LONGEST_PAUSE } else { FIRST_PAUSE };
        }
        if self.due > now_ns {
            let left = Duration::from_nanos(self.due.abs_diff(now_ns)) + MARGIN;
            return left.clamp(self.pause, LONGEST);
        }
        let pause = self.pause.clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: i64 = 1_000;
    const MS: i64 = 1_000_000;

    /// Looks made in a second, and the latest that any news was found, in nanoseconds, when it comes at these times. Each pause takes longer
    /// than asked for by up to `late`, and now and then by five milliseconds.
    fn looks(late: i64, news: impl Fn(i64) -> Option<i64>) -> (usize, i64) {
        let (mut rhythm, mut now, mut looks, mut latest) = (Rhythm::default(), 0, 0, 0);
        let mut coming = (0..).map_while(news).peekable();
        while now < 1000 * MS {
            let mut found = None;
            while let Some(at_ns) = coming.next_if(|at| *at <= now) {
                found = Some(News { count: found.map_or(0, |n: News| n.count) + 1, at_ns });
                latest = latest.max(now - at_ns);
            }
            looks += 1;
            now += i64::try_from(rhythm.next(now, found).as_nanos()).unwrap();
            now += if late > 0 && looks % 37 == 0 { 5 * MS } else { late * (looks as i64 % 3) / 2 };
        }
        (looks, latest)
    }

    #[test]
    fn regular_news_are_found_soon_with_few_looks() {
        for every in [20 * MS, 8 * MS, 4 * MS, 100 * MS] {
            // Each a little early or late.
            let (looks, latest) = looks(0, |n| Some(n * every + MS / 2 + n % 7 * 10 * US));
            assert!(latest <= MS, "{every}: {latest}");
            // Before there is a rhythm each millisecond; then every ten, and three about each.
            let most = every / MS + 4 + 100 + 3 * (1000 * MS / every);
            assert!(looks as i64 <= most, "{every}: {looks} looks, more than {most}");
        }
    }

    #[test]
    fn late_looks_do_not_change_the_rhythm() {
        for every in [20 * MS, 4 * MS] {
            let (looks, latest) = looks(100 * US, |n| Some(n * every));
            assert!(latest <= 7 * MS, "{every}: {latest}");
            // It does not fall into looking at every second one.
            let news = 1000 * MS / every;
            assert!(looks as i64 >= news * 3 / 4, "{every}: {looks} looks at {news} news");
        }
    }

    #[test]
    fn news_faster_than_the_looks_are_found_by_each() {
        let (looks, latest) = looks(0, |n| Some(n * MS / 16));
        assert!((990..=1000).contains(&looks), "{looks}");
        assert!(latest <= MS + 1000 * US / 16, "{latest}");
    }

    #[test]
    fn what_comes_out_of_rhythm_waits_no_longer_than_the_longest_pause() {
        let longest = i64::try_from(LONGEST.as_nanos()).unwrap();
        // Half a second of one rhythm, then another; and nothing for a while.
        let (_, latest) = looks(0, |n| Some(if n < 25 { n * 20 * MS } else { 500 * MS + (n - 25) * 3 * MS }));
        assert!(latest <= longest, "{latest}");
        let (_, latest) = looks(0, |n| [0, 200, 203, 800, 801].get(n as usize).map(|ms| ms * MS));
        assert!(latest <= longest, "{latest}");
        // A clock that goes back.
        let (_, latest) = looks(0, |n| [900, 100, 950].get(n as usize).map(|ms| ms * MS));
        assert!(latest <= 900 * MS, "{latest}");
    }
}
