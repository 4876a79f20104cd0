//! How many crates snow-client depends on, and that a build without default features has no TLS.

use crate::run::{Done, output, root};
use std::collections::BTreeSet;

/// Options of cargo, and how many crates they may lead to, tokio and snow-client itself included. Those that only build scripts use
/// are not counted.
const LIMITS: [(&str, usize); 3] =
    [("", 125), ("--no-default-features", 85), ("--no-default-features --features oauth", 105)];

/// Not in a build without default features.
const OWN_TRANSPORT: [&str; 4] = ["hyper", "hyper-rustls", "ring", "rustls"];

pub(crate) fn check() -> Done {
    let mut counts = Vec::new();
    for (options, limit) in LIMITS {
        let crates = crates(options)?;
        counts.push(crates.len());
        println!("snow-client {options}: {} crates, at most {limit}", crates.len());
        if crates.len() > limit {
            return Err(format!(
                "snow-client {options} depends on {} crates, and {limit} are allowed",
                crates.len()
            ));
        }
        let name = |named: &String| named.split(' ').next().unwrap_or_default().to_owned();
        let names: BTreeSet<String> = crates.iter().map(name).collect();
        let unwanted =
            OWN_TRANSPORT.iter().find(|unwanted| !options.is_empty() && names.contains(**unwanted));
        if let Some(unwanted) = unwanted {
            return Err(format!(
                "snow-client {options} depends on {unwanted}, which belongs to the transport"
            ));
        }
    }
    in_the_docs(&counts)
}

/// Returns the crates with their versions, each once.
fn crates(options: &str) -> Result<BTreeSet<String>, String> {
    let tree =
        output(&format!("cargo tree -p snow-client {options} -e normal --prefix none --no-dedupe --locked"))?;
    Ok(tree.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect())
}

/// Checks that the README and the page about features tell the same numbers.
fn in_the_docs(counts: &[usize]) -> Done {
    let [default, bare, oauth] = counts else {
        return Err("the README tells three numbers of crates".into());
    };
    let limits = LIMITS.iter().map(|(_, limit)| ("README.md", format!("at most {limit}")));
    let last = [
        ("README.md", format!("{default}, {bare} and {oauth}.")),
        (
            "docs/features.md",
            format!("{oauth} crates instead of {default}, tokio included, and {bare} without"),
        ),
    ];
    limits.chain(last).try_for_each(|(file, told)| {
        let text = std::fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
        if text.contains(&told) { Ok(()) } else { Err(format!("{file} does not say {told:?}")) }
    })
}
