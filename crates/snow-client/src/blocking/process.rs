//! The process that something was made in.

use super::waiter::is_waited_for;
use snow_core::{Error, ErrorKind};

/// The process that something was made in. What was made before a fork does not work in the child: the threads that its locks,
/// permits and connections wait for are those of the parent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HomeProcess(u32);

impl HomeProcess {
    /// Returns this process.
    pub(crate) fn new() -> Self {
        Self(std::process::id())
    }

    /// Returns whether this is another process: a child of the one that it was made in.
    pub(crate) fn is_elsewhere(self) -> bool {
        self.0 != std::process::id()
    }

    /// Checks that `what` was made in this process.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] after a fork.
    pub(crate) fn check(self, what: &str) -> Result<(), Error> {
        if !self.is_elsewhere() {
            return Ok(());
        }
        let why = format!(
            "{what} was made in another process, from which this one was forked: build a new client in the child process"
        );
        Err(Error::new(ErrorKind::InvalidInput, why).before_sending())
    }

    /// Checks a client, if a thread waits for the call. Async code after a fork is not checked.
    pub(crate) fn check_client(self) -> Result<(), Error> {
        if is_waited_for() { self.check("the client") } else { Ok(()) }
    }
}
