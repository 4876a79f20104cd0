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
#[inline]
pub(super) fn numbers<const N: usize>(text: &str, shape: &str) -> Option<[u16; N]> {
    if text.len() != shape.len() {
        return None;
    }
    let (mut numbers, mut at, mut number) = ([0_u16; N], 0_usize, 0_u16);
    for (found, wanted) in text.bytes().zip(shape.bytes()) {
        match found {
            b'0'..=b'9' if wanted == b'0' => {
                number = number.wrapping_mul(10).wrapping_add(u16::from(found - b'0'))
            }
            mark if mark == wanted && wanted != b'0' => {
                *numbers.get_mut(at)? = std::mem::take(&mut number);
                at += 1;
            }
            _ => return None,
        }
    }
    *numbers.get_mut(at)? = number;
    Some(numbers)
}
