//! Makes doctests of the Rust blocks of the README files and of `docs`, and of each row of the table in `docs/queries.md`: what
//! the middle column builds is what the right one says. And makes the blocking twins of the examples, which are doctests, too.

#![allow(clippy::expect_used, reason = "a build that cannot read the pages has to stop")]

mod blocking_twins;
mod guide_blocks;

use guide_blocks::Surroundings;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for watched in ["../docs", "../README.md", "../crates", "guides"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    let write =
        |file: &str, text: String| fs::write(out.join(file), text).expect("cargo's folder can be written");
    let (mut doctests, mut tests, mut examples) = (String::new(), String::new(), Vec::new());
    for page in pages() {
        let name = name_of(&page);
        let text = fs::read_to_string(&page).expect("the page is there");
        let (blocks, around) = (guide_blocks::blocks(&text, "rust"), surroundings(&name));
        let unused = around.unused(&blocks);
        assert!(unused.is_empty(), "guides/{name}.rs: these sections surround no block: {unused:?}");
        write(&format!("{name}.md"), guide_blocks::doctests(&blocks, &around));
        let include = format!("include_str!(concat!(env!(\"OUT_DIR\"), \"/{name}.md\"))");
        doctests.push_str(&format!("#[doc = {include}]\nmod {name} {{}}\n"));
        let modules = guide_blocks::test_modules(&blocks, &around);
        tests.push_str(&format!("mod {name} {{\n{modules}}}\n"));
        examples.extend(blocking_twins::of_page(&page, &blocks, &around));
    }
    write("doctests.rs", doctests);
    write("tests.rs", tests);
    let queries = fs::read_to_string("../docs/queries.md").expect("the page is there");
    write("query_rows.md", query_rows(&queries));
    examples.extend(blocking_twins::of_code(Path::new("..")).expect("the documentation can be read"));
    let twins = blocking_twins::twins(&examples);
    write("blocking_twins.rs", twins.doctests);
    write("blocking_twins.txt", twins.report);
}

/// The guides whose programs need a workspace of their own, which tests them.
const ELSEWHERE: [&str; 2] = ["../docs/many-machines.md", "../docs/sql.md"];

/// Returns the guides, and the README files of the project and of its crates.
fn pages() -> Vec<PathBuf> {
    let files =
        |folder: &str| fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path());
    let guides = files("../docs").filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let guides = guides.filter(|path| !ELSEWHERE.iter().any(|elsewhere| path == Path::new(elsewhere)));
    let readmes = files("../crates").map(|krate| krate.join("README.md")).filter(|path| path.exists());
    let mut pages: Vec<PathBuf> = guides.chain(readmes).chain([PathBuf::from("../README.md")]).collect();
    pages.sort();
    pages
}

/// Returns the name of a page's module, and of its file in `guides`: `records`, `readme`, `snow_core_readme`.
fn name_of(page: &Path) -> String {
    let folder = page.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let stem = page.file_stem().and_then(|stem| stem.to_str()).expect("pages have names");
    let name = match folder {
        Some(krate) if krate.starts_with("snow") => format!("{krate}-{stem}"),
        _ => stem.to_owned(),
    };
    name.to_lowercase().replace('-', "_")
}

/// Returns what surrounds the blocks of a page.
fn surroundings(page: &str) -> Surroundings {
    let file = PathBuf::from(format!("guides/{page}.rs"));
    let text = file.exists().then(|| fs::read_to_string(&file).expect("it can be read"));
    Surroundings::parse(&text.unwrap_or_default())
}

fn query_rows(page: &str) -> String {
    let tests = page.lines().filter_map(row).fold(String::new(), |mut tests, (query, text)| {
        write!(
            tests,
            "```rust\n# use snow_client::{{Date, DateTime, field, query::{{DateRange, Query, Relative, Unit}}}};\n\
             assert_eq!(({query}).encode()?, {text:?});\n# Ok::<_, snow_client::Error>(())\n```\n\n"
        )
        .expect("memory takes it");
        tests
    });
    assert!(tests.matches("assert_eq!").count() > 50, "the table is not read any more");
    tests
}

/// The query and its text, of a row of three columns whose last two are code.
fn row(line: &str) -> Option<(String, String)> {
    let line = line.replace("\\|", "\u{1}");
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [_, query, text] = cells[..] else { return None };
    let code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.replace('\u{1}', "|"));
    Some((code(query)?, code(text)?))
}
