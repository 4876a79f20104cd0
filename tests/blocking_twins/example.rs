//! Examples of the documentation: the blocks of Rust in Markdown files and in doc comments.

use crate::guide_blocks::{Block, Surroundings};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The code whose doc comments have examples, below the workspace's root.
const CODE: &str = "crates/snow-client/src";

/// The folders whose pages are about snow-client: the root, with the README, and the guides.
const PAGES: [&str; 3] = ["..", "../docs", "../crates/snow-client"];

/// A block that rustdoc compiles.
pub(crate) struct Example {
    /// The file, from the workspace's root.
    pub(crate) file: String,
    /// The line of its fence, or the first one behind it.
    pub(crate) line: usize,
    /// What stands after the fence, such as `rust,no_run`.
    pub(crate) info: String,
    /// The lines, those that rustdoc hides included, without the `# ` of these.
    pub(crate) code: String,
}

/// Returns the examples of a page, with what surrounds them, if it is about snow-client.
pub(crate) fn of_page(page: &Path, blocks: &[Block], around: &Surroundings) -> Vec<Example> {
    if !page.parent().is_some_and(|folder| PAGES.iter().any(|known| folder == Path::new(known))) {
        return Vec::new();
    }
    let file = page.strip_prefix("..").unwrap_or(page).display().to_string();
    let compiled = blocks.iter().filter(|block| is_compiled(&block.info, false) && !block.has_tests());
    let example = |block: &Block| {
        let (before, after) = around.around(block, blocks);
        let code = format!("{before}{}{after}", block.code);
        Example { file: file.clone(), line: block.line, info: block.info.clone(), code }
    };
    compiled.map(example).collect()
}

/// Returns the examples in doc comments below the root that compile.
pub(crate) fn of_code(root: &Path) -> io::Result<Vec<Example>> {
    let mut files = Vec::new();
    collect(&root.join(CODE), &mut files)?;
    let mut examples = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        examples.extend(in_comments(&name, &fs::read_to_string(&file)?));
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
    if path.extension().is_some_and(|ending| ending == "rs") {
        files.push(path.to_owned());
    }
    Ok(())
}

fn in_comments(file: &str, text: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut open: Option<Example> = None;
    for (at, line) in text.lines().enumerate() {
        let Some(line) = documented(line) else {
            open = None;
            continue;
        };
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => {
                examples.extend(open.take().filter(|example| is_compiled(&example.info, true)))
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

/// A line of a doc comment.
fn documented(line: &str) -> Option<&str> {
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
