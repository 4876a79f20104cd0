//! The simulator in a process of its own, as a real instance is.

use super::child;
use snow_client::{Client, Transport};
use snow_sim::Simulator;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::runtime::Builder;

pub(super) const INCIDENTS: usize = 5_000;

/// The process.
pub(super) struct Server {
    /// With [`INCIDENTS`].
    pub(super) url: String,
    pub(super) tls_url: String,
    /// Of an instance that takes an hour for each response.
    pub(super) slow_url: String,
    /// The process ends with it.
    _input: ChildStdin,
    _process: Child,
}

/// The one of all tests.
pub(super) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

impl Server {
    fn start() -> Self {
        let mut child = child::command("server::serves");
        let mut child =
            child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut commands = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut ask = |command| {
            writeln!(commands, "{command}").unwrap();
            let answer = lines.find_map(|line| Some(line.unwrap().split_once("answer: ")?.1.to_owned()));
            answer.expect("the process has not ended")
        };
        let (url, tls_url, slow_url) = (ask("listen"), ask("listen_tls"), ask("listen_slowly"));
        Self { url, tls_url, slow_url, _input: commands, _process: child }
    }
}

/// A client without any connection.
pub(super) fn client(url: &str) -> Client {
    let transport = Transport::builder().no_proxy().danger_accept_invalid_certificates(true).build().unwrap();
    let builder = Client::builder().instance(url).user("admin").password("secret").transport(transport);
    builder.build().unwrap()
}

#[test]
#[ignore = "the other tests start it"]
fn serves() {
    serve();
}

/// What the process does, until its input ends.
pub(super) fn serve() {
    let built = |latency| {
        let builder = Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret");
        let builder = builder.without_demo_data().incidents(u32::try_from(INCIDENTS).unwrap());
        let simulator = builder.build().unwrap();
        simulator.settings(|settings| (settings.semaphores, settings.latency) = (10_000, latency));
        simulator
    };
    let (simulator, slow) = (built(Duration::ZERO), built(Duration::from_secs(3_600)));
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut listeners = Vec::new();
    for command in std::io::stdin().lines().map(Result::unwrap) {
        let listener = runtime.block_on(async {
            match command.as_str() {
                "listen" => simulator.listen().await.unwrap(),
                "listen_tls" => simulator.listen_tls().await.unwrap(),
                _ => slow.listen().await.unwrap(),
            }
        });
        let url = listener.url();
        listeners.push(listener);
        println!("answer: {url}");
        std::io::stdout().flush().unwrap();
    }
}
