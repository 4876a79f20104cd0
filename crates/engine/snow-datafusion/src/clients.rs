//! The clients that tables are read with, by alias.

use datafusion::error::{DataFusionError, Result};
use snow_client::Client;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The clients that tables are read with, each under an alias.
///
/// A plan names an alias and holds no client, so that a plan that travels to another machine carries no login and no address. The
/// client is looked up when a partition is executed. Every machine that executes plans has its own `Clients` with the same aliases.
///
/// ```
/// use snow_client::Client;
/// use snow_datafusion::Clients;
///
/// let client = Client::builder().instance("dev12345").user("reader").password("secret").build()?;
/// let clients = Clients::new().with("prod", client);
/// assert!(clients.get("prod").is_ok());
/// let error = clients.get("test").unwrap_err();
/// assert!(error.to_string().contains("no client is known as \"test\" here"), "{error}");
/// # Ok::<_, snow_client::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Clients {
    by_alias: Arc<BTreeMap<String, Client>>,
}

impl Clients {
    /// Creates an empty set of clients.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a client under an alias. A client that was added under the same alias before is replaced.
    #[must_use]
    pub fn with(mut self, alias: &str, client: impl Into<Client>) -> Self {
        Arc::make_mut(&mut self.by_alias).insert(alias.to_owned(), client.into());
        self
    }

    /// Returns the client with this alias.
    ///
    /// # Errors
    ///
    /// [`DataFusionError::Configuration`] if there is no client with this alias; the message lists those that exist.
    pub fn get(&self, alias: &str) -> Result<Client> {
        self.by_alias.get(alias).cloned().ok_or_else(|| {
            let known: Vec<_> = self.by_alias.keys().map(|alias| format!("{alias:?}")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            DataFusionError::Configuration(format!(
                "no client is known as {alias:?} here (known: {known}): add it with Clients::with() on every machine that executes \
                 plans"
            ))
        })
    }

    /// Returns whether there is a client with this alias.
    pub fn contains(&self, alias: &str) -> bool {
        self.by_alias.contains_key(alias)
    }
}

impl fmt::Debug for Clients {
    /// Writes the aliases.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_alias.keys()).finish()
    }
}
