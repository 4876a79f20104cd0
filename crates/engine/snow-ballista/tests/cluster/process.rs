//! The processes of a cluster. They are this test program, started again: see [`Process::start`].

use crate::leaf_plan::with_leaf_codec;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use snow_ballista::{ClusterLimit, with_snow_codecs};
use snow_client::Client;
use snow_datafusion::Clients;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

const ROLE: &str = "SNOW_CLUSTER_ROLE";
const ADDRESS: &str = "SNOW_CLUSTER_ADDRESS";
const INSTANCE: &str = "SNOW_CLUSTER_INSTANCE";
const REQUESTS: &str = "SNOW_CLUSTER_REQUESTS";

/// How many requests the two executors may send at a time, and the tasks that each runs.
pub(crate) const EXECUTORS: [&str; 2] = ["exec-a", "exec-b"];
const TASKS: usize = 2;

/// The password of an executor's user. It must never travel to another process of the cluster.
pub(crate) fn password(user: &str) -> String {
    format!("swordfish-of-{user}")
}

/// A process, which ends when this is dropped: its input is then closed.
pub(crate) struct Process {
    child: Child,
    /// Kept open: what it goes on saying has to go somewhere.
    output: BufReader<ChildStdout>,
    /// What it said when it was ready.
    pub(crate) ready: String,
}

impl Process {
    pub(crate) fn scheduler() -> Self {
        Self::start("scheduler", &[])
    }

    pub(crate) fn executor(user: &str, scheduler: &str, instance: &str, requests: usize) -> Self {
        Self::start(user, &[(ADDRESS, scheduler), (INSTANCE, instance), (REQUESTS, &requests.to_string())])
    }

    fn start(role: &str, settings: &[(&str, &str)]) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        command.args([
            "--exact",
            "process::a_process_of_the_cluster",
            "--nocapture",
            "--ignored",
            "--test-threads=1",
        ]);
        command.env(ROLE, role).envs(settings.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, output, ready: String::new() };
        process.ready = process.wait_until_ready(role);
        process
    }

    /// Reads what the process prints, until it says that it is ready.
    fn wait_until_ready(&mut self, role: &str) -> String {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the process {role} ended: {said}");
            if let Some((_, ready)) = line.split_once("ready: ") {
                return ready.trim().to_owned();
            }
            said.push_str(&line);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Not a test: what the processes run.
#[test]
#[ignore = "it is started by the other tests"]
fn a_process_of_the_cluster() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ready = runtime.block_on(async {
        match role.as_str() {
            "scheduler" => run_scheduler().await,
            user => run_executor(user).await,
        }
    });
    println!("ready: {ready}");
    // It runs until the test closes its input.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    runtime.shutdown_background();
}

/// The scheduler has no client.
async fn run_scheduler() -> String {
    let state = state(with_leaf_codec(config(), &Clients::new()));
    let address = ballista_scheduler::standalone::new_standalone_scheduler_from_state(&state).await.unwrap();
    address.port().to_string()
}

async fn run_executor(user: &str) -> String {
    let setting = |name: &str| std::env::var(name).unwrap();
    let place = EXECUTORS.iter().position(|one| *one == user).unwrap();
    let limit = ClusterLimit::new(setting(REQUESTS).parse().unwrap(), EXECUTORS.len()).unwrap();
    let builder = Client::builder().instance(setting(INSTANCE)).user(user).password(password(user));
    let client = builder.concurrency(limit.share(place).unwrap()).build().unwrap();
    let state = state(with_leaf_codec(config(), &Clients::new().with("prod", client)));
    let scheduler =
        SchedulerGrpcClient::connect(format!("http://127.0.0.1:{}", setting(ADDRESS))).await.unwrap();
    ballista_executor::new_standalone_executor_from_state(scheduler, TASKS, &state).await.unwrap();
    user.to_owned()
}

/// What all processes agree on.
pub(crate) fn config() -> SessionConfig {
    SessionConfig::new_with_ballista().with_target_partitions(4)
}

pub(crate) fn state(config: SessionConfig) -> SessionState {
    SessionStateBuilder::new().with_default_features().with_config(config).build()
}

/// The codecs of this crate alone.
pub(crate) fn with_codecs(config: SessionConfig) -> SessionConfig {
    with_snow_codecs(config, &Clients::new())
}
