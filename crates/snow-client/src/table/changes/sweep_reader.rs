//! Reads the ids of all records that exist, page by page, as a state machine without I/O.
#![warn(clippy::arithmetic_side_effects)]

use super::log_page::{LogPage, LogPageAsk, PageProof};
use super::log_row::LogRow;
use super::present_ids::PresentIds;
use serde::{Deserialize, Serialize};
use snow_core::{DateTime, Error, ErrorKind, SysId};

/// A sweep that is under way: the id after which the next page begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SweepReader {
    after: Option<SysId>,
    proof: PageProof,
}

/// The next page of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SweepAsk {
    pub(super) after: Option<SysId>,
    pub(super) limit: u32,
    pub(super) counted: bool,
}

impl SweepReader {
    pub(super) fn next(&self, limit: u32) -> SweepAsk {
        SweepAsk { after: self.after, limit: self.proof.limit(limit), counted: self.proof.is_counted() }
    }

    /// Takes in the ids of a page. Returns what is there, `None` if the page is to be asked for again, and whether it was the last one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`] if the ids are not in the order of their bytes: a sink could not tell which of its ids are in the range
    /// of a page.
    pub(super) fn page_arrived(
        &mut self,
        ask: &SweepAsk,
        ids: Vec<(SysId, Option<u32>)>,
        total: Option<u64>,
        accepts_hidden: bool,
    ) -> Result<(Option<PresentIds>, bool), Error> {
        let line = ask.after.iter().chain(ids.iter().map(|(id, _)| id));
        if !line.is_sorted_by(|before, next| before < next) {
            return Err(unsorted());
        }
        let (log_ask, page) = as_log(ask, &ids, total);
        let is_end = self.proof.of_page(&log_ask, &page, accepts_hidden)?;
        let through = if is_end { None } else { ids.last().map(|(id, _)| *id) };
        if self.proof.repeats() || (through.is_none() && !is_end) {
            return Ok((None, false));
        }
        let present = PresentIds::new(self.after, through, ids);
        self.after = through;
        Ok((Some(present), is_end))
    }
}

/// The same page, as far as its length matters.
fn as_log(ask: &SweepAsk, ids: &[(SysId, Option<u32>)], total: Option<u64>) -> (LogPageAsk, LogPage) {
    let row = |(id, version): &(SysId, Option<u32>)| LogRow {
        stamp: DateTime::from_unix(0),
        sys_id: *id,
        version: *version,
    };
    let page = LogPage { rows: ids.iter().map(row).collect(), total, date: None };
    (LogPageAsk { after: None, limit: ask.limit, counted: ask.counted }, page)
}

fn unsorted() -> Error {
    Error::new(
        ErrorKind::Incomplete,
        "the table has ids that are not 32 hexadecimal digits and are sorted in another way, so a sweep cannot see which of your records \
         are gone: use Deletions::Ignored or Deletions::Audited",
    )
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    fn id(number: u32) -> SysId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn ranges_cover_all_ids_without_a_gap() {
        let all: Vec<SysId> = (0..25).map(|number| id(number * 3)).collect();
        let (mut sweep, mut found, mut end_of_last) = (SweepReader::default(), Vec::new(), None);
        for _ in 0..10 {
            let ask = sweep.next(10);
            let rest: Vec<SysId> =
                all.iter().copied().filter(|id| ask.after.is_none_or(|after| after < *id)).collect();
            let total = ask.counted.then_some(rest.len() as u64);
            let page = rest.into_iter().take(ask.limit as usize).map(|id| (id, Some(0))).collect();
            let (present, is_end) = sweep.page_arrived(&ask, page, total, false).unwrap();
            if let Some(present) = present {
                assert_eq!(present.after(), end_of_last);
                end_of_last = present.through();
                found.extend(present.ids());
            }
            if is_end {
                assert_eq!((found, end_of_last), (all, None));
                return;
            }
        }
        panic!("it does not end");
    }

    #[test]
    fn ids_in_another_order_are_refused() {
        let ask = SweepReader::default().next(10);
        let odd = vec![(id(2), None), (id(1), None)];
        let error = SweepReader::default().page_arrived(&ask, odd, Some(2), false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete);
    }
}
