//! What a release needs in addition to `ci`. `RELEASING.md` lists the steps.

mod deny;
mod engines;
mod tools;

use crate::ci::LIBRARIES;
use crate::run::{Done, output, run, target};
use crate::workspace::ROOT;
use crate::{fuzz, interop, packages};
use tools::Tool;

type Step = (&'static str, fn() -> Done);

const STEPS: [Step; 9] = [
    ("deny", || deny::check(&ROOT)),
    ("yanked", packages::are_not_yanked),
    ("powerset", powerset),
    ("minimal-versions", minimal_versions),
    ("docsrs", docsrs),
    ("semver", semver),
    ("fuzz", || fuzz::all(600, None)),
    ("interop", || interop::check(None)),
    // After `interop`, which has compiled most of it.
    ("engines", engines::check),
];

/// Runs all steps, or the one of a name.
pub(crate) fn check(only: Option<&str>) -> Done {
    let steps: Vec<&Step> = STEPS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if steps.is_empty() {
        let names = STEPS.map(|(name, _)| name).join(", ");
        return Err(format!("there is no such step; the steps of release-check are: {names}"));
    }
    for (name, step) in &steps {
        println!("\n== {name}");
        step().map_err(|why| format!("release-check {name}: {why}"))?;
    }
    println!("\nPassed: {}.", steps.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "));
    Ok(())
}

/// Compiles each crate with no feature, with each, and with each two.
fn powerset() -> Done {
    let hack = Tool::Hack.install()?;
    let options = "--feature-powerset --depth 2 --no-dev-deps";
    run(&format!("{hack} hack check {LIBRARIES} {options} --target-dir target/powerset"), &[])
}

/// Compiles each crate with the oldest versions of its own dependencies that it allows.
fn minimal_versions() -> Done {
    let folder = Tool::Hack.install_and(Tool::MinimalVersions)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{folder}:{path}");
    let environment = [("RUSTC_BOOTSTRAP", "1"), ("PATH", path.as_str())];
    let line = "minimal-versions check --direct --ignore-private --all-features --target-dir target/minimal-versions";
    run(&format!("cargo {line}"), &environment)
}

/// Builds the documentation as the documentation site does.
fn docsrs() -> Done {
    let environment = [("RUSTC_BOOTSTRAP", "1"), ("RUSTDOCFLAGS", "--cfg docsrs -D warnings")];
    let folder = target().join("docsrs");
    let line = format!("cargo doc {LIBRARIES} --no-deps --all-features --target-dir {}", folder.display());
    run(&line, &environment)
}

/// Compares the public API with that of the last tag.
fn semver() -> Done {
    let tags = output("git tag --list v* --sort -version:refname")?;
    let Some(tag) = tags.lines().next() else {
        println!("there is no tag yet, so there is nothing to compare the public API with");
        return Ok(());
    };
    let semver = Tool::SemverChecks.install()?;
    run(&format!("{semver} semver-checks {LIBRARIES} --baseline-rev {tag} --all-features"), &[])
}
