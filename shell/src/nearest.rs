//! The known word that a mistyped one is nearest to.
//!
//! Serves error messages: settings keys, board ids, signal names. Knows nothing of what the words mean.

/// One slip for each so many characters, begun ones included, is still taken for the same word.
const CHARACTERS_PER_ERROR: usize = 3;

/// The known word that `given` is most likely meant to be, or `None` when all are too far away.
///
/// Distance is counted in insertions, deletions, replacements and swaps of neighbours; letter case, `-` and `_` do not count.
/// Of equally near words the first wins.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = plain(given);
    let allowed = given.chars().count().div_ceil(CHARACTERS_PER_ERROR);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&given, &plain(word)), word))
        .filter(|(distance, word)| *distance <= allowed && 2 * *distance <= word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `; did you mean ...?` for the end of an error message, or nothing.
#[must_use]
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const KNOWN: [&str; 5] = ["name", "board", "rate", "buf_dur", "channels"];

    #[test]
    fn finds_the_word_behind_common_slips() {
        assert_eq!(nearest("buf-dur", KNOWN), Some("buf_dur"));
        assert_eq!(nearest("bufdur", KNOWN), Some("buf_dur"));
        assert_eq!(nearest("naem", KNOWN), Some("name"));
        assert_eq!(nearest("Rate", KNOWN), Some("rate"));
        assert_eq!(nearest("chanels", KNOWN), Some("channels"));
    }

    #[test]
    fn does_not_guess_wildly() {
        assert_eq!(nearest("frequency", KNOWN), None);
        assert_eq!(nearest("", KNOWN), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("name", []), None);
    }
}
