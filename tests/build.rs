//! Makes a doctest of each row of the table in `docs/queries.md`: what the middle column builds is what the right one says. And makes
//! the blocking twins of the documentation's examples, which are doctests, too.

#![allow(clippy::expect_used, reason = "a build that cannot read the page has to stop")]

mod blocking_twins;

use std::fmt::Write as _;
use std::{env, fs, path::Path};

const PAGE: &str = "../docs/queries.md";

fn main() {
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    query_table(Path::new(&out));
    blocking_twins(Path::new(&out));
}

fn blocking_twins(out: &Path) {
    for source in blocking_twins::SOURCES {
        println!("cargo:rerun-if-changed=../{source}");
    }
    let twins = blocking_twins::twins(Path::new("..")).expect("the documentation can be read");
    fs::write(out.join("blocking_twins.rs"), twins.doctests).expect("cargo's folder can be written");
    fs::write(out.join("blocking_twins.txt"), twins.report).expect("cargo's folder can be written");
}

fn query_table(out: &Path) {
    println!("cargo:rerun-if-changed={PAGE}");
    let page = fs::read_to_string(PAGE).expect("the page is there");
    let rows = page.lines().filter_map(row);
    let tests = rows.fold(String::new(), |mut tests, (query, text)| {
        write!(
            tests,
            "```rust\n# use snow_client::{{Date, DateTime, field, query::{{DateRange, Query, Relative, Unit}}}};\n\
             assert_eq!(({query}).encode()?, {text:?});\n# Ok::<_, snow_client::Error>(())\n```\n\n"
        )
        .expect("memory takes it");
        tests
    });
    assert!(tests.matches("assert_eq!").count() > 50, "the table is not read any more");
    fs::write(out.join("queries.md"), tests).expect("cargo's folder can be written");
}

/// The query and its text, of a row of three columns whose last two are code.
fn row(line: &str) -> Option<(String, String)> {
    let line = line.replace("\\|", "\u{1}");
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [_, query, text] = cells[..] else { return None };
    let code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.replace('\u{1}', "|"));
    Some((code(query)?, code(text)?))
}
