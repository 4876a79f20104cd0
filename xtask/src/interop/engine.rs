//! The workspace of the SQL engines, which takes too long to compile for every change: format, lints, tests and documentation.

use crate::run::{Done, run};

const MANIFEST: &str = "--manifest-path crates/engine/Cargo.toml";

/// Checks all of its crates with one set of features, so that DataFusion is compiled once for tests and once for lints.
pub(super) fn check() -> Done {
    run(&format!("cargo fmt {MANIFEST} --all --check"), &[])?;
    run(&format!("cargo test {MANIFEST} --workspace --locked"), &[])?;
    run(&format!("cargo clippy {MANIFEST} --workspace --all-targets --locked -- -D warnings"), &[])?;
    let strict = ("RUSTDOCFLAGS", "-D warnings");
    run(&format!("cargo doc {MANIFEST} --workspace --no-deps --locked"), &[strict])
}
