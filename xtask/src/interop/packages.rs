//! Packages of Python and of Node.js, installed below `target/interop` by their own package managers, in exact versions.

use super::{folder, read, write};
use crate::run::{Done, need, root, run};
use std::path::PathBuf;

/// Installs packages into a virtual environment of their own. Returns its folder.
pub(super) fn python(name: &str, packages: &str) -> Result<PathBuf, String> {
    installed(name, packages, |place| {
        run(&format!("python3 -m venv {place}"), &[])?;
        let pip = format!("{place}/bin/python -m pip install --quiet --disable-pip-version-check");
        run(&format!("{pip} {packages}"), &[])
    })
}

/// Installs packages into a folder of their own, and returns it.
pub(super) fn node(name: &str, packages: &str) -> Result<PathBuf, String> {
    need("node", "--version", "nodejs")?;
    need("npm", "--version", "npm")?;
    installed(name, packages, |place| {
        let npm = format!("npm install --loglevel=error --no-audit --no-fund --prefix {place}");
        run(&format!("{npm} {packages}"), &[])
    })
}

/// Installs packages unless these very versions are there from an earlier run.
fn installed(name: &str, packages: &str, install: impl FnOnce(&str) -> Done) -> Result<PathBuf, String> {
    let list = root().join("target/interop").join(name).join("installed");
    if !read(&list).is_ok_and(|installed| installed == packages) {
        folder(name)?;
        install(&format!("target/interop/{name}"))?;
        write(&list, packages)?;
    }
    Ok(root().join("target/interop").join(name))
}
