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
    /// Returns this error as one line for logs: what `Display` shows and the errors that caused it, each text once; then, in
    /// brackets, the [`kind`](Self::kind), whether the request [may have been executed](Self::may_have_executed), and the
    /// [`transaction_id`](Self::transaction_id). `Debug` shows it, too.
    ///
    /// `Display` leaves out the causes, because programs that print the chain of [`source`](std::error::Error::source) (anyhow and
    /// eyre do) would print them twice.
    ///
    /// ```
    /// use snow_client::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::TokenNotSaved, "the token cannot be saved")
    ///     .with_source("the disk is full")
    ///     .with_advice("free some space");
    /// assert_eq!(error.to_string(), "the token cannot be saved; free some space");
    /// assert_eq!(error.report(), "the token cannot be saved: the disk is full; free some space [TokenNotSaved]");
    /// ```
    pub fn report(&self) -> String {
        let mut report = self.0.headline();
        for cause in std::iter::successors(self.source(), below) {
            let text = text_of(cause);
            if !has_segments(&report, &text) {
                report.push_str(": ");
                report.push_str(&text);
            }
        }
        // Writing to a string never fails.
        let _ = self.write_advice(&mut report);
        let _ = self.write_facts(&mut report);
        report
    }

    /// Writes what programs look at: the kind, whether the request may have been executed, and the transaction.
    fn write_facts(&self, line: &mut String) -> fmt::Result {
        write!(line, " [{:?}", self.kind())?;
        // Without a request there is nothing that could have been executed, as in an error of reading a field.
        if self.method().is_some() && self.may_have_executed() {
            write!(line, ", may have been executed")?;
        }
        if let Some(id) = &self.0.transaction_id {
            write!(line, ", transaction {}", visible(id))?;
        }
        write!(line, "]")
    }

    /// Writes how often it was tried, how long to wait, and what to do.
    fn write_advice(&self, line: &mut dyn fmt::Write) -> fmt::Result {
        if let Some(attempts) = &self.0.attempts {
            write!(line, " ({attempts})")?;
        }
        if let Some(wait) = self.0.retry_after {
            write!(line, "; wait {} before the next attempt", retry_after::in_words(wait))?;
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
            line.push_str(&format!(": {}", text_of(reason)));
        }
        line
    }

    pub(super) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// Returns the text of a cause on one line. One that is an [`Error`] is shown without its advice: the error that it caused has its own.
pub(super) fn text_of(cause: &(dyn StdError + 'static)) -> String {
    one_line(&cause.downcast_ref::<Error>().map_or_else(|| cause.to_string(), |error| error.0.headline()))
}

/// Returns `true` if a line has this text already, from one colon to another: many wrappers repeat the text of what they wrap.
fn has_segments(line: &str, text: &str) -> bool {
    text.is_empty() || format!(": {line}: ").contains(&format!(": {text}: "))
}

fn below<'e>(cause: &&'e (dyn StdError + 'static)) -> Option<&'e (dyn StdError + 'static)> {
    (**cause).source()
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({})", self.report())
    }
}
