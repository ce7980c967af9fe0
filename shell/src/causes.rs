//! An error and what caused it, in words, nothing said twice.
//!
//! Many errors repeat their cause in their own message. Knows no particular error.

use std::error::Error;

/// The error's message, then those of its causes that it does not say already.
#[must_use]
pub fn messages(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if said.last().is_none_or(|before| !before.ends_with(&text)) {
            said.push(text);
        }
        next = error.source();
    }
    said
}

/// The same in one line.
#[must_use]
pub fn line(error: &(dyn Error + 'static)) -> String {
    messages(error).join(": ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Outer {
        #[error("it fails: {0}")]
        Repeats(#[source] Inner),
        #[error("it fails")]
        Leaves(#[source] Inner),
    }

    #[derive(Debug, thiserror::Error)]
    #[error("no disk")]
    struct Inner(#[source] io::Error);

    #[test]
    fn a_cause_is_said_once() {
        let inner = || Inner(io::Error::other("it burns"));
        assert_eq!(messages(&Outer::Repeats(inner())), ["it fails: no disk", "it burns"]);
        assert_eq!(messages(&Outer::Leaves(inner())), ["it fails", "no disk", "it burns"]);
        assert_eq!(line(&Outer::Leaves(inner())), "it fails: no disk: it burns");
    }
}
