//! Examples of the documentation: the blocks of Rust in Markdown files and in doc comments.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// What is read, below the workspace's root: pages, folders of pages, and folders of code.
pub(crate) const SOURCES: [&str; 3] = ["README.md", "docs", "crates/snow-client/src"];

/// A block that rustdoc compiles.
pub(crate) struct Example {
    /// The file, from the workspace's root.
    pub(crate) file: String,
    /// The line of its fence.
    pub(crate) line: usize,
    /// What stands after the fence, such as `rust,no_run`.
    pub(crate) info: String,
    /// The lines, those that rustdoc hides included, without the `# ` of these.
    pub(crate) code: String,
}

/// Returns all examples below the root that compile.
pub(crate) fn examples(root: &Path) -> io::Result<Vec<Example>> {
    let mut files = Vec::new();
    SOURCES.iter().try_for_each(|source| collect(&root.join(source), &mut files))?;
    let mut examples = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let is_code = name.ends_with(".rs");
        examples.extend(blocks(&name, is_code, &fs::read_to_string(&file)?));
    }
    Ok(examples)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        let mut entries =
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| collect(entry, files));
    }
    if path.extension().is_some_and(|ending| ending == "md" || ending == "rs") {
        files.push(path.to_owned());
    }
    Ok(())
}

fn blocks(file: &str, is_code: bool, text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for (at, line) in text.lines().enumerate() {
        let Some(line) = documented(line, is_code) else {
            open = None;
            continue;
        };
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => {
                examples.extend(open.take().filter(|example| is_compiled(&example.info, is_code)))
            }
            (Some(info), None) => {
                open = Some(Example {
                    file: file.into(),
                    line: at + 1,
                    info: info.trim().into(),
                    code: String::new(),
                });
            }
            (None, Some(example)) => {
                example.code.push_str(visible(line));
                example.code.push('\n');
            }
            (None, None) => {}
        }
    }
    examples
}

/// A line of a page, or of a doc comment.
fn documented(line: &str, is_code: bool) -> Option<&str> {
    if !is_code {
        return Some(line);
    }
    let line = line.trim_start();
    let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// A line as rustdoc compiles it.
fn visible(line: &str) -> &str {
    match line.trim_start() {
        "#" => "",
        hidden => hidden.strip_prefix("# ").unwrap_or(line),
    }
}

fn is_compiled(info: &str, is_code: bool) -> bool {
    let mut words = info.split(',').map(str::trim);
    match is_code {
        true => words.all(|word| matches!(word, "" | "rust" | "no_run" | "should_panic")),
        false => words.next() == Some("rust") && words.all(|word| matches!(word, "no_run" | "should_panic")),
    }
}
