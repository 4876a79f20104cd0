//! Percent-encoding, the one way this crate does it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same, and the comma, which lists of fields are full of.
pub(crate) const QUERY: &AsciiSet = &SEGMENT.remove(b',');

/// Appends text as a part of a query's name or value.
pub(crate) fn push_query(out: &mut String, text: &str) {
    out.extend(utf8_percent_encode(text, QUERY));
}

/// A text as a part of a query's name or value.
pub(crate) fn query(text: &str) -> String {
    let mut out = String::new();
    push_query(&mut out, text);
    out
}
