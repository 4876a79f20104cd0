//! The store.

use crate::connections::{Parameter, PostgresConnections};
use crate::statements;
use snow_auth::shared_store::{
    KeptLease, LeaseActions, LeaseId, LeaseKeeper, Sealing, ValueKind, wait_for_lease,
};
use snow_auth::{Lease, RefreshFailure, StoreWrite, Token, TokenStore};
use snow_core::{Error, ErrorKind};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::types::Type;

/// A [`TokenStore`] in PostgreSQL, which processes on any number of machines share. Clones share their connections.
///
/// The [crate's documentation](crate) says what it guarantees.
///
/// ```
/// use snow_store_postgres::PostgresStore;
///
/// let url = "postgres://app@db.example.com/tokens?sslmode=disable";
/// let plaintext = PostgresStore::builder(url, "prod/my-app").unsealed().build();
/// assert!(plaintext.unwrap_err().to_string().contains("would not be encrypted"));
/// ```
#[derive(Clone)]
pub struct PostgresStore(Arc<StoreState>);

struct StoreState {
    connections: PostgresConnections,
    key: String,
    sealing: Sealing,
    lease: Duration,
    lease_wait: Duration,
}

impl PostgresStore {
    /// Returns the statement that creates the table, `snow_token`, if it does not exist. A store never runs it: whoever sets up the
    /// database does, once. The store's user needs `SELECT`, `INSERT` and `UPDATE` on the table.
    ///
    /// ```
    /// use snow_store_postgres::PostgresStore;
    ///
    /// assert!(PostgresStore::ddl().starts_with("CREATE TABLE IF NOT EXISTS snow_token"));
    /// ```
    pub fn ddl() -> &'static str {
        statements::TABLE
    }

    pub(crate) fn new(
        connections: PostgresConnections,
        key: String,
        sealing: Sealing,
        lease: Duration,
        lease_wait: Duration,
    ) -> Self {
        Self(Arc::new(StoreState { connections, key, sealing, lease, lease_wait }))
    }

    /// Runs a statement for a lease. Returns whether it did something.
    async fn run(&self, statement: &str, id: &LeaseId, more: Option<Parameter<'_>>) -> Result<bool, Error> {
        let id = id.as_str();
        let mut parameters: Vec<Parameter<'_>> = vec![(&self.0.key, Type::TEXT), (&id, Type::TEXT)];
        parameters.extend(more);
        let rows = self.0.connections.run(statement, &parameters).await?;
        Ok(!rows.is_empty())
    }

    /// Runs a statement that writes, unless somebody else has had the lease since.
    async fn write(
        &self,
        statement: &str,
        lease: &Lease,
        more: Option<Parameter<'_>>,
    ) -> Result<StoreWrite, Error> {
        let guard = lease.guard::<KeptLease>().ok_or_else(|| {
            Error::new(
                ErrorKind::Other,
                "the token is written without a lease, and might replace a newer one",
            )
        })?;
        Ok(match self.run(statement, guard.id(), more).await? {
            true => StoreWrite::Applied,
            false => StoreWrite::Superseded,
        })
    }

    async fn read(&self, statement: &str) -> Result<Option<Vec<u8>>, Error> {
        let rows = self.0.connections.run(statement, &[(&self.0.key, Type::TEXT)]).await?;
        let value = rows.first().map(|row| row.try_get::<_, Option<Vec<u8>>>(0)).transpose();
        let value = value.map_err(|_| {
            let why = "the table snow_token is not the one of PostgresStore::ddl()";
            Error::new(ErrorKind::Other, why)
        })?;
        Ok(value.flatten())
    }

    async fn acquire(&self, id: &LeaseId) -> Result<bool, Error> {
        self.run(statements::ACQUIRE, id, Some((&milliseconds(self.0.lease), Type::FLOAT8))).await
    }

    async fn release_now(&self, id: &LeaseId) -> Result<(), Error> {
        self.run(statements::RELEASE, id, None).await.map(drop)
    }

    async fn extend_to(&self, id: &LeaseId, length: Duration) -> Result<bool, Error> {
        self.run(statements::EXTEND, id, Some((&milliseconds(length), Type::FLOAT8))).await
    }
}

impl TokenStore for PostgresStore {
    type Error = Error;

    async fn load(&self) -> Result<Option<Token>, Error> {
        let stored = self.read(statements::LOAD).await?;
        stored.map(|stored| self.0.sealing.read(&self.0.key, ValueKind::Token, &stored)).transpose()
    }

    async fn save(&self, token: &Token, lease: &Lease) -> Result<StoreWrite, Error> {
        let stored = self.0.sealing.write(&self.0.key, ValueKind::Token, token)?;
        self.write(statements::SAVE, lease, Some((&stored, Type::BYTEA))).await.inspect(|_| end(lease))
    }

    async fn remove(&self, lease: &Lease) -> Result<StoreWrite, Error> {
        self.write(statements::REMOVE, lease, None).await.inspect(|_| end(lease))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the watchdog: a lease has to be extended even if nothing is polled"
    )]
    async fn lease(&self) -> Result<Lease, Error> {
        let id = LeaseId::random()?;
        let (mut guard, keeper) = LeaseKeeper::new(id.clone(), self.0.lease);
        tokio::spawn(keeper.keep(PostgresLeases(self.clone())));
        let took = wait_for_lease(&id, self.0.lease_wait, || self.acquire(&id)).await?;
        guard.mark_acquired();
        Ok(Lease::new(guard).valid_for(self.0.lease.saturating_sub(took)))
    }

    async fn release(&self, lease: Lease) -> Result<(), Error> {
        match lease.guard::<KeptLease>() {
            Some(guard) if !guard.was_released() => {
                self.release_now(guard.id()).await?;
                guard.mark_released();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn extend(&self, lease: &Lease, longer_than: Duration) -> Result<Option<Duration>, Error> {
        let Some(guard) = lease.guard::<KeptLease>() else { return Ok(None) };
        let length = longer_than.saturating_add(self.0.lease);
        let extended = self.extend_to(guard.id(), length).await?;
        Ok(extended.then_some(length))
    }

    async fn failure(&self) -> Result<Option<RefreshFailure>, Error> {
        let stored = self.read(statements::FAILURE).await?;
        stored.map(|stored| self.0.sealing.read(&self.0.key, ValueKind::Failure, &stored)).transpose()
    }

    async fn save_failure(&self, failure: &RefreshFailure, lease: &Lease) -> Result<StoreWrite, Error> {
        let stored = self.0.sealing.write(&self.0.key, ValueKind::Failure, failure)?;
        self.write(statements::SAVE_FAILURE, lease, Some((&stored, Type::BYTEA))).await
    }
}

/// Notes that a lease has ended with the step that was done under it.
fn end(lease: &Lease) {
    if let Some(guard) = lease.guard::<KeptLease>() {
        guard.mark_released();
    }
}

/// The work of the watchdog.
struct PostgresLeases(PostgresStore);

impl LeaseActions for PostgresLeases {
    async fn extend(&self, id: &LeaseId) -> Result<bool, Error> {
        self.0.extend_to(id, self.0.0.lease).await
    }

    async fn release(&self, id: &LeaseId) -> Result<(), Error> {
        self.0.release_now(id).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.0.connections.address.to_string();
        f.debug_struct("PostgresStore")
            .field("address", &address)
            .field("key", &self.0.key)
            .finish_non_exhaustive()
    }
}

/// A number of milliseconds, as an interval of PostgreSQL can hold them: no more than a hundred years.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000.0).clamp(1.0, 3.2e12)
}
