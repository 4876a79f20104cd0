//! Writes the names of fields.

use super::Writer;
use crate::query::field_name::{NameCase, invalid_name_message, name_case, split_name};
use crate::query::operator;
use crate::{Error, ErrorKind};

/// Writes the name of a field. `word` is the operator that follows it, if one does.
pub(super) fn write_name(
    name: &str,
    part: &str,
    word: Option<&str>,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    match name_case(name) {
        Some(NameCase::Lower) => {}
        Some(NameCase::Mixed) => check_mixed_name(name, part, word)?,
        None => return Err(invalid_name(name, part)),
    }
    writer.push_plain(name);
    Ok(())
}

/// Returns whether the name of a field can be followed by an operator.
pub(in crate::query) fn check_name(name: &str, word: &str) -> Result<(), Error> {
    write_name(name, "query", Some(word), &mut Writer::plain(&mut String::new()))
}

/// Checks that a name with capitals can be told from the operator after it, which has capitals, too.
#[cold]
fn check_mixed_name(name: &str, part: &str, word: Option<&str>) -> Result<(), Error> {
    let Some(word) = word else { return Ok(()) };
    let written = [name, word].concat();
    let (read, rest) = split_name(&written);
    if read == name {
        return Ok(());
    }
    let found = operator::split(rest).map_or("an operator", |(word, ..)| word);
    let why = format!(
        "the field {name:?} of the {part} would be read as the field {read:?} and {found}: name the variable by the sys_id of its \
         question, \"variables.SYS_ID\", as list views do"
    );
    Err(Error::new(ErrorKind::InvalidInput, why))
}

#[cold]
fn invalid_name(name: &str, part: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the field {name:?} of the {part} {}", invalid_name_message(name)),
    )
}
