//! What has to pass before a change lands.

use crate::run::{Done, root, run};
use crate::{api, arrows, costs, feed, files, readme, tables};
use std::time::{Instant, SystemTime};

type Step = (&'static str, fn() -> Done);

const STEPS: &[Step] = &[
    ("fmt", || run("cargo fmt --all --check", &[])),
    ("arrows", arrows::check),
    ("api", api::check),
    ("clippy", || run("cargo clippy --workspace --all-targets --all-features -- -D warnings", &[])),
    ("clippy-none", without_features),
    ("test", test),
    ("examples", examples),
    ("doc", || {
        run(&format!("cargo doc {LIBRARIES} --no-deps --all-features"), &[("RUSTDOCFLAGS", "-D warnings")])
    }),
    ("readme", readme::check),
    ("package", package),
    ("costs", costs::all),
    ("tables", tables::gates),
    ("feed", feed::gates),
    ("files", files::gates),
];

const LIBRARIES: &str = "-p snow-core -p snow-auth -p snow-client-derive -p snow-client -p snow-store-redis \
     -p snow-store-postgres -p snow-sim";

/// Features that have to stand alone, and whose they are.
const ALONE: [(&str, &str); 14] = [
    ("snow-core", "chrono"),
    ("snow-core", "gzip"),
    ("snow-core", "jiff"),
    ("snow-core", "time"),
    ("snow-core", "transport"),
    ("snow-core", "tls"),
    ("snow-core", "bundled-roots"),
    ("snow-core", "rustls-0_23"),
    ("snow-core", "hyper-util-0_1"),
    ("snow-auth", "jwt"),
    ("snow-client", "derive"),
    ("snow-auth", "loopback"),
    ("snow-auth", "shared-store"),
    ("snow-client", "blocking"),
];

/// Each library by itself: built together, one would switch on features for another.
fn without_features() -> Done {
    let crates = LIBRARIES.split("-p ").map(str::trim).filter(|name| !name.is_empty());
    let none = crates.map(|name| format!("cargo clippy -p {name} --no-default-features -- -D warnings"));
    let alone = ALONE.iter().map(|(name, feature)| {
        format!("cargo clippy -p {name} --no-default-features --features {feature} -- -D warnings")
    });
    none.chain(alone).try_for_each(|line| run(&line, &[]))
}

/// Builds each library as it would be published. In a folder that was never there before: cargo keeps what it unpacked from
/// a folder, and takes it again for other contents of the same version.
#[expect(clippy::disallowed_methods, reason = "a name that is new")]
fn package() -> Done {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let folder = format!("target/package-{now}");
    let done = run(&format!("cargo package {LIBRARIES} --allow-dirty --quiet --target-dir {folder}"), &[]);
    let _ = std::fs::remove_dir_all(root().join(folder));
    done
}

/// What tests compile.
const GENERATED: &str = "tests/promises/generated/incident.rs";

/// They end with an error where they do not show what they say.
fn examples() -> Done {
    run("cargo run --quiet -p snow-client --example quickstart", &[])?;
    run("cargo run --quiet -p snow-client --example change_requests", &[])?;
    run("cargo run --quiet -p snow-client --example mirror", &[])?;
    for example in ["blocking_script", "blocking_export", "blocking_files"] {
        run(&format!("cargo run --quiet -p snow-client --features blocking --example {example}"), &[])?;
    }
    run(
        &format!(
            "cargo run --quiet -p snow-client --example codegen -- --table incident --check {GENERATED}"
        ),
        &[],
    )?;
    run("cargo run --quiet -p snow-auth --example by_hand", &[])
}

/// The README's test command.
pub(crate) fn test() -> Done {
    run("cargo test --workspace --all-features", &[])
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
