//! One page of a log: what is asked, what arrives, and whether it is the last one.
#![warn(clippy::arithmetic_side_effects)]

use super::log_row::{LogKey, LogRow};
use serde::{Deserialize, Serialize};
use snow_core::{DateTime, Error, ErrorKind, SysId};

/// How many times as many keys as usual a page may have after pages of which all records were hidden.
const MOST_GROWTH: u32 = 10;

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
    /// The time of the response, which was proven to be that of the instance. `None` if nothing can be in the future.
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

impl LogPage {
    /// Checks that the records are those that were asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`] if the instance ignores the order or a condition.
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
                     order or a condition: check whether the user may read that field, and whether a proxy changes the URL",
                ));
            }
            before = Some(row.key());
        }
        Ok(())
    }

    /// Returns the newest time of the page that is not in the future: a record that a script or a clock has put there says nothing about
    /// what was read.
    pub(super) fn newest(&self) -> Option<DateTime> {
        let stamps = self.rows.iter().rev().map(|row| row.stamp);
        stamps.into_iter().find(|stamp| self.date.is_none_or(|date| *stamp <= date))
    }
}

/// What is known about the end of the log. The service applies a limit before its access rules, so a short page is not a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PageProof {
    /// Whether the page before was full, so that the next one needs no count.
    #[serde(default)]
    was_full: bool,
    /// How many records are known to be hidden before the next one that is not: all of a page of so many were. It is not stored, so
    /// that a feed which is resumed finds records that became readable in the meantime in small pages.
    #[serde(skip)]
    hidden: u32,
    /// Whether a page is asked for once more: because it was short and not counted, or because its count and its records differ.
    #[serde(default)]
    repeats: bool,
    /// Whether the count and the records of a page differed.
    #[serde(default)]
    suspects: bool,
}

impl PageProof {
    pub(super) fn is_counted(&self) -> bool {
        !self.was_full
    }

    /// Whether the page is asked for once more.
    pub(super) fn repeats(&self) -> bool {
        self.repeats
    }

    /// Returns the limit of the next page, which passes over the records that are known to be hidden. The rest of it, which may all be
    /// readable, grows with them, so that few requests pass over many, and is bounded, so that it fits into a response.
    pub(super) fn limit(&self, limit: u32) -> u32 {
        let limit = limit.max(1);
        let rest = self.hidden.clamp(limit, limit.saturating_mul(MOST_GROWTH));
        self.hidden.saturating_add(rest)
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
            // The service applies the limit first, so a short page is the last one, or lacks records that are hidden.
            self.repeats = !self.was_full && !accepts_hidden;
            return Ok(false);
        }
        let total = page.total.ok_or_else(no_count)?;
        let hidden = total.min(limit).saturating_sub(came);
        if hidden > 0 && !accepts_hidden {
            if self.suspects {
                return Err(has_hidden(hidden));
            }
            // A record may have come or gone between the count and the page.
            (self.suspects, self.repeats) = (true, true);
            return Ok(false);
        }
        (self.suspects, self.repeats) = (false, false);
        self.was_full = came >= limit;
        self.hidden = if came == 0 { ask.limit } else { 0 };
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
        assert!(!proof.of_page(&ask(&proof), &page(3, None), true).unwrap());
        assert!(proof.is_counted() && !proof.repeats(), "a short page proves nothing");
        assert!(proof.of_page(&ask(&proof), &page(0, Some(0)), true).unwrap());
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
    fn a_page_after_hidden_records_never_has_many_more_that_are_readable() {
        let (mut proof, mut requests, hidden) = (PageProof::default(), 0, 2_000);
        while ask(&proof).limit <= hidden {
            let passed = ask(&proof).limit;
            assert!(!proof.of_page(&ask(&proof), &page(0, Some(9_999)), true).unwrap());
            let rest = ask(&proof).limit - passed;
            assert!((10..=100).contains(&rest), "{rest} after {passed}");
            requests += 1;
        }
        assert!(requests < 30, "{requests}");
        proof.hidden = u32::MAX;
        assert_eq!(ask(&proof).limit, u32::MAX);
    }

    #[test]
    fn a_short_page_that_was_not_counted_is_asked_for_again() {
        let mut proof = PageProof::default();
        assert!(!proof.of_page(&ask(&proof), &page(10, Some(25)), false).unwrap());
        assert!(!proof.of_page(&ask(&proof), &page(9, None), false).unwrap());
        assert!(proof.repeats() && proof.is_counted(), "a record may be hidden in it");
        assert!(!proof.of_page(&ask(&proof), &page(9, Some(15)), false).unwrap());
        assert!(proof.repeats(), "or may have come between the count and the page");
        let hidden = proof.clone().of_page(&ask(&proof), &page(9, Some(15)), false).unwrap_err();
        assert_eq!(hidden.kind(), ErrorKind::Forbidden);
        assert!(proof.of_page(&ask(&proof), &page(9, Some(9)), false).unwrap());
        assert!(!proof.repeats());
    }

    #[test]
    fn a_record_from_the_future_is_not_the_newest() {
        let rows = |stamps: &[i64]| LogPage {
            rows: stamps
                .iter()
                .map(|stamp| LogRow { stamp: DateTime::from_unix(*stamp), ..page(1, None).rows[0] })
                .collect(),
            date: Some(DateTime::from_unix(100)),
            total: None,
        };
        assert_eq!(rows(&[5, 99, 101, 900]).newest(), Some(DateTime::from_unix(99)));
        assert_eq!(rows(&[100]).newest(), Some(DateTime::from_unix(100)));
        assert_eq!(rows(&[101]).newest(), None);
        assert_eq!(LogPage { date: None, ..rows(&[101]) }.newest(), Some(DateTime::from_unix(101)));
    }
}
