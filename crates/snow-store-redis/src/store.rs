//! The store.

use crate::connection::RedisConnection;
use crate::redis_error;
use crate::scripts::{self, Script};
use redis::{Cmd, Value};
use snow_auth::shared_store::{
    KeptLease, LeaseActions, LeaseId, LeaseKeeper, Sealing, ValueKind, wait_for_lease,
};
use snow_auth::{Lease, RefreshFailure, StoreWrite, Token, TokenStore};
use snow_core::{Error, ErrorKind};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a failure is kept: no client heeds an older one.
const FAILURE_KEPT: Duration = Duration::from_secs(3_600);

/// A [`TokenStore`] in Redis, which processes on any number of machines share. Clones share one connection.
///
/// The [crate's documentation](crate) says what it guarantees.
///
/// ```
/// use snow_store_redis::RedisStore;
///
/// let plaintext = RedisStore::builder("redis://cache.example.com", "snow:prod:my-app").unsealed().build();
/// assert!(plaintext.unwrap_err().to_string().contains("would not be encrypted"));
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<StoreState>);

struct StoreState {
    connection: RedisConnection,
    key: String,
    sealing: Sealing,
    lease: Duration,
    lease_wait: Duration,
}

impl RedisStore {
    pub(crate) fn new(
        connection: RedisConnection,
        key: String,
        sealing: Sealing,
        lease: Duration,
        lease_wait: Duration,
    ) -> Self {
        Self(Arc::new(StoreState { connection, key, sealing, lease, lease_wait }))
    }

    /// Runs a script, which returns 1 or 0.
    async fn run(&self, script: &Script, arguments: &[&[u8]]) -> Result<bool, Error> {
        let mut command = redis::cmd("EVAL");
        command.arg(script.text).arg(script.keys.len());
        for key in script.keys {
            command.arg(scripts::key(&self.0.key, key));
        }
        for argument in arguments {
            command.arg(*argument);
        }
        match self.send(&command).await? {
            Value::Int(done) => Ok(done == 1),
            _ => Err(redis_error::unexpected(self.0.connection.address())),
        }
    }

    /// Runs a script that writes, unless somebody else has had the lease since.
    async fn write(&self, script: &Script, lease: &Lease, arguments: &[&[u8]]) -> Result<StoreWrite, Error> {
        let guard = lease.guard::<KeptLease>().ok_or_else(|| {
            Error::new(
                ErrorKind::Other,
                "the token is written without a lease, and might replace a newer one",
            )
        })?;
        let arguments = [&[guard.id().as_str().as_bytes()], arguments].concat();
        Ok(match self.run(script, &arguments).await? {
            true => StoreWrite::Applied,
            false => StoreWrite::Superseded,
        })
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let mut command = redis::cmd("GET");
        command.arg(scripts::key(&self.0.key, name));
        match self.send(&command).await? {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => Ok(Some(bytes)),
            _ => Err(redis_error::unexpected(self.0.connection.address())),
        }
    }

    async fn send(&self, command: &Cmd) -> Result<Value, Error> {
        self.0.connection.send(command).await
    }

    async fn acquire(&self, id: &LeaseId) -> Result<bool, Error> {
        self.run(&scripts::ACQUIRE, &[id.as_str().as_bytes(), &milliseconds(self.0.lease)]).await
    }

    async fn release_now(&self, id: &LeaseId) -> Result<(), Error> {
        self.run(&scripts::RELEASE, &[id.as_str().as_bytes()]).await.map(drop)
    }

    async fn extend_to(&self, id: &LeaseId, length: Duration) -> Result<bool, Error> {
        self.run(&scripts::EXTEND, &[id.as_str().as_bytes(), &milliseconds(length)]).await
    }
}

impl TokenStore for RedisStore {
    type Error = Error;

    async fn load(&self) -> Result<Option<Token>, Error> {
        let stored = self.read("token").await?;
        stored.map(|stored| self.0.sealing.read(&self.0.key, ValueKind::Token, &stored)).transpose()
    }

    async fn save(&self, token: &Token, lease: &Lease) -> Result<StoreWrite, Error> {
        let stored = self.0.sealing.write(&self.0.key, ValueKind::Token, token)?;
        self.write(&scripts::SAVE, lease, &[&stored]).await.inspect(|_| end(lease))
    }

    async fn remove(&self, lease: &Lease) -> Result<StoreWrite, Error> {
        self.write(&scripts::REMOVE, lease, &[]).await.inspect(|_| end(lease))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the watchdog: a lease has to be extended even if nothing is polled"
    )]
    async fn lease(&self) -> Result<Lease, Error> {
        let id = LeaseId::random()?;
        let (mut guard, keeper) = LeaseKeeper::new(id.clone(), self.0.lease);
        tokio::spawn(keeper.keep(RedisLeases(self.clone())));
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
        let stored = self.read("failure").await?;
        stored.map(|stored| self.0.sealing.read(&self.0.key, ValueKind::Failure, &stored)).transpose()
    }

    async fn save_failure(&self, failure: &RefreshFailure, lease: &Lease) -> Result<StoreWrite, Error> {
        let stored = self.0.sealing.write(&self.0.key, ValueKind::Failure, failure)?;
        self.write(&scripts::SAVE_FAILURE, lease, &[&stored, &milliseconds(FAILURE_KEPT)]).await
    }
}

/// Notes that a lease has ended with the step that was done under it.
fn end(lease: &Lease) {
    if let Some(guard) = lease.guard::<KeptLease>() {
        guard.mark_released();
    }
}

/// The work of the watchdog.
struct RedisLeases(RedisStore);

impl LeaseActions for RedisLeases {
    async fn extend(&self, id: &LeaseId) -> Result<bool, Error> {
        self.0.extend_to(id, self.0.0.lease).await
    }

    async fn release(&self, id: &LeaseId) -> Result<(), Error> {
        self.0.release_now(id).await
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.0.connection.address().to_string();
        f.debug_struct("RedisStore")
            .field("address", &address)
            .field("key", &self.0.key)
            .finish_non_exhaustive()
    }
}

/// A number of milliseconds, as Redis reads it: no more than a hundred years.
fn milliseconds(time: Duration) -> Vec<u8> {
    time.as_millis().clamp(1, 3_155_760_000_000).to_string().into_bytes()
}
