//! Why a command ends early, and how it says so.

use crate::exit;
use crate::printable::printable;
use snow_client::Error;
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug)]
pub(crate) enum Failure {
    /// Something that the client says.
    Client(Error),
    /// A file of this machine, and what is wrong with it.
    File(String),
    /// An argument that is wrong in a way that only shows when it is used.
    Usage(String),
    /// Anything else.
    Other(String),
    /// The program that reads our output has ended, as `head` does: that is no error.
    ReaderGone,
}

impl Failure {
    pub(crate) fn file(path: &Path, why: &dyn Display) -> Self {
        Self::File(format!("{}: {why}", path.display()))
    }

    /// Says what is wrong, on the error output, and returns the code to end with.
    pub(crate) fn tell(&self) -> ExitCode {
        let (code, text) = match self {
            Self::Client(error) => (exit::code_of(error), error.report()),
            Self::File(why) => (exit::FILE, why.clone()),
            Self::Usage(why) => (exit::USAGE, why.clone()),
            Self::Other(why) => (exit::FAILED, why.clone()),
            Self::ReaderGone => return ExitCode::SUCCESS,
        };
        eprintln!("snow: {}", printable(&text));
        code.into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

/// An error of writing to the standard output.
impl From<io::Error> for Failure {
    fn from(why: io::Error) -> Self {
        match why.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderGone,
            _ => Self::File(format!("the standard output: {why}")),
        }
    }
}
