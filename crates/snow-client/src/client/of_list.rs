//! The client of a list, for those who are given a list and need more of its instance.

use crate::client::Client;
use crate::table::ListRecords;

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
        Client { inner: self.request.client.clone() }
    }
}
