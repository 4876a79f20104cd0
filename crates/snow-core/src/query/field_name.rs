//! The names of fields: which names are valid, and where one ends in a text.

use super::byte_classes::byte_classes;
use super::operator;

/// The prefix of every parameter of a request.
const PARAMETER: &str = "sysparm_";

const LETTER: u8 = 1;
const DOT: u8 = 2;
const DOT_AND_LETTER: u8 = LETTER | DOT;
const OTHER: u8 = 4;
/// In names of catalog variables only.
const CAPITAL: u8 = 8;

const IN_FIELD: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = u8::MIN;
    loop {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => kinds[byte as usize] = LETTER,
            b'.' => kinds[byte as usize] = DOT,
            b'A'..=b'Z' => kinds[byte as usize] = CAPITAL,
            _ => {}
        }
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    kinds
};

/// Fails with what is wrong with a field's name.
pub(crate) fn check_field(name: &str) -> Result<(), String> {
    if name_case(name).is_some() { Ok(()) } else { Err(invalid_name_message(name)) }
}

/// Fails with what is wrong with the name of a field to return. A field that does not exist is only missing in the response, so the
/// name may have capitals anywhere, as columns of a database view can.
pub(crate) fn check_returned_field(name: &str) -> Result<(), String> {
    if name_case(name).is_some() || is_well_formed(name) { Ok(()) } else { Err(invalid_name_message(name)) }
}

/// The spelling of a field's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NameCase {
    Lower,
    /// With capitals in the name of a catalog variable, whose case counts (facts 13.1).
    Mixed,
}

/// Returns the spelling of a valid name.
pub(super) fn name_case(name: &str) -> Option<NameCase> {
    match byte_classes(name, &IN_FIELD) {
        LETTER if !name.starts_with(PARAMETER) => Some(NameCase::Lower),
        DOT_AND_LETTER if !name.starts_with(PARAMETER) && each_dot_is_between_letters(name) => {
            Some(NameCase::Lower)
        }
        kinds if kinds & CAPITAL != 0 && is_well_formed(name) && is_mixed(name) => Some(NameCase::Mixed),
        _ => None,
    }
}

/// Returns whether all capitals of a name are in that of a variable: `variables.Name`, `request_item.variables.Name`.
fn is_mixed(name: &str) -> bool {
    let lower = name.split(|c: char| c.is_ascii_uppercase()).next().unwrap_or_default();
    names_variable(lower)
}

/// Returns whether what follows in a name may have capitals.
pub(super) fn names_variable(beginning: &str) -> bool {
    const VARIABLES: &str = "variables.";
    beginning.starts_with(VARIABLES) || beginning.contains(".variables.")
}

fn is_well_formed(name: &str) -> bool {
    byte_classes(name, &IN_FIELD) & OTHER == 0
        && !name.is_empty()
        && !name.starts_with(PARAMETER)
        && each_dot_is_between_letters(name)
}

/// Returns why a name is not valid for a field.
pub(super) fn invalid_name_message(name: &str) -> String {
    let may_be_capital = is_mixed(name);
    let odd = name.chars().find(|c| !(is_field_char(*c) || may_be_capital && c.is_ascii_uppercase()));
    match odd {
        _ if name.is_empty() => "has no name".into(),
        Some(odd) => format!(
            "contains {odd:?}: a field is named by its column (\"short_description\"), not by its label, in lower case (only \
             catalog variables have capital letters, \"variables.Name\"); a condition on any other name widens the query to the whole table"
        ),
        None if name.starts_with(PARAMETER) => {
            "is a parameter of the request, not a field: a condition on it widens the query to the whole table".into()
        }
        None => "has a dot at its beginning or end, or two in a row".into(),
    }
}

fn each_dot_is_between_letters(name: &str) -> bool {
    // It never stops early, so that the compiler can check many bytes at once.
    let bytes = name.as_bytes();
    let two_dots = |seen, (a, b): (&u8, &u8)| seen | ((*a == b'.') & (*b == b'.'));
    let ends = [bytes.first(), bytes.last()];
    !ends.contains(&Some(&b'.')) && !bytes.iter().zip(bytes.iter().skip(1)).fold(false, two_dots)
}

/// Returns whether a field's name, or a path of names, can have this character.
pub(super) fn is_field_char(c: char) -> bool {
    u8::try_from(c).is_ok_and(|byte| IN_FIELD[usize::from(byte)] & (OTHER | CAPITAL) == 0)
}

/// Splits the field's name off the beginning of a text.
pub(super) fn split_name(text: &str) -> (&str, &str) {
    let lower = text.find(|c| !is_field_char(c)).unwrap_or(text.len());
    let at = if text[lower..].starts_with(|c: char| c.is_ascii_uppercase()) {
        mixed_name(text, lower)
    } else {
        lower
    };
    text.split_at(at)
}

/// Returns where a name ends that continues with a capital: that of a catalog variable at the first operator after it, any other there.
#[cold]
fn mixed_name(text: &str, lower: usize) -> usize {
    if !names_variable(&text[..lower]) {
        return lower;
    }
    let is_of_name = |c: char| is_field_char(c) || c.is_ascii_uppercase();
    let end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let is_end = |at: &usize| !text[..*at].ends_with('.') && operator::split(&text[*at..]).is_some();
    match (lower..=end).find(is_end) {
        Some(at) => at,
        None if matches!(text[end..].chars().next(), None | Some('@')) => end,
        None => lower,
    }
}
