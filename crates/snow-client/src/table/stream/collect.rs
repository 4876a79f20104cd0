//! All records of a stream in memory.

use super::RecordStream;
use snow_core::{Error, ErrorKind};

impl<T> RecordStream<T> {
    /// Returns all records in memory, as [`ListRecords::all`](crate::table::ListRecords::all) does: with the settings of this stream.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let incidents = client.table("incident").list().fields(["number"]).stream().parallel(4).all().await?;
    /// assert_eq!(incidents.len(), 500);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// An error instead of an incomplete result. [`ErrorKind::Incomplete`] if records may have been missed or repeated, or if the stream
    /// was [stopped](Self::stop_handle) before its end; [`ErrorKind::InvalidInput`] if a record was returned before.
    pub async fn all(self) -> Result<Vec<T>, Error> {
        let (mut records, mut all) = (self.ids_compared(), Vec::new());
        while let Some(record) = records.next().await {
            all.push(record?);
        }
        let why = if records.report().may_have_drifted {
            "records may have been missed or repeated, because records moved while they were read page by page: try again, \
             leave the query's order out, or use stream(), whose report says so, too"
        } else if records.position().is_some() {
            "the stream was stopped before its end, so not all records came: do not stop it, or read it record by record"
        } else {
            return Ok(all);
        };
        Err(Error::new(ErrorKind::Incomplete, why).of_read())
    }
}
