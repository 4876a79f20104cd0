//! How often, and why not once more.

use std::fmt;

/// How often an operation was tried, and why it was not tried again. Found at [`Error::attempts`](crate::Error::attempts),
/// and in the extensions of an answer that came after more than one attempt, or that would have been worth another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    count: u32,
    stopped: Option<Stop>,
    doubtful: bool,
}

/// Why an operation was not tried once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// As many attempts were made as are allowed.
    Limit,
    /// Too many operations were tried again of late: the budget of all clones is used up.
    Budget,
    /// The next attempt would have come after the deadline.
    Deadline,
    /// It may have been carried out, and is not known to be idempotent.
    Doubt,
    /// Its body can be sent only once.
    Body,
}

impl Attempts {
    pub(crate) fn new(count: u32, stopped: Option<Stop>, doubtful: bool) -> Self {
        Self { count, stopped, doubtful }
    }

    /// How often it was sent.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Why not once more; `None` where nothing spoke for it.
    pub fn stopped(&self) -> Option<Stop> {
        self.stopped
    }

    /// Whether an attempt may have been carried out. A DELETE that then finds nothing may have succeeded: look whether the record
    /// is gone.
    pub fn are_doubtful(&self) -> bool {
        self.doubtful
    }
}

/// `after 4 attempts, as many as are allowed`
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
            Self::Limit => "as many as are allowed",
            Self::Budget => "because too many others are being tried again",
            Self::Deadline => "because the next one would have come after the deadline",
            Self::Doubt => "because it may have been carried out",
            Self::Body => "because its body can be sent only once",
        })
    }
}
