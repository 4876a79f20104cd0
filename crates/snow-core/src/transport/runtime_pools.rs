//! A connection pool for each runtime.

use super::connector::Connector;
use crate::{Body, Error, ErrorKind};
use http::Request;
use hyper_util::client::legacy::{Builder, Client, ResponseFuture};
use std::sync::{Mutex, PoisonError};
use tokio::runtime::{Handle, Id};

/// The pools of the runtimes that sent last. A connection works only while the runtime that made it runs, so a request never uses a
/// connection of another runtime.
pub(super) struct RuntimePools {
    settings: Builder,
    connector: Connector,
    /// The pool that was used last is the first.
    pools: Mutex<Vec<(Id, Client<Connector, Body>)>>,
}

/// How many runtimes have a pool at a time. The connections of a removed pool are closed once they are idle.
const MOST: usize = 8;

impl RuntimePools {
    pub(super) fn new(settings: Builder, connector: Connector) -> Self {
        Self { settings, connector, pools: Mutex::default() }
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// Sends over the pool of this runtime.
    ///
    /// # Errors
    /// Fails outside a runtime. The request is kept then.
    pub(super) fn send(&self, request: &mut Option<Request<Body>>) -> Result<ResponseFuture, Error> {
        let runtime = Handle::try_current().map_err(|_| no_runtime())?.id();
        let what = "the future of a request was polled after it had been sent";
        let request = request.take().ok_or_else(|| Error::internal(what))?;
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        match pools.iter().position(|(id, _)| *id == runtime) {
            Some(at) => pools[..=at].rotate_right(1),
            None => pools.insert(0, (runtime, self.settings.build(self.connector.clone()))),
        }
        let sent = pools[0].1.request(request);
        let kept = pools.len().min(MOST);
        let unused = pools.split_off(kept);
        drop(pools);
        drop(unused);
        Ok(sent)
    }
}

fn no_runtime() -> Error {
    let why = "requests can only be sent inside a tokio runtime: call this in one (#[tokio::main] makes one)";
    Error::new(ErrorKind::InvalidInput, why)
}
