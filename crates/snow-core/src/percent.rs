//! Percent-encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode_byte};

/// Everything but RFC 3986's unreserved characters.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns whether a byte of a query's name or value is not encoded: the unreserved characters, and the comma, which lists of
/// fields are full of.
pub(crate) const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b',')
}

const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = u8::MIN;
    loop {
        plain[byte as usize] = is_plain(byte);
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    plain
};

/// Appends text as a part of a query's name or value, run by run, because most text needs no encoding.
pub(crate) fn push_query(out: &mut String, text: &str) {
    let mut run = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !PLAIN[usize::from(byte)] {
            // An empty run may lie inside a character, where nothing can be sliced.
            if run < at {
                out.push_str(&text[run..at]);
            }
            let escaped = percent_encode_byte(byte);
            // Always three bytes. The compiler inlines the copy if it can see that.
            out.push_str(escaped.get(..3).unwrap_or(escaped));
            run = at + 1;
        }
    }
    out.push_str(&text[run..]);
}

/// Encodes a text as a part of a query's name or value.
pub(crate) fn query(text: &str) -> String {
    let mut out = String::new();
    push_query(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Compares with another encoder.
        #[test]
        fn is_what_the_standard_says(text in "\\PC{0,20}|.{0,20}") {
            const THEIRS: &AsciiSet = &SEGMENT.remove(b',');
            let theirs = percent_encoding::utf8_percent_encode(&text, THEIRS).to_string();
            prop_assert_eq!(query(&text), theirs);
        }
    }
}
