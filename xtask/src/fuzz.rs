//! The fuzz targets, each for a bounded time, on the stable toolchain; and their corpora, which the tests replay.

use crate::run::{Done, root, run};
use escaped_line::bytes_of;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

#[path = "../../tests/fuzz/escaped_line.rs"]
mod escaped_line;

const TARGETS: [&str; 13] = [
    "decode",
    "dictionary",
    "envelopes",
    "headers",
    "http",
    "instance",
    "parse",
    "proxies",
    "query",
    "responses",
    "simulator",
    "tokens",
    "value",
];

/// What the compiler has to weave in for libFuzzer to see where a run goes.
const FLAGS: &str = "--cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// How large an input may be that is kept, and how many are kept of a target.
const KEPT: (usize, usize) = (400, 300);

/// Runs each target, or the one of a name, for so many seconds: as many at once as there are processors.
pub(crate) fn all(seconds: u32, only: Option<&str>) -> Done {
    let programs = build()?;
    let names: Vec<&str> = TARGETS.into_iter().filter(|name| only.is_none_or(|only| only == *name)).collect();
    if names.is_empty() {
        return Err(format!("there is no such target; the targets are: {}", TARGETS.join(", ")));
    }
    let lanes = thread::available_parallelism().map_or(1, usize::from);
    for group in names.chunks(lanes) {
        let each = |name: &&str| fuzz(&programs, name, seconds);
        let done: Vec<Done> = thread::scope(|scope| {
            let running: Vec<_> = group.iter().map(|name| scope.spawn(move || each(name))).collect();
            running
                .into_iter()
                .map(|run| run.join().unwrap_or_else(|_| Err("a run panicked".into())))
                .collect()
        });
        done.into_iter().collect::<Done>()?;
    }
    Ok(())
}

/// Writes the inputs that reach the most, small ones, to the files that the tests replay.
pub(crate) fn keep() -> Done {
    let programs = build()?;
    TARGETS.iter().try_for_each(|name| {
        let (found, merged) = (unpacked(name)?, empty(&format!("{name}-merged"))?);
        let (program, merged_name, found) = (programs.join(name), merged.display(), found.display());
        run(&format!("{} -merge=1 -max_len={} {merged_name} {found}", program.display(), KEPT.0), &[])?;
        pack(name, &merged)
    })
}

/// Builds the targets and returns the folder of their programs.
fn build() -> Result<PathBuf, String> {
    // With a target named, the flags are for it alone and not for build scripts.
    let target = crate::run::output("rustc --print host-tuple")?;
    let target = target.trim();
    let build = format!("cargo build --release --manifest-path tests/fuzz/Cargo.toml --target {target}");
    run(&build, &[("RUSTFLAGS", FLAGS)])?;
    Ok(root().join(format!("tests/fuzz/target/{target}/release")))
}

fn fuzz(programs: &Path, name: &str, seconds: u32) -> Done {
    let (program, corpus) = (programs.join(name), unpacked(name)?);
    let options = format!("-max_total_time={seconds} -max_len=4096 -timeout=10 -print_final_stats=1");
    let artifacts = format!("-artifact_prefix=tests/fuzz/corpus/{name}-failed-");
    run(&format!("{} {options} {artifacts} {}", program.display(), corpus.display()), &[])
}

/// Returns the folder of a target's inputs, those that the tests replay among them.
fn unpacked(name: &str) -> Result<PathBuf, String> {
    let folder = root().join("tests/fuzz/corpus").join(name);
    fs::create_dir_all(&folder).map_err(|why| about(&folder, &why))?;
    let file = packed(name);
    let text = fs::read_to_string(&file).map_err(|why| about(&file, &why))?;
    for (at, line) in text.lines().enumerate() {
        let file = folder.join(format!("kept-{at}"));
        fs::write(&file, bytes_of(line)).map_err(|why| about(&file, &why))?;
    }
    Ok(folder)
}

fn empty(name: &str) -> Result<PathBuf, String> {
    let folder = root().join("tests/fuzz/corpus").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|why| about(&folder, &why))?;
    Ok(folder)
}

/// Adds the inputs of a folder to those that the tests replay, the smallest first; the ones that were there stay.
fn pack(name: &str, folder: &Path) -> Done {
    let file = packed(name);
    let text = fs::read_to_string(&file).map_err(|why| about(&file, &why))?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| about(folder, &why))? {
        let path = entry.map_err(|why| about(folder, &why))?.path();
        let line = fs::read(&path).map_err(|why| about(&path, &why))?.escape_ascii().to_string();
        if !line.is_empty() && !lines.contains(&line) {
            found.push(line);
        }
    }
    found.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    found.truncate(KEPT.1.saturating_sub(lines.len()));
    lines.extend(found);
    fs::write(&file, lines.join("\n") + "\n").map_err(|why| about(&file, &why))
}

fn packed(name: &str) -> PathBuf {
    root().join("tests/fuzz/corpora").join(format!("{name}.txt"))
}

fn about(path: &Path, why: &std::io::Error) -> String {
    format!("{}: {why}", path.display())
}
