//! Errors about files of this machine.

use snow_core::{Error, ErrorKind};
use std::io;
use std::path::Path;

/// Creates the error of a file that, for example, "cannot be read".
pub(crate) fn file_error(what: &str, path: &Path, source: io::Error) -> Error {
    io_error(&format!("the file {} {what}", path.display()), source)
}

/// Creates the error of a directory that, for example, "cannot be created".
pub(crate) fn directory_error(what: &str, path: &Path, source: io::Error) -> Error {
    io_error(&format!("the directory {} {what}", path.display()), source)
}

/// Creates the error of reading or writing that failed: `what` says of what.
pub(super) fn io_error(what: &str, source: io::Error) -> Error {
    let why = match diagnosis(&source) {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    };
    Error::new(ErrorKind::Io, why).with_source(source)
}

/// Returns what is wrong, in words that are not those of the operating system, which the source has.
fn diagnosis(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as E;
    match error.kind() {
        E::NotFound => Some("there is no such file or folder"),
        E::PermissionDenied => Some("this user has no permission"),
        E::AlreadyExists => Some("it exists already"),
        E::StorageFull | E::QuotaExceeded => Some("the disk is full"),
        E::FileTooLarge => Some("it is larger than the system allows"),
        E::ReadOnlyFilesystem => Some("the file system is read-only"),
        E::IsADirectory => Some("it is a folder"),
        E::NotADirectory => Some("a part of its path is not a folder"),
        _ => None,
    }
}
