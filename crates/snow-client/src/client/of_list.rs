//! The client of a list, for those who are given a list and need more of its instance.

use crate::client::Client;
use crate::schema::SchemaCache;
use crate::table::ListRecords;
use std::any::Any;
use std::sync::Arc;

impl<T> ListRecords<T> {
    /// Returns the client that the list was created by, for example to read the [schema](Client::schema) of its table.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let list = client.table("incident").list().fields(["number"]);
    /// let table = list.client().schema().table(list.table_name()?).await?;
    /// assert!(table.column("number").is_some());
    /// # Ok(()) }
    /// ```
    pub fn client(&self) -> Client {
        let inner = self.request.client.clone();
        let dictionary: Arc<dyn Any + Send + Sync> = inner.dictionary.clone();
        // Any other dictionary than a client's own is not known here: an empty cache is filled again.
        let schema = dictionary.downcast::<SchemaCache>().unwrap_or_default();
        Client { inner, schema }
    }
}
