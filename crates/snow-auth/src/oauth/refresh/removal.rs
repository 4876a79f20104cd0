//! How a revoked token leaves the store.

use super::{MAX_LEASES, Refresher};
use crate::Token;
use crate::oauth::store::{Lease, Store, StoreWrite};
use snow_core::{Error, ErrorKind};

impl Refresher {
    /// Removes a revoked token from the store, unless another one is there by now.
    pub(in crate::oauth) async fn remove(&self, token: &Token) -> Result<(), Error> {
        let Some(store) = &self.store else { return Ok(()) };
        for _ in 0..MAX_LEASES {
            let lease = store.lease().await?;
            let removed = self.remove_under(store, token, &lease).await;
            store.release(lease).await;
            match removed? {
                StoreWrite::Applied => return Ok(()),
                // The process that took the lease over may have saved another token, which is not ours to remove.
                StoreWrite::Superseded => {
                    tracing::debug!("another process took over the token store's lease")
                }
            }
        }
        Err(not_removed())
    }

    async fn remove_under(&self, store: &Store, token: &Token, lease: &Lease) -> Result<StoreWrite, Error> {
        let mut stored = self.stored.lock().await;
        let is_other = |other: &Token| other.access_token() != token.access_token();
        if store.load().await?.as_ref().is_some_and(is_other) {
            return Ok(StoreWrite::Applied);
        }
        let removed = store.remove(lease).await?;
        if removed == StoreWrite::Applied {
            *stored = None;
        }
        Ok(removed)
    }
}

fn not_removed() -> Error {
    let why = format!(
        "the token is revoked but may still be in the token store: other processes took over {MAX_LEASES} leases before it was \
         removed"
    );
    Error::new(ErrorKind::TokenNotSaved, why)
        .with_advice("remove it from the store, and let the store's leases last longer than loading and removing a token takes")
}
