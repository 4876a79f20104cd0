//! The examples: each of them runs by itself, against the simulator, and ends with an error where it does not show what it says. Those
//! that show how much a program takes are short.

use crate::run::{Done, root, run};
use std::fs;

/// Of snow-client: the name, and the features that it needs. Those of the stores need a server, and are left out.
const EXAMPLES: [(&str, &str); 14] = [
    ("quickstart", ""),
    ("change_requests", ""),
    ("doctor", ""),
    ("nightly_export", ""),
    ("export_progress", ""),
    ("sync_daemon", ""),
    ("mirror", ""),
    ("own_stack", ""),
    ("own_types", "derive,jiff"),
    ("reqwest_transport", ""),
    ("signed_requests", ""),
    ("blocking_script", "blocking"),
    ("blocking_export", "blocking"),
    ("blocking_files", "blocking"),
];

/// What a newcomer writes first: an export that is resumed, a copy that is kept up to date, a program without async, a stack and
/// types of their own.
const SHORT: [&str; 5] = ["nightly_export", "sync_daemon", "blocking_export", "own_stack", "own_types"];

/// Such a program has fewer lines than this.
const LINES: usize = 60;

/// What tests compile.
const GENERATED: &str = "tests/promises/generated/incident.rs";

pub(crate) fn check() -> Done {
    lengths()?;
    for (example, features) in EXAMPLES {
        let features = if features.is_empty() { String::new() } else { format!("--features {features} ") };
        run(&format!("cargo run --quiet -p snow-client {features}--example {example}"), &[])?;
    }
    run(
        &format!(
            "cargo run --quiet -p snow-client --example codegen -- --table incident --check {GENERATED}"
        ),
        &[],
    )?;
    run("cargo run --quiet -p snow-auth --example by_hand", &[])
}

fn lengths() -> Done {
    let folder = root().join("crates/snow-client/examples");
    let read = |name: &str| {
        let file = folder.join(name).with_extension("rs");
        fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let long: Vec<String> = SHORT
        .into_iter()
        .map(|name| Ok((name, read(name)?)))
        .collect::<Result<Vec<_>, String>>()?
        .iter()
        .filter_map(|(name, text)| too_long(name, text))
        .collect();
    if long.is_empty() { Ok(()) } else { Err(long.join("\n")) }
}

fn too_long(name: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines >= LINES).then(|| {
        format!(
            "the example {name} has {lines} lines, and a newcomer's program takes fewer than {LINES}: what makes it long is missing \
             in the library"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_sixty_lines_is_seen() {
        assert_eq!(too_long("short", &"x\n".repeat(59)), None);
        assert!(too_long("long", &"x\n".repeat(60)).is_some_and(|why| why.contains("long has 60 lines")));
    }

    #[test]
    fn the_programs_of_a_newcomer_are_short_and_run_in_ci() {
        lengths().unwrap();
        assert!(SHORT.iter().all(|short| EXAMPLES.iter().any(|(name, _)| name == short)));
    }

    #[test]
    fn every_example_of_the_client_runs_in_ci() {
        let files = fs::read_dir(root().join("crates/snow-client/examples")).unwrap();
        for file in files.map(|file| file.unwrap().path()) {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(name == "codegen" || EXAMPLES.iter().any(|(known, _)| *known == name), "{name}");
        }
    }
}
