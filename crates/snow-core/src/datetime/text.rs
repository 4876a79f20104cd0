//! Dates and times as texts.

use crate::{Error, ErrorKind};

/// Creates the error of a text that is not a `name`. Fields that have no date are empty, so that this case has its own text.
pub(super) fn unreadable(text: &str, name: &str, form: &str) -> Error {
    let why = match text {
        "" => format!("it is empty: use Option<{name}>"),
        _ => format!(
            "{text:?} is not of the form {form:?}: if it is a display value, request stored values (DisplayValue::Stored)"
        ),
    };
    Error::new(ErrorKind::InvalidInput, why)
}

/// Returns the numbers of a text that has the same shape as `shape`; no numbers if it has not.
pub(super) fn numbers(text: &str, shape: &str) -> Vec<u16> {
    let fits =
        |(found, wanted): (u8, u8)| if wanted == b'0' { found.is_ascii_digit() } else { found == wanted };
    if text.len() != shape.len() || !text.bytes().zip(shape.bytes()).all(fits) {
        return Vec::new();
    }
    text.split(['-', ' ', ':']).filter_map(|number| number.parse().ok()).collect()
}
