//! The check of credentials before they are used.

use crate::{Error, ErrorKind};

/// Refuses a credential that begins or ends with a character that was probably not meant. The content of a file ends with a line end,
/// which would lead to a 401, and each 401 counts towards the lock of the account. The value is not repeated.
///
/// # Errors
/// [`ErrorKind::InvalidInput`], naming `what` was given and the likely cause.
pub fn check_credential(what: &str, text: &str) -> Result<(), Error> {
    let why = if text.ends_with(['\n', '\r']) {
        "ends with a line end: it was probably read from a file or from input together with the end of its line"
    } else if text.starts_with('\u{feff}') {
        "begins with a byte order mark: it was probably read from a file that some editor saved with one"
    } else if text.starts_with(char::is_control) {
        "begins with a control character: it was probably copied or read together with the text around it"
    } else if text.ends_with(char::is_control) {
        "ends with a control character: it was probably copied or read together with the text around it"
    } else {
        return Ok(());
    };
    Err(Error::new(
        ErrorKind::InvalidInput,
        format!("the {what} {why}; remove it, and give the {what} alone"),
    ))
}
