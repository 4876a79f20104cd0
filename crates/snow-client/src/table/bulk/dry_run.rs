//! Which records a bulk write would write.

use super::BulkWrite;
use super::write_queue::QueuedWrite;
use crate::batch::api_call::{ApiCall, Token};
use snow_core::{Error, SysId};
use std::future::poll_fn;
use std::task::{Context, Poll};

/// The records that a bulk write would write. Returned by [`BulkWrite::dry_run`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DryRun {
    /// The records that would be written, in the order of the writes.
    pub sys_ids: Vec<SysId>,
    /// Whether records of a query may have been missed because records moved while the query was read: see
    /// [`BulkReport::may_have_drifted`](super::BulkReport::may_have_drifted).
    pub may_have_drifted: bool,
    /// Whether the dry run was stopped by the [handle](BulkWrite::stop_handle) before it was known that these are all records.
    pub stopped: bool,
}

impl IntoIterator for DryRun {
    type Item = SysId;
    type IntoIter = std::vec::IntoIter<SysId>;

    fn into_iter(self) -> Self::IntoIter {
        self.sys_ids.into_iter()
    }
}

impl<'a> IntoIterator for &'a DryRun {
    type Item = &'a SysId;
    type IntoIter = std::slice::Iter<'a, SysId>;

    fn into_iter(self) -> Self::IntoIter {
        self.sys_ids.iter()
    }
}

impl<C: ApiCall> BulkWrite<C> {
    /// Returns the records that would be written, and writes nothing.
    ///
    /// The records of a query are read as the bulk write reads them; ids that are given are not looked up. Each call is checked as it
    /// is before it is sent. Records
    /// may change between a dry run and the bulk write. To write exactly these records, pass their ids to
    /// [`update_many`](crate::Table::update_many) or [`delete_many`](crate::Table::delete_many).
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use snow_client::field;
    ///
    /// let closed = client.table("incident").list().query(field("state").eq(7));
    /// let dry_run = closed.clone().delete_all().dry_run().await?;
    /// println!("{} incidents would be deleted", dry_run.sys_ids.len());
    /// assert_eq!(closed.count().await?, dry_run.sys_ids.len() as u64);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors that the bulk write would return before its first write, that of the first call that cannot be sent, and those of
    /// reading the query.
    pub async fn dry_run(mut self) -> Result<DryRun, Error> {
        if let Some(refused) = self.query_error.take() {
            return Err(refused);
        }
        let mut sys_ids = Vec::new();
        while let Some(queued) = poll_fn(|cx| self.poll_queued(cx)).await? {
            sys_ids.push(queued.sys_id);
            let call = (self.start_write)(queued).into_call(Token(()));
            call.check().await.map_err(Error::before_sending)?;
        }
        let stopped = self.queue.is_cut_short() || !self.queue.is_done();
        Ok(DryRun { sys_ids, may_have_drifted: self.queue.may_have_drifted(), stopped })
    }

    /// Returns the next write; none after a stop.
    fn poll_queued(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<QueuedWrite>, Error>> {
        if self.stop.poll_stopped(cx).is_ready() {
            self.queue.stop();
            return Poll::Ready(Ok(None));
        }
        self.queue.poll_next(cx)
    }
}
