//! The README's commands: that they are the ones promised, and that the first does what it says. The second is the step
//! `test`. Its Rust blocks are doctests of `snow-tests`.

use crate::run::{Done, output, root};

const PROMISED: [&str; 2] = ["cargo run -p snow-client --example quickstart", "cargo xtask test"];

/// What a person has to see of each part of the main job.
const SHOWN: [&str; 9] = [
    "created  INC",
    "read     INC",
    "listed   1 incident",
    "updated  state to 2",
    "deleted  and a read says:",
    "refresh  1 time",
    "file     has the new token: true",
    "layer    saw GET /api/now/table/incident",
    "read     2 incidents over it",
];

pub(crate) fn check() -> Done {
    let text = std::fs::read_to_string(root().join("README.md")).map_err(|e| format!("README.md: {e}"))?;
    let commands: Vec<&str> = commands(&text).collect();
    if commands != PROMISED {
        return Err(format!("the README's commands are {commands:?}, and two are promised: {PROMISED:?}"));
    }
    println!("$ {}", PROMISED[0]);
    let printed = output(PROMISED[0])?;
    print!("{printed}");
    match SHOWN.iter().find(|part| !printed.contains(*part)) {
        None => Ok(()),
        Some(part) => Err(format!("the quickstart does not show {part:?}")),
    }
}

/// The lines of the shell blocks.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    text.lines().filter(move |line| {
        let was_inside = inside;
        inside = if line.starts_with("```") { *line == "```sh" } else { inside };
        was_inside && inside
    })
}
