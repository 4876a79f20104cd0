//! The command `snow`, which is in the workspace that needs a newer Rust. SQL is left out, because it takes minutes to compile.

use crate::run::{Done, run, target};

const PACKAGE: &str = "--manifest-path crates/engine/Cargo.toml --package snow-cli";
const FEATURES: &str = "--locked --no-default-features --features parquet";

/// Checks its format, lints it, and runs its tests, in a folder of builds of its own.
pub(crate) fn check() -> Done {
    let target = target().join("cli").display().to_string();
    let environment = [("CARGO_TARGET_DIR", target.as_str())];
    run(&format!("cargo fmt {PACKAGE} --check"), &environment)?;
    run(&format!("cargo clippy {PACKAGE} {FEATURES} --all-targets -- -D warnings"), &environment)?;
    run(&format!("cargo test {PACKAGE} {FEATURES}"), &environment)
}
