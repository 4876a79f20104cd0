//! Many rows as a stream: whole tables in constant memory, complete or an error.

mod fetch;
mod lane;
mod position;
mod range;
mod report;
mod run;
mod setup;
mod source;
mod wake;
mod walk;

use crate::list::List;
use futures_core::Stream;
use futures_util::future::BoxFuture;
pub use position::Position;
pub use report::Report;
use run::Run;
use setup::Setup;
use snow_core::Error;
pub(crate) use source::{Source, Way};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The rows of a query, all of them, one by one: a [`Stream`], with a [`next`](Self::next) of its own.
///
/// - Rows come by `sys_id`, page by page from the last one on: no row is lost or repeated, whatever is inserted or deleted
///   meanwhile. A query sorted by `sys_created_on` keeps that order in the same way; one sorted by
///   anything else is read by position, and the [report](Self::report) says that it may have drifted.
/// - The end is proven, never guessed: a short page is none (facts 9). If the read is not complete, it ends in an error.
/// - A page that ran into the instance's quota, or whose answer was cut, is asked for again from the last good row, smaller,
///   and grows back (facts 3.4).
/// - The next page is asked for while this one is consumed. Memory does not grow: about twice [`buffer`](Self::buffer).
/// - It starts no task: it goes on when it is polled. A page that fits the buffer is taken in whole before its first row is
///   given out, so that whoever calls the client for each row does not wait for a place that the page holds. Asking ahead
///   never takes the last place.
/// - An `is_in` that makes the query too long for a URL is split; rows then come part by part.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::field;
///
/// let open = field("active").eq(true);
/// let mut rows = client.table("incident").list().query(open).fields(["number"]).stream();
/// while let Some(incident) = rows.next().await {
///     println!("{}", incident?.value("number")?);
/// }
/// let report = rows.report();
/// assert!(report.complete && report.received > 0);
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Rows<T> {
    setup: Option<Setup<T>>,
    /// Whether all fields exist, where the client looks.
    check: Option<BoxFuture<'static, Result<(), Error>>>,
    run: Option<Run<T>>,
    /// What the report is made of once it is over.
    over: Option<(Report, Option<Position>)>,
}

impl<T> Rows<T> {
    pub(crate) fn new(list: List<T>) -> Self {
        Self { check: list.check(), setup: Some(Setup::new(list)), run: None, over: None }
    }

    fn set(mut self, set: impl FnOnce(&mut Setup<T>)) -> Self {
        if let Some(setup) = &mut self.setup {
            set(setup);
        }
        self
    }

    /// How many rows to ask for at once. By default as many as fit the [buffer](Self::buffer), 1,000 at most. A page that does not
    /// fit the buffer is read on as its rows are consumed, and keeps its place until then.
    pub fn page_size(self, rows: u32) -> Self {
        self.set(|setup| setup.page_size = Some(rows))
    }

    /// How many bytes of rows to keep, 2 MiB by default; with what comes ahead, memory is twice that.
    pub fn buffer(self, bytes: usize) -> Self {
        self.set(|setup| setup.buffer = bytes)
    }

    /// Reads so many ranges of `sys_id` at once. Rows still come in the order of their `sys_id`, unless they may come
    /// [as they are](Self::unordered). The client's own limit on concurrent requests is heeded, and one of its places is left to
    /// others; so are all pauses. Only for reads by `sys_id`.
    pub fn parallel(self, requests: usize) -> Self {
        self.set(|setup| setup.parallel = requests.max(1))
    }

    /// Gives rows out as they come, in no order: for a [`parallel`](Self::parallel) read that is not to wait for its slowest range.
    pub fn unordered(self) -> Self {
        self.set(|setup| setup.in_order = false)
    }

    /// Reads by position: for database views and whatever else has no `sys_id` of its own. Rows that come and go meanwhile shift
    /// all behind them, so that rows may be missed or repeated.
    pub fn by_offset(self) -> Self {
        self.set(|setup| setup.by_offset = true)
    }

    /// Goes on where another read of the same question stopped.
    pub fn resume(self, position: Position) -> Self {
        self.set(|setup| setup.resume = Some(position))
    }

    /// Where the read stands: behind the last row that was given out. `None` at the end, and before anything was asked.
    pub fn position(&self) -> Option<Position> {
        match (&self.run, &self.over) {
            (Some(run), _) => run.position(),
            (None, Some((_, position))) => position.clone(),
            (None, None) => None,
        }
    }

    /// What the read has come to so far, and at the end whether all rows came.
    pub fn report(&self) -> Report {
        match (&self.run, &self.over) {
            (Some(run), _) => run.report(false),
            (None, Some((report, _))) => report.clone(),
            (None, None) => Report {
                complete: false,
                expected: None,
                received: 0,
                may_have_drifted: false,
                requests: 0,
                healed: 0,
            },
        }
    }

    /// The next row; `None` behind the last one.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        std::future::poll_fn(|cx| self.poll_row(cx)).await
    }

    fn poll_row(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        if let Some(check) = &mut self.check {
            let checked = ready!(check.as_mut().poll(cx));
            self.check = None;
            if let Err(error) = checked {
                self.setup = None;
                return Poll::Ready(Some(Err(error)));
            }
        }
        if let Some(setup) = self.setup.take() {
            match setup.start() {
                Ok(run) => self.run = Some(run),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let Some(run) = &mut self.run else { return Poll::Ready(None) };
        let row = match run.poll(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(row) => row,
        };
        if let None | Some(Err(_)) = row {
            let complete = row.is_none() && run.left != Some(0);
            let position = if row.is_none() { None } else { run.position() };
            self.over = Some((run.report(complete), position));
            self.run = None;
        }
        Poll::Ready(row)
    }
}

impl<T> Stream for Rows<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_row(cx)
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("report", &self.report()).finish_non_exhaustive()
    }
}
