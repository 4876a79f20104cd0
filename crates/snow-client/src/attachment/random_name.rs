//! Unpredictable names, for temporary files and for the boundary in a form.

use snow_core::{Error, ErrorKind};
use std::fmt::Write;

/// Returns 32 random hexadecimal digits.
pub(super) fn random_name() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::getrandom(&mut bytes)
        .map_err(|_| Error::new(ErrorKind::Io, "the operating system returned no random bytes"))?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
