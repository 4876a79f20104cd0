//! The feed that a program polls: its settings, and what is prepared before the first poll.

use super::change::ChangeBatch;
use super::deletion_audit;
use super::feed_cursor::{FeedCursor, FeedState};
use super::feed_cycle::{FeedCycle, FeedSources};
use super::feed_options::{Deletions, FeedOptions, FeedStart};
use super::log_reader::LogReader;
use super::log_source::LogSource;
use super::page_limits::PageLimits;
use crate::request::api_request::ApiRequest;
use crate::request::call_options::{domain_options, record_options, request_options, selection_options};
use crate::request::prove_times;
use crate::table::list_request::{ListRequest, field_check};
use crate::{Record, Table};
use snow_core::{DateTime, DisplayValue, Error, ErrorKind, Params, Query, SysId};
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

/// The changes of a table, from a stored cursor on. Returned by [`Table::changes`](crate::Table::changes).
///
/// Set what is followed, and then call [`poll`](Self::poll) again and again, or [`stream`](Self::stream). Apply the changes of each
/// [`ChangeBatch`], and then save its cursor. The [module](crate::changes) says what is guaranteed.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::changes::Change;
/// use std::collections::HashMap;
///
/// let mut mine = HashMap::new();
/// let mut feed = client.table("incident").changes().fields(["number", "state"]);
/// loop {
///     let batch = feed.poll().await?;
///     for change in batch.changes() {
///         if let Change::Record { sys_id, record } = change {
///             mine.insert(*sys_id, record.value("number")?.into_owned());
///         }
///     }
///     let stored = serde_json::to_string(batch.cursor())?; // save it now, after the changes
///     # let _ = stored;
///     if batch.is_caught_up() {
///         break; // or wait, and poll again
///     }
/// }
/// assert!(!mine.is_empty());
/// # Ok(()) }
/// ```
#[must_use = "a feed reads nothing unless it is polled"]
pub struct ChangeFeed<T = Record> {
    list: ListRequest<T>,
    options: FeedOptions,
    limits: PageLimits,
    prepared: Option<Box<PreparedFeed>>,
    sweeps_now: bool,
}

/// What is known once a feed was polled.
struct PreparedFeed {
    sources: FeedSources,
    cursor: FeedCursor,
    saw_deletion: Option<bool>,
}

impl<T: 'static> Table<T> {
    /// Returns a feed of the table's changes: what is new, changed and gone. See [`ChangeFeed`].
    #[doc(alias("watch", "cdc", "sync", "incremental", "delta"))]
    pub fn changes(&self) -> ChangeFeed<T> {
        ChangeFeed::new(self.list().request)
    }
}

impl<T> ChangeFeed<T> {
    request_options!();
    record_options!();
    domain_options!();
    selection_options!();

    pub(crate) fn new(list: ListRequest<T>) -> Self {
        Self {
            list,
            options: FeedOptions::default(),
            limits: PageLimits::default(),
            prepared: None,
            sweeps_now: false,
        }
    }

    /// Sets the query category, which may route reads to a replica. The time by which a replica is behind is part of the
    /// [overlap](Self::overlap).
    #[doc(alias = "sysparm_query_category")]
    pub fn query_category(self, name: &str) -> Self {
        self.change(|request| Ok(request.params(|params| params.query_category(name))))
    }

    /// Begins with changes after now, and gives out no record that exists already.
    ///
    /// Without this method, [`since`](Self::since) or [`resume`](Self::resume), a feed begins with all records. Start with an empty copy:
    /// the feed does not report records that were deleted before it began.
    pub fn from_now(self) -> Self {
        self.set(|options| options.start = FeedStart::Now)
    }

    /// Begins with the records that were changed at this time or later, by the clock of the instance.
    pub fn since(self, time: impl Into<DateTime>) -> Self {
        let time = time.into();
        self.set(|options| options.start = FeedStart::Since(time))
    }

    /// Goes on after the changes of a batch.
    ///
    /// The instance, the table and its query, the fields and their form, the domain and the category, the overlap, the kind of
    /// [`deletions`](Self::deletions) and [`created_only`](Self::created_only) have to be the same; otherwise the first poll fails with
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput).
    #[doc(alias("cursor", "continue", "checkpoint"))]
    pub fn resume(self, cursor: FeedCursor) -> Self {
        self.set(|options| options.start = FeedStart::Resumed(cursor))
    }

    /// Sets how long after the time that a record carries it may become visible; two minutes by default, and a day at most.
    ///
    /// A record carries the time at which its application node wrote it, and others see it when the transaction ends. Choose an overlap
    /// that is longer than the longest transactions of the table. A longer one costs little: what was given out is compared by id and
    /// update count. Fractions of a second are rounded up. An overlap of more than a day fails with
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) at the first poll.
    #[doc(alias("lookback", "lag"))]
    pub fn overlap(self, overlap: Duration) -> Self {
        self.set(|options| options.set_overlap(overlap))
    }

    /// Sets how deletions are found; [`Deletions::Ignored`] by default.
    pub fn deletions(self, deletions: Deletions) -> Self {
        self.set(|options| options.deletions = deletions)
    }

    /// Sets whether the feed follows `sys_created_on` in place of `sys_updated_on`; `false` by default.
    ///
    /// Use it for records that are created and never changed: logs, journals, and tables that are rotated, which have no
    /// `sys_updated_on`. Later changes of a record are not seen.
    pub fn created_only(self, created_only: bool) -> Self {
        self.set(|options| options.created_only = created_only)
    }

    /// Sets whether the feed goes on although there are records that this user may not read; `false` by default.
    ///
    /// Such records are counted by the instance, and are missing in its responses. When they become readable, only a
    /// [sweep](Deletions::Swept) finds them.
    pub fn accept_hidden(self, accept: bool) -> Self {
        self.set(|options| options.accepts_hidden = accept)
    }

    /// Sets whether a condition on a field that can change is allowed without a [sweep](Deletions::Swept); `false` by default. Records
    /// that stop matching are then not reported.
    ///
    /// A feed of `active=true` never hears that a record was closed.
    pub fn records_may_leave_unseen(self, may: bool) -> Self {
        self.set(|options| options.leaves_unseen = may)
    }

    /// Returns the next changes, which are all of them if there are few: see [`ChangeBatch::is_caught_up`].
    ///
    /// The first poll takes a few requests more, for what is checked once. After that, a poll of a table without changes takes one
    /// request, or two if deletions are [audited](Deletions::Audited).
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for settings that would lose changes, a cursor of another feed, and
    ///   tables whose records have no time of their last change.
    /// - [`ErrorKind::Forbidden`](crate::ErrorKind::Forbidden) if records or deletions are hidden from this user.
    /// - [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete) if the instance reads times in queries in another zone, has another time than
    ///   its responses, or ignores the order or a condition.
    /// - Those of the requests.
    ///
    /// After an error, and if the future is dropped, the feed is where it was: poll again. If your sink failed, create the feed again from
    /// the cursor that you saved.
    pub async fn poll(&mut self) -> Result<ChangeBatch<T>, Error> {
        // Boxed, so that the future of the caller stays small.
        Box::pin(self.poll_once()).await.map_err(Error::of_read)
    }

    /// Lets the next poll that is caught up begin a sweep, whether one is due or not. Without [`Deletions::Swept`] it has no effect.
    pub fn sweep_now(&mut self) {
        self.sweeps_now = true;
    }

    /// Returns those of these records that exist and match the feed's query: for the ids that are
    /// [missing](super::SweepDifference::missing) in a sink.
    ///
    /// # Errors
    ///
    /// Those of [`poll`](Self::poll).
    pub async fn records(&mut self, sys_ids: &[SysId]) -> Result<Vec<T>, Error> {
        Box::pin(self.records_of(sys_ids)).await.map_err(Error::of_read)
    }

    /// Returns those of these ids whose record exists and can be read, but no longer matches the feed's query. The other ids that are
    /// [gone](super::SweepDifference::gone) were deleted or became unreadable; the service does not show which.
    ///
    /// # Errors
    ///
    /// Those of [`poll`](Self::poll).
    pub async fn left_query(&mut self, sys_ids: &[SysId]) -> Result<Vec<SysId>, Error> {
        Box::pin(self.left_query_of(sys_ids)).await.map_err(Error::of_read)
    }

    /// Returns the cursor after the last batch, or the one that the feed was resumed from; `None` before the first poll of a new feed.
    pub fn cursor(&self) -> Option<FeedCursor> {
        match (&self.prepared, &self.options.start) {
            (Some(prepared), _) => Some(prepared.cursor.clone()),
            (None, FeedStart::Resumed(cursor)) => Some(cursor.clone()),
            _ => None,
        }
    }

    /// Returns whether the audit has a deletion of this table, which shows that its deletions are audited. `None` unless deletions are
    /// read from the [audit](Deletions::Audited), and before the first poll.
    pub fn saw_audited_deletion(&self) -> Option<bool> {
        self.prepared.as_ref().and_then(|prepared| prepared.saw_deletion)
    }

    fn set(mut self, set: impl FnOnce(&mut FeedOptions)) -> Self {
        if self.prepared.is_some() {
            return self.change(|_| Err(set_late()));
        }
        set(&mut self.options);
        self
    }

    fn change(mut self, change: impl FnOnce(ApiRequest) -> Result<ApiRequest, Error>) -> Self {
        match self.prepared.take() {
            Some(_) => self.list.request = Err(set_late()),
            None => self.list = self.list.change(change),
        }
        self
    }

    async fn poll_once(&mut self) -> Result<ChangeBatch<T>, Error> {
        self.prepare().await?;
        let Some(prepared) = &mut self.prepared else {
            return Err(Error::internal("a feed was not prepared"));
        };
        let now = self.list.client.clock.wall_now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        let mut cycle = FeedCycle {
            sources: &prepared.sources,
            state: prepared.cursor.state(),
            limits: &mut self.limits,
            read: self.list.read.clone(),
            fields: field_check(&prepared.sources.table.base, &self.list.type_fields),
            now: now.unwrap_or_default().as_secs(),
            sweeps_now: self.sweeps_now,
            has_swept: false,
            changes: Vec::new(),
            requests: 0,
        };
        let is_caught_up = cycle.run().await?;
        let FeedCycle { state, changes, requests, sweeps_now, .. } = cycle;
        if !changes.is_empty() {
            // A table that was empty at first has a record now, by which it can be proven.
            prove_times::prove(&self.list.client, &prepared.sources.table.base).await?;
        }
        self.sweeps_now = sweeps_now;
        let cursor = FeedCursor::new(state);
        prepared.cursor = cursor.clone();
        Ok(ChangeBatch { changes, cursor, is_caught_up, requests })
    }

    async fn records_of(&mut self, sys_ids: &[SysId]) -> Result<Vec<T>, Error> {
        let read = self.list.read.clone();
        let (records, _) = self.prepare().await?.sources.table.records(sys_ids).await?;
        records.into_iter().map(|record| read.read(record, &[])).collect()
    }

    async fn left_query_of(&mut self, sys_ids: &[SysId]) -> Result<Vec<SysId>, Error> {
        let source = &self.prepare().await?.sources.table;
        let (matching, _) = source.existing(sys_ids, true).await?;
        let matching: HashSet<SysId> = matching.into_iter().collect();
        let (mut left, _) = source.existing(sys_ids, false).await?;
        left.retain(|id| !matching.contains(id));
        Ok(left)
    }

    async fn prepare(&mut self) -> Result<&PreparedFeed, Error> {
        if self.prepared.is_none() {
            let prepared = Box::pin(PreparedFeed::new(&self.list, &self.options)).await?;
            self.prepared = Some(Box::new(prepared));
        }
        self.prepared.as_deref().ok_or_else(|| Error::internal("a feed was not prepared"))
    }
}

impl PreparedFeed {
    /// Checks what can be checked before the first page.
    async fn new<T>(list: &ListRequest<T>, options: &FeedOptions) -> Result<Self, Error> {
        let request = list.request.clone()?;
        let filter = filter(&request)?;
        options.check(&filter.fields().into_iter().map(str::to_owned).collect::<Vec<_>>())?;
        let shape = request.params.shape.write_to(Params::new()).encoded()?.to_owned();
        let about = format!("{} {shape} {}", request.path, options.description());
        let question = request.params.selection.fingerprint(&list.client.instance, &about)?;
        let client = list.client.clone();
        let mut state = first_state(options, question, client.clock.unix().as_secs())?;
        let base = request.clone().check(&client).await?;
        let (stamp, version) = (options.stamp_field(), options.version_field());
        let table = LogSource { client: client.clone(), base, filter, stamp, version };
        prove_times::prove(&client, &table.base).await?;
        let (audit, saw_deletion) = match options.deletions {
            Deletions::Audited => {
                let audit = deletion_audit::open(&client, &request).await?;
                state.follow_deletions_of(audit.classes);
                (Some(audit.source), Some(audit.has_deletion))
            }
            Deletions::Ignored | Deletions::Swept { .. } => (None, None),
        };
        let sources = FeedSources { table, audit, options: options.clone() };
        Ok(Self { sources, cursor: FeedCursor::new(state), saw_deletion })
    }
}

/// Returns where a feed begins, by its settings.
fn first_state(options: &FeedOptions, question: u64, now: u64) -> Result<FeedState, Error> {
    let (changes, audit) = match &options.start {
        FeedStart::Resumed(cursor) => return cursor.of_feed(question),
        // Deletions from before the snapshot are of no interest, and those after it began are.
        FeedStart::Snapshot => (LogReader::since(None), LogReader::from_now()),
        FeedStart::Now => (LogReader::from_now(), LogReader::from_now()),
        FeedStart::Since(time) => (LogReader::since(Some(*time)), LogReader::since(Some(*time))),
    };
    let audit = matches!(options.deletions, Deletions::Audited).then_some(audit);
    Ok(FeedState::new(question, changes, audit, now))
}

/// Returns the conditions of a feed.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] for a selection that has an order or a window of its own, or cannot be read, and for records without stored
/// values.
fn filter(request: &ApiRequest) -> Result<Query<'static>, Error> {
    let refused = |why: &'static str| Err(Error::new(ErrorKind::InvalidInput, why));
    let selection = &request.params.selection;
    let query = selection.query()?.clone().parsed();
    query.encode()?;
    if !matches!(query.order()[..], [] | [("sys_id", false)]) {
        return refused(
            "a feed has an order of its own, by the time of the last change: leave out the query's order",
        );
    }
    if selection.window().limit.is_some() || selection.window().offset.is_some() {
        return refused("a feed has neither a limit nor an offset: leave them out");
    }
    if request.params.shape.display() == DisplayValue::Display {
        return refused("a feed needs stored values: set DisplayValue::All or DisplayValue::Stored");
    }
    Ok(query.without_order())
}

fn set_late() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "a feed cannot be changed after its first poll: call resume(), query() and the other settings before it",
    )
}

impl<T> fmt::Debug for ChangeFeed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.list.request.as_ref().map(|request| request.path.as_str());
        f.debug_struct("ChangeFeed")
            .field("table", &table)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
