//! The connections of a store, and how a statement is run on one of them.

use crate::address::Address;
use crate::postgres_error::StatementError;
use crate::tls::PostgresTls;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolConfig, RecyclingMethod, Runtime, Timeouts,
};
use futures_util::lock::Mutex;
use snow_auth::shared_store::Patience;
use snow_core::{Error, ErrorKind, timer};
use std::time::Duration;
use tokio::runtime::{Handle, Id};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};

/// How many connections a store has at most: a refresh needs one, and its watchdog another one.
const MOST_CONNECTIONS: usize = 4;
/// How long a connection may take to be made, and a statement to be run.
const STEP: Duration = Duration::from_secs(5);

/// A parameter of a statement. Its type is sent along, so that nothing is prepared, which a pooler may not allow.
pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The connections, which all clones of a store share.
pub(crate) struct PostgresConnections {
    pub(crate) address: Address,
    /// `None` for connections without TLS.
    tls: Option<PostgresTls>,
    /// The pool, and the runtime that drives its connections. Another runtime gets a pool of its own, because these may stand still.
    pool: Mutex<Option<(Id, Pool)>>,
    patience: Patience,
}

impl PostgresConnections {
    pub(crate) fn new(address: Address, tls: Option<PostgresTls>) -> Self {
        Self { address, tls, pool: Mutex::default(), patience: Patience::new() }
    }

    /// Runs a statement, which may be run twice if the connection breaks.
    pub(crate) async fn run(&self, statement: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, Error> {
        let patience = self.patience.begin();
        loop {
            // On the heap: making a connection is a future of 20 KB.
            let error = match Box::pin(self.run_once(statement, parameters)).await {
                Ok(rows) => {
                    patience.succeeded();
                    return Ok(rows);
                }
                Err(error) => error,
            };
            if !error.is_passing() || !patience.may_try_again().await? {
                return Err(error.into_error(&self.address));
            }
        }
    }

    async fn run_once(
        &self,
        statement: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, StatementError> {
        let connection = self.pool().await?.get().await.map_err(StatementError::Pool)?;
        let running = connection.query_typed(statement, parameters);
        match timer::timeout(STEP, running).await {
            Ok(Some(result)) => result.map_err(StatementError::Postgres),
            late_or_failed => {
                drop(Object::take(connection)); // it is still busy with the statement
                late_or_failed.map_err(StatementError::Own).and(Err(StatementError::Late))
            }
        }
    }

    async fn pool(&self) -> Result<Pool, StatementError> {
        let runtime = Handle::try_current().map_err(|_| {
            let why = "a connection to PostgreSQL needs a tokio runtime";
            StatementError::Own(Error::new(ErrorKind::Other, why))
        })?;
        let mut pool = self.pool.lock().await;
        match &*pool {
            Some((of, pool)) if *of == runtime.id() => Ok(pool.clone()),
            _ => {
                let new = self.new_pool()?;
                *pool = Some((runtime.id(), new.clone()));
                Ok(new)
            }
        }
    }

    fn new_pool(&self) -> Result<Pool, StatementError> {
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let server = self.address.config.clone();
        let manager = match &self.tls {
            Some(tls) => Manager::from_config(server, tls.clone(), config),
            None => Manager::from_config(server, NoTls, config),
        };
        let timeouts = Timeouts { wait: Some(STEP), create: Some(STEP), recycle: Some(STEP) };
        let mut config = PoolConfig::new(MOST_CONNECTIONS);
        config.timeouts = timeouts;
        let pool = Pool::builder(manager).config(config).runtime(Runtime::Tokio1).build();
        pool.map_err(|error| StatementError::Own(Error::new(ErrorKind::Other, error.to_string())))
    }
}
