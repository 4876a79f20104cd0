//! One page of a log: what is asked, what arrives, and whether it is the last one.
#![warn(clippy::arithmetic_side_effects)]

use super::log_row::{LogKey, LogRow, earlier};
use serde::{Deserialize, Serialize};
use snow_core::{DateTime, Error, ErrorKind, SysId};
use std::time::Duration;

/// What is to be asked next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LogAsk {
    /// The newest record.
    Newest,
    /// Keys of records: when they were written, their ids and versions.
    Keys(LogPageAsk),
    /// Whole records.
    Records(LogPageAsk),
}

/// A page in the order of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogPageAsk {
    pub(super) after: Option<LogKey>,
    pub(super) limit: u32,
    /// Whether the service is to count what matches.
    pub(super) counted: bool,
}

/// A page that arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LogPage {
    pub(super) rows: Vec<LogRow>,
    pub(super) total: Option<u64>,
    /// The time of the response, by the clock of the instance's edge.
    pub(super) date: Option<DateTime>,
}

/// What a page leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LogVerdict {
    /// Which records of the page are given out, by their places.
    pub(super) given: Vec<usize>,
    /// Which records are to be fetched and given out.
    pub(super) fetched: Vec<SysId>,
    /// Whether the log was read to its end.
    pub(super) is_end: bool,
}

/// How far ahead of the instance's edge a record may be: clocks of nodes and zones of careless imports.
const AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

impl LogPage {
    /// Checks that the records are those that were asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`] if the instance ignores the order or a condition, or if a record claims to come from the future:
    /// nothing after it would ever be seen.
    pub(super) fn check(&self, ask: &LogPageAsk) -> Result<(), Error> {
        if self.rows.len() as u64 > u64::from(ask.limit) {
            let why = format!("{} records came, but the limit is {}", self.rows.len(), ask.limit);
            return Err(Error::new(ErrorKind::ResponseMismatch, why));
        }
        let mut before = ask.after;
        for row in &self.rows {
            if before.is_some_and(|before| !before.allows(row)) {
                return Err(Error::new(
                    ErrorKind::Incomplete,
                    "the records are not in the order of their times, or are outside of the requested times: the instance ignores the \
                     order or a condition",
                ));
            }
            before = Some(row.key());
        }
        self.rows.last().map_or(Ok(()), |newest| check_time(newest, self.date))
    }
}

/// Fails for a record that claims to come from the future.
pub(super) fn check_time(newest: &LogRow, date: Option<DateTime>) -> Result<(), Error> {
    match date {
        Some(date) if earlier(newest.stamp, AHEAD) > date => {
            let why = format!(
                "the record {} says that it was changed at {}, more than a day after the time of the instance's response ({date}): changes \
                 before that time could not be told from old ones, so correct the record",
                newest.sys_id, newest.stamp
            );
            Err(Error::new(ErrorKind::Incomplete, why))
        }
        _ => Ok(()),
    }
}

/// What is known about the end of the log. The service applies a limit before its access rules, so a short page is not a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageProof {
    /// Whether the page before was full, so that the next one needs no count.
    #[serde(default)]
    was_full: bool,
    /// How often the limit was doubled, because all records of a page were hidden.
    #[serde(default)]
    doublings: u32,
    /// Whether a page is asked for once more, because its count and its records differ.
    #[serde(default)]
    repeats: bool,
}

impl PageProof {
    pub(super) fn is_counted(&self) -> bool {
        !self.was_full
    }

    /// Whether the page is asked for once more.
    pub(super) fn repeats(&self) -> bool {
        self.repeats
    }

    pub(super) fn limit(&self, limit: u32) -> u32 {
        limit.max(1).saturating_mul(1_u32.checked_shl(self.doublings).unwrap_or(u32::MAX))
    }

    /// Takes in a page. Returns whether it proves that nothing follows.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Forbidden`] if records are counted that do not come, twice in a row, and `accepts_hidden` is false.
    /// [`ErrorKind::Incomplete`] if the service does not count.
    pub(super) fn of_page(
        &mut self,
        ask: &LogPageAsk,
        page: &LogPage,
        accepts_hidden: bool,
    ) -> Result<bool, Error> {
        let (came, limit) = (page.rows.len() as u64, u64::from(ask.limit));
        if !ask.counted {
            self.was_full = came >= limit;
            return Ok(false);
        }
        let total = page.total.ok_or_else(no_count)?;
        let hidden = total.min(limit).saturating_sub(came);
        if hidden > 0 && !accepts_hidden {
            if self.repeats {
                return Err(has_hidden(hidden));
            }
            // A record may have come or gone between the count and the page.
            self.repeats = true;
            return Ok(false);
        }
        self.repeats = false;
        self.was_full = came >= limit;
        self.doublings = if came == 0 { self.doublings.saturating_add(1) } else { 0 };
        Ok(total <= limit)
    }
}

fn no_count() -> Error {
    Error::new(
        ErrorKind::Incomplete,
        "the instance sent no X-Total-Count, which shows whether all changes came",
    )
}

fn has_hidden(hidden: u64) -> Error {
    let why = format!(
        "{hidden} records changed that this user may not read: let the user read all records of the table, narrow the query to those that \
         the user may read, or accept that their changes are not seen with accept_hidden(true)"
    );
    Error::new(ErrorKind::Forbidden, why)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    fn page(rows: usize, total: Option<u64>) -> LogPage {
        let row = |at: usize| LogRow {
            stamp: DateTime::from_unix(1),
            sys_id: format!("{at:032x}").parse().unwrap(),
            version: Some(0),
        };
        LogPage { rows: (0..rows).map(row).collect(), total, date: None }
    }

    fn ask(proof: &PageProof) -> LogPageAsk {
        LogPageAsk { after: None, limit: proof.limit(10), counted: proof.is_counted() }
    }

    #[test]
    fn only_a_count_proves_the_end() {
        let mut proof = PageProof::default();
        assert!(!proof.of_page(&ask(&proof), &page(10, Some(25)), false).unwrap());
        assert!(!proof.is_counted(), "a full page follows a full page");
        assert!(!proof.of_page(&ask(&proof), &page(3, None), false).unwrap());
        assert!(proof.is_counted(), "a short page proves nothing");
        assert!(proof.of_page(&ask(&proof), &page(0, Some(0)), false).unwrap());
        let error = PageProof::default().of_page(&ask(&PageProof::default()), &page(1, None), false);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Incomplete);
    }

    #[test]
    fn hidden_records_are_refused_the_second_time_unless_they_are_accepted() {
        let mut proof = PageProof::default();
        assert!(!proof.of_page(&ask(&proof), &page(4, Some(5)), false).unwrap());
        assert!(proof.repeats());
        let refused = proof.clone().of_page(&ask(&proof), &page(4, Some(5)), false).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
        assert!(proof.of_page(&ask(&proof), &page(5, Some(5)), false).unwrap());
        let mut proof = PageProof::default();
        assert!(proof.of_page(&ask(&proof), &page(4, Some(5)), true).unwrap());
        assert!(!proof.of_page(&ask(&proof), &page(0, Some(50)), true).unwrap());
        assert_eq!(ask(&proof).limit, 20, "all records of the page were hidden");
    }

    #[test]
    fn a_record_from_the_future_is_refused() {
        let ask = LogPageAsk { after: None, limit: 10, counted: true };
        let early = LogPage { date: Some(DateTime::from_unix(-90_000)), ..page(1, Some(1)) };
        assert_eq!(early.check(&ask).unwrap_err().kind(), ErrorKind::Incomplete);
        let fine = LogPage { date: Some(DateTime::from_unix(0)), ..page(1, Some(1)) };
        assert!(fine.check(&ask).is_ok());
    }
}
