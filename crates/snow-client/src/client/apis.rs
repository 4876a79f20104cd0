//! The APIs that both clients call.

use crate::aggregate::{self, Aggregates};
use crate::{Api, Attachments, Batch, Call, Client, Import, OAuthClient, Schema, Table};
use snow_core::Error;

impl Client {
    /// A table, by its name (`incident`), not its label. A name that cannot be one is an error of the calls made on it.
    pub fn table(&self, name: &str) -> Table {
        Table::new(self.inner.clone(), name)
    }

    /// Counts, sums and the like over a table's rows, without the rows: ungrouped it is one [`Aggregates`], and after
    /// [`group_by`](Call::group_by) one for each group.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let url = simulator.listen().await?;
    /// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
    /// use snow_client::{Aggregate, field};
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
    pub fn aggregate(&self, table: &str) -> Call<Aggregates> {
        aggregate::call(self.inner.clone(), table)
    }

    /// The files of the instance's records.
    pub fn attachments(&self) -> Attachments {
        Attachments::new(self.inner.clone())
    }

    /// Calls that go out together, in one request.
    pub fn batch(&self) -> Batch {
        Batch::new(self.inner.clone())
    }

    /// Sends calls of one kind together; each has an outcome of its own, in their order. See [`Batch`].
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client, ids: Vec<String>) -> Result<(), snow_client::Error> {
    /// let incidents = client.table("incident");
    /// for incident in client.batch_all(ids.iter().map(|id| incidents.get(id))).await {
    ///     println!("{}", incident?.value("number")?);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn batch_all<T>(
        &self,
        calls: impl IntoIterator<Item = impl Into<Call<T>>>,
    ) -> Vec<Result<T, Error>> {
        let mut batch = self.batch();
        let items: Vec<_> = calls.into_iter().map(|call| batch.add(call)).collect();
        let mut answers = batch.send().await;
        items.iter().map(|item| answers.take(item)).collect()
    }

    /// Any other API, by the path that it begins with: a product's such as `/api/sn_chg_rest/change`, or a scripted one such as
    /// `/api/x_acme_app/v1/orders` (facts 7.3). A path that cannot be one is an error of the calls made on it.
    pub fn api(&self, path: &str) -> Api {
        Api::new(self.inner.clone(), path)
    }

    /// A staging table, by its name: rows that transform maps bring into other tables.
    pub fn import(&self, staging_table: &str) -> Import {
        Import::new(self.inner.clone(), staging_table)
    }

    /// What the instance's tables are made of.
    pub fn schema(&self) -> Schema {
        Schema::new(self.inner.clone(), self.schema.clone())
    }
}

impl OAuthClient {
    /// A table, by its name (`incident`), not its label.
    pub fn table(&self, name: &str) -> Table {
        self.client.table(name)
    }

    /// Counts, sums and the like over a table's rows; see [`Client::aggregate`].
    pub fn aggregate(&self, table: &str) -> Call<Aggregates> {
        self.client.aggregate(table)
    }

    /// The files of the instance's records.
    pub fn attachments(&self) -> Attachments {
        self.client.attachments()
    }

    /// Calls that go out together, in one request; see [`Client::batch`].
    pub fn batch(&self) -> Batch {
        self.client.batch()
    }

    /// Any other API, by the path that it begins with; see [`Client::api`].
    pub fn api(&self, path: &str) -> Api {
        self.client.api(path)
    }

    /// A staging table; see [`Client::import`].
    pub fn import(&self, staging_table: &str) -> Import {
        self.client.import(staging_table)
    }

    /// What the instance's tables are made of; see [`Client::schema`].
    pub fn schema(&self) -> Schema {
        self.client.schema()
    }
}
