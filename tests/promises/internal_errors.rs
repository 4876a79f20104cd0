//! Code that should be unreachable returns an error. `internal_errors.txt` lists every place, so that a reviewer sees a new one.
//!
//! To update the list: `SNOW_UPDATE=1 cargo test --workspace --all-features --test promises internal_errors`.

use std::fs;
use std::path::{Path, PathBuf};

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/promises/internal_errors.txt");

pub(crate) fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

/// The Rust files below a folder, by their path, without unit tests.
pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.file_name().is_some_and(|name| name == "tests.rs") => {}
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}

/// What a file says outside its tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The texts of the internal errors in a file: each the string in the call, or the one that is named in front of it.
fn texts(code: &str) -> Vec<&str> {
    let calls = code.match_indices("Error::internal(").map(|(at, call)| (at, &code[at + call.len()..]));
    calls
        .map(|(at, inside)| {
            let inside = inside.trim_start();
            let text = match inside.starts_with('"') {
                true => inside,
                false => {
                    let name = inside.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap();
                    code[..at]
                        .rsplit_once(&format!("let {name} ="))
                        .expect("the text is named in front of it")
                        .1
                }
            };
            text.split('"').nth(1).expect("the text is written out")
        })
        .collect()
}

#[test]
fn every_internal_error_is_listed() {
    let mut lines = Vec::new();
    for name in ["snow-arrow", "snow-core", "snow-auth", "snow-client"] {
        let mut files = Vec::new();
        sources(&crates().join(name).join("src"), &mut files);
        for file in files {
            let code = code(&file);
            let shown = file.strip_prefix(crates()).unwrap().to_string_lossy().replace('\\', "/");
            lines.extend(texts(&code).into_iter().map(|text| format!("{shown}: {text}\n")));
        }
    }
    lines.sort();
    let found = lines.concat();
    assert!(lines.len() > 10, "the search finds nothing");
    if std::env::var_os("SNOW_UPDATE").is_some() {
        fs::write(LIST, &found).unwrap();
    }
    let listed = fs::read_to_string(LIST).unwrap();
    assert!(
        listed == found,
        "the list of internal errors is old: read tests/promises/internal_errors.rs\n\nlisted:\n{listed}\nfound:\n{found}"
    );
}
