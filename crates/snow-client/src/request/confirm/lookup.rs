//! Looks up whether there is a record with a certain value, in a way that makes the response trustworthy.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::exchange;
use http::Method;
use snow_core::decode::ApiResponse;
use snow_core::{ApiPath, Clock, Error, ErrorKind, Query, Record, RequestOptions, SysId, field};
use std::time::{Duration, SystemTime};

/// What a lookup found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LookupResult {
    One(SysId),
    /// A record whose value differs from the requested one only in case, because the service compares without case.
    InOtherCase(SysId),
    Several,
    /// Records were counted that this user may not read.
    Hidden,
    Nothing,
    /// The records do not have the field: the service drops a condition on one that it does not know, or that this user may not
    /// read (facts 2.5).
    NoSuchField,
    /// A record has this value instead of the requested one.
    Other(String),
}

/// The time of a call that takes several requests.
pub(crate) struct CallTime {
    clock: Clock,
    began: SystemTime,
    limit: Option<Duration>,
}

impl CallTime {
    /// Begins to count the time of a call of this client.
    pub(crate) fn of(client: &ClientInner, request: &ApiRequest) -> Self {
        let default = client.read_retry.as_ref().map(|retry| retry.deadline);
        Self::new(request.deadline().or(default))
    }

    pub(crate) fn new(limit: Option<Duration>) -> Self {
        let clock = Clock::new();
        Self { began: clock.now(), clock, limit }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.since(self.began)
    }

    /// The time that is left; `None` if no limit is set.
    pub(crate) fn left(&self) -> Option<Duration> {
        Some(self.limit?.saturating_sub(self.elapsed()))
    }

    /// The same operation within what is left.
    pub(crate) fn within(&self, options: Option<RequestOptions>) -> Option<RequestOptions> {
        match self.left() {
            Some(left) => Some(options.unwrap_or_default().deadline(left)),
            None => options,
        }
    }
}

/// Finds records in a table, within the scope of another request.
pub(crate) struct RecordFinder<'a> {
    client: &'a ClientInner,
    path: &'a ApiPath,
    /// The request that this is for.
    request: &'a ApiRequest,
    time: &'a CallTime,
}

impl<'a> RecordFinder<'a> {
    /// Looks into a table with what this request sees of it.
    pub(crate) fn new(
        client: &'a ClientInner,
        path: &'a ApiPath,
        request: &'a ApiRequest,
        time: &'a CallTime,
    ) -> Self {
        Self { client, path, request, time }
    }

    /// The first records that a query selects, and how many there are in all.
    pub(crate) async fn records(
        &self,
        query: Query<'static>,
        fields: &[&str],
        limit: u32,
    ) -> Result<(Vec<Record>, Option<u64>), Error> {
        let params = self.request.params.same_scope(query, limit).fields(fields).exclude_reference_link(true);
        let options = self.time.within(None);
        let headers = self.request.shared_headers();
        let request =
            ApiRequest { params, options, headers, ..ApiRequest::new(Method::GET, self.path.clone()) };
        let request = request.check(self.client).await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let read =
            |response: &ApiResponse, _: &ApiRequest| Ok((response.records_at_most(most)?, response.total()));
        exchange(self.client, &request, &read, None).await
    }
}

/// A lookup of records by the value of a field.
pub(crate) struct ValueLookup<'a> {
    pub(crate) finder: RecordFinder<'a>,
    pub(crate) field: &'a str,
    pub(crate) value: &'a str,
}

impl ValueLookup<'_> {
    /// The records with this value.
    pub(crate) async fn find(&self) -> Result<LookupResult, Error> {
        let query = field(self.field.to_owned()).eq(self.value.to_owned());
        let (records, total) = self.finder.records(query, &["sys_id", self.field], 2).await?;
        let Some(first) = records.first() else {
            return match total {
                Some(0) => Ok(LookupResult::Nothing),
                Some(_) => Ok(LookupResult::Hidden),
                None => Err(Error::new(ErrorKind::Incomplete, "the instance sent no X-Total-Count")),
            };
        };
        for record in &records {
            let Some(value) = record.get(self.field) else { return Ok(LookupResult::NoSuchField) };
            let value = value.value()?;
            if fold(&value) != fold(self.value) {
                return Ok(LookupResult::Other(value.into_owned()));
            }
        }
        if records.len() > 1 || total.is_some_and(|total| total > 1) {
            return Ok(LookupResult::Several);
        }
        match first.value(self.field)? == self.value {
            true => Ok(LookupResult::One(first.sys_id()?)),
            false => Ok(LookupResult::InOtherCase(first.sys_id()?)),
        }
    }

    /// Whether the field is known to be there: an instance may also return no record for a condition on an unknown one.
    pub(crate) async fn is_field(&self) -> Result<bool, Error> {
        let (records, total) = self.finder.records(Query::new(), &["sys_id", self.field], 20).await?;
        // An empty table has no record, whatever the field.
        Ok(records.iter().any(|record| record.get(self.field).is_some())
            || (records.is_empty() && total == Some(0)))
    }
}

/// Returns a text without case, by way of upper case, so that letters with two lower-case forms are equal.
fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn texts_are_the_same_whatever_their_case() {
        for (a, b) in [("Ada@Example.com", "ada@example.COM"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("STRASSE", "straße")]
        {
            assert_eq!(fold(a), fold(b));
        }
        assert_ne!(fold("é"), fold("e"));
    }
}
