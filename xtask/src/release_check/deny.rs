//! Licenses, banned crates, sources and advisories, by cargo-deny.

use super::tools::Tool;
use crate::run::{Done, root, run, target};
use crate::workspace::Workspace;
use std::fs;

/// Names the folder with the databases of advisories: one that `cargo deny fetch` filled.
const DATABASES: &str = "SNOW_ADVISORIES";

pub(super) fn check(workspace: &Workspace) -> Done {
    let deny = format!("{} --offline {}", Tool::Deny.install()?, workspace.manifest());
    let own = root().join("deny.toml");
    run(&format!("{deny} --config {} check bans licenses sources", own.display()), &[])?;
    let Ok(databases) = std::env::var(DATABASES) else {
        println!("no advisories are looked for: {DATABASES} names no database");
        return Ok(());
    };
    let config =
        fs::read_to_string(root().join("deny.toml")).map_err(|error| format!("deny.toml: {error}"))?;
    let file = target().join("deny-with-advisories.toml");
    let config = format!("{config}\n[advisories]\ndb-path = {databases:?}\nyanked = \"deny\"\n");
    fs::write(&file, config).map_err(|error| format!("{}: {error}", file.display()))?;
    run(&format!("{deny} --config {} check advisories", file.display()), &[])
}
