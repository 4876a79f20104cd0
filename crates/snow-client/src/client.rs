//! The client with a password, or with a service of the caller's own.

use crate::call::Target;
use crate::{ClientBuilder, Instance, Table};

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
    pub(crate) target: Target,
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

    /// The instance.
    pub fn instance(&self) -> &Instance {
        &self.target.instance
    }
}
