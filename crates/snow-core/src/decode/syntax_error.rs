//! Finds where bytes stop being JSON. It runs only when it is known that they do, so that valid responses do not pay for it.

use super::scan::ScanError;

pub(super) struct SyntaxError {
    /// The position of the first invalid byte.
    pub(super) at: usize,
    pub(super) what: &'static str,
}

/// Finds what is wrong with bytes that are not valid. `probe` reads what they should begin with, from the first byte on.
pub(super) fn find(bytes: &[u8], probe: impl Fn(&[u8]) -> Result<usize, ScanError>) -> SyntaxError {
    // Prefixes that end before the damage are valid, and all others are not, so a binary search finds it.
    let is_bad = |length: usize| probe(bytes.get(..length).unwrap_or(bytes)) == Err(ScanError::Bad);
    let (mut good, mut bad) = (0_usize, bytes.len().saturating_add(1));
    while good.abs_diff(bad) > 1 {
        let middle = usize::midpoint(good, bad);
        match is_bad(middle) {
            true => bad = middle,
            false => good = middle,
        }
    }
    let not_utf8 = str::from_utf8(bytes).err().filter(|error| error.error_len().is_some());
    match not_utf8.map(|error| error.valid_up_to()) {
        Some(at) if at < good => SyntaxError { at, what: "it is not UTF-8 there" },
        _ => SyntaxError { at: good, what: what(bytes.get(good).copied()) },
    }
}

fn what(byte: Option<u8>) -> &'static str {
    match byte {
        Some(..0x20) => "there is a control character, which JSON allows only escaped",
        _ => "JSON cannot continue like that",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::scan::{self, DEPTH};

    #[test]
    fn the_byte_is_found() {
        for (text, at, what) in [
            (&b"{\"a\":\"x\x01y\"}"[..], 7, "control character"),
            (b"{\"a\":\"x\xffy\"}", 7, "not UTF-8"),
            (b"{\"a\":1,}", 7, "cannot continue"),
            (b"{\"a\":nul}", 8, "cannot continue"),
            (b"}", 0, "cannot continue"),
            (b"\xff", 0, "cannot continue"),
        ] {
            let error = find(text, |bytes| scan::value(bytes, 0, DEPTH));
            assert_eq!(error.at, at, "{:?}", String::from_utf8_lossy(text));
            assert!(error.what.contains(what), "{}", error.what);
        }
    }
}
