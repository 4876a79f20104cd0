//! Checks that a value keeps its meaning in a query: a `^`, a line break or a script does not.

use super::byte_classes::byte_classes;
use super::operator;
use crate::{Error, ErrorKind};

/// The position of a value in a query.
#[derive(Clone, Copy)]
pub(super) struct ValueContext<'p> {
    pub(super) field: &'p str,
    /// The operator before it, or an empty text.
    pub(super) word: &'p str,
    /// The character that separates it from other values of the condition.
    pub(super) separator: Option<char>,
}

impl ValueContext<'_> {
    #[cold]
    pub(super) fn refuse(self, why: &str) -> Error {
        Error::new(ErrorKind::InvalidInput, format!("the condition on the field {:?} {why}", self.field))
    }
}

/// Fails if a text would not keep its meaning at its position.
pub(super) fn check_text(text: &str, context: ValueContext<'_>, escaped: bool) -> Result<(), Error> {
    // The fast path: nearly every text is clean.
    let seen = byte_classes(text, &IN_VALUE);
    if seen == CLEAN && !operator::extends_operator(context.word, text) {
        return Ok(());
    }
    check_suspect_text(text, seen, context, escaped)
}

fn check_suspect_text(text: &str, seen: u8, context: ValueContext<'_>, escaped: bool) -> Result<(), Error> {
    if text.is_empty() {
        return Err(context.refuse(
            "has an empty value, which the service reads as \"no value\": use is_empty() or is_not_empty() if that is meant",
        ));
    }
    if seen & SUSPECT != 0
        && let Some(odd) = find_invalid_char(text, context.separator, escaped)
    {
        return Err(context.refuse(invalid_char_message(odd)));
    }
    if seen & COLON != 0 && is_script(text) {
        let why = "has a value that the service would run as a script (\"javascript:\"): Value::script() is for that";
        return Err(context.refuse(why));
    }
    // It is not known whether blanks around a value of a list count.
    if seen & BLANK != 0 && context.separator == Some(',') && text.trim().len() < text.len() {
        return Err(
            context.refuse("lists a value with blanks around it, which may get lost: use any() of eq()")
        );
    }
    // Databases that pad with blanks treat blanks alone as an empty string.
    if seen & BLANK != 0 && matches!(context.word, "=" | "!=") && text.trim().is_empty() {
        return Err(context.refuse(
            "has a value of nothing but blanks, which the service may read as \"no value\": use is_empty() or is_not_empty() \
             if that is meant",
        ));
    }
    if operator::extends_operator(context.word, text) {
        let why = format!(
            "has a value that would be read as a part of {}: Query::raw() sends it as it is, if that is meant",
            context.word
        );
        return Err(context.refuse(&why));
    }
    Ok(())
}

/// Needs no check.
const CLEAN: u8 = 1;
/// A caret, a separator, a control, or what is not ASCII.
const SUSPECT: u8 = 2;
/// May be the colon behind `javascript`.
const COLON: u8 = 4;
/// May be a blank at an end, or nothing but blanks.
const BLANK: u8 = 8;

const IN_VALUE: [u8; 256] = {
    let mut kinds = [CLEAN; 256];
    let mut byte = u8::MIN;
    loop {
        match byte {
            b'^' | b',' | b'@' => kinds[byte as usize] = SUSPECT,
            b':' => kinds[byte as usize] = COLON,
            b' ' => kinds[byte as usize] = BLANK,
            0..=0x1F | 0x7F.. => kinds[byte as usize] = SUSPECT | BLANK,
            _ => {}
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    kinds
};

/// Returns the first character that is not allowed at its position.
pub(super) fn find_invalid_char(text: &str, separator: Option<char>, escaped: bool) -> Option<char> {
    text.chars().find(|c| match c {
        '^' => !escaped,
        '\t' => false,
        '\u{2028}' | '\u{2029}' => true,
        ',' | '@' => separator == Some(*c),
        c => c.is_control(),
    })
}

pub(super) fn invalid_char_message(odd: char) -> &'static str {
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

/// Returns whether a text begins with `javascript:`, in any spelling.
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
