//! A cluster on loopback, next to a simulator.

use crate::leaf_plan::{LeafTable, with_leaf_codec};
use crate::process::{self, EXECUTORS, HOST, KNOWN_HOST, Process, password};
use crate::relay::Relay;
use ballista::prelude::SessionContextExt;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::MemTable;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use snow_arrow::{Columns, References};
use snow_client::Client;
use snow_datafusion::{Clients, SnowTable};
use snow_sim::{Listener, Simulator, User};
use std::sync::Arc;

const FIELDS: [&str; 9] = [
    "sys_id",
    "number",
    "short_description",
    "state",
    "priority",
    "active",
    "opened_at",
    "caller_id",
    "category",
];

pub(crate) struct Cluster {
    pub(crate) simulator: Simulator,
    pub(crate) listener: Listener,
    /// Between the scheduler and everybody else.
    pub(crate) relay: Relay,
    /// Between executors and those who read their results: other executors, and the program that asks.
    pub(crate) results: Relay,
    port: u16,
    pub(crate) columns: Columns,
    admin: Client,
    _processes: Vec<Process>,
}

impl Cluster {
    /// Starts a cluster that may send so many requests at a time.
    pub(crate) async fn start(incidents: u32, requests: usize) -> Self {
        let mut builder = Simulator::builder().user("admin", "admin-secret").incidents(incidents);
        for user in EXECUTORS {
            builder = builder.user_with(User::new(user, &password(user)).role("itil"));
        }
        let simulator = builder.build().unwrap();
        let listener = simulator.listen().await.unwrap();
        let admin = Client::builder().instance("dev1").user("admin").password("admin-secret");
        let admin = admin.transport(simulator.clone()).build().unwrap();
        let schema = admin.schema().table("incident").await.unwrap();
        let columns = Columns::new(&schema, FIELDS, References::Id).unwrap();
        let scheduler = Process::scheduler();
        let (relay, results) = (Relay::default(), Relay::default());
        let port = relay.listen(HOST, |_| format!("{HOST}:{}", scheduler.ready)).await;
        let mut processes = vec![scheduler];
        for user in EXECUTORS {
            let of_results = results.listen(KNOWN_HOST, |port| format!("{HOST}:{port}")).await;
            let (ports, instance) = ((port, of_results), listener.url());
            processes.push(
                tokio::task::spawn_blocking(move || Process::executor(user, ports, &instance, requests))
                    .await
                    .unwrap(),
            );
        }
        Self { simulator, listener, relay, results, port, columns, admin, _processes: processes }
    }

    /// A session whose queries run on the cluster. It has no client.
    pub(crate) async fn session(&self) -> SessionContext {
        let state = process::state(process::with_codecs(process::config()));
        let session = self.remote(state).await;
        session.register_table("incident", Arc::new(self.table("prod"))).unwrap();
        session.register_table("elsewhere", Arc::new(self.table("elsewhere"))).unwrap();
        session
    }

    /// The same with a plan that is a leaf.
    pub(crate) async fn session_of_leaves(&self) -> SessionContext {
        let state = process::state(with_leaf_codec(process::config(), &Clients::new()));
        let session = self.remote(state).await;
        session.register_table("incident", Arc::new(LeafTable(self.table("prod")))).unwrap();
        session
    }

    async fn remote(&self, state: datafusion::execution::SessionState) -> SessionContext {
        SessionContext::remote_with_state(&format!("df://{HOST}:{}", self.port), state).await.unwrap()
    }

    fn table(&self, alias: &str) -> SnowTable {
        SnowTable::with_columns(&Clients::new(), alias, self.columns.clone()).unwrap()
    }

    /// A session over a copy in memory, on this machine.
    pub(crate) async fn memory(&self) -> SessionContext {
        let mut records = self.columns.request(self.admin.table("incident").list()).stream();
        let mut builder = self.columns.builder();
        while let Some(record) = records.next().await {
            builder.push(&record.unwrap()).unwrap();
        }
        let batch = builder.finish().unwrap();
        let session = SessionContext::new();
        let table = MemTable::try_new(self.columns.schema(), vec![vec![batch]]).unwrap();
        session.register_table("incident", Arc::new(table)).unwrap();
        session
    }

    pub(crate) async fn count(&self) -> u64 {
        self.admin.table("incident").list().count().await.unwrap()
    }
}

pub(crate) async fn batches(session: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    session.sql(sql).await?.collect().await
}

/// The lines of a result, sorted.
pub(crate) async fn result(session: &SessionContext, sql: &str) -> Result<Vec<String>> {
    let text = pretty_format_batches(&batches(session, sql).await?)?.to_string();
    let mut lines: Vec<String> =
        text.lines().filter(|line| line.starts_with('|')).map(|line| line.replace(' ', "")).collect();
    lines.sort();
    Ok(lines)
}
