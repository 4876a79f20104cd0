//! Whether the instance reads times in queries as UTC, and whether its clock is that of its responses, proven once for each client: the
//! time that a record shows is looked for with a query, and so is its age.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::exchange;
use http::Method;
use snow_core::decode::ApiResponse;
use snow_core::query::Value;
use snow_core::{ApiPath, DateTime, Error, ErrorKind, Query, Record, SysId, field};

/// The time that every record shows, whatever becomes of it later.
const CREATED: &str = "sys_created_on";
/// How many minutes the clocks of the instance and of its responses may differ. The minute of a query begins up to a minute earlier.
const SLACK: i64 = 1;

/// Asks for the first record of a query of a table.
struct Asker<'c> {
    client: &'c ClientInner,
    /// The request for whose sake it asks.
    scope: &'c ApiRequest,
    path: ApiPath,
}

/// A record whose time is known, and the time of the response that showed it.
struct Sample<'c> {
    asker: Asker<'c>,
    sys_id: SysId,
    created: DateTime,
    date: Option<DateTime>,
}

/// Proves that a time in a query means the time that a record shows, and that the instance has the time of its responses, unless that was
/// proven already. The record is any one of the table or, where none can be read, that of the user. Without a record there is nothing
/// to compare, and the next call tries again. It is looked for where the records of the request are, with its headers.
///
/// # Errors
///
/// [`ErrorKind::Incomplete`] if the instance reads times in another way or has another time, and those of the requests.
pub(crate) async fn prove(client: &ClientInner, request: &ApiRequest) -> Result<(), Error> {
    let Some(table) = request.queried_table() else { return Ok(()) };
    if client.times.is_done() {
        return Ok(());
    }
    let _turn = client.times.turn().await;
    if client.times.is_done() {
        return Ok(());
    }
    let own = field("sys_id").eq(Value::script("gs.getUserID()"));
    for (path, query) in [(ApiPath::table(table)?, Query::new()), (ApiPath::table("sys_user")?, own)] {
        let asker = Asker { client, scope: request, path };
        let is_proven = match Sample::find(asker, query).await.map_err(unproven)? {
            Some(sample) => sample.proves().await?,
            None => false,
        };
        if is_proven {
            client.times.set_done();
            return Ok(());
        }
    }
    Ok(())
}

impl<'c> Sample<'c> {
    /// Returns a record of a query that shows when it was created, if there is one that this user may read. A refusal is not an error
    /// here: the request that comes next meets it, or does not need this table.
    async fn find(asker: Asker<'c>, query: Query<'static>) -> Result<Option<Self>, Error> {
        let (record, date) = match asker.first(query).await {
            Err(error) if !error.is_retryable() => return Ok(None),
            found => found?,
        };
        let known = |record: Record| Some((record.sys_id().ok()?, created(&record)?));
        let sample = record.and_then(known);
        Ok(sample.map(|(sys_id, created)| Self { asker, sys_id, created, date }))
    }

    /// Looks for the record by its time and by its age. Returns whether it was found: not if it is gone, or if this user may not ask.
    async fn proves(&self) -> Result<bool, Error> {
        let named = || field("sys_id").eq(self.sys_id);
        let shown = || named().and(field(CREATED).eq(self.created));
        let has_age = self.finds(shown().and(self.has_age())).await.map_err(unproven)?;
        if has_age == Some(true) {
            return Ok(true);
        }
        let is_shown = self.finds(shown()).await.map_err(unproven)?;
        if is_shown == Some(true) {
            // A range may be asked for less often than a value is (facts 2.5), and a gateway may refuse scripts: then the zone alone is
            // proven.
            return if has_age.is_none() { Ok(true) } else { Err(self.other_clock()) };
        }
        let is_there = self.finds(named()).await.map_err(unproven)?;
        match (is_shown, is_there) {
            (Some(false), Some(true)) => Err(self.other_zone()),
            _ => Ok(false),
        }
    }

    /// Returns a condition that the record meets if the instance has the time of its response. Nothing is asked of a record that is too
    /// young: its own time shows that the instance is not behind.
    fn has_age(&self) -> Query<'static> {
        let Some(date) = self.date else { return Query::new() };
        let minutes = date.unix().saturating_sub(self.created.unix()).div_euclid(60);
        let ago = |minutes: i64| Value::script(format!("gs.minutesAgoStart({minutes})"));
        let (least, most) = (
            minutes.saturating_sub(1).saturating_sub(SLACK),
            minutes.saturating_add(1).saturating_add(SLACK),
        );
        let not_older = match most {
            0.. => field(CREATED).ge(ago(most)),
            _ => Query::new(),
        };
        match least {
            0.. => not_older.and(field(CREATED).le(ago(least))),
            _ => not_older,
        }
    }

    /// Returns whether a query finds the record; `None` if it is refused.
    async fn finds(&self, query: Query<'static>) -> Result<Option<bool>, Error> {
        match self.asker.first(query).await {
            Err(error) if !error.is_retryable() => Ok(None),
            found => Ok(Some(found?.0.is_some())),
        }
    }

    fn other_zone(&self) -> Error {
        let why = format!(
            "a record of {} shows that it was created at {}, and a query for that time does not find it: this instance reads times in \
             queries in another time zone than UTC, so queries with times select other records than they say",
            self.asker.path, self.created
        );
        Error::new(ErrorKind::Incomplete, why)
    }

    fn other_clock(&self) -> Error {
        let date = self.date.map(|date| date.to_string()).unwrap_or_default();
        let why = format!(
            "a record of {} was created at {}, its response has the time {date}, and a query for records of that age does not find it: the \
             clock of this instance differs from that of its responses by more than {SLACK} minute, or it does not evaluate \
             gs.minutesAgoStart(), so that it cannot be told which changes are new",
            self.asker.path, self.created
        );
        Error::new(ErrorKind::Incomplete, why)
    }
}

fn unproven(error: Error) -> Error {
    error.with_context("it cannot be proven how the instance reads times in queries")
}

fn created(record: &Record) -> Option<DateTime> {
    record.value(CREATED).ok()?.parse().ok()
}

impl Asker<'_> {
    /// Returns the first record of a query, and the time of the response.
    async fn first(&self, query: Query<'static>) -> Result<(Option<Record>, Option<DateTime>), Error> {
        let params = self.scope.params.same_scope(query, 1).fields(["sys_id", CREATED]);
        let headers = self.scope.shared_headers();
        let request = ApiRequest { params, headers, ..ApiRequest::new(Method::GET, self.path.clone()) };
        let read = |response: &ApiResponse, _: &ApiRequest| {
            Ok((response.records_at_most(1)?.into_iter().next(), date_of(response)))
        };
        exchange(self.client, &request.without_validation(), &read, None).await
    }
}

/// Returns the time of a response, by the clock of the instance's edge.
pub(crate) fn date_of(response: &ApiResponse) -> Option<DateTime> {
    let date = response.headers().get(http::header::DATE)?.to_str().ok()?;
    httpdate::parse_http_date(date).ok().map(DateTime::from)
}
