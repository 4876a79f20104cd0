//! No dependency of a published crate needs a newer version of Rust than we promise.

use crate::run::{Done, output};
use crate::workspace::Workspace;
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) fn check(workspace: &Workspace) -> Done {
    let manifest = workspace.manifest();
    let metadata = output(&format!("cargo metadata {manifest} --format-version 1 --locked --all-features"))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let members = metadata["workspace_members"].as_array().map(Vec::as_slice).unwrap_or_default();
    let published: Vec<&Value> =
        packages.iter().filter(|package| members.contains(&package["id"]) && is_published(package)).collect();
    let ours =
        published.first().and_then(|package| version(package)).ok_or("our crates have no rust-version")?;
    let reached = reached(&metadata, &published);
    let newer = packages.iter().filter(|package| {
        reached.contains(package["id"].as_str().unwrap_or_default()) && version(package) > Some(ours)
    });
    let newer: Vec<String> = newer
        .map(|package| {
            format!("{} {} needs Rust {}", package["name"], package["version"], package["rust_version"])
        })
        .collect();
    if !newer.is_empty() {
        return Err(newer.join("\n"));
    }
    println!("{} dependencies need Rust {}.{} at most", reached.len(), ours.0, ours.1);
    Ok(())
}

/// One of ours that goes to the package index.
fn is_published(package: &Value) -> bool {
    package["source"].is_null() && package["publish"].is_null()
}

/// Returns the version of Rust that a package needs, if it says so.
fn version(package: &Value) -> Option<(u32, u32)> {
    let mut numbers = package["rust_version"].as_str()?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Returns the ids of these packages, and of all that they need to be compiled.
fn reached<'a>(metadata: &'a Value, from: &[&'a Value]) -> BTreeSet<&'a str> {
    let nodes = metadata["resolve"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut open: Vec<&str> = from.iter().filter_map(|package| package["id"].as_str()).collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !reached.insert(id) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id);
        let needed =
            node.and_then(|node| node["deps"].as_array()).into_iter().flatten().filter(|dependency| {
                let kinds = dependency["dep_kinds"].as_array().map(Vec::as_slice).unwrap_or_default();
                kinds.iter().any(|kind| kind["kind"] != "dev")
            });
        open.extend(needed.filter_map(|dependency| dependency["pkg"].as_str()));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_only_tests_need_is_not_reached() {
        let dependency = |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let deps = [
            dependency("used", Value::Null),
            dependency("built", json!("build")),
            dependency("tested", json!("dev")),
        ];
        let metadata =
            json!({ "resolve": { "nodes": [{ "id": "ours", "deps": deps }, { "id": "used", "deps": [] }] } });
        let ours = json!({ "id": "ours", "rust_version": "1.89" });
        assert_eq!(reached(&metadata, &[&ours]), BTreeSet::from(["built", "ours", "used"]));
        assert_eq!(version(&ours), Some((1, 89)));
        assert!(version(&json!({ "rust_version": "1.90.1" })) > version(&ours));
        assert_eq!(version(&json!({})), None);
    }
}
