//! Blocking twins of the documentation's examples: each example that awaits becomes one that waits, and a doctest.

mod example;
mod rewrite;
mod without_twin;

pub(crate) use example::{of_code, of_page};

use example::Example;
use rewrite::Rewriter;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use without_twin::{WITHOUT_TWIN, reason};

/// What is generated.
pub(crate) struct Twins {
    /// Rust code: a module for each file with examples, and in it an item for each twin, documented with it.
    pub(crate) doctests: String,
    /// A line for each example that awaits, and for each thing that is wrong: `tests/promises/blocking/examples.rs` reads it.
    pub(crate) report: String,
}

/// Makes the twins of those examples that await.
pub(crate) fn twins(examples: &[Example]) -> Twins {
    let (mut modules, mut report) = (BTreeMap::<String, String>::new(), String::new());
    let (mut rewriter, mut excused) = (Rewriter::default(), [0; WITHOUT_TWIN.len()]);
    for example in examples.iter().filter(|example| example.code.contains(".await")) {
        let Example { file, line, info, code } = example;
        if let Some(entry) = reason(example) {
            excused[entry] += 1;
            note(&mut report, format_args!("no twin: {file}:{line}: {}", WITHOUT_TWIN[entry].2));
            continue;
        }
        let twin = rewriter.rewrite(code);
        let runs = !info.contains("no_run") && twin.contains("fn main(");
        note(&mut report, format_args!("{}: {file}:{line}", if runs { "runs" } else { "compiles" }));
        if !twin.contains(".wait()") && !twin.contains(".iterate()") {
            note(&mut report, format_args!("problem: {file}:{line} does not wait for anything"));
        }
        let test = format!("The twin of {file}, line {line}.\n\n```{info}\n{twin}```\n");
        note(
            modules.entry(module_name(file)).or_default(),
            format_args!("#[doc = {test:?}]\nstruct Line{line};"),
        );
    }
    for ((file, part, _), times) in WITHOUT_TWIN.iter().zip(excused).filter(|(_, times)| *times != 1) {
        note(
            &mut report,
            format_args!("problem: {times} examples of {file} have {part:?}, and one has no twin"),
        );
    }
    for rule in rewriter.unused_rules() {
        note(&mut report, format_args!("problem: no example needs the rule for {rule:?}"));
    }
    let doctests = modules.iter().map(|(name, items)| format!("mod {name} {{\n{items}}}\n")).collect();
    Twins { doctests, report }
}

fn note(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}"); // a String takes everything
}

fn module_name(file: &str) -> String {
    let letters = file.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    letters.collect::<String>().to_lowercase()
}
