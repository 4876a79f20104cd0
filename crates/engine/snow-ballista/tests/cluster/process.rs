//! The processes of a cluster. They are this test program, started again: see [`Process::start`].

use crate::leaf_plan::with_leaf_codec;
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::SessionConfigExt;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use snow_ballista::{ClusterLimit, with_snow_codecs};
use snow_client::Client;
use snow_datafusion::Clients;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::net::TcpListener;

const ROLE: &str = "SNOW_CLUSTER_ROLE";
const SCHEDULER: &str = "SNOW_CLUSTER_SCHEDULER";
const PORT: &str = "SNOW_CLUSTER_PORT";
const FOLDER: &str = "SNOW_CLUSTER_FOLDER";
const INSTANCE: &str = "SNOW_CLUSTER_INSTANCE";
const REQUESTS: &str = "SNOW_CLUSTER_REQUESTS";

/// How many requests the two executors may send at a time, and the tasks that each runs.
pub(crate) const EXECUTORS: [&str; 2] = ["exec-a", "exec-b"];
const TASKS: usize = 2;

/// Where a process listens.
pub(crate) const HOST: &str = "127.0.0.1";
/// The host under which executors are known to the others, where a relay listens. Linux answers for all of 127.0.0.0/8.
pub(crate) const KNOWN_HOST: &str = "127.0.0.2";

/// The password of an executor's user. It must never travel to another process of the cluster.
pub(crate) fn password(user: &str) -> String {
    format!("swordfish-of-{user}")
}

/// A process, which ends when this is dropped: its input is then closed.
pub(crate) struct Process {
    child: Child,
    /// Kept open: what it goes on saying has to go somewhere.
    output: BufReader<ChildStdout>,
    /// Where it puts intermediate results.
    folder: PathBuf,
    /// What it said when it was ready.
    pub(crate) ready: String,
}

impl Process {
    pub(crate) fn scheduler() -> Self {
        Self::start("scheduler", &[])
    }

    /// Starts an executor on a port, of which the scheduler's and its own are known.
    pub(crate) fn executor(
        user: &str,
        (scheduler, port): (u16, u16),
        instance: &str,
        requests: usize,
    ) -> Self {
        let (scheduler, port, requests) = (scheduler.to_string(), port.to_string(), requests.to_string());
        Self::start(
            user,
            &[(SCHEDULER, &scheduler), (PORT, &port), (INSTANCE, instance), (REQUESTS, &requests)],
        )
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
        let folder = unused_folder();
        command.env(ROLE, role).env(FOLDER, &folder).envs(settings.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut process = Self { child, output, folder, ready: String::new() };
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
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A new folder for each process of each cluster of this test program.
fn unused_folder() -> PathBuf {
    static USED: AtomicU32 = AtomicU32::new(0);
    let number = USED.fetch_add(1, Ordering::Relaxed);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cluster-{}-{number}", std::process::id()))
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
    let session = with_leaf_codec(config(), &Clients::new());
    let mut settings = SchedulerConfig::default().with_scheduler_policy(TaskSchedulingPolicy::PullStaged);
    settings.override_logical_codec = Some(session.ballista_logical_extension_codec());
    settings.override_physical_codec = Some(session.ballista_physical_extension_codec());
    let settings = settings.with_override_config_producer(Arc::new(move || session.clone()));
    let cluster = BallistaCluster::new_from_config(&settings).await.unwrap();
    let scheduler = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(settings));
    // `start_server` does not tell which port it has.
    let listener = TcpListener::bind((HOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(start_grpc_service_with_listener(listener, scheduler.await.unwrap()));
    port.to_string()
}

async fn run_executor(user: &str) -> String {
    let setting = |name: &str| std::env::var(name).unwrap();
    let place = EXECUTORS.iter().position(|one| *one == user).unwrap();
    let limit = ClusterLimit::new(setting(REQUESTS).parse().unwrap(), EXECUTORS.len()).unwrap();
    let builder = Client::builder().instance(setting(INSTANCE)).user(user).password(password(user));
    let client = builder.concurrency(limit.share(place).unwrap()).build().unwrap();
    let session = with_leaf_codec(config(), &Clients::new().with("prod", client));
    let settings = ExecutorProcessConfig {
        bind_host: HOST.into(),
        external_host: Some(KNOWN_HOST.into()),
        port: setting(PORT).parse().unwrap(),
        scheduler_host: HOST.into(),
        scheduler_port: setting(SCHEDULER).parse().unwrap(),
        vcores: TASKS,
        work_dir: Some(setting(FOLDER)),
        task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
        override_logical_codec: Some(session.ballista_logical_extension_codec()),
        override_physical_codec: Some(session.ballista_physical_extension_codec()),
        override_config_producer: Some(Arc::new(move || session.clone())),
        ..ExecutorProcessConfig::default()
    };
    tokio::spawn(async move {
        let ended = start_executor_process(Arc::new(settings)).await;
        eprintln!("the executor ended: {ended:?}");
        std::process::exit(1);
    });
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
