//! Parts of tests that need a process of their own.

use std::env::current_exe;
use std::process::{Command, Output};

/// A process that runs one of the ignored tests of this program.
pub(super) fn command(test: &str) -> Command {
    let mut command = Command::new(current_exe().unwrap());
    command
        .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .arg(format!("blocking::{test}"));
    command
}

/// The same in a shell that sets limits first.
pub(super) fn limited(limits: &str, test: &str) -> Command {
    let command = command(test);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{limits} && exec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

/// What it printed, if the test in it has passed.
pub(super) fn passes(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success() && stdout.contains("1 passed"), "{status}\n{stdout}\n{stderr}");
    stdout.into_owned()
}
