//! The inside of the crates under `crates/`: no circle between modules, no arrow upward in snow-client, no long file, and few
//! names of types used twice. `ARCHITECTURE.md` explains them, and the files that it names exist.

mod circles;
mod collect;
mod documented_paths;
mod layering;
mod long_files;
mod repeated_names;
mod resolve;
mod source;

use crate::run::{Done, root};
use source::CrateSource;
use std::fs;

const CRATES: [&str; 11] = [
    "snow-core",
    "snow-auth",
    "snow-client",
    "snow-arrow",
    "snow-store-redis",
    "snow-store-postgres",
    "snow-codegen",
    "snow-sim",
    "engine/snow-datafusion",
    "engine/snow-ballista",
    "engine/snow-cli",
];

/// Checks all crates and `ARCHITECTURE.md`, and returns every problem at once.
pub(crate) fn check() -> Done {
    let mut problems = Vec::new();
    for name in CRATES {
        problems.extend(problems_of(&CrateSource::load(name, &root().join("crates").join(name))?));
    }
    let page = root().join("ARCHITECTURE.md");
    let page = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    problems.extend(documented_paths::problems(root(), &page));
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    println!("{} crates: no circle, no arrow upward, no long file", CRATES.len());
    Ok(())
}

fn problems_of(source: &CrateSource) -> Vec<String> {
    let mut problems = circles::problems(source);
    problems.extend(layering::problems(source));
    problems.extend(long_files::problems(source));
    problems.extend(repeated_names::problems(source));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems of a crate that consists of these files.
    pub(super) fn problems(name: &str, files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        problems_of(&CrateSource::parse(name, &files).unwrap())
    }
}
