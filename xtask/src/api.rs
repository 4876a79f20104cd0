//! The public API of each library, one item a line: kept in `tests/api`, so that a change of it is seen.
//!
//! It comes from rustdoc's JSON, whose format belongs to one version of Rust; with another version it cannot be compared.

use crate::foreign_types;
use crate::run::{Done, root, run};
use crate::workspace::Workspace;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// Writes the files of a workspace anew.
pub(crate) fn write(workspace: &Workspace) -> Done {
    workspace.libraries.iter().try_for_each(|library| {
        let (file, api) = (file(library), of(workspace, library)?);
        fs::create_dir_all(root().join("tests/api")).map_err(|why| why.to_string())?;
        fs::write(root().join(&file), api).map_err(|why| format!("{file}: {why}"))
    })
}

/// Fails if a library's API is not the one in its file, or names crates that it should not.
pub(crate) fn check(workspace: &Workspace) -> Done {
    let lock = workspace.lock();
    let lock = fs::read_to_string(&lock).map_err(|why| format!("{}: {why}", lock.display()))?;
    workspace.libraries.iter().try_for_each(|library| {
        let file = file(library);
        let known = fs::read_to_string(root().join(&file)).map_err(|why| format!("{file}: {why}"))?;
        let api = of(workspace, library)?;
        let foreign = foreign_types::problems(&api, &lock);
        if !foreign.is_empty() {
            return Err(foreign.join("\n"));
        }
        let changes = changes(&known, &api);
        match changes.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "the public API of {library} is not that of {file}; if that is meant, run `cargo xtask api`:\n{}",
                changes.join("\n")
            )),
        }
    })
}

fn file(library: &str) -> String {
    format!("tests/api/{library}.txt")
}

fn changes(old: &str, new: &str) -> Vec<String> {
    let without = |all: &str, others: &str, sign: &str| -> Vec<String> {
        let others: std::collections::BTreeSet<&str> = others.lines().collect();
        all.lines().filter(|line| !others.contains(line)).map(|line| format!("{sign} {line}")).collect()
    };
    [without(old, new, "-"), without(new, old, "+")].concat()
}

/// Has rustdoc write what it knows of a library, and returns the file.
fn write_rustdoc_json(workspace: &Workspace, library: &str) -> Result<PathBuf, String> {
    let options = "--all-features --lib --quiet -- -Zunstable-options --output-format json --cap-lints allow";
    let manifest = workspace.manifest();
    run(&format!("cargo rustdoc {manifest} -p {library} {options}"), &[("RUSTC_BOOTSTRAP", "1")])?;
    Ok(workspace.target().join(format!("doc/{}.json", library.replace('-', "_"))))
}

/// Returns what rustdoc knows of a library.
pub(crate) fn rustdoc_json(workspace: &Workspace, library: &str) -> Result<Value, String> {
    let file = write_rustdoc_json(workspace, library)?;
    let text = fs::read(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    serde_json::from_slice(&text).map_err(|why| format!("{}: {why}", file.display()))
}

/// Returns the public items, with the traits they implement; of those that the compiler derives by itself, `Send` and `Sync`.
fn of(workspace: &Workspace, library: &str) -> Result<String, String> {
    let json = write_rustdoc_json(workspace, library)?;
    let api = public_api::Builder::from_rustdoc_json(&json).omit_blanket_impls(true).build();
    let api = api.map_err(|why| format!("{}: {why}", json.display()))?;
    let own = library.replace('-', "_");
    let mut lines: Vec<String> =
        api.items().map(ToString::to_string).filter(|line| !is_noise(line)).collect();
    for line in &mut lines {
        *line = without_private_modules(line, &own);
    }
    lines.sort();
    lines.dedup();
    Ok(lines.iter().fold(String::new(), |text, line| text + line + "\n"))
}

/// Whether a line says nothing of the API: traits that the compiler derives by itself, and how methods are grouped into blocks.
fn is_noise(line: &str) -> bool {
    let derived =
        ["core::marker::Freeze", "core::marker::Unpin", "UnwindSafe", "UnsafeUnpin", "StructuralPartialEq"];
    line.starts_with("impl") && (!line.contains(" for ") || derived.iter().any(|name| line.contains(name)))
}

/// Leaves out the modules in which our other libraries define their types: rustdoc names the private ones, not those from which a
/// type is exported.
fn without_private_modules(line: &str, own: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(start) = rest.find("snow_") {
        let path_end = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
        let path = &rest[start..];
        let path = &path[..path.find(path_end).unwrap_or(path.len())];
        out.push_str(&rest[..start]);
        rest = &rest[start + path.len()..];
        let mut segments = path.split("::");
        let library = segments.next().unwrap_or_default();
        let is_module = |segment: &&str| segment.starts_with(|c: char| c.is_lowercase());
        let names: Vec<&str> = segments.clone().skip_while(is_module).collect();
        match library == own || names.is_empty() {
            true => out.push_str(path),
            false => out.push_str(&format!("{library}::{}", names.join("::"))),
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_other_libraries_are_named_without_their_modules() {
        let line = "pub fn snow_client::Api::get(&self) -> snow_client::Call<snow_core::decode::response::ApiResponse>";
        let short = "pub fn snow_client::Api::get(&self) -> snow_client::Call<snow_core::ApiResponse>";
        assert_eq!(without_private_modules(line, "snow_client"), short);
        let own = "pub struct snow_core::decode::ApiResponse";
        assert_eq!(without_private_modules(own, "snow_core"), own);
        assert!(is_noise("impl<'a> snow_core::query::Query<'a>"));
        assert!(!is_noise("impl core::fmt::Debug for snow_core::Error"));
    }
}
