//! One cell of CSV (RFC 4180).

use std::borrow::Cow;

/// Appends a cell, in quotes if it needs them.
pub(super) fn push_cell(text: &str, out: &mut Vec<u8>) {
    if !needs_quotes(text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for (at, piece) in text.split('"').enumerate() {
        if at > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(piece.as_bytes());
    }
    out.push(b'"');
}

/// Whether a reader could take the text for something else without quotes. Some readers trim spaces at the ends, and some take a line
/// that begins with `#` for a comment.
fn needs_quotes(text: &str) -> bool {
    let special = |byte| matches!(byte, b',' | b'"' | b'\n' | b'\r' | 0);
    let at_end = |c: Option<char>| c.is_some_and(char::is_whitespace);
    text.bytes().any(special)
        || text.starts_with(['#', '\u{feff}'])
        || at_end(text.chars().next())
        || at_end(text.chars().next_back())
}

/// Returns the text with an apostrophe in front, if a spreadsheet would take it for a formula. Plain numbers are left alone.
pub(super) fn without_formula(text: &str) -> Cow<'_, str> {
    let begins = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if begins && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Whether it is a sign, digits, and one point among them at most.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> String {
        let mut out = Vec::new();
        push_cell(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cell_is_quoted_where_it_could_be_misread() {
        for plain in ["", "a", "a b", "1.5", "a;b", "it's", "ü#"] {
            assert_eq!(cell(plain), plain);
        }
        for (text, quoted) in [
            ("a,b", "\"a,b\""),
            ("a\"b\"", "\"a\"\"b\"\"\""),
            ("\"", "\"\"\"\""),
            ("a\r\nb", "\"a\r\nb\""),
            (" a", "\" a\""),
            ("a\u{a0}", "\"a\u{a0}\""),
            ("#1", "\"#1\""),
        ] {
            assert_eq!(cell(text), quoted);
        }
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        for formula in ["=1+1", "+cmd", "-2+3", "@SUM(1)", "\t=1", "-", "+", "-1.", "-.5", "--1", "-1.2.3", "＝1"] {
            assert_eq!(without_formula(formula), format!("'{formula}"));
        }
        for harmless in ["", "-5", "+5", "-1.50", "a=1", "'=1", "1-2"] {
            assert_eq!(without_formula(harmless), harmless);
        }
    }
}
