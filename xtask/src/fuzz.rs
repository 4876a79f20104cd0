//! The fuzz targets, each for a bounded time, on the stable toolchain.

use crate::run::{Done, root, run};

const TARGETS: [&str; 6] = ["http", "query", "value", "parse", "instance", "decode"];

/// What the compiler has to weave in for libFuzzer to see where a run goes.
const FLAGS: &str = "--cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

pub(crate) fn all(seconds: u32) -> Done {
    // With a target named, the flags are for it alone and not for build scripts.
    let target = crate::run::output("rustc --print host-tuple")?;
    let target = target.trim();
    let build = format!("cargo build --release --manifest-path tests/fuzz/Cargo.toml --target {target}");
    run(&build, &[("RUSTFLAGS", FLAGS)])?;
    for name in TARGETS {
        let corpus = format!("tests/fuzz/corpus/{name}");
        std::fs::create_dir_all(root().join(&corpus)).map_err(|e| format!("{corpus}: {e}"))?;
        let program = format!("tests/fuzz/target/{target}/release/{name}");
        run(
            &format!(
                "{program} -max_total_time={seconds} -max_len=4096 -timeout=10 -print_final_stats=1 {corpus}"
            ),
            &[],
        )?;
    }
    Ok(())
}
