//! The APIs that a client calls.

use crate::aggregate::AggregateRecords;
use crate::api::Api;
use crate::attachment::Attachments;
use crate::batch::Batch;
use crate::batch::api_call::ApiCall;
use crate::import::Import;
use crate::schema::Schema;
use crate::{Client, Table};
use snow_core::Error;

impl Client {
    /// Returns a table by its name (`incident`, not its label). If the name is not valid, calls on the table fail before anything
    /// is sent.
    pub fn table(&self, name: &str) -> Table {
        Table::new(self.inner.clone(), name)
    }

    /// Computes counts, sums and other aggregates over the records of a table: one set of
    /// [`Aggregates`](crate::aggregate::Aggregates), or one for each group after [`group_by`](AggregateRecords::group_by).
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let url = simulator.listen().await?;
    /// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
    /// use snow_client::{field, aggregate::Aggregate};
    ///
    /// let open = client.aggregate("incident").query(field("active").eq(true)).count().await?;
    /// println!("{} are open", open.count()?);
    ///
    /// let by_state = client.aggregate("incident").count().group_by(["state"]);
    /// for group in by_state.order_by_aggregate_desc(Aggregate::Count, "state").await? {
    ///     println!("{} in state {}", group.count()?, group.value("state")?);
    /// }
    /// # Ok(()) }
    /// ```
    #[doc(alias("stats", "sysparm_aggregate"))]
    pub fn aggregate(&self, table: &str) -> AggregateRecords {
        AggregateRecords::new(self.inner.clone(), table)
    }

    /// Returns the Attachment API: the files of the instance's records.
    pub fn attachments(&self) -> Attachments {
        Attachments::new(self.inner.clone())
    }

    /// Returns an empty batch, for calls that are sent together in one request.
    pub fn batch(&self) -> Batch {
        Batch::new(self.inner.clone())
    }

    /// Sends calls of one kind together, and returns the result of each, in their order. See [`Batch`].
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client, ids: Vec<String>) -> Result<(), snow_client::Error> {
    /// let incidents = client.table("incident");
    /// for incident in client.batch_all(ids.iter().map(|id| incidents.get(id))).await {
    ///     println!("{}", incident?.value("number")?);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn batch_all<C: ApiCall>(
        &self,
        calls: impl IntoIterator<Item = C>,
    ) -> Vec<Result<C::Response, Error>> {
        let mut batch = self.batch();
        let items: Vec<_> = calls.into_iter().map(|call| batch.add(call)).collect();
        let mut responses = batch.send().await;
        items.iter().map(|item| responses.take(item)).collect()
    }

    /// Returns any other API by the beginning of its path: a product's such as `/api/sn_chg_rest/change`, or a scripted one such as
    /// `/api/x_acme_app/v1/orders` ([facts 7.3]). If the path is not valid, calls on it fail before anything is sent.
    ///
    /// [facts 7.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#73-scripted-rest-and-the-dictionary
    pub fn api(&self, path: &str) -> Api {
        Api::new(self.inner.clone(), path)
    }

    /// Returns a staging table by its name. Transform maps move its rows into other tables.
    pub fn import(&self, staging_table: &str) -> Import {
        Import::new(self.inner.clone(), staging_table)
    }

    /// Returns the dictionary of the instance, which describes its tables and columns.
    pub fn schema(&self) -> Schema {
        Schema::new(self.inner.clone())
    }
}
