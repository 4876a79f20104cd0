//! Calls for programs without async: `.wait()` where async code writes `.await`.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
//! # let builder = snow_client::Client::builder().instance("dev12345").user("admin").password("secret");
//! # let client = builder.transport(simulator).build()?;
//! use snow_client::blocking::{Iterate, Wait};
//! use snow_client::field;
//!
//! let newest = field("active").eq(true).order_by_desc("sys_created_on");
//! let newest = client.table("incident").list().query(newest).first().wait()?;
//! println!("{}", newest.value("number")?);
//! for record in client.table("incident").list().fields(["number", "state"]).stream().iterate() {
//!     let record = record?;
//!     println!("{} {}", record.value("number")?, record.value("state")?);
//! }
//! # Ok(()) }
//! ```
//!
//! There is no second client: [`Wait`] works on everything that the calls of this crate return, and [`Iterate`] on their streams. Files
//! are read from and written to the types of `std::io` with
//! [`Content::std_reader`](crate::attachment::Content::std_reader) and
//! [`DownloadStream::into_std_reader`](crate::attachment::DownloadStream::into_std_reader). The guide is [docs/blocking.md][guide].
//!
//! # How it works
//!
//! The first call starts one thread, `snow-io`, which drives the connections and timers of all calls of the process and never ends. The
//! thread that waits polls its own future. So a future need be neither `Send` nor `'static`, any number of threads may share a client,
//! and connections are looked after between two calls.
//!
//! # Where it works
//!
//! Everywhere, in async code as well: but there it holds up the tasks of its thread, and if one of those has the concurrency permit or
//! the token refresh that the call needs, until the call's deadline. It warns once in such a place. Write `.await` there, or wait inside
//! of `spawn_blocking`. Waiting is always in real time, also where tokio's clock is paused.
//!
//! # Errors
//!
//! Those of the call. In addition, before anything is sent:
//!
//! - [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) where waiting would never end: on the I/O thread itself (in a task that
//!   was spawned inside of what a thread waits for), in the destructor of a thread-local value after its thread has ended, and with a
//!   client, or an iterator, that was made before a fork. A client that is built in the child works.
//! - [`ErrorKind::Connect`](crate::ErrorKind::Connect) if the thread cannot be started, because there is no descriptor or thread left.
//!   The next call tries again.
//!
//! [guide]: https://github.com/snow-rs/snow/blob/main/docs/blocking.md

mod io_thread;
mod iterate;
mod park;
mod process;
mod wait_output;
mod waiter;
mod worker;

pub use iterate::{Iter, Iterate};
pub use wait_output::WaitOutput;

pub(crate) use process::HomeProcess;
pub(crate) use wait_output::{SealedOutput, wait_output};
pub(crate) use waiter::is_waited_for;
pub(crate) use worker::Worker;

use park::{poll_to_end, poll_while};
use snow_core::Error;
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::time::Duration;
use tokio::task::unconstrained;

/// Waits for a call on the calling thread.
///
/// It is implemented for every call of this crate, and for every other future that returns a `Result` with this crate's
/// [`Error`]: an `async` block, for example. Bring it into scope, and write `.wait()` where async code writes `.await`.
///
/// A call that returns the results of many records, and not a `Result` (see [`WaitOutput`]), is waited for with `.wait()?`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_client::{blocking::Wait, field};
/// use std::time::Duration;
///
/// let incidents = client.table("incident");
/// let urgent = incidents.list().query(field("urgency").eq(1)).limit(10).deadline(Duration::from_secs(10)).wait()?;
/// let ids: Vec<_> = urgent.iter().map(|incident| incident.sys_id()).collect::<Result<_, _>>()?;
/// let closed = incidents.update_many(ids, &serde_json::json!({ "state": "7" })).all().wait()?.into_result()?;
/// println!("{} are closed", closed.len());
///
/// // Several calls at once, on one thread:
/// let (open, all) = async {
///     tokio::try_join!(incidents.list().query(field("active").eq(true)).count(), incidents.list().count())
/// }
/// .wait()?;
/// assert!(open <= all);
/// # Ok(()) }
/// ```
///
/// See the [module](self) for where this works, and what it returns where it does not.
#[diagnostic::on_unimplemented(
    message = "a thread cannot wait for `{Self}` with `wait()`",
    note = "`wait()` is for calls of snow-client, and for futures that return `Result<_, snow_client::Error>`"
)]
pub trait Wait: IntoFuture<Output: WaitOutput> + Sized {
    /// Waits until the call is complete.
    ///
    /// How long that may take is for the call's [`deadline`](crate::table::ListRecords::deadline) to say, and for the client's.
    ///
    /// # Errors
    ///
    /// Those of the call, and those of the [module](self).
    fn wait(self) -> Result<<Self::Output as WaitOutput>::Value, Error>;

    /// Waits until the call is complete, and calls `go_on` at the beginning and then every `tick` (at least a millisecond). Returns
    /// `None` as soon as it returns `false`; the call is dropped then.
    ///
    /// A write that was dropped may have been executed: read the record before you send it again.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use snow_client::blocking::Wait;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    /// use std::time::Duration;
    ///
    /// static INTERRUPTED: AtomicBool = AtomicBool::new(false); // set by the handler of a signal, or by another thread
    /// let go_on = || !INTERRUPTED.load(Ordering::Relaxed);
    /// match client.table("incident").list().count().wait_while(Duration::from_millis(50), go_on) {
    ///     Some(count) => println!("{} incidents", count?),
    ///     None => println!("interrupted"),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    fn wait_while(
        self,
        tick: Duration,
        go_on: impl FnMut() -> bool,
    ) -> Option<Result<<Self::Output as WaitOutput>::Value, Error>>;
}

impl<F: IntoFuture<Output: WaitOutput>> Wait for F {
    fn wait(self) -> Result<<F::Output as WaitOutput>::Value, Error> {
        let _entered = waiter::enter()?;
        // Outside of a task, tokio has no turn that could end: without this, the 128th call inside of one poll would never complete.
        let future = pin!(unconstrained(self.into_future()));
        poll_to_end(future).into_result()
    }

    fn wait_while(
        self,
        tick: Duration,
        go_on: impl FnMut() -> bool,
    ) -> Option<Result<<F::Output as WaitOutput>::Value, Error>> {
        let _entered = match waiter::enter() {
            Ok(entered) => entered,
            Err(error) => return Some(Err(error)),
        };
        let future = pin!(unconstrained(self.into_future()));
        poll_while(future, tick, go_on).map(WaitOutput::into_result)
    }
}

/// Polls a future of the calling thread until it is complete. For threads of this crate, which may always wait.
pub(crate) fn complete<F: Future>(future: F) -> F::Output {
    poll_to_end(pin!(future))
}
