//! Which crate may name which: the arrows of `ARCHITECTURE.md`, and that none of the libraries names what they avoid. The
//! arrows inside the crates are checked by `structure`.

use crate::run::{Done, output};
use crate::structure;
use serde_json::Value;

/// Normal dependencies inside the workspace, by crate. Everything else is an arrow too many.
const ARROWS: &[(&str, &[&str])] = &[
    ("snow-core", &[]),
    ("snow-auth", &["snow-core"]),
    ("snow-client", &["snow-auth", "snow-client-derive", "snow-core"]),
    ("snow-client-derive", &[]),
    ("snow-arrow", &["snow-client"]),
    ("snow-codegen", &["snow-client"]),
    ("snow-store-redis", &["snow-auth", "snow-core"]),
    ("snow-store-postgres", &["snow-auth", "snow-core"]),
    ("snow-sim", &[]),
    ("snow-benches", &[]),
    ("snow-tests", &[]),
    ("xtask", &[]),
];

/// Not in the libraries, whatever for: `ARCHITECTURE.md` says why.
const AVOIDED: &[&str] = &["reqwest", "url", "governor", "async-trait", "uuid", "wiremock", "jsonwebtoken"];

pub(crate) fn check() -> Done {
    crates()?;
    structure::check()
}

fn crates() -> Done {
    let metadata = output("cargo metadata --format-version 1 --no-deps --locked")?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|e| format!("cargo metadata: {e}"))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let wrong: Vec<String> = packages.iter().flat_map(violations).collect();
    if packages.len() != ARROWS.len() {
        return Err(format!(
            "the workspace has {} crates, and arrows.rs knows {}",
            packages.len(),
            ARROWS.len()
        ));
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    println!("{} crates, no arrow too many", packages.len());
    Ok(())
}

fn violations(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
        return vec![format!("{name} is not in arrows.rs: say there which crates it may name")];
    };
    let dependencies = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let normal = dependencies.iter().filter(|dependency| dependency["kind"].is_null());
    let names = normal.filter_map(|dependency| dependency["name"].as_str());
    let wrong = |target: &&str| {
        (target.starts_with("snow-") && !allowed.contains(target)) || AVOIDED.contains(target)
    };
    names.filter(wrong).map(|target| format!("{name} names {target}, which it may not")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_arrow_is_seen_and_a_development_dependency_is_none() {
        let package = |name: &str, target: &str, kind: Value| json!({ "name": name, "dependencies": [{ "name": target, "kind": kind }] });
        assert_eq!(violations(&package("snow-auth", "snow-core", Value::Null)), [""; 0]);
        assert_eq!(violations(&package("snow-client", "snow-sim", json!("dev"))), [""; 0]);
        assert_eq!(violations(&package("snow-sim", "snow-core", Value::Null)).len(), 1);
        assert_eq!(violations(&package("snow-core", "snow-auth", Value::Null)).len(), 1);
        assert_eq!(violations(&package("snow-core", "url", Value::Null)).len(), 1);
        assert_eq!(violations(&package("snow-new", "serde", Value::Null)).len(), 1);
    }
}
