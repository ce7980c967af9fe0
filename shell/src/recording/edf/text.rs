//! Text of a field or an annotation.
//!
//! Header fields are ASCII by the specification and annotations UTF-8; programs write UTF-8 and Latin-1 (a micro sign) into both. Knows no field.

/// UTF-8 where the bytes are that, also when the last character is cut by the end of the field; else Latin-1, which any bytes are.
pub(super) fn text(bytes: &[u8]) -> String {
    let whole = match str::from_utf8(bytes) {
        Ok(text) => Some(text),
        // Cut within a character (no `error_len`). Behind ASCII alone that is a Latin-1 letter.
        Err(e) if e.error_len().is_none() => {
            bytes.get(..e.valid_up_to()).and_then(|valid| str::from_utf8(valid).ok()).filter(|text| !text.is_ascii())
        }
        Err(_) => None,
    };
    whole.map_or_else(|| bytes.iter().map(|b| char::from(*b)).collect(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_is_told_from_latin_1() {
        assert_eq!(text("Übung µV 日".as_bytes()), "Übung µV 日");
        assert_eq!(text(b"\xdcbung \xb5V"), "Übung µV");
        // 16 bytes of a longer label: the last character is cut.
        assert_eq!(text(&"Über Übung N 日".as_bytes()[..16]), "Über Übung N ");
        assert_eq!(text(b"Caf\xe9"), "Café");
    }
}
