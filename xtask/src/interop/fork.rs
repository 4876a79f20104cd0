//! A program in Python that forks while its threads call: see `tests/python_fork`.

use super::public_client::all_passed;
use super::server::Server;
use crate::run::{Done, output, root, run, target};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

pub(super) fn check() -> Done {
    let (folder, target) = (root().join("tests/python_fork"), target());
    // With the workspace's folder, most of what it depends on is compiled already.
    let places = format!("--manifest-path {}/Cargo.toml --target-dir {}", folder.display(), target.display());
    run(&format!("cargo build --quiet {places}"), &[])?;
    let library = target.join(format!("debug/{DLL_PREFIX}python_fork{DLL_SUFFIX}"));
    let simulator = Server::plain_simulator()?;
    let printed =
        output(&format!("python3 {}/fork.py {} {}", folder.display(), library.display(), simulator.port))?;
    print!("{printed}");
    match printed.lines().last().is_some_and(|line| line.ends_with(": 100/100") && all_passed(line)) {
        true => Ok(()),
        false => Err("not every child did what it should".into()),
    }
}
