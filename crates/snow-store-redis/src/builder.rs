//! The settings of a store.

use crate::address;
use crate::connection::RedisConnection;
use crate::store::RedisStore;
use snow_auth::SealKey;
use snow_auth::shared_store::Sealing;
use snow_core::{Error, ErrorKind, Secret, transport};
use std::fmt;
use std::time::Duration;

/// How long a lease lasts by default; a watchdog extends it after each third.
const LEASE: Duration = Duration::from_secs(30);
/// The shortest lease that may be set: a watchdog has to get to Redis and back in a third of it.
const SHORTEST_LEASE: Duration = Duration::from_millis(300);
/// How long another process's lease is waited for by default: longer than a token request may take.
const LEASE_WAIT: Duration = Duration::from_secs(150);

/// A builder of a [`RedisStore`].
#[must_use]
pub struct RedisStoreBuilder {
    url: Secret,
    key: String,
    sealing: Option<Sealing>,
    lease: Duration,
    lease_wait: Duration,
    authorities: Vec<Vec<u8>>,
}

impl RedisStore {
    /// Creates a builder of a store in the server at this URL, such as `rediss://user:password@host:6380/0`, or `redis://localhost` for
    /// a server on this machine. `key` names the token in the database: each instance, client and login has its own.
    pub fn builder(url: impl Into<Secret>, key: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(url.into(), key.into())
    }
}

impl RedisStoreBuilder {
    fn new(url: Secret, key: String) -> Self {
        Self { url, key, sealing: None, lease: LEASE, lease_wait: LEASE_WAIT, authorities: Vec::new() }
    }

    /// Seals what is stored with this key, so that read access to the database is not enough to use the token. All programs that
    /// share the store need the same key.
    pub fn seal(mut self, key: SealKey) -> Self {
        self.sealing = Some(Sealing::Sealed(key));
        self
    }

    /// Stores the token as plain JSON. Anyone who can read the database can use it.
    pub fn unsealed(mut self) -> Self {
        self.sealing = Some(Sealing::Unsealed);
        self
    }

    /// Sets how long a lease lasts, 30 s by default. Other processes wait that long for a process that was killed while it
    /// refreshed the token. While a refresh is under way, the lease is extended after each third of its length, up to four times
    /// its length.
    pub fn lease(mut self, length: Duration) -> Self {
        self.lease = length;
        self
    }

    /// Sets how long to wait for another process that refreshes the token; 150 s by default, which is more than a token request may
    /// take.
    pub fn lease_wait(mut self, most: Duration) -> Self {
        self.lease_wait = most;
        self
    }

    /// Adds certificates of authorities, in PEM, that are trusted in addition to those that the machine trusts.
    pub fn add_root_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Creates the store. It connects when it is used for the first time.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if
    ///
    /// - the URL is not one of Redis, or leads to another machine without TLS;
    /// - the key is empty or has braces, or the lease is shorter than 300 ms;
    /// - neither [`seal`](Self::seal) nor [`unsealed`](Self::unsealed) was called;
    /// - a certificate cannot be read.
    pub fn build(self) -> Result<RedisStore, Error> {
        let (address, settings) = address::parse(self.url.expose())?;
        let invalid = |why: &str| Error::new(ErrorKind::InvalidInput, why.to_owned());
        if self.key.is_empty() || self.key.contains(['{', '}']) {
            return Err(invalid(
                "the key of a token in Redis must have at least one character, and no braces",
            ));
        }
        if self.lease < SHORTEST_LEASE {
            return Err(invalid("a lease in Redis must last 300 ms at least"));
        }
        let sealing = self.sealing.ok_or_else(|| {
            let why = "tokens would be stored in Redis without encryption, and anyone who can read them could use them";
            invalid(why).with_advice("give the store a key with seal(), or say unsealed() if that is meant")
        })?;
        let tls = match address.tls {
            true => Some(transport::client_config(self.authorities)?),
            false => None,
        };
        let connection = RedisConnection::new(address, settings, tls);
        Ok(RedisStore::new(connection, self.key, sealing, self.lease, self.lease_wait))
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builder() -> RedisStoreBuilder {
        RedisStore::builder("redis://:canary@localhost", "snow:test")
    }

    #[test]
    fn whether_tokens_are_sealed_has_to_be_said() {
        let error = builder().build().unwrap_err();
        assert!(error.report().contains("seal()") && error.report().contains("unsealed()"), "{error}");
        let store = builder().unsealed().build().unwrap();
        let shown = format!("{:?} {store:?}", builder());
        assert!(shown.contains("snow:test") && shown.contains("localhost:6379"), "{shown}");
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_is_sent() {
        for key in ["", "a{b}"] {
            assert!(RedisStore::builder("redis://localhost", key).unsealed().build().is_err(), "{key}");
        }
        assert!(builder().unsealed().lease(Duration::from_millis(299)).build().is_err());
        let pem = RedisStore::builder("rediss://cache", "a").unsealed().add_root_certificates_pem("canary");
        let error = pem.build().unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && !error.report().contains("canary"), "{error}");
    }
}
