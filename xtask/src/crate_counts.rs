//! How many crates a program compiles that uses snow-client, and that a build without default features has no TLS.

use crate::run::{Done, output, root};
use std::collections::BTreeSet;

/// Options of cargo, and how many crates they may lead to, tokio and snow-client itself included.
const LIMITS: [(&str, usize); 3] =
    [("", 125), ("--no-default-features", 85), ("--no-default-features --features oauth", 105)];

/// Not in a build without default features.
const OWN_TRANSPORT: [&str; 4] = ["hyper", "hyper-rustls", "ring", "rustls"];

pub(crate) fn check() -> Done {
    for (options, limit) in LIMITS {
        let crates = crates(options)?;
        println!("snow-client {options}: {} crates, at most {limit}", crates.len());
        if crates.len() > limit {
            return Err(format!(
                "snow-client {options} compiles {} crates, and {limit} are allowed",
                crates.len()
            ));
        }
        let name = |named: &String| named.split(' ').next().unwrap_or_default().to_owned();
        let names: BTreeSet<String> = crates.iter().map(name).collect();
        let unwanted =
            OWN_TRANSPORT.iter().find(|unwanted| !options.is_empty() && names.contains(**unwanted));
        if let Some(unwanted) = unwanted {
            return Err(format!("snow-client {options} compiles {unwanted}, which belongs to the transport"));
        }
    }
    in_the_readme()
}

/// Returns the crates with their versions, each once.
fn crates(options: &str) -> Result<BTreeSet<String>, String> {
    let tree =
        output(&format!("cargo tree -p snow-client {options} -e normal --prefix none --no-dedupe --locked"))?;
    Ok(tree.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect())
}

/// Checks that the README tells the same numbers.
fn in_the_readme() -> Done {
    let text =
        std::fs::read_to_string(root().join("README.md")).map_err(|error| format!("README.md: {error}"))?;
    let told = |(_, limit): &(&str, usize)| text.contains(&format!("at most {limit} "));
    match LIMITS.iter().find(|limit| !told(limit)) {
        None => Ok(()),
        Some((options, limit)) => {
            Err(format!("the README does not say \"at most {limit} crates\" for {options:?}"))
        }
    }
}
