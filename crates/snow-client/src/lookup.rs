//! Whether there is a row with a certain value, asked so that the answer can be trusted.

use crate::call::Prepared;
use crate::exchange::exchange;
use crate::target::Target;
use http::Method;
use snow_core::{ApiPath, Clock, Error, Kind, Operation, Params, Query, Record, SysId, field};
use std::time::{Duration, SystemTime};

/// What a look came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    One(SysId),
    Several,
    /// Rows were counted that this user may not read.
    Hidden,
    Nothing,
    /// The rows do not have the value that was asked for: the service drops a condition on a field that it does not know, or
    /// that this user may not read (facts 2.5).
    NoSuchField,
}

/// The time of a call that takes several requests.
pub(crate) struct Time {
    clock: Clock,
    began: SystemTime,
    limit: Option<Duration>,
}

impl Time {
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        let clock = Clock::new();
        Self { began: clock.now(), clock, limit }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.now().duration_since(self.began).unwrap_or_default()
    }

    /// What is left of it; `None` if nobody set a limit.
    pub(crate) fn left(&self) -> Option<Duration> {
        Some(self.limit?.saturating_sub(self.elapsed()))
    }

    /// The same operation within what is left.
    pub(crate) fn within(&self, operation: Option<Operation>) -> Option<Operation> {
        match self.left() {
            Some(left) => Some(operation.unwrap_or_default().deadline(left)),
            None => operation,
        }
    }
}

/// A value of a field, by which rows are looked for.
pub(crate) struct Lookup<'a> {
    pub(crate) target: &'a Target,
    /// The table's.
    pub(crate) path: &'a ApiPath,
    pub(crate) field: &'a str,
    pub(crate) value: &'a str,
    pub(crate) time: &'a Time,
}

impl Lookup<'_> {
    /// The rows with this value.
    pub(crate) async fn find(&self) -> Result<Found, Error> {
        let (rows, total) = self.rows(field(self.field.to_owned()).eq(self.value.to_owned()), 2).await?;
        let Some(first) = rows.first() else {
            return match total {
                Some(0) => Ok(Found::Nothing),
                Some(_) => Ok(Found::Hidden),
                None => Err(Error::new(Kind::Incomplete, "the instance told no X-Total-Count")),
            };
        };
        let same =
            |row: &Record| row.get(self.field).is_some_and(|it| it.value().is_ok_and(|v| v == self.value));
        if !rows.iter().all(same) {
            return Ok(Found::NoSuchField);
        }
        if rows.len() > 1 || total.is_some_and(|total| total > 1) {
            return Ok(Found::Several);
        }
        Ok(Found::One(first.sys_id()?))
    }

    /// Whether the field is known to be there: an instance may also answer a condition on an unknown one with no row.
    pub(crate) async fn is_field(&self) -> Result<bool, Error> {
        let (rows, total) = self.rows(Query::new(), 20).await?;
        // In an empty table there is nothing, whatever the field.
        Ok(rows.iter().any(|row| row.get(self.field).is_some()) || (rows.is_empty() && total == Some(0)))
    }

    async fn rows(&self, query: Query<'_>, limit: u32) -> Result<(Vec<Record>, Option<u64>), Error> {
        let params = Params::new().fields(["sys_id", self.field]).limit(limit);
        let params = params.exclude_reference_link(true).suppress_pagination_header(true).query(query);
        let operation = self.time.within(None);
        let request = Prepared { params, operation, ..Prepared::new(Method::GET, self.path.clone()) };
        exchange(self.target, &request, &|answer, _| Ok((answer.list()?, answer.total()))).await
    }
}
