//! Four programs that consist of nothing but blocks of the guides, outside of the workspace, against the packaged crates: what a
//! user gets who copies them.

use crate::interop::server::Server;
use crate::packages;
use crate::run::{Done, output, root, run, target};
use guide_blocks::Block;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "../../tests/guide_blocks.rs"]
#[allow(dead_code, reason = "the rest is for doctests")]
mod guide_blocks;

/// A program and where its blocks are.
struct Program {
    name: &'static str,
    page: &'static str,
    /// The headings above its Rust blocks, each with the number of the block.
    code: &'static [(&'static str, usize)],
    file: &'static str,
}

const PROGRAMS: [Program; 4] = [
    Program {
        name: "first-program",
        page: "README.md",
        code: &[("The first program", 1)],
        file: "src/main.rs",
    },
    Program {
        name: "many-users",
        page: "docs/many-users.md",
        code: &[("With axum", 1), ("Testing it", 1)],
        file: "src/main.rs",
    },
    Program {
        name: "tested-code",
        page: "docs/testing.md",
        code: &[("The code to test", 1), ("The tests", 1)],
        file: "src/lib.rs",
    },
    Program {
        name: "export",
        page: "docs/exports.md",
        code: &[("Exporting a table", 1)],
        file: "src/main.rs",
    },
];

pub(crate) fn check() -> Done {
    let packages = packages::unpack()?;
    let folder = target().join("guide-programs");
    let _ = fs::remove_dir_all(folder.join("programs"));
    for program in &PROGRAMS {
        write_program(&folder.join("programs").join(program.name), program)?;
    }
    write(&folder.join("Cargo.toml"), &workspace(&packages.crates))?;
    let lock = root().join("Cargo.lock");
    fs::copy(&lock, folder.join("Cargo.lock")).map_err(|error| format!("{}: {error}", lock.display()))?;
    let (manifest, built) = (folder.join("Cargo.toml"), folder.join("target"));
    let options = format!("--quiet --manifest-path {} --target-dir {}", manifest.display(), built.display());
    tests(&folder, &options)?;
    run(&format!("cargo build {options}"), &[])?;
    // The guide is in the package of snow-client, although its pages are outside of the crate's folder.
    run(&format!("cargo doc {options} -p snow-client --no-deps"), &[])?;
    first_program(&folder)?;
    export(&folder)
}

/// Runs the tests that the programs have, all of them.
fn tests(folder: &Path, options: &str) -> Done {
    let mut expected = 0;
    for Program { name, file, .. } in &PROGRAMS {
        let file = folder.join("programs").join(name).join(file);
        let code = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        expected += code.matches("#[tokio::test").count() + code.matches("#[test]").count();
    }
    let line = format!("cargo test {options}");
    println!("$ {line}");
    let text = output(&line)?;
    print!("{text}");
    let passed = text
        .lines()
        .filter_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next()?.parse::<usize>().ok());
    match (expected, passed.sum::<usize>()) {
        (0, _) => Err("no program has a test any more".into()),
        (expected, passed) if expected == passed => Ok(()),
        (expected, passed) => Err(format!("the programs have {expected} tests, and {passed} passed")),
    }
}

/// A workspace whose programs get our crates from the packages.
fn workspace(crates: &[(String, PathBuf)]) -> String {
    let text = "[workspace]\nresolver = \"3\"\nmembers = [\"programs/*\"]\n\n[profile.dev]\ndebug = 0\n\n[patch.crates-io]\n";
    let text = text.to_owned();
    crates.iter().fold(text, |text, (name, folder)| text + &format!("{name} = {{ path = {folder:?} }}\n"))
}

fn write_program(folder: &Path, program: &Program) -> Done {
    let page = fs::read_to_string(root().join(program.page))
        .map_err(|error| format!("{}: {error}", program.page))?;
    let (toml, rust) = (guide_blocks::blocks(&page, "toml"), guide_blocks::blocks(&page, "rust"));
    let dependencies = toml.first().ok_or_else(|| format!("{} names no dependencies", program.page))?;
    let Program { name, .. } = program;
    let head = format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n");
    write(&folder.join("Cargo.toml"), &(head + &dependencies.code))?;
    let code = program.code.iter().map(|(heading, nth)| code(&rust, heading, *nth));
    let code = code.collect::<Option<String>>();
    write(&folder.join(program.file), &code.ok_or_else(|| format!("{} has lost a block", program.page))?)
}

fn code<'a>(blocks: &'a [Block], heading: &str, nth: usize) -> Option<&'a str> {
    let found = blocks.iter().find(|block| block.heading == heading && block.nth == nth);
    found.map(|block| block.code.as_str())
}

fn write(file: &Path, text: &str) -> Done {
    let folder = file.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(file, text));
    written.map_err(|error| format!("{}: {error}", file.display()))
}

/// Runs a program in its folder against a simulated instance, and returns what it prints.
fn printed(folder: &Path, name: &str, port: u16) -> Result<String, String> {
    println!("$ {name}");
    let output = Command::new(folder.join("target/debug").join(name))
        .current_dir(folder.join("programs").join(name))
        .env("SNOW_INSTANCE", format!("http://127.0.0.1:{port}"))
        .env("SNOW_USER", "myusername")
        .env("SNOW_PASSWORD", "mypassword")
        .output()
        .map_err(|error| format!("{name} did not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(text),
        false => {
            Err(format!("{name} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr)))
        }
    }
}

fn first_program(folder: &Path) -> Done {
    let simulator = Server::plain_simulator()?;
    let text = printed(folder, "first-program", simulator.port)?;
    print!("{text}");
    let incidents = text.lines().filter(|line| line.starts_with("INC")).count();
    (incidents > 0).then_some(()).ok_or_else(|| "the first program shows no incident".into())
}

fn export(folder: &Path) -> Done {
    let simulator = Server::plain_simulator()?;
    let text = printed(folder, "export", simulator.port)?;
    print!("{text}");
    let file = folder.join("programs/export/incidents/part-00000-00000.ndjson");
    let records = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let records = records.lines().filter(|line| line.contains("\"number\":\"INC")).count();
    match records > 0 && text.starts_with(&format!("{records} records")) {
        true => Ok(()),
        false => Err(format!("the export has {records} records, and says: {text}")),
    }
}
