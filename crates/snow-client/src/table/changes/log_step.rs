//! One step of a pass over a log: what its reader asks for, asked of the instance.

use super::log_page::LogAsk;
use super::log_reader::{LogReader, LogRules};
use super::log_source::LogSource;
use super::page_limits::PageLimits;
use crate::Record;
use snow_core::{Error, SysId};

/// What a step needs.
pub(super) struct LogStep<'s> {
    pub(super) source: &'s LogSource,
    pub(super) rules: LogRules,
    pub(super) limits: &'s mut PageLimits,
    pub(super) requests: &'s mut u64,
}

impl LogStep<'_> {
    /// Does the next step. Returns the records that are given out, and whether the pass is at its end.
    pub(super) async fn read(&mut self, reader: &mut LogReader) -> Result<(Vec<Record>, bool), Error> {
        self.count(1);
        match reader.next((self.limits.keys, self.limits.records)) {
            LogAsk::Newest => {
                let (newest, requests) = self.source.newest().await?;
                self.count(requests.saturating_sub(1));
                reader.newest_arrived(newest.as_ref(), &self.rules)?;
                Ok((Vec::new(), false))
            }
            LogAsk::Keys(ask) => {
                let page = match self.source.key_page(&ask).await {
                    Ok(page) => page,
                    Err(error) => return self.limits.shrink_keys(error).map(|()| (Vec::new(), false)),
                };
                self.limits.saw_keys();
                let verdict = reader.page_arrived(&ask, &page, &self.rules)?;
                drop(page); // before records take memory
                Ok((self.fetch(&verdict.fetched).await?, verdict.is_end))
            }
            LogAsk::Records(ask) => {
                let (page, records) = match self.source.record_page(&ask).await {
                    Ok(page) => page,
                    Err(error) => return self.limits.shrink_records(error).map(|()| (Vec::new(), false)),
                };
                self.limits.saw_records(&records);
                let verdict = reader.page_arrived(&ask, &page, &self.rules)?;
                let mut given = verdict.given.iter().peekable();
                let mut is_given = |at: &usize| given.next_if_eq(&at).is_some();
                let records = records.into_iter().enumerate().filter(|(at, _)| is_given(at));
                Ok((records.map(|(_, record)| record).collect(), verdict.is_end))
            }
        }
    }

    async fn fetch(&mut self, ids: &[SysId]) -> Result<Vec<Record>, Error> {
        let (records, requests) = self.source.records(ids).await?;
        self.count(requests);
        Ok(records)
    }

    fn count(&mut self, requests: u64) {
        *self.requests = self.requests.saturating_add(requests);
    }
}
