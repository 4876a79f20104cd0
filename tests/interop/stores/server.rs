//! Servers that a test starts, kills and starts again: Redis, a Redis cluster, PostgreSQL, and PgBouncer before it. Each listens on free
//! ports of this machine, and ends with its test.

use super::tls::Certificate;
use std::env::var;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `nobody`, as which programs run that refuse to run as root.
const NOBODY: u32 = 65_534;

/// A program that listens on a port.
pub(super) struct Server {
    program: PathBuf,
    arguments: Vec<String>,
    pub(super) port: u16,
    /// The signal that ends it at once.
    kill: &'static str,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    fn start(program: &Path, arguments: Vec<String>, port: u16, kill: &'static str) -> Self {
        let child = spawn(program, &arguments);
        let mut server = Self { program: program.to_owned(), arguments, port, kill, child };
        server.wait();
        server
    }

    /// Ends it at once, as a machine does that loses its power.
    pub(super) fn kill(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return; // its number may be another process's by now
        }
        let _ = Command::new("kill").args([format!("-{}", self.kill), self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }

    pub(super) fn start_again(&mut self) {
        self.child = spawn(&self.program, &self.arguments);
        self.wait();
    }

    fn wait(&mut self) {
        for _ in 0..400 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended: {ended:?}", self.program.display());
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("{} does not listen on port {}", self.program.display(), self.port);
    }

    /// A Redis that loses nothing when it is killed. `more` are further settings.
    pub(super) fn redis(name: &str, more: &[&str]) -> Self {
        let (folder, port) = (folder(name), free_port());
        let settings = format!(
            "--port {port} --bind 127.0.0.1 --dir {} --appendonly yes --appendfsync always --save {}",
            folder.display(),
            "900 1"
        );
        let arguments = settings.split(' ').chain(more.iter().copied()).map(str::to_owned).collect();
        Self::start(Path::new("redis-server"), arguments, port, "KILL")
    }

    /// A Redis that speaks TLS alone.
    pub(super) fn redis_with_tls(certificate: &Certificate) -> Self {
        let (folder, port) = (folder("redis-tls"), free_port());
        let [chain, key] = [("chain.pem", &certificate.chain), ("key.pem", &certificate.key)]
            .map(|(name, text)| private_file(&folder, name, text));
        let settings = format!(
            "--port 0 --tls-port {port} --bind 127.0.0.1 --dir {} --tls-cert-file {chain} --tls-key-file {key} \
             --tls-ca-cert-file {chain} --tls-auth-clients no",
            folder.display()
        );
        let arguments = settings.split(' ').map(str::to_owned).collect();
        Self::start(Path::new("redis-server"), arguments, port, "KILL")
    }

    /// A PostgreSQL with the table of the stores.
    pub(super) fn postgres() -> Self {
        Self::postgres_with(&folder("postgres"), &[])
    }

    /// The same, which speaks TLS as well.
    pub(super) fn postgres_with_tls(certificate: &Certificate) -> Self {
        let folder = folder("postgres-tls");
        let chain = private_file(&folder, "chain.pem", &certificate.chain);
        let key = private_file(&folder, "key.pem", &certificate.key);
        let set = ["ssl=on".to_owned(), format!("ssl_cert_file={chain}"), format!("ssl_key_file={key}")];
        Self::postgres_with(&folder, &set)
    }

    fn postgres_with(folder: &Path, more: &[String]) -> Self {
        let bin = PathBuf::from(var("SNOW_INTEROP_POSTGRES").expect("cargo xtask interop sets it"));
        let (data, port) = (folder.join("data").display().to_string(), free_port());
        let initdb =
            ["-D", &data, "-U", "snow", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"];
        let mut command = unprivileged(&bin.join("initdb"));
        let done = command.args(initdb).stdout(Stdio::null()).status().unwrap();
        assert!(done.success(), "initdb: {done}");
        let number = port.to_string();
        let set =
            ["listen_addresses=127.0.0.1", "max_connections=200", "log_min_messages=fatal", "fsync=off"];
        let mut arguments: Vec<String> = ["-D", &data, "-p", &number, "-k", &data].map(str::to_owned).into();
        let set = set.map(str::to_owned).into_iter().chain(more.iter().cloned());
        arguments.extend(set.flat_map(|set| ["-c".to_owned(), set]));
        // It ends its children with it, and recovers when it starts again, as after a crash.
        let server = Self::start(&bin.join("postgres"), arguments, port, "QUIT");
        server.sql(snow_store_postgres::PostgresStore::ddl());
        server
    }

    /// A PgBouncer that gives each transaction another one of two connections.
    pub(super) fn pgbouncer(postgres: &Server) -> Self {
        let (folder, port) = (folder("pgbouncer"), free_port());
        let file = folder.join("pgbouncer.ini");
        let settings = format!(
            "[databases]\ntokens = host=127.0.0.1 port={} dbname=postgres user=snow\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n\
             max_client_conn = 500\nlogfile = {}\n",
            postgres.port,
            folder.join("log").display()
        );
        fs::write(&file, settings).unwrap();
        Self::start(Path::new("pgbouncer"), vec!["-q".into(), file.display().to_string()], port, "KILL")
    }

    /// Runs a statement, and returns what it prints.
    pub(super) fn sql(&self, statement: &str) -> String {
        let url = format!("postgres://snow@127.0.0.1:{}/postgres", self.port);
        for _ in 0..100 {
            let done = Command::new("psql").args([&url, "-q", "-A", "-t", "-c", statement]).output().unwrap();
            if done.status.success() {
                return String::from_utf8_lossy(&done.stdout).into_owned();
            }
            std::thread::sleep(Duration::from_millis(50)); // it listens before it is ready
        }
        panic!("psql failed: {statement}");
    }

    /// Runs a command of Redis, and returns what it prints.
    pub(super) fn redis_command(&self, command: &[&str]) -> String {
        let done =
            Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(command).output().unwrap();
        assert!(done.status.success(), "redis-cli {command:?}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }
}

/// Three masters, each with a third of the slots.
pub(super) fn redis_cluster() -> Vec<Server> {
    let nodes: Vec<Server> = (0..3)
        .map(|node| {
            let more = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
            Server::redis(&format!("cluster-{node}"), &more)
        })
        .collect();
    let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
    let mut create = Command::new("redis-cli");
    create.args(["--cluster", "create"]).args(addresses).args(["--cluster-replicas", "0", "--cluster-yes"]);
    let done = create.stdout(Stdio::null()).status().unwrap();
    assert!(done.success(), "redis-cli --cluster create: {done}");
    for node in &nodes {
        while !node.redis_command(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    nodes
}

fn spawn(program: &Path, arguments: &[String]) -> Child {
    let mut command = unprivileged(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

/// A program that does not run as root.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/");
    command
}

/// A new folder for a server's files, which is its own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(var("SNOW_INTEROP_FOLDER").expect("cargo xtask interop sets it")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    folder
}

/// A file that only the server may read, and its path.
fn private_file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    path.display().to_string()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A port where nobody listens. A cluster listens on another one, 10,000 above.
fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        if port < 50_000 {
            return port;
        }
    }
}
