//! What has to pass before a change lands.

use crate::run::{Done, run};
use crate::workspace::ROOT;
use crate::{
    api, arrow, arrows, cli, costs, crate_counts, examples, feed, files, guide_programs, markdown, packages,
    plot, readme, rust_versions, tables, words,
};
use std::time::Instant;

type Step = (&'static str, fn() -> Done);

const STEPS: &[Step] = &[
    ("fmt", || run("cargo fmt --all --check", &[])),
    ("arrows", arrows::check),
    ("api", || api::check(&ROOT)),
    // Directly after `api`, from whose files it reads: rustdoc writes them once.
    ("words", || words::check(&ROOT)),
    ("clippy", || run("cargo clippy --workspace --all-targets --all-features -- -D warnings", &[])),
    ("clippy-none", without_features),
    ("test", test),
    ("own-transport", own_transport),
    ("cli", cli::check),
    ("examples", examples::check),
    ("doc", || {
        run(&format!("cargo doc {LIBRARIES} --no-deps --all-features"), &[("RUSTDOCFLAGS", "-D warnings")])
    }),
    ("markdown", markdown::check),
    ("plot", plot::check),
    ("readme", readme::check),
    ("crate-counts", crate_counts::check),
    ("rust-versions", || rust_versions::check(&ROOT)),
    ("package", packages::check),
    ("guide-programs", guide_programs::check),
    ("costs", costs::all),
    ("tables", tables::gates),
    ("feed", feed::gates),
    ("files", files::gates),
    ("arrow", arrow::gates),
];

/// The crates that are published, in the order in which they name each other.
pub(crate) const LIBRARIES: &str = "-p snow-core -p snow-auth -p snow-client-derive -p snow-client -p snow-arrow -p snow-store-redis \
     -p snow-store-postgres -p snow-sim -p snow-codegen";

/// Features that have to stand alone, and whose they are.
const ALONE: [(&str, &str); 19] = [
    ("snow-core", "chrono"),
    ("snow-core", "gzip"),
    ("snow-core", "jiff"),
    ("snow-core", "time"),
    ("snow-core", "transport"),
    ("snow-core", "tls"),
    ("snow-core", "bundled-roots"),
    ("snow-core", "rustls-0_23"),
    ("snow-core", "hyper-util-0_1"),
    ("snow-auth", "oauth"),
    ("snow-auth", "jwt"),
    ("snow-client", "derive"),
    ("snow-auth", "loopback"),
    ("snow-auth", "shared-store"),
    ("snow-client", "blocking"),
    ("snow-client", "oauth"),
    ("snow-client", "object_store-0_14"),
    ("snow-client", "transport"),
    ("snow-arrow", "parquet"),
];

/// Examples that need features name them, so that cargo says which ones are missing.
const EXAMPLES_WITHOUT_FEATURES: &str =
    "cargo clippy -p snow-client --examples --no-default-features -- -D warnings";

/// Each library by itself: built together, one would switch on features for another.
fn without_features() -> Done {
    let crates = LIBRARIES.split("-p ").map(str::trim).filter(|name| !name.is_empty());
    let none = crates.map(|name| format!("cargo clippy -p {name} --no-default-features -- -D warnings"));
    let alone = ALONE.iter().map(|(name, feature)| {
        format!("cargo clippy -p {name} --no-default-features --features {feature} -- -D warnings")
    });
    none.chain(alone).chain([EXAMPLES_WITHOUT_FEATURES.to_owned()]).try_for_each(|line| run(&line, &[]))
}

/// The README's test command.
pub(crate) fn test() -> Done {
    run("cargo test --workspace --all-features", &[])
}

/// The tests of a client that brings its own transport, in the build in which sha2 computes hashes and not ring.
fn own_transport() -> Done {
    run("cargo test -p snow-client --no-default-features --features oauth --lib --test own_transport", &[])
}

pub(crate) fn all(skip: Option<&str>) -> Done {
    if let Some(unknown) = skip.filter(|skip| !STEPS.iter().any(|(name, _)| name == skip)) {
        return Err(no_such(unknown));
    }
    for (name, step) in STEPS.iter().filter(|(name, _)| Some(*name) != skip) {
        timed(name, *step)?;
    }
    println!(
        "\nAll steps passed: {}.",
        STEPS.iter().map(|(name, _)| *name).filter(|name| Some(*name) != skip).collect::<Vec<_>>().join(", ")
    );
    Ok(())
}

pub(crate) fn one(name: &str) -> Done {
    let found = STEPS.iter().find(|(step, _)| *step == name);
    found.map_or_else(|| Err(no_such(name)), |(name, step)| timed(name, *step))
}

#[expect(clippy::disallowed_methods, reason = "how long a step takes is for a person to read")]
fn timed(name: &str, step: fn() -> Done) -> Done {
    println!("\n== {name}");
    let start = Instant::now();
    step().map_err(|why| format!("step {name}: {why}"))?;
    println!("== {name} passed after {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}

fn no_such(name: &str) -> String {
    let names: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
    format!("there is no step {name:?}; the steps are: {}", names.join(", "))
}
