//! What a link may lead to.

use super::anchors::anchors;
use crate::run::target;
use std::fs;
use std::path::{Path, PathBuf};

const PAGES: &str = "https://github.com/snow-rs/snow/blob/main/";
const FILES: &str = "https://raw.githubusercontent.com/snow-rs/snow/main/";
const DOCUMENTATION: &str = "https://docs.rs/snow-";

/// The repository, and the documentation that rustdoc wrote.
pub(super) struct Targets {
    root: PathBuf,
    documentation: PathBuf,
}

impl Targets {
    /// # Errors
    /// Fails if there is no documentation: links into it cannot be checked then.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let documentation = target().join("doc");
        if !documentation.join("snow_client/index.html").exists() {
            return Err(
                "there is no documentation to check links with: run `cargo xtask ci doc` first".into()
            );
        }
        Ok(Self { root: root.to_owned(), documentation })
    }

    #[cfg(test)]
    pub(super) fn of(root: &Path, documentation: &Path) -> Self {
        Self { root: root.to_owned(), documentation: documentation.to_owned() }
    }

    /// Returns what is wrong with an absolute link; `None` for one that is right, or leads to somebody else.
    pub(super) fn problem(&self, link: &str) -> Option<String> {
        if let Some(path) = link.strip_prefix(PAGES).or_else(|| link.strip_prefix(FILES)) {
            return self.problem_of_file(&self.root, path);
        }
        let crate_and_path = link.strip_prefix(DOCUMENTATION)?;
        let Some((name, path)) = crate_and_path.split_once("/latest/") else {
            let manifest =
                |folder: &str| self.root.join(format!("{folder}/snow-{crate_and_path}/Cargo.toml"));
            let exists = manifest("crates").exists() || manifest("crates/engine").exists();
            return (!exists).then(|| format!("there is no crate snow-{crate_and_path}"));
        };
        let (path, _) = path.split_once('#').unwrap_or((path, ""));
        let file = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
        let exists = self.documentation.join(&file).exists();
        (!exists).then(|| format!("the documentation of snow-{name} has no {file}"))
    }

    /// Returns what is wrong with a path in a folder, which may have an anchor.
    pub(super) fn problem_of_file(&self, folder: &Path, path: &str) -> Option<String> {
        let (path, anchor) = path.split_once('#').map_or((path, None), |(path, anchor)| (path, Some(anchor)));
        let file = folder.join(path);
        if !file.exists() {
            return Some(format!("{path} does not exist"));
        }
        let anchor = anchor?;
        let text = fs::read_to_string(&file).unwrap_or_default();
        (!anchors(&text).iter().any(|known| known == anchor))
            .then(|| format!("{path} has no heading #{anchor}"))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}
