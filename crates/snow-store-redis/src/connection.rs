//! One connection to the server that has the keys of a store. It follows the redirects of a cluster, and is made again when it breaks.
//!
//! All keys of a store are in one slot, so one connection is enough for a cluster as well.

use crate::address::Address;
use crate::redis_error::{self, CommandError};
use futures_util::lock::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, RedisConnectionInfo, ServerErrorKind, Value};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use snow_auth::shared_store::Patience;
use snow_core::{Error, ErrorKind, timer};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Id};
use tokio_rustls::TlsConnector;

/// How long a connection may take to be made, and the response to a command.
const STEP: Duration = Duration::from_secs(5);
/// How many redirects are followed for one command.
const MOST_REDIRECTS: u32 = 5;

/// The connection, which all clones of a store share.
pub(crate) struct RedisConnection {
    /// Where the user says that the server is.
    configured: Address,
    settings: RedisConnectionInfo,
    /// `None` for connections without TLS.
    tls: Option<Arc<ClientConfig>>,
    open: Mutex<Option<OpenConnection>>,
    patience: Patience,
}

/// A connection that commands go over.
#[derive(Clone)]
struct OpenConnection {
    address: Address,
    connection: MultiplexedConnection,
    /// The runtime that drives it. Another one makes a connection of its own, because this one may stand still.
    runtime: Id,
}

/// What is done after a command failed.
enum Next {
    /// The keys are at this address.
    Moved(Address),
    /// The keys are on their way to this address.
    Ask(Address),
    /// The connection is made again, after a pause.
    Reconnect,
    /// The command is sent again, after a pause.
    Wait,
    Fail,
}

impl RedisConnection {
    pub(crate) fn new(
        configured: Address,
        settings: RedisConnectionInfo,
        tls: Option<Arc<ClientConfig>>,
    ) -> Self {
        Self { configured, settings, tls, open: Mutex::default(), patience: Patience::new() }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.configured
    }

    /// Sends a command, which may be executed twice if the connection breaks.
    pub(crate) async fn send(&self, command: &Cmd) -> Result<Value, Error> {
        let (patience, mut redirects, mut asking) = (self.patience.begin(), 0_u32, None);
        loop {
            // On the heap: making a connection is a future of many KB.
            let failed = match Box::pin(self.send_once(command, asking.take())).await {
                Ok(value) => {
                    patience.succeeded();
                    return Ok(value);
                }
                Err(failed) => failed,
            };
            let may_try_again = match self.next(&failed.error, &failed.address) {
                Next::Moved(address) if redirects < MOST_REDIRECTS => {
                    redirects = redirects.saturating_add(1);
                    self.move_to(address).await?;
                    true
                }
                Next::Ask(address) if redirects < MOST_REDIRECTS => {
                    redirects = redirects.saturating_add(1);
                    asking = Some(address);
                    true
                }
                Next::Reconnect => {
                    self.close().await;
                    patience.may_try_again().await?
                }
                Next::Wait => patience.may_try_again().await?,
                Next::Moved(_) | Next::Ask(_) | Next::Fail => false,
            };
            if !may_try_again {
                return Err(redis_error::of(&failed.error, &failed.address));
            }
        }
    }

    async fn send_once(&self, command: &Cmd, asking: Option<Address>) -> Result<Value, FailedCommand> {
        let (is_asking, mut open) = match asking {
            Some(address) => (true, self.connect(address).await?),
            None => (false, self.open_connection().await?),
        };
        let address = open.address.clone();
        let sending = async {
            if is_asking {
                redis::cmd("ASKING").query_async::<Value>(&mut open.connection).await?;
            }
            command.query_async::<Value>(&mut open.connection).await
        };
        match timer::timeout(STEP, sending).await {
            Ok(Some(result)) => result.map_err(|error| FailedCommand { error: error.into(), address }),
            Ok(None) => Err(FailedCommand { error: CommandError::Late, address }),
            Err(error) => Err(FailedCommand { error: CommandError::Own(error), address }),
        }
    }

    fn next(&self, error: &CommandError, address: &Address) -> Next {
        let error = match error {
            CommandError::Redis(error) => error,
            CommandError::Late | CommandError::NoConnection(_) => return Next::Reconnect,
            CommandError::Own(_) => return Next::Fail,
        };
        let target = error.redirect_node().and_then(|(to, _)| address.redirected(to));
        match (error.kind(), target) {
            (redis::ErrorKind::Server(ServerErrorKind::Moved), Some(target)) => Next::Moved(target),
            (redis::ErrorKind::Server(ServerErrorKind::Ask), Some(target)) => Next::Ask(target),
            (
                redis::ErrorKind::Server(
                    ServerErrorKind::TryAgain
                    | ServerErrorKind::ClusterDown
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::BusyLoading,
                ),
                _,
            ) => Next::Wait,
            // It was the master, and no longer is.
            (redis::ErrorKind::Server(ServerErrorKind::ReadOnly), _) => Next::Reconnect,
            _ if error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error() => {
                Next::Reconnect
            }
            _ => Next::Fail,
        }
    }

    /// Returns the connection, and makes it if there is none in this runtime.
    async fn open_connection(&self) -> Result<OpenConnection, FailedCommand> {
        let runtime = self.runtime()?;
        let mut open = self.open.lock().await;
        if let Some(open) = open.as_ref().filter(|open| open.runtime == runtime) {
            return Ok(open.clone());
        }
        // In a cluster, another runtime begins where this one found the keys.
        let address = open.as_ref().map_or(&self.configured, |open| &open.address).clone();
        let new = self.connect(address).await?;
        *open = Some(new.clone());
        Ok(new)
    }

    async fn move_to(&self, address: Address) -> Result<(), Error> {
        let new = self.connect(address).await;
        let new = new.map_err(|failed| redis_error::of(&failed.error, &failed.address))?;
        *self.open.lock().await = Some(new);
        Ok(())
    }

    /// The next command begins with the address that the user gave.
    async fn close(&self) {
        *self.open.lock().await = None;
    }

    fn runtime(&self) -> Result<Id, FailedCommand> {
        Handle::try_current().map(|handle| handle.id()).map_err(|_| FailedCommand {
            error: CommandError::Own(Error::new(
                ErrorKind::Other,
                "a connection to Redis needs a tokio runtime",
            )),
            address: self.configured.clone(),
        })
    }

    async fn connect(&self, address: Address) -> Result<OpenConnection, FailedCommand> {
        let runtime = self.runtime()?;
        let failed = |error| FailedCommand { error, address: address.clone() };
        address.check().map_err(|error| failed(CommandError::Own(error)))?;
        match timer::timeout(STEP, self.connection(&address)).await {
            Ok(Some(Ok(connection))) => Ok(OpenConnection { address, connection, runtime }),
            Ok(Some(Err(error))) => Err(failed(error)),
            Ok(None) => Err(failed(CommandError::Late)),
            Err(error) => Err(failed(CommandError::Own(error))),
        }
    }

    async fn connection(&self, address: &Address) -> Result<MultiplexedConnection, CommandError> {
        let stream = TcpStream::connect((address.host.as_str(), address.port)).await;
        let stream = stream.map_err(|error| CommandError::NoConnection(error.to_string()))?;
        let _ = stream.set_nodelay(true); // without it, the connection is slower but works
        let Some(tls) = &self.tls else { return self.over(stream).await };
        let name = ServerName::try_from(address.host.clone()).map_err(|_| {
            CommandError::Own(Error::new(
                ErrorKind::InvalidInput,
                format!("{address} has no valid host name"),
            ))
        })?;
        let encrypted = TlsConnector::from(tls.clone()).connect(name, stream).await;
        let encrypted = encrypted.map_err(|error| {
            CommandError::Own(Error::new(
                ErrorKind::Tls,
                format!("TLS with Redis at {address} failed: {error}"),
            ))
        })?;
        self.over(encrypted).await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a connection is driven by a task, as in any client of Redis"
    )]
    async fn over<S>(&self, stream: S) -> Result<MultiplexedConnection, CommandError>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let (connection, driver) =
            MultiplexedConnection::new_with_config(&self.settings, stream, config).await?;
        tokio::spawn(driver);
        Ok(connection)
    }
}

/// Why a command brought no response, and where it was sent.
struct FailedCommand {
    error: CommandError,
    address: Address,
}
