//! An export in a process of its own, which says what it is doing.

use serde::{Deserialize, Serialize};
use snow_client::export::{ExportDirectory, ExportFile, ExportTarget, Ndjson, TargetEntry, TargetFuture};
use snow_client::{Client, Error};
use std::any::Any;
use std::env::current_exe;
use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;

/// The variable with what the child is to do.
const ORDER: &str = "SNOW_EXPORT_CHILD";

/// What a child exports, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    pub(crate) page: u32,
    pub(crate) records_per_file: u64,
    pub(crate) parallel: usize,
    pub(crate) parts: usize,
}

impl Order {
    /// Returns the command of a process that carries this out.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(current_exe().unwrap());
        command.args(["--exact", "--ignored", "--nocapture", "--test-threads=1", "child::exports"]);
        command.env(ORDER, serde_json::to_string(self).unwrap());
        command
    }

    /// The same in a shell that does something first.
    pub(crate) fn after(&self, first: &str) -> Command {
        let (command, mut shell) = (self.command(), Command::new("sh"));
        shell.args(["-c", &format!("{first} && exec \"$@\""), "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        shell.env(ORDER, serde_json::to_string(self).unwrap());
        shell
    }

    async fn export(self) -> Result<u64, Error> {
        let client = Client::builder().instance(self.url).user("admin").password("secret").build()?;
        let target = Told(ExportDirectory::new(self.folder));
        let export = client.table("incident").list().fields(["number", "sys_id"]).export(Ndjson::new(), target);
        let export = export.page_size(self.page).records_per_file(self.records_per_file);
        let export = export.parallel(self.parallel).parts(self.parts).resume(true);
        Ok(export.on_progress(|progress| say(&format!("read {}", progress.received))).await?.received)
    }
}

/// The process of an [`Order`]: prints a line at each step, and in the end how it went.
#[test]
#[ignore = "is run by other tests"]
fn exports() {
    let order: Order = serde_json::from_str(&std::env::var(ORDER).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match runtime.block_on(order.export()) {
        Ok(received) => say(&format!("complete {received}")),
        Err(error) => say(&format!("failed {:?}: {error}", error.kind())),
    }
}

fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "> {line}").unwrap();
    output.flush().unwrap();
}

/// A directory, with a line before and after each operation.
#[derive(Debug)]
struct Told(ExportDirectory);

fn told<'a, T: Send + 'a>(what: &'static str, work: TargetFuture<'a, T>) -> TargetFuture<'a, T> {
    Box::pin(async move {
        say(&format!("before {what}"));
        let done = work.await;
        say(&format!("after {what}"));
        done
    })
}

impl ExportTarget for Told {
    fn location(&self) -> String {
        self.0.location()
    }

    fn lock(&self) -> TargetFuture<'_, Box<dyn Any + Send>> {
        told("lock", self.0.lock())
    }

    fn list(&self) -> TargetFuture<'_, Vec<TargetEntry>> {
        self.0.list()
    }

    fn read<'a>(&'a self, name: &'a str, range: Range<u64>) -> TargetFuture<'a, Vec<u8>> {
        self.0.read(name, range)
    }

    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> TargetFuture<'a, ()> {
        told("put", self.0.put(name, content))
    }

    fn remove<'a>(&'a self, name: &'a str) -> TargetFuture<'a, ()> {
        told("remove", self.0.remove(name))
    }

    fn create<'a>(&'a self, name: &'a str) -> TargetFuture<'a, Box<dyn ExportFile>> {
        told("create", Box::pin(async move {
            let file = self.0.create(name).await?;
            Ok(Box::new(ToldFile(file)) as Box<dyn ExportFile>)
        }))
    }
}

struct ToldFile(Box<dyn ExportFile>);

impl ExportFile for ToldFile {
    fn write(&mut self, bytes: Vec<u8>) -> TargetFuture<'_, ()> {
        told("write", self.0.write(bytes))
    }

    fn sync(&mut self) -> TargetFuture<'_, ()> {
        told("sync", self.0.sync())
    }

    fn publish(self: Box<Self>) -> TargetFuture<'static, ()> {
        told("publish", self.0.publish())
    }
}
