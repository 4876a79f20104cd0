//! The client with a password, or with a service of the caller's own.

use crate::aggregate::{self, Aggregates};
use crate::target::Target;
use crate::{Api, Attachments, Batch, Call, ClientBuilder, Import, Instance, Schema, Table};
use snow_core::{Error, HttpService};
use std::sync::Arc;

/// A client of one instance. Cheap to clone, `Send` and `Sync`, without type parameters.
///
/// ```no_run
/// # async fn example() -> Result<(), snow_client::Error> {
/// let client = snow_client::Client::builder().instance("dev12345").user("admin").password("secret").build()?;
/// let incident = client.table("incident").get("a9e30c7dc61122760116894de7bcc7bd").await?;
/// println!("{}", incident.value("short_description")?);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) target: Arc<Target>,
}

impl Client {
    /// A client to be configured.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A table, by its name (`incident`), not its label. A name that cannot be one is an error of the calls made on it.
    pub fn table(&self, name: &str) -> Table {
        Table::new(self.target.clone(), name)
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
        aggregate::call(self.target.clone(), table)
    }

    /// The files of the instance's records.
    pub fn attachments(&self) -> Attachments {
        Attachments::new(self.target.clone())
    }

    /// Calls that go out together, in one request.
    pub fn batch(&self) -> Batch {
        Batch::new(self.target.clone())
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
        Api::new(self.target.clone(), path)
    }

    /// A staging table, by its name: rows that transform maps bring into other tables.
    pub fn import(&self, staging_table: &str) -> Import {
        Import::new(self.clone(), staging_table)
    }

    /// What the instance's tables are made of.
    pub fn schema(&self) -> Schema {
        Schema::new(self.target.clone())
    }

    /// The instance.
    pub fn instance(&self) -> &Instance {
        &self.target.instance
    }

    /// The whole stack as a tower service, for what [`api`](Self::api) does not reach: it takes requests with or without a host,
    /// logs in, sends again, and gives plain answers.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let url = simulator.listen().await?;
    /// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
    /// let request = http::Request::get("/api/now/table/incident?sysparm_limit=1").body(snow_core::Body::empty())?;
    /// let answer = client.service().send(request).await?;
    /// assert_eq!(answer.status(), 200);
    /// # Ok(()) }
    /// ```
    pub fn service(&self) -> &HttpService {
        &self.target.http
    }
}
