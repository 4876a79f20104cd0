//! What the other steps check of the root's crates, for those of the SQL engines.

use super::deny;
use super::tools::Tool;
use crate::run::{Done, errors, root, run};
use crate::workspace::ENGINES;
use crate::{api, packages, rust_versions, words};
use std::fs;

/// The crates that are published, in the order in which they name each other.
const CRATES: &str = "-p snow-datafusion -p snow-ballista -p snow-cli";

pub(super) fn check() -> Done {
    rust_versions::check(&ENGINES)?;
    deny::check(&ENGINES)?;
    api::check(&ENGINES)?;
    words::check(&ENGINES)?;
    docsrs()?;
    package()?;
    powerset()
}

/// Compiles the command with no feature, with each, and with each two. The libraries have no features, and are built from their packages.
fn powerset() -> Done {
    let hack = Tool::Hack.install()?;
    let options = "-p snow-cli --feature-powerset --depth 2 --no-dev-deps";
    run(&format!("{hack} hack check {} {options}", ENGINES.manifest()), &[])
}

/// Builds the documentation as the documentation site does.
fn docsrs() -> Done {
    let environment = [("RUSTC_BOOTSTRAP", "1"), ("RUSTDOCFLAGS", "--cfg docsrs -D warnings")];
    let options = "--no-deps --all-features --locked";
    run(&format!("cargo doc {} {CRATES} {options}", ENGINES.manifest()), &environment)
}

/// Builds each crate from its package, and the crates of the root that it needs from theirs. None of these packages is yanked.
fn package() -> Done {
    let root_packages = packages::unpack()?;
    let patches = root_packages
        .crates
        .iter()
        .map(|(name, folder)| format!(" --config patch.crates-io.{name}.path=\"{}\"", folder.display()));
    let patches: String = patches.collect();
    let target = root().join(packages::new_folder()).display().to_string();
    let line = format!(
        "cargo package {} {CRATES} --allow-dirty --config profile.dev.debug=0 --target-dir {target}{patches}",
        ENGINES.manifest()
    );
    println!("$ {line}");
    // cargo notes in the lock file which patches it has not used.
    let lock = ENGINES.lock();
    let kept = fs::read(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let told = errors(&line);
    fs::write(&lock, kept).map_err(|error| format!("{}: {error}", lock.display()))?;
    let _ = fs::remove_dir_all(target);
    packages::expect_none_yanked(&told?)
}
