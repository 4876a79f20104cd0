//! An error as one line for a person.

use super::{Error, ErrorData, ServiceMessage};
use crate::one_line::{one_line, visible};
use crate::retry_after;
use std::error::Error as StdError;
use std::fmt;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(request) = &inner.request {
            write!(f, "{}: ", request.text)?;
        }
        if let Some(status) = inner.status {
            write!(f, "{} ", status.as_u16())?;
        }
        f.write_str(&inner.message)?;
        if let Some(ServiceMessage { message, detail }) = &inner.fault {
            write!(f, ": {message:?}")?;
            if !detail.is_empty() && detail != message {
                write!(f, " ({})", visible(detail))?;
            }
        }
        for cause in causes(inner) {
            write!(f, ": {}", one_line(&cause))?;
        }
        if let Some(attempts) = &inner.attempts {
            write!(f, " ({attempts})")?;
        }
        if let Some(wait) = inner.retry_after {
            write!(f, "; wait {} before the next try", retry_after::in_words(wait))?;
        }
        let usual = || inner.kind.advice(self.may_have_executed());
        let advice = inner.advice.as_deref().unwrap_or_else(usual);
        if !advice.is_empty() {
            write!(f, "; {advice}")?;
        }
        match &inner.transaction_id {
            Some(id) => write!(f, " [transaction {}]", visible(id)),
            None => Ok(()),
        }
    }
}

/// The texts of the errors below, each once: many wrappers repeat what they wrap.
fn causes(inner: &ErrorData) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut next = inner.source.as_ref().map(|source| &**source as &dyn StdError);
    while let Some(cause) = next {
        let text = cause.to_string();
        if !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
        next = cause.source();
    }
    texts
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.kind())
    }
}
