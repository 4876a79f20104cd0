//! What may stand in a query: field names, and values at their place.

use super::operator;
use crate::{Error, Kind, percent};

/// Where a value stands, for checking it and for telling about it.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) field: &'p str,
    /// The word right in front of it, if any.
    pub(super) word: &'p str,
    /// What separates it from others.
    pub(super) separator: Option<char>,
}

impl Place<'_> {
    pub(super) fn refuse(self, why: &str) -> Error {
        Error::new(Kind::InvalidInput, format!("the condition on the field {:?} {why}", self.field))
    }
}

/// Whether a text stands for itself at its place, whatever it holds: an error if it does not. Says whether it has to be
/// encoded for a URL.
#[inline(always)]
pub(super) fn check(text: &str, place: Place<'_>, escaped: bool) -> Result<bool, Error> {
    // Nearly every text is clean, and this says so at little cost.
    let seen = kinds(text, &KINDS);
    if seen == SIMPLE && !operator::lengthens(place.word, text) {
        return Ok(false);
    }
    check_closely(text, seen, place, escaped)
}

fn check_closely(text: &str, seen: u8, place: Place<'_>, escaped: bool) -> Result<bool, Error> {
    if text.is_empty() {
        return Err(place.refuse("has an empty value: for rows without one, use is_empty()"));
    }
    if seen & SUSPECT != 0
        && let Some(odd) = odd(text, place.separator, escaped)
    {
        return Err(place.refuse(odd_character(odd)));
    }
    if seen & COLON != 0 && is_script(text) {
        let why = "has a value that the service would run as a script (\"javascript:\"): Value::script() is for that";
        return Err(place.refuse(why));
    }
    // Whether blanks around a value of a list count is not known.
    if place.separator == Some(',') && seen & ENCODED != 0 && text.trim().len() < text.len() {
        return Err(
            place.refuse("lists a value with blanks around it, which may get lost: use any() of eq()")
        );
    }
    if operator::lengthens(place.word, text) {
        let why = format!(
            "has a value that would be read as a part of {}: Query::raw() sends it as it is, if that is meant",
            place.word
        );
        return Err(place.refuse(&why));
    }
    Ok(seen & ENCODED != 0)
}

/// Needs a second look: carets, separators, controls, and whatever is not ASCII.
const SUSPECT: u8 = 1;
/// Does not go into a URL as it is.
const ENCODED: u8 = 2;
/// May be the colon behind `javascript`.
const COLON: u8 = 4;
/// Any other, and nothing to think about.
const SIMPLE: u8 = 8;

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = u8::MIN;
    loop {
        if matches!(byte, b'^' | b',' | b'@' | 0..=0x1F | 0x7F..) {
            kinds[byte as usize] |= SUSPECT;
        }
        if byte == b':' {
            kinds[byte as usize] |= COLON;
        }
        if !percent::is_plain(byte) {
            kinds[byte as usize] |= ENCODED;
        }
        if kinds[byte as usize] == 0 {
            kinds[byte as usize] = SIMPLE;
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    kinds
};

/// The first character that cannot stand at its place.
pub(super) fn odd(text: &str, separator: Option<char>, escaped: bool) -> Option<char> {
    text.chars().find(|c| match c {
        '^' => !escaped,
        '\t' => false,
        '\u{2028}' | '\u{2029}' => true,
        ',' | '@' => separator == Some(*c),
        c => c.is_control(),
    })
}

pub(super) fn odd_character(odd: char) -> &'static str {
    match odd {
        '^' => {
            "has a value with '^' in it, which would begin another condition: escape_carets() writes it twice, as documented; \
             Query::raw() is for text that is a query"
        }
        ',' => "lists a value with ',' in it, which no list can hold: use any() of eq()",
        '@' => "has '@' in one of its two values, which stands between them: use ge() and le()",
        _ => "has a value with a line break or another control character, which no query can hold",
    }
}

/// `javascript:`, however it is written.
fn is_script(text: &str) -> bool {
    const WORD: &str = "javascript";
    // Dates have colons, too.
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control());
    let Some(rest) = text.get(WORD.len()..) else { return false };
    text.as_bytes()[..WORD.len()].eq_ignore_ascii_case(WORD.as_bytes()) && rest.trim_start().starts_with(':')
}

/// What is wrong with a field's name.
#[inline]
pub(crate) fn check_field(name: &str) -> Result<(), String> {
    if is_field(name) { Ok(()) } else { Err(odd_field(name)) }
}

/// Whether a name can be a field's.
#[inline(always)]
pub(crate) fn is_field(name: &str) -> bool {
    match kinds(name, &IN_FIELD) {
        LETTER => true,
        DOT_AND_LETTER => each_dot_is_between_letters(name.as_bytes()),
        _ => false,
    }
}

fn each_dot_is_between_letters(name: &[u8]) -> bool {
    let ends = [name.first(), name.last()];
    // To the end, whatever is seen: so the compiler takes many at once.
    let two_dots = |seen, (a, b): (&u8, &u8)| seen | ((*a == b'.') & (*b == b'.'));
    !ends.contains(&Some(&b'.')) && !name.iter().zip(name.iter().skip(1)).fold(false, two_dots)
}

/// All kinds of bytes that a text has. Eight at a time, for this is done to every name and value; some of the last eight
/// are seen twice, which costs less than one at a time.
#[inline]
fn kinds(text: &str, kind: &[u8; 256]) -> u8 {
    let of = |seen, byte: &u8| seen | kind[usize::from(*byte)];
    match text.as_bytes().last_chunk::<8>() {
        Some(last) => {
            let (eights, _) = text.as_bytes().as_chunks::<8>();
            let seen = eights.iter().fold(0, |seen, eight| eight.iter().fold(seen, of));
            last.iter().fold(seen, of)
        }
        None => text.bytes().fold(0, |seen, byte| of(seen, &byte)),
    }
}

const LETTER: u8 = 1;
const DOT: u8 = 2;
const DOT_AND_LETTER: u8 = LETTER | DOT;

/// What each byte is in a field's name.
const IN_FIELD: [u8; 256] = {
    let mut kinds = [4; 256];
    let mut byte = u8::MIN;
    loop {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => kinds[byte as usize] = LETTER,
            b'.' => kinds[byte as usize] = DOT,
            _ => {}
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    kinds
};

#[cold]
fn odd_field(name: &str) -> String {
    let odd =
        name.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.')));
    match odd {
        _ if name.is_empty() => "has no name".into(),
        Some(odd) => format!(
            "contains {odd:?}: a field is named by its column (\"short_description\"), not by its label, in lower case; \
             a condition on any other name widens the query to the whole table"
        ),
        None => "has a dot too many".into(),
    }
}
