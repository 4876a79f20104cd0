//! An error as one line for a person.

use super::{Error, ErrorData, ServiceMessage};
use crate::one_line::{one_line, visible};
use crate::retry_after;
use std::error::Error as StdError;
use std::fmt::{self, Write as _};

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.headline())?;
        self.write_advice(f)
    }
}

impl Error {
    /// Returns everything that is known about this error as one line, for logs: what `Display` shows, the errors that caused it,
    /// each text once, and the [`transaction_id`](Self::transaction_id). `Debug` shows it, too.
    ///
    /// `Display` leaves out the causes, because programs that print the chain of [`source`](std::error::Error::source) (anyhow and
    /// eyre do) would print them twice.
    ///
    /// ```
    /// use snow_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::TokenNotSaved, "the token store could not save the token")
    ///     .with_source("the disk is full")
    ///     .with_advice("free some space");
    /// assert_eq!(error.to_string(), "the token store could not save the token; free some space");
    /// assert_eq!(error.report(), "the token store could not save the token: the disk is full; free some space");
    /// ```
    pub fn report(&self) -> String {
        let mut report = self.0.headline();
        for cause in std::iter::successors(self.source(), below) {
            let text = one_line(&cause.to_string());
            // Many wrappers repeat the text of what they wrap.
            if !report.contains(&text) {
                report.push_str(": ");
                report.push_str(&text);
            }
        }
        // Writing to a string never fails.
        let _ = self.write_advice(&mut report);
        if let Some(id) = &self.0.transaction_id {
            let _ = write!(report, " [transaction {}]", visible(id));
        }
        report
    }

    /// Writes how often it was tried, how long to wait, and what to do.
    fn write_advice(&self, line: &mut dyn fmt::Write) -> fmt::Result {
        if let Some(attempts) = &self.0.attempts {
            write!(line, " ({attempts})")?;
        }
        if let Some(wait) = self.0.retry_after {
            write!(line, "; wait {} before the next try", retry_after::in_words(wait))?;
        }
        match self.advice() {
            Some(advice) => write!(line, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl ErrorData {
    /// Returns what failed, on what, what the instance said, and the reason.
    fn headline(&self) -> String {
        let mut line = String::new();
        if let Some(request) = &self.request {
            line.push_str(&request.text);
            line.push_str(": ");
        }
        if let Some(status) = self.status {
            line.push_str(status.as_str());
            line.push(' ');
        }
        line.push_str(&self.message);
        if let Some(ServiceMessage { message, detail }) = &self.service_message {
            line.push_str(&format!(": {message:?}"));
            if !detail.is_empty() && detail != message {
                line.push_str(&format!(" ({})", visible(detail)));
            }
        }
        if let Some(reason) = self.cause().filter(|_| self.shows_source) {
            line.push_str(&format!(": {}", one_line(&reason.to_string())));
        }
        line
    }

    pub(super) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

fn below<'e>(cause: &&'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    (**cause).source()
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {})", self.kind(), self.report())
    }
}
