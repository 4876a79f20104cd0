//! Why a command ends early, and how it says so.

use crate::exit;
use crate::interrupt::Signal;
use crate::printable::printable;
use snow_client::{Error, ErrorKind};
use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug)]
pub(crate) enum Failure {
    /// Something that the client says.
    Client(Error),
    /// The same, and what to do about it with this command.
    Hinted(Error, &'static str),
    /// A file of this machine, and what is wrong with it.
    File(String),
    /// An argument that is wrong in a way that only shows when it is used.
    Usage(String),
    /// Anything else.
    Other(String),
    /// A signal asked us to end, and what it leaves.
    Interrupted(Signal, String),
    /// The program that reads our output has ended, as `head` does: that is not an error.
    ReaderGone,
}

impl Failure {
    pub(crate) fn file(path: &Path, why: &dyn Display) -> Self {
        Self::File(format!("{}: {why}", path.display()))
    }

    /// Returns the failure of a command that needs the columns of a table.
    pub(crate) fn of_dictionary(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Forbidden => Self::Hinted(
                error,
                "an administrator can print the table with `snow types --json TABLE`; pass that file with --schema",
            ),
            _ => Self::Client(error),
        }
    }

    /// Says what is wrong, on the error output, and returns the code to end with.
    pub(crate) fn tell(&self) -> ExitCode {
        let (code, text) = match self {
            Self::Client(error) => (exit::code_of(error), printable(&error.report()).into_owned()),
            Self::Hinted(error, hint) => {
                (exit::code_of(error), format!("{}\nsnow: {hint}", printable(&error.report())))
            }
            Self::File(why) => (exit::FILE, printable(why).into_owned()),
            Self::Usage(why) => (exit::USAGE, printable(why).into_owned()),
            Self::Other(why) => (exit::FAILED, printable(why).into_owned()),
            Self::Interrupted(signal, why) => (signal.code(), printable(why).into_owned()),
            Self::ReaderGone => return ExitCode::SUCCESS,
        };
        eprintln!("snow: {text}");
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
