//! Errors about files of this machine.

use snow_core::{Error, ErrorKind};
use std::io;
use std::path::Path;

/// Creates the error of a file that, for example, "cannot be read".
pub(super) fn file_error(what: &str, path: &Path, source: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the file {} {what}", path.display())).with_source(source)
}
