//! The crates as they would be published.

use crate::ci::LIBRARIES;
use crate::run::{Done, errors, root, run};
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

/// Builds each crate from its package.
pub(crate) fn check() -> Done {
    let folder = new_folder();
    let line = format!("cargo package {LIBRARIES} --allow-dirty --quiet --target-dir {folder}");
    // Nobody debugs what is built here, and it is built from nothing.
    let done = run(&line, &[("CARGO_PROFILE_DEV_DEBUG", "0")]);
    let _ = fs::remove_dir_all(root().join(folder));
    done
}

/// Checks that no package depends on a version that is yanked, which cargo reports while it packages.
pub(crate) fn are_not_yanked() -> Done {
    let folder = new_folder();
    let line = format!("cargo package {LIBRARIES} --allow-dirty --no-verify --target-dir {folder}");
    println!("$ {line}");
    let told = errors(&line);
    let _ = fs::remove_dir_all(root().join(folder));
    expect_none_yanked(&told?)
}

/// Fails if cargo has reported a yanked version.
pub(crate) fn expect_none_yanked(told: &str) -> Done {
    let yanked: Vec<&str> = told.lines().filter(|line| line.contains("yanked")).collect();
    if yanked.is_empty() { Ok(()) } else { Err(yanked.join("\n")) }
}

/// Packages that are unpacked, until this is dropped.
pub(crate) struct Unpacked {
    folder: String,
    /// Names and folders.
    pub(crate) crates: Vec<(String, PathBuf)>,
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(root().join(&self.folder));
    }
}

/// Packages all crates, and unpacks them.
pub(crate) fn unpack() -> Result<Unpacked, String> {
    let mut unpacked = Unpacked { folder: new_folder(), crates: Vec::new() };
    let folder = &unpacked.folder;
    run(&format!("cargo package {LIBRARIES} --allow-dirty --no-verify --quiet --target-dir {folder}"), &[])?;
    let version = env!("CARGO_PKG_VERSION");
    for name in LIBRARIES.split("-p ").map(str::trim).filter(|name| !name.is_empty()) {
        let packages = format!("{folder}/package");
        run(
            &format!("tar --extract --gzip --file {packages}/{name}-{version}.crate --directory {packages}"),
            &[],
        )?;
        unpacked.crates.push((name.to_owned(), root().join(format!("{packages}/{name}-{version}"))));
    }
    Ok(unpacked)
}

/// Names a folder that was never there before: cargo keeps what it unpacked from a folder, and takes it again for other contents of
/// the same version.
#[expect(clippy::disallowed_methods, reason = "a name that is new")]
pub(crate) fn new_folder() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("target/package-{now}")
}
