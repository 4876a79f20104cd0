//! The tools of release-check, each at one version.

use crate::run::{run, target};
use std::path::PathBuf;

#[derive(Clone, Copy)]
pub(super) enum Tool {
    Deny,
    Hack,
    MinimalVersions,
    SemverChecks,
}

impl Tool {
    fn name_and_version(self) -> (&'static str, &'static str) {
        match self {
            Self::Deny => ("cargo-deny", "0.20.2"),
            Self::Hack => ("cargo-hack", "0.6.46"),
            Self::MinimalVersions => ("cargo-minimal-versions", "0.1.38"),
            Self::SemverChecks => ("cargo-semver-checks", "0.51.0"),
        }
    }

    /// Installs the tool unless it is there in this version, and returns its path.
    pub(super) fn install(self) -> Result<String, String> {
        let ((name, version), folder) = (self.name_and_version(), folder());
        // cargo does nothing if it is there already.
        let folder = folder.display();
        run(&format!("cargo install {name} --version ={version} --locked --quiet --root {folder}"), &[])?;
        Ok(format!("{folder}/bin/{name}"))
    }

    /// Installs both tools, and returns the folder of the programs.
    pub(super) fn install_and(self, other: Self) -> Result<String, String> {
        self.install()?;
        other.install()?;
        Ok(folder().join("bin").display().to_string())
    }
}

fn folder() -> PathBuf {
    target().join("release-tools")
}
