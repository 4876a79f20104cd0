//! A simulated instance on a socket, and the program with a login there.

use snow_sim::{Builder, Listener, Simulator};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tokio::runtime::Runtime;

/// The password of every user and the secret of every client: it must be in no output.
pub(crate) const SECRET: &str = "canary-9b1f";

pub(crate) struct Instance {
    pub(crate) simulator: Simulator,
    listener: Listener,
    _runtime: Runtime,
}

impl Instance {
    /// An instance with its demo data and an administrator.
    pub(crate) fn start() -> Self {
        Self::of(Simulator::builder())
    }

    pub(crate) fn of(builder: Builder) -> Self {
        let simulator = builder.user("admin", SECRET).build().unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(simulator.listen()).unwrap();
        Self { simulator, listener, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        self.listener.url()
    }

    /// The program, logged in as the administrator.
    pub(crate) fn snow(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.env("SNOW_INSTANCE", self.url()).env("SNOW_USER", "admin").env("SNOW_PASSWORD", SECRET);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.snow(arguments).output().unwrap())
    }
}

/// The program without a login.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snow"));
    command.env_clear().args(arguments);
    command
}

/// What a run of the program said. No secret is in it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        // "YWRtaW46Y2FuYXJ5" is how "admin:canary" begins in a header.
        for secret in [SECRET, "YWRtaW46Y2FuYXJ5"] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:?}");
        }
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "colors: {ran:?}");
        ran
    }

    /// The standard output of a run that succeeded.
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }
}

/// A folder that is there while a test runs.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("snow-cli-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let gone = std::fs::remove_dir_all(&self.0);
        assert!(gone.is_ok() || gone.is_err_and(|why| why.kind() == io::ErrorKind::NotFound));
    }
}
