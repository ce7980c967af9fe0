//! Whether two outputs are the same but for their numbers.

/// Stands for any number of lines.
pub(super) const ANY: &str = "...";

/// Whether `printed` is what `shown` says. A background command goes on to print: then `shown` is how it begins.
pub(super) fn is_same(shown: &str, printed: &str, exact: bool, begins: bool) -> bool {
    let clean = |line: &str| if exact { line.trim_end().to_owned() } else { shape(line) };
    let shown: Vec<String> = shown.lines().map(clean).chain(begins.then(|| ANY.to_owned())).collect();
    let printed: Vec<String> = printed.lines().map(clean).collect();
    matches(&shown, &printed)
}

fn matches(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line == ANY => (0..=printed.len()).any(|n| matches(rest, &printed[n..])),
        Some((line, rest)) => printed.split_first().is_some_and(|(p, others)| p == line && matches(rest, others)),
    }
}

/// A line with each number as `#`, and without spaces, which numbers of other lengths move. A word of letters and digits that has a digit in it is a number too when it
/// begins with one, as a time does, or is a segment's name.
fn shape(line: &str) -> String {
    if line.trim_end() == ANY {
        return ANY.to_owned();
    }
    let mut out = String::new();
    let mut chars = line.trim_end().chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let next_is_digit = chars.peek().is_some_and(char::is_ascii_digit);
        let begins_number = c.is_ascii_digit() || matches!(c, '-' | '+' | '.') && next_is_digit;
        if begins_number && !before.is_alphanumeric() {
            while chars.next_if(|&n| n.is_ascii_alphanumeric() || matches!(n, '.' | ':' | '-' | '+' | '_')).is_some() {}
            out.push('#');
            before = '#';
        } else if c == 's' && !before.is_alphanumeric() && chars.clone().take(2).eq("m_".chars()) {
            while chars.next_if(|&n| n.is_ascii_alphanumeric() || matches!(n, '-' | '_')).is_some() {}
            out.push_str("sm_#");
            before = '#';
        } else {
            if c != ' ' {
                out.push(c);
            }
            before = c;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_differ_and_nothing_else() {
        assert_eq!(shape("2026-11-28T17:34:19.216563Z  INFO x=250.0 Ch1 f4 -3  (sm_Mz1u-P_1)"), "#INFOx=#Ch1f4#(sm_#)");
        assert!(is_same("at [ 1 -2]\n", "at [-10  2]\n", false, false));
        assert!(is_same("rate  250 Hz\n", "rate 1000.5 Hz\n", false, false));
        assert!(!is_same("rate 250 Hz\n", "rate 250 kHz\n", false, false));
        assert!(!is_same("rate 250 Hz\n", "rate 250 Hz\nmore\n", false, false));
        assert!(!is_same("Ch1 1\n", "Ch2 1\n", false, false));
    }

    #[test]
    fn exact_is_exact() {
        assert!(is_same("a 1\n", "a 1\n", true, false) && !is_same("a 1\n", "a 2\n", true, false));
    }

    #[test]
    fn dots_stand_for_any_lines() {
        assert!(is_same("a\n...\nd\n", "a\nb\nc\nd\n", false, false));
        assert!(is_same("a\n...\n", "a\n", false, false));
        assert!(!is_same("a\n...\nd\n", "a\nb\n", false, false));
        assert!(is_same("a\n", "a\nb\n", false, true) && !is_same("b\n", "a\nb\n", false, true));
    }
}
