//! Where a feed is, to go on from there in another process.

use super::log_reader::LogReader;
use super::sweep_reader::SweepReader;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use snow_core::{Error, ErrorKind};
use std::sync::Arc;

/// The form of a stored cursor.
const VERSION: u32 = 1;

/// Where a feed is: after the changes of a batch.
///
/// Store it with serde, after the changes were applied, and pass it to [`ChangeFeed::resume`](super::ChangeFeed::resume) of a feed of the
/// same table, in this process or in another one. It contains times, `sys_id`s and update counts of the last minutes, and no other
/// values. It usually takes a few kilobytes, and about half a megabyte after a bulk change. It can take more with an
/// [overlap](super::ChangeFeed::overlap) of many hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedCursor(Arc<FeedState>);

impl Serialize for FeedCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FeedCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Value::deserialize(deserializer)?;
        let form = StoredForm::deserialize(&stored).map_err(D::Error::custom)?;
        if form.version != VERSION {
            return Err(D::Error::custom(format_args!(
                "the cursor has the form {}, and this version of the library reads form {VERSION}: begin again with a snapshot",
                form.version
            )));
        }
        FeedState::deserialize(stored).map(Self::new).map_err(D::Error::custom)
    }
}

/// What every form of a stored cursor has. It is read first, because the other fields of another form may differ.
#[derive(Deserialize)]
struct StoredForm {
    version: u32,
}

/// What a feed remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FeedState {
    version: u32,
    /// The fingerprint of the feed that it belongs to.
    question: u64,
    pub(super) stage: CycleStage,
    pub(super) changes: LogReader,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) audit: Option<LogReader>,
    /// The classes whose deletions are read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    classes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sweep: Option<SweepReader>,
    /// When the last sweep began, in seconds since 1970 by this machine's clock: it decides when the next one is due, and nothing else.
    #[serde(default)]
    pub(super) swept: u64,
}

/// What is read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CycleStage {
    /// The deletions that there are already are remembered, before the first record is read.
    PastDeletions,
    Changes,
    Deletions,
    Sweep,
}

impl FeedState {
    /// Creates the state of a feed that begins. `audit`: if deletions are read from their audit.
    pub(super) fn new(question: u64, changes: LogReader, audit: Option<LogReader>, now: u64) -> Self {
        let stage = if audit.is_some() { CycleStage::PastDeletions } else { CycleStage::Changes };
        Self {
            version: VERSION,
            question,
            stage,
            changes,
            audit,
            classes: Vec::new(),
            sweep: None,
            swept: now,
        }
    }
}

impl FeedState {
    /// Sets the classes whose deletions are read. If some were added since the cursor was saved, all deletions are read once more: those of
    /// the new classes are among them, however old they are.
    pub(super) fn follow_deletions_of(&mut self, classes: Vec<String>) {
        let is_resumed = !self.classes.is_empty();
        if is_resumed && classes.iter().any(|class| !self.classes.contains(class)) {
            self.audit = Some(LogReader::since(None));
        }
        self.classes = classes;
    }
}

impl FeedCursor {
    pub(super) fn new(state: FeedState) -> Self {
        Self(Arc::new(state))
    }

    /// Returns the state, if it belongs to this feed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a cursor of another feed.
    pub(super) fn of_feed(&self, question: u64) -> Result<FeedState, Error> {
        if self.0.question != question {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "the cursor belongs to another feed: resume it with the same instance, table, query, fields, domain, category, overlap and \
                 deletions, or begin again with a snapshot",
            ));
        }
        Ok(self.state())
    }

    /// Returns a copy of the state.
    pub(super) fn state(&self) -> FeedState {
        FeedState::clone(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_storage_and_refuses_another_feed() {
        let state = FeedState::new(7, LogReader::since(None), Some(LogReader::from_now()), 3);
        let cursor = FeedCursor::new(state.clone());
        let stored = serde_json::to_string(&cursor).unwrap();
        let loaded: FeedCursor = serde_json::from_str(&stored).unwrap();
        assert_eq!(loaded, cursor);
        assert_eq!(loaded.of_feed(7).unwrap(), state);
        assert_eq!(loaded.of_feed(8).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_class_that_was_added_is_read_from_the_beginning() {
        let classes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut state = FeedState::new(7, LogReader::since(None), Some(LogReader::from_now()), 3);
        state.follow_deletions_of(classes(&["task", "incident"]));
        assert_eq!(state.audit, Some(LogReader::from_now()), "a new feed begins where it was told to");
        state.follow_deletions_of(classes(&["incident", "task"]));
        assert_eq!(state.audit, Some(LogReader::from_now()));
        state.follow_deletions_of(classes(&["task", "incident", "u_request"]));
        assert_eq!(state.audit, Some(LogReader::since(None)));
    }

    /// Its other fields may have other names and types.
    #[test]
    fn a_cursor_of_another_form_is_refused_by_its_form() {
        let stored = r#"{"position": "x", "stage": 7, "version": 2}"#;
        let error = serde_json::from_str::<FeedCursor>(stored).unwrap_err().to_string();
        assert!(error.contains("form 2") && error.contains("begin again"), "{error}");
        let error = serde_json::from_str::<FeedCursor>(r#"{"version": 1}"#).unwrap_err().to_string();
        assert!(error.contains("missing field"), "{error}");
    }
}
