//! A program that runs for as long as a check.

use crate::run::target;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Ends with the check that needs it.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a program that was told to listen on a port, and waits until it does.
    pub(super) fn start(program: &str, arguments: &[&str], port: u16) -> Result<Self, String> {
        let child = Command::new(program).args(arguments).stdin(Stdio::null()).spawn();
        let mut server =
            Self { child: child.map_err(|error| format!("{program} did not start: {error}"))?, port };
        for _ in 0..200 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(server);
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("{program} ended at once with {status}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{program} does not listen on port {port} after 10 s"))
    }

    /// The simulator with TLS on a free port, and more arguments.
    pub(super) fn simulator(authority: &Path, more: &[&str]) -> Result<Self, String> {
        let arguments = ["--tls", "--token-lifetime", "2", "--authority"].map(str::as_ref);
        let more: Vec<_> = more.iter().map(std::ffi::OsStr::new).collect();
        Self::spawn_simulator(&[&arguments[..], &[authority.as_os_str()], &more].concat())
    }

    /// The simulator without TLS on a free port.
    pub(crate) fn plain_simulator() -> Result<Self, String> {
        Self::spawn_simulator(&[])
    }

    /// The simulator without TLS on a free port, with more arguments.
    pub(super) fn plain_simulator_with(more: &[&str]) -> Result<Self, String> {
        let more: Vec<_> = more.iter().map(std::ffi::OsStr::new).collect();
        Self::spawn_simulator(&more)
    }

    /// The simulator with a public client that may go back to this machine, without TLS on a free port.
    pub(super) fn simulator_for_desktops() -> Result<Self, String> {
        let arguments = ["--public-client", "desktop", "--redirect", "desktop:http://127.0.0.1/callback"];
        Self::spawn_simulator(&arguments.map(str::as_ref))
    }

    fn spawn_simulator(more: &[&std::ffi::OsStr]) -> Result<Self, String> {
        crate::run::run("cargo build --quiet -p snow-sim --all-features", &[])?;
        let words = "--port 0 --user myusername:mypassword --client my-id:my-secret";
        let child = Command::new(target().join("debug/snow-sim"))
            .args(words.split(' '))
            .args(more)
            .stdout(Stdio::piped())
            .spawn();
        let child = child.map_err(|error| format!("the simulator did not start: {error}"))?;
        let mut server = Self { child, port: 0 };
        let output = server.child.stdout.take().ok_or("the simulator has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        let port = line.trim().rsplit(':').next().unwrap_or_default();
        server.port = port.parse().map_err(|_| format!("the simulator says no port: {line:?}"))?;
        Ok(server)
    }
}

/// A port where nobody listens.
pub(super) fn free_port() -> Result<u16, String> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    Ok(socket.local_addr().map_err(|error| error.to_string())?.port())
}
