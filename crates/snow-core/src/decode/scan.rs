//! Checks JSON in place. It accepts what serde_json's `RawValue` accepts, up to a limit of nesting, and reads eight bytes at a
//! time where that is faster.
//!
//! Every function takes the bytes and the position where something begins, and returns the position after it. The caller checks
//! UTF-8, for a whole value at once.

use std::ops::Range;

/// How deep arrays and objects may be nested, including the outermost: as deep as serde_json builds values.
pub(super) const DEPTH: u32 = 127;

/// Why a scan stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScanError {
    /// The bytes end here, and all of them are valid so far.
    Short,
    /// This is not the beginning of valid JSON.
    Bad,
    /// Nested deeper than [`DEPTH`].
    Deep,
}

type Scan = Result<usize, ScanError>;

/// Skips white space; usually there is none.
#[inline]
pub(super) fn space(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(..=b' ') => at.saturating_add(spaces(bytes.get(at..).unwrap_or_default())),
        _ => at,
    }
}

#[cold]
fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r')).count()
}

#[inline]
pub(super) fn byte(bytes: &[u8], at: usize) -> Result<u8, ScanError> {
    bytes.get(at).copied().ok_or(ScanError::Short)
}

/// Skips this byte.
#[inline]
pub(super) fn past(bytes: &[u8], at: usize, wanted: u8) -> Scan {
    if byte(bytes, at)? == wanted { Ok(at.saturating_add(1)) } else { Err(ScanError::Bad) }
}

/// Skips a string, from after its opening quote, and returns whether it contains escapes.
#[inline]
pub(super) fn string(bytes: &[u8], mut at: usize) -> Result<(usize, bool), ScanError> {
    let mut escaped = false;
    loop {
        at = special(bytes, at);
        match byte(bytes, at)? {
            b'"' => return Ok((at.saturating_add(1), escaped)),
            b'\\' => {
                escaped = true;
                at = escape(bytes, at.saturating_add(1))?;
            }
            _ => return Err(ScanError::Bad),
        }
    }
}

/// Returns a word with this byte eight times.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Returns the position of the first quote, backslash or control character, or the end.
#[inline]
#[allow(
    clippy::arithmetic_side_effects,
    reason = "a place in a slice and at most the length of what follows it"
)]
fn special(bytes: &[u8], mut at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let hits = specials(u64::from_le_bytes(*word));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
        rest = behind;
    }
    at + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20)).unwrap_or(rest.len())
}

/// Sets the high bit of the first byte that ends a run of plain text, and perhaps of later ones. Flipping bit 1 maps the quote to
/// 0x20 and the space above it, so that one comparison finds quotes and control characters.
#[inline]
fn specials(word: u64) -> u64 {
    let quote_or_control = (word ^ each(0x02)).wrapping_sub(each(0x21));
    let backslash = (word ^ each(b'\\')).wrapping_sub(each(1));
    (quote_or_control | backslash) & !word & each(0x80)
}

/// Skips an escape, from after its backslash. Surrogates are not paired here; that is checked when the text is read.
fn escape(bytes: &[u8], at: usize) -> Scan {
    let next = at.saturating_add(1);
    match byte(bytes, at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(next),
        b'u' => (0..4).try_fold(next, |at, _| {
            if byte(bytes, at)?.is_ascii_hexdigit() { Ok(at.saturating_add(1)) } else { Err(ScanError::Bad) }
        }),
        _ => Err(ScanError::Bad),
    }
}

/// Skips a member's name and colon.
#[inline]
fn name(bytes: &[u8], at: usize) -> Scan {
    colon(bytes, string(bytes, past(bytes, at, b'"')?)?.0)
}

/// Skips the colon that follows a name.
#[inline]
pub(super) fn colon(bytes: &[u8], at: usize) -> Scan {
    if bytes.get(at) == Some(&b':') {
        return Ok(at.saturating_add(1));
    }
    past(bytes, space(bytes, at), b':')
}

/// Skips any value that begins here, nested at most this deep.
pub(super) fn value(bytes: &[u8], mut at: usize, limit: u32) -> Scan {
    // One bit for each level that is open: whether it is an object. The innermost is the lowest.
    let (mut depth, mut objects) = (0_u32, 0_u128);
    loop {
        let opened = byte(bytes, at)?;
        if let b'{' | b'[' = opened {
            if depth == limit {
                return Err(ScanError::Deep);
            }
            let is_object = opened == b'{';
            (depth, objects) = (depth.saturating_add(1), objects << 1 | u128::from(is_object));
            at = space(bytes, at.saturating_add(1));
            if byte(bytes, at)? != if is_object { b'}' } else { b']' } {
                if is_object {
                    at = space(bytes, name(bytes, at)?);
                }
                continue;
            }
        } else {
            at = scalar(bytes, at, opened)?;
            if depth == 0 {
                return Ok(at);
            }
            at = space(bytes, at);
        }
        loop {
            let object = objects & 1 == 1;
            match byte(bytes, at)? {
                b',' => {
                    at = space(bytes, at.saturating_add(1));
                    if object {
                        at = space(bytes, name(bytes, at)?);
                    }
                    break;
                }
                b'}' if object => {}
                b']' if !object => {}
                _ => return Err(ScanError::Bad),
            }
            (depth, objects, at) = (depth.saturating_sub(1), objects >> 1, at.saturating_add(1));
            if depth == 0 {
                return Ok(at);
            }
            at = space(bytes, at);
        }
    }
}

#[inline]
fn scalar(bytes: &[u8], at: usize, first: u8) -> Scan {
    match first {
        b'"' => Ok(string(bytes, at.saturating_add(1))?.0),
        b't' => word(bytes, at, b"true"),
        b'f' => word(bytes, at, b"false"),
        b'n' => word(bytes, at, b"null"),
        _ => number(bytes, at),
    }
}

fn word(bytes: &[u8], at: usize, word: &[u8]) -> Scan {
    let found = bytes.get(at..).unwrap_or_default();
    if found.starts_with(word) {
        return Ok(at.saturating_add(word.len()));
    }
    Err(if word.starts_with(found) { ScanError::Short } else { ScanError::Bad })
}

/// Skips a number. It ends only where something else begins, because a number at the end of the bytes may continue.
fn number(bytes: &[u8], at: usize) -> Scan {
    let at = if byte(bytes, at)? == b'-' { at.saturating_add(1) } else { at };
    let mut at = if byte(bytes, at)? == b'0' { at.saturating_add(1) } else { digits(bytes, at)? };
    if byte(bytes, at)? == b'.' {
        at = digits(bytes, at.saturating_add(1))?;
    }
    if let b'e' | b'E' = byte(bytes, at)? {
        let exponent = at.saturating_add(1);
        let is_signed = matches!(byte(bytes, exponent)?, b'+' | b'-');
        at = digits(bytes, if is_signed { exponent.saturating_add(1) } else { exponent })?;
    }
    if byte(bytes, at)?.is_ascii_digit() { Err(ScanError::Bad) } else { Ok(at) }
}

fn digits(bytes: &[u8], at: usize) -> Scan {
    let count = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = at.saturating_add(count);
    match byte(bytes, end)? {
        _ if count > 0 => Ok(end),
        _ => Err(ScanError::Bad),
    }
}

/// Skips a field that came as an object in one of the compact forms that the service sends (facts 1.6). Returns `None` for
/// anything else, which may be valid as well.
pub(super) fn cell(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at.saturating_add(1);
    loop {
        let rest = bytes.get(at..)?;
        let text = [&b"\"link\":\""[..], b"\"value\":\"", b"\"display_value\":\""];
        let name = text.into_iter().find(|name| rest.starts_with(name))?;
        at = string(bytes, at.saturating_add(name.len())).ok()?.0;
        match bytes.get(at)? {
            b',' => at = at.saturating_add(1),
            b'}' => return Some(at.saturating_add(1)),
            _ => return None,
        }
    }
}

/// A place in a record, which are [smaller](super::raw_record::LARGEST) than that.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "nothing longer is looked at")]
pub(super) fn place(at: usize) -> u32 {
    at as u32
}

/// Returns the members of an object that was checked: the positions of names and values, quotes included.
pub(super) fn member_places(object: &str) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let (bytes, mut at) = (object.as_bytes(), space(object.as_bytes(), 0).saturating_add(1));
    std::iter::from_fn(move || {
        let start = space(bytes, at);
        let named = string(bytes, past(bytes, start, b'"').ok()?).ok()?.0;
        let from = space(bytes, colon(bytes, named).ok()?);
        let end = value(bytes, from, DEPTH).ok()?;
        at = space(bytes, end).saturating_add(1);
        Some((start..named, from..end))
    })
}

/// Returns the range of a string's text, given the range with its quotes.
#[inline]
pub(super) fn unquoted(place: &Range<usize>) -> Range<usize> {
    place.start.saturating_add(1)..place.end.saturating_sub(1)
}

/// Returns the members as text, the names without their quotes.
pub(super) fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    member_places(object).filter_map(|(name, value)| Some((object.get(unquoted(&name))?, object.get(value)?)))
}

/// Returns the ranges of the elements of an array that was checked.
pub(super) fn element_places(array: &str) -> impl Iterator<Item = Range<usize>> {
    let (bytes, mut at) = (array.as_bytes(), space(array.as_bytes(), 0).saturating_add(1));
    std::iter::from_fn(move || {
        let start = space(bytes, at);
        let end = value(bytes, start, DEPTH).ok()?;
        at = space(bytes, end).saturating_add(1);
        Some(start..end)
    })
}

/// Returns the elements as text.
pub(super) fn elements(array: &str) -> impl Iterator<Item = &str> {
    element_places(array).filter_map(|place| array.get(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    /// Accepts what `RawValue` accepts: a value, white space around it, and nothing else.
    fn valid(bytes: &[u8]) -> bool {
        let mut padded = bytes.to_vec();
        // Only something else ends a number.
        padded.push(b' ');
        let end = value(&padded, space(&padded, 0), DEPTH);
        end.is_ok_and(|end| space(&padded, end) == padded.len()) && str::from_utf8(bytes).is_ok()
    }

    fn agree(bytes: &[u8]) {
        let theirs = serde_json::from_slice::<&RawValue>(bytes).is_ok();
        assert_eq!(valid(bytes), theirs, "{:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn every_short_text_of_these_characters_is_judged_as_serde_json_judges_it() {
        let alphabet = b"{}[],:\"\\u0a1-.eE+ \x1ftn\xc3";
        let mut texts = vec![Vec::new()];
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|text| alphabet.iter().map(move |byte| [&text[..], &[*byte]].concat()))
                .collect();
            texts.iter().for_each(|text| agree(text));
            texts.iter().for_each(|text| agree(&[b"\"", &text[..], b"\""].concat()));
            texts.truncate(20_000);
        }
    }

    #[test]
    fn every_byte_is_found_or_passed_over_at_every_place_of_a_word() {
        for byte in 0..=255_u8 {
            for place in 0..16 {
                let mut text = [b'a'; 16];
                text[place] = byte;
                let expected = if matches!(byte, b'"' | b'\\' | ..0x20) { place } else { 16 };
                assert_eq!(special(&text, 0), expected, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn depth_ends_where_serde_json_ends_building_values() {
        for (depth, good) in [(127, true), (128, false)] {
            let text = format!("{}{} ", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), good);
            assert_eq!(value(text.as_bytes(), 0, DEPTH).is_ok(), good);
        }
        assert_eq!(value("[".repeat(128).as_bytes(), 0, DEPTH), Err(ScanError::Deep));
    }

    #[test]
    fn what_is_short_is_not_called_bad() {
        let whole = r#" {"a":[1,-2.5e+3,true,false,null,"x\u00e9\n"],"b":{"c":{}}} "#;
        let bytes = whole.as_bytes();
        for end in 1..bytes.len() - 1 {
            assert_eq!(value(&bytes[..end], 1, DEPTH), Err(ScanError::Short), "{}", &whole[..end]);
        }
    }

    #[test]
    fn elements_and_members_are_found_where_they_stand() {
        for (array, expected) in [
            ("[]", &[][..]),
            (" [ ] ", &[]),
            ("[1]", &["1"]),
            ("[ 1 ,[2,3], {\"a\":[4]} ,\"],[\" ]", &["1", "[2,3]", "{\"a\":[4]}", "\"],[\""]),
        ] {
            assert_eq!(elements(array).collect::<Vec<_>>(), expected, "{array}");
        }
        let object = r#" { "a" : [1,2] , "\u0062":{} } "#;
        assert_eq!(members(object).collect::<Vec<_>>(), [("a", "[1,2]"), ("\\u0062", "{}")]);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            agree(&bytes);
        }

        #[test]
        fn near_json(text in r#"[ \[\]{}",:\\a-f0-9.eEu+tn-]{0,24}"#) {
            agree(text.as_bytes());
        }
    }
}
