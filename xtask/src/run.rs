//! Runs a command in the workspace's root.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) type Done = Result<(), String>;

/// Where the workspace is.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(root());
    command
}

/// Runs a line without quotes or variables, as the README has them. Its output goes where ours goes.
pub(crate) fn run(line: &str, environment: &[(&str, &str)]) -> Done {
    println!("$ {line}");
    let status = command(line).envs(environment.iter().copied()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` ended with {status}")),
        Err(error) => Err(format!("`{line}` did not start: {error}")),
    }
}

/// Runs a line and gives its standard output.
pub(crate) fn output(line: &str) -> Result<String, String> {
    let output = command(line)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("`{line}` did not start: {e}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("`{line}` ended with {}", output.status)),
    }
}

/// Runs a line and returns what it reports on its error output.
pub(crate) fn errors(line: &str) -> Result<String, String> {
    let output = command(line).output().map_err(|error| format!("`{line}` did not start: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(told),
        false => Err(format!("`{line}` ended with {}:\n{told}", output.status)),
    }
}

/// Sees to it that a program is there, by apt where it is not.
pub(crate) fn need(program: &str, version: &str, package: &str) -> Done {
    if output(&format!("{program} {version}")).is_ok() {
        return Ok(());
    }
    install(package).map_err(|why| {
        format!("{program} is missing and cannot be installed ({why}): install it, then try again")
    })
}

/// Installs a package of Debian.
pub(crate) fn install(package: &str) -> Done {
    let noninteractive = [("DEBIAN_FRONTEND", "noninteractive")];
    run(&format!("apt-get install --yes --quiet --no-install-recommends {package}"), &noninteractive).or_else(
        |_| {
            run("apt-get update --quiet", &[]).and_then(|()| {
                run(
                    &format!("apt-get install --yes --quiet --no-install-recommends {package}"),
                    &noninteractive,
                )
            })
        },
    )
}

/// Builds a program of `tests/benches`, and gives its path.
pub(crate) fn bench_program(name: &str) -> Result<String, String> {
    let lines =
        output(&format!("cargo bench -p snow-benches --bench {name} --no-run --message-format=json"))?;
    let artifacts = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = artifacts
        .filter(|artifact| artifact["target"]["name"] == name)
        .find_map(|artifact| artifact["executable"].as_str().map(str::to_owned));
    program.ok_or_else(|| format!("cargo built no program of the name {name}"))
}
