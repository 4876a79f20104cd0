//! The paths in the tables of `ARCHITECTURE.md`: each names a file or folder that exists.

use std::path::Path;

/// Below a heading that names a folder, as in "## The simulator (`crates/snow-sim/src`)", paths are relative to it. Tables below
/// other headings are not about files.
pub(super) fn problems(root: &Path, text: &str) -> Vec<String> {
    let mut folder = None;
    let mut problems = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') {
            folder = code_spans(line).next();
        }
        if let Some(folder) = folder.filter(|_| line.starts_with('|')) {
            let paths = code_spans(line).filter(|span| span.ends_with(".rs") || span.ends_with('/'));
            let missing = paths.filter(|path| !root.join(folder).join(path).exists());
            problems.extend(missing.map(|path| {
                format!("ARCHITECTURE.md: {folder}/{path} does not exist: name the file that took its place")
            }));
        }
    }
    problems
}

/// What stands between backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_does_not_exist_is_seen_where_a_heading_names_a_folder() {
        let text = "## Map (`src`)\n| the check | `structure/` `structure/mod.rs` `gone.rs` `cargo test` |\n\
                    `no_table.rs`\n## Costs\n| `no_path.rs` |";
        let found = problems(Path::new(env!("CARGO_MANIFEST_DIR")), text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("ARCHITECTURE.md: src/gone.rs does not exist"), "{found:?}");
    }
}
