//! How often a request was attempted, and why not once more.

use std::fmt;

/// How often a request was attempted, and why there was no further attempt. Returned by
/// [`Error::attempts`](crate::Error::attempts), and part of the extensions of a response that came after more than one attempt, or
/// that would have been worth another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    count: u32,
    stopped: Option<Stop>,
    doubtful: bool,
}

/// Why there was no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// As many attempts were made as the policy allows.
    Limit,
    /// Too many requests were retried recently: the retry budget that all clones share is used up.
    Budget,
    /// The next attempt would have come after the deadline.
    Deadline,
    /// The request may have been executed, and is not known to be idempotent.
    Doubt,
    /// Its body can be sent only once.
    Body,
}

impl Attempts {
    pub(crate) fn new(count: u32, stopped: Option<Stop>, doubtful: bool) -> Self {
        Self { count, stopped, doubtful }
    }

    /// Returns how often the request was sent.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Returns why there was no further attempt; `None` if the outcome was not worth one.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Returns `true` if an attempt may have been executed. A DELETE that then finds nothing may have succeeded: check whether the
    /// record is gone.
    pub fn are_doubtful(&self) -> bool {
        self.doubtful
    }
}

/// `after 4 attempts, the maximum`
impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count, self.stopped) {
            (0 | 1, None) => f.write_str("one attempt"),
            (0 | 1, Some(Stop::Limit)) => f.write_str("one attempt is allowed"),
            (0 | 1, Some(stop)) => write!(f, "not tried again {stop}"),
            (count, None) => write!(f, "after {count} attempts"),
            (count, Some(stop)) => write!(f, "after {count} attempts, {stop}"),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limit => "the maximum",
            Self::Budget => "because the retry budget is used up",
            Self::Deadline => "because the next one would have come after the deadline",
            Self::Doubt => "because it may have been executed",
            Self::Body => "because its body can be sent only once",
        })
    }
}
