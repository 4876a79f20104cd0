//! The crates whose types are in public signatures: one that is before its version 1.0 would make each of its releases a breaking
//! change of ours.

use std::collections::{BTreeMap, BTreeSet};

/// Crates before 1.0 that public signatures may name, and why.
const ALLOWED: [(&str, &str); 8] = [
    ("tower_layer", "a layer is one of tower's, and 0.3 has been stable since 2019"),
    ("tower_service", "a service is one of tower's, and 0.3 has been stable since 2019"),
    ("futures_core", "streams are its streams until std has them, and 0.3 has been stable since 2019"),
    ("hyper_util", "only with the feature hyper-util-0_1, which names the version"),
    (
        "chrono",
        "only with the feature chrono, which exists to convert its types, and 0.4 has been stable since 2017",
    ),
    (
        "time",
        "only with the feature time, which exists to convert its types, and 0.3 has been stable since 2021",
    ),
    ("object_store", "only with the feature object_store-0_14, which names the version"),
    ("rustls", "only with the feature rustls-0_23, which names the version"),
];

/// Crates of Rust itself.
const RUST: [&str; 3] = ["core", "alloc", "std"];

/// Returns what is wrong with the crates that this API names. `lock` is the text of Cargo.lock.
pub(crate) fn problems(api: &str, lock: &str) -> Vec<String> {
    let versions = versions(lock);
    let named: BTreeSet<&str> = api.lines().flat_map(crates).collect();
    let is_own = |name: &str| name.starts_with("snow_");
    let foreign = named.into_iter().filter(|name| !is_own(name) && !RUST.contains(name));
    let problems = foreign.filter_map(|name| match versions.get(name) {
        None => Some(format!("{name} is in a public signature, and is not in Cargo.lock")),
        Some(version) if version.starts_with("0.") && !ALLOWED.iter().any(|(allowed, _)| *allowed == name) => {
            Some(format!("{name} {version} is in a public signature: hide its types, or say in ALLOWED why they may be there"))
        }
        Some(_) => None,
    });
    problems.collect()
}

/// The crates with which the paths of a line begin.
fn crates(line: &str) -> impl Iterator<Item = &str> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = line.split(move |c: char| !is_path(c)).filter(|path| path.contains("::"));
    let first = paths.filter_map(|path| path.split("::").next());
    first.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// The highest version of each crate, by its name in code.
fn versions(lock: &str) -> BTreeMap<String, &str> {
    let value = |line: &'static str| move |text: &&str| text.starts_with(line);
    let mut versions = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let of = |key| package.lines().find(value(key)).and_then(|line| line.split('"').nth(1));
        if let (Some(name), Some(version)) = (of("name = "), of("version = ")) {
            versions.insert(name.replace('-', "_"), version);
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"http\"\nversion = \"1.3.1\"\n\n[[package]]\nname = \"tower-layer\"\nversion = \"0.3.3\"\n\n\
        [[package]]\nname = \"oauth2\"\nversion = \"5.0.0\"\n\n[[package]]\nname = \"new-crate\"\nversion = \"0.9.0\"\n";

    #[test]
    fn a_crate_before_1_0_is_seen_wherever_it_stands() {
        let fine = "pub fn snow_core::a(http::Uri) -> core::option::Option<oauth2::Token>\nimpl tower_layer::Layer for snow_core::B";
        assert!(problems(fine, LOCK).is_empty());
        for line in
            ["pub fn snow_core::a(&new_crate::Type)", "pub fn snow_core::a() -> Vec<new_crate::x::Type<u8>>"]
        {
            assert_eq!(problems(line, LOCK).len(), 1, "{line}");
        }
        assert!(problems("pub fn snow_core::a(unknown::T)", LOCK)[0].contains("not in Cargo.lock"));
    }
}
