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

/// Returns the numbers of a text that has the same shape as `shape`, which has `N` numbers of at most four digits.
pub(super) fn numbers<const N: usize>(text: &str, shape: &str) -> Option<[u16; N]> {
    let fits =
        |(found, wanted): (u8, u8)| if wanted == b'0' { found.is_ascii_digit() } else { found == wanted };
    if text.len() != shape.len() || !text.bytes().zip(shape.bytes()).all(fits) {
        return None;
    }
    let (mut numbers, mut at) = ([0_u16; N], 0_usize);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                let number = numbers.get_mut(at)?;
                *number = number.checked_mul(10)?.checked_add(u16::from(byte - b'0'))?;
            }
            _ => at += 1,
        }
    }
    Some(numbers)
}
