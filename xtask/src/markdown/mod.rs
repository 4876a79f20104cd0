//! The Markdown pages: no line of an example is hidden, and no link is dead. Everything is checked without a network.

mod anchors;
mod guide;
mod links;
mod targets;

use crate::run::{Done, root};
use std::path::{Path, PathBuf};
use std::{fs, io};
use targets::Targets;

pub(crate) fn check() -> Done {
    let failed = |error: io::Error| format!("the pages cannot be read: {error}");
    let (pages, sources) = (pages().map_err(failed)?, sources().map_err(failed)?);
    let targets = Targets::read(root())?;
    let mut problems = guide_problems(&pages)?;
    for page in &pages {
        let text = read(page)?;
        problems.extend(
            hidden_lines(&text)
                .map(|line| format!("{}:{line}: this line is hidden by rustdoc alone", name(page))),
        );
        problems.extend(links::problems(&name(page), &text, &targets));
    }
    for source in &sources {
        problems.extend(links::problems_of_source(&name(source), &read(source)?, &targets));
    }
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    println!(
        "{} pages: no hidden line, and no dead link, nor in {} files of code",
        pages.len(),
        sources.len()
    );
    Ok(())
}

fn guide_problems(pages: &[PathBuf]) -> Result<Vec<String>, String> {
    let folder = root().join("crates/snow-client/src/guide");
    let (modules, links) = (read(&folder.join("mod.rs"))?, read(&folder.join("links.md"))?);
    let guides = pages.iter().filter(|page| page.starts_with(root().join("docs")));
    let guides = guides.map(|page| Ok((name(page).replace("docs/", ""), read(page)?)));
    let guides = guides.collect::<Result<Vec<_>, String>>()?;
    let guides: Vec<_> = guides.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Ok(guide::problems(&modules, &links, &guides))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", name(path)))
}

/// Returns the path below the root.
fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Returns the pages of the root, of `docs`, and the README files of the crates.
fn pages() -> io::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    for folder in [root().to_owned(), root().join("docs")] {
        let files = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        pages.extend(files.iter().map(fs::DirEntry::path).filter(|path| has_ending(path, "md")));
    }
    for folder in ["crates", "crates/engine"] {
        for krate in fs::read_dir(root().join(folder))? {
            let krate = krate?.path();
            // `crates/engine` is a workspace, and not a crate.
            if krate.join("src").exists() {
                pages.push(krate.join("README.md"));
            }
        }
    }
    pages.sort();
    Ok(pages)
}

/// Returns the files of code of the crates, whose documentation has links as well, and their manifests.
fn sources() -> io::Result<Vec<PathBuf>> {
    let (mut open, mut found) = (vec![root().join("crates")], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A link leads to pages that are checked where they are.
            if entry.file_type()?.is_dir() {
                // What a workspace below builds is not ours.
                if entry.file_name() != "target" {
                    open.push(entry.path());
                }
            } else if has_ending(&entry.path(), "rs") || has_ending(&entry.path(), "toml") {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

/// Returns the numbers of lines in Rust blocks that rustdoc hides, and every other reader of the page sees.
fn hidden_lines(text: &str) -> impl Iterator<Item = usize> {
    let (mut fenced, mut rust) = (false, false);
    text.lines().enumerate().filter_map(move |(at, line)| {
        if let Some(info) = line.strip_prefix("```") {
            // rustdoc takes a block without a language for Rust.
            (fenced, rust) = (!fenced, !fenced && (info.is_empty() || info.starts_with("rust")));
            return None;
        }
        (rust && (line == "#" || line.starts_with("# "))).then_some(at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_only_rustdoc_hides_is_seen() {
        let page = "# Title\n```\n# y\n```\n```rust\n# let hidden = 1;\n#[derive(Debug)]\n#\n```\n```toml\n# a comment\n```\n```rust,no_run\n# x\n```\n";
        assert_eq!(hidden_lines(page).collect::<Vec<_>>(), [3, 6, 8, 14]);
    }
}
