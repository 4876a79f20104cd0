//! The two workspaces of published crates: that of the root, and that of the SQL engines, which has a lock file of its own.

use crate::run::{root, target};
use std::path::PathBuf;

/// A workspace, and what of it is published.
pub(crate) struct Workspace {
    /// Where it is, below the root; empty for the root itself.
    folder: &'static str,
    /// Its libraries, whose API and documentation are checked.
    pub(crate) libraries: &'static [&'static str],
}

pub(crate) const ROOT: Workspace = Workspace {
    folder: "",
    libraries: &[
        "snow-core",
        "snow-auth",
        "snow-client",
        "snow-arrow",
        "snow-store-redis",
        "snow-store-postgres",
        "snow-sim",
    ],
};

pub(crate) const ENGINES: Workspace =
    Workspace { folder: "crates/engine", libraries: &["snow-datafusion", "snow-ballista"] };

impl Workspace {
    /// Returns the option that tells cargo and its tools which workspace is meant.
    pub(crate) fn manifest(&self) -> String {
        format!("--manifest-path {}", root().join(self.folder).join("Cargo.toml").display())
    }

    /// Returns the path of the lock file.
    pub(crate) fn lock(&self) -> PathBuf {
        root().join(self.folder).join("Cargo.lock")
    }

    /// Returns where cargo builds it.
    pub(crate) fn target(&self) -> PathBuf {
        match self.folder {
            "" => target(),
            folder => std::env::var_os("CARGO_TARGET_DIR")
                .map_or_else(|| root().join(folder).join("target"), PathBuf::from),
        }
    }
}
