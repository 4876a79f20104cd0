//! A disk that is full, a limit of the system, and a directory that may not be written are errors, and leave nothing half-named.

use crate::child::Order;
use crate::temp_folder::TempFolder;
use crate::{counted, data_files, instance};
use snow_client::export::{Export, ExportDirectory, Ndjson};
use snow_client::{Client, Error, ErrorKind};
use snow_sim::{Listener, Simulator};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tokio::runtime::Runtime;

/// An instance in this process, and an order to export it.
struct Instance {
    _runtime: Runtime,
    _listener: Listener,
    order: Order,
    folder: TempFolder,
}

fn instance_with_order(simulator: &Simulator) -> Instance {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(simulator.listen()).unwrap();
    let folder = TempFolder::new();
    let order = Order {
        url: listener.url().to_string(),
        folder: folder.file("out"),
        page: 100,
        records_per_file: 300,
        parallel: 1,
        parts: 1,
    };
    Instance { _runtime: runtime, _listener: listener, order, folder }
}

/// Runs a child, and returns how it says that it went.
fn outcome(mut command: Command) -> String {
    let output = command.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let is_outcome = |line: &&str| line.starts_with("> failed") || line.starts_with("> complete");
    said.lines().find(is_outcome).unwrap_or_else(|| panic!("{said}\n{errors}")).to_owned()
}

/// Asserts that nothing is there but finished files and the position, and that the export comes to its end where there is room.
fn assert_resumable(order: &Order, records: usize) {
    let entries = std::fs::read_dir(&order.folder).unwrap();
    let names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".tmp") || name == "_manifest.json"), "{names:?}");
    let before = data_files(&order.folder);
    assert!(before.values().all(|file| file.ends_with(b"\n")), "half a line has a name");
    assert_eq!(outcome(order.command()), format!("> complete {records}"));
    let files = data_files(&order.folder);
    assert!(before.iter().all(|(name, content)| files[name] == *content));
    assert_eq!(counted(&files, "sys_id").len(), records);
}

#[test]
fn a_file_that_is_larger_than_the_system_allows_is_an_error() {
    let instance = instance_with_order(&instance(1_000));
    // In units of 512 bytes: less than a file takes. Without the trap, the system would kill the process.
    let said = outcome(instance.order.after("trap '' XFSZ && ulimit -f 20"));
    assert!(said.contains("failed Io") && said.contains("larger than the system allows"), "{said}");
    assert_resumable(&instance.order, 1_000);
}

#[test]
fn a_full_disk_is_an_error() {
    let instance = instance_with_order(&instance(2_000));
    std::fs::create_dir(&instance.order.folder).unwrap();
    let kept = instance.folder.file("kept");
    std::fs::create_dir(&kept).unwrap();
    let (out, copy) = (instance.order.folder.display(), kept.display());
    // A disk of 64 KiB that only the child sees; what is on it when the child has ended is copied.
    let user = if is_root() { "-m" } else { "-rm" };
    let script = format!("mount -t tmpfs -o size=64k none {out} && {{ \"$@\"; cp -a {out}/. {copy}; }}");
    let export = instance.order.command();
    let mut command = Command::new("unshare");
    command.args([user, "sh", "-c", &script, "sh"]).arg(export.get_program()).args(export.get_args());
    command.envs(export.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if !Command::new("unshare").args([user, "mount", "-t", "tmpfs", "none", "/mnt"]).status().unwrap().success() {
        println!("no disk can be mounted here: not run");
        return;
    }
    let said = outcome(command);
    assert!(said.contains("failed Io") && said.contains("the disk is full"), "{said}");
    assert!(!data_files(&kept).is_empty(), "no file was finished before the disk was full");
    assert_resumable(&Order { folder: kept, ..instance.order.clone() }, 2_000);
}

#[test]
fn a_directory_that_may_not_be_written_is_an_error() {
    let instance = instance_with_order(&instance(100));
    let out = &instance.order.folder;
    std::fs::create_dir(out).unwrap();
    std::fs::set_permissions(out, std::fs::Permissions::from_mode(0o555)).unwrap();
    let said = match is_root() {
        // Root may write everywhere.
        true => outcome(instance.order.after("exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"")),
        false => outcome(instance.order.command()),
    };
    assert!(said.contains("failed Io") && said.contains("this user has no permission"), "{said}");
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 0);
    std::fs::set_permissions(out, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&id.stdout).trim() == "0"
}

async fn error_of(path: &Path) -> Error {
    let simulator = instance(10);
    let client = Client::builder().instance("dev12345").user("admin").password("secret");
    let client = client.transport(simulator.clone()).build().unwrap();
    let export: Export = crate::incidents(&client).export(Ndjson::new(), ExportDirectory::new(path));
    let error = export.await.unwrap_err();
    assert!(simulator.journal().is_empty(), "something was sent");
    error
}

#[tokio::test]
async fn a_place_that_is_no_directory_is_an_error() {
    let folder = TempFolder::new();
    std::fs::write(folder.file("file"), "precious").unwrap();
    for path in [folder.file("file"), folder.file("file/below")] {
        let error = error_of(&path).await;
        assert!(error.kind() == ErrorKind::Io && error.to_string().contains("file"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(folder.file("file")).unwrap(), "precious");
}
