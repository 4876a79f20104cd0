//! The Rust blocks of Markdown pages, and what surrounds each of them so that it is a program.
//!
//! A page shows what a reader pastes, and nothing else. `tests/guides/PAGE.rs` has the rest: how the simulator starts, and what is
//! asserted at the end. Its sections begin with a line `//- every block`, or `//- under HEADING` for the blocks under one heading
//! (`//- under HEADING (2)` for the second of them). `//- block` is where the block goes, and `//= HEADING` is where the first block
//! under another heading goes. A block with a `main` of its own, and no section, is a program already. A block with tests is no
//! doctest: rustdoc would not run its tests.

use std::fmt::Write as _;

/// A fenced block of a page.
pub(crate) struct Block {
    /// The heading it is under.
    pub(crate) heading: String,
    /// Which block of its language under that heading it is, from 1.
    pub(crate) nth: usize,
    /// The line after the fence's backticks: `rust`, or `rust,no_run`.
    pub(crate) info: String,
    pub(crate) code: String,
    /// The page's line on which the code begins.
    pub(crate) line: usize,
}

impl Block {
    /// Returns `true` if the block is a module of tests.
    pub(crate) fn has_tests(&self) -> bool {
        self.code.contains("#[tokio::test") || self.code.contains("#[test]")
    }
}

/// Returns the blocks of a page in one language, in order.
pub(crate) fn blocks(page: &str, language: &str) -> Vec<Block> {
    let (mut heading, mut blocks) = (String::new(), Vec::<Block>::new());
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let code = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```");
            let code = code.fold(String::new(), |code, line| code + line + "\n");
            if info.split(',').next() == Some(language) {
                let nth = 1 + blocks.iter().filter(|block| block.heading == heading).count();
                blocks.push(Block {
                    heading: heading.clone(),
                    nth,
                    info: info.to_owned(),
                    code,
                    line: at + 2,
                });
            }
        } else if line.starts_with('#') {
            line.trim_start_matches('#').trim().clone_into(&mut heading);
        }
    }
    blocks
}

/// What a file of `tests/guides` says.
#[derive(Default)]
pub(crate) struct Surroundings(Vec<Section>);

struct Section {
    name: String,
    before: String,
    after: String,
}

impl Surroundings {
    pub(crate) fn parse(text: &str) -> Self {
        let mut all = Vec::<Section>::new();
        for part in text.split("\n//- ").skip(1) {
            let (name, code) = part.split_once('\n').unwrap_or((part, ""));
            match (name, all.last_mut()) {
                ("block", Some(section)) => code.trim_end().clone_into(&mut section.after),
                _ => {
                    all.push(Section { name: name.to_owned(), before: code.to_owned(), after: String::new() })
                }
            }
        }
        Self(all)
    }

    fn of(&self, block: &Block) -> Option<&Section> {
        let names = [format!("under {} ({})", block.heading, block.nth), format!("under {}", block.heading)];
        let named = names.iter().find_map(|name| self.0.iter().find(|section| section.name == *name));
        let is_program = block.code.contains("fn main()") || block.has_tests();
        let every = || self.0.iter().find(|section| section.name == "every block" && !is_program);
        named.or_else(every)
    }

    /// Returns what comes before a block and after it.
    pub(crate) fn around(&self, block: &Block, page: &[Block]) -> (String, String) {
        let whole = |text: &str| text.lines().map(|line| with_other_block(line, page)).collect::<String>();
        self.of(block)
            .map_or_else(Default::default, |section| (whole(&section.before), whole(&section.after)))
    }

    /// Returns the sections that surround no block of the page: they have to go.
    pub(crate) fn unused(&self, blocks: &[Block]) -> Vec<&str> {
        let used: Vec<&str> = blocks.iter().filter_map(|block| Some(&*self.of(block)?.name)).collect();
        self.0.iter().map(|section| &*section.name).filter(|name| !used.contains(name)).collect()
    }
}

/// Returns a line of the surroundings, or the block that it stands for.
fn with_other_block(line: &str, page: &[Block]) -> String {
    let named = line.strip_prefix("//= ").map(|heading| page.iter().find(|block| block.heading == heading));
    match named {
        Some(Some(block)) => block.code.clone(),
        Some(None) => format!("compile_error!({line:?}); // there is no such block\n"),
        None => format!("{line}\n"),
    }
}

/// Returns the blocks as doctests: with their surroundings in lines that rustdoc hides.
pub(crate) fn doctests(page: &[Block], surroundings: &Surroundings) -> String {
    let mut tests = String::new();
    for block in page.iter().filter(|block| !block.has_tests()) {
        let (before, after) = surroundings.around(block, page);
        let hidden = |text: &str| text.lines().fold(String::new(), |all, line| all + "# " + line + "\n");
        let (before, after) = (hidden(&before), hidden(&after));
        let Block { heading, info, code, line, .. } = block;
        // Writing to memory cannot fail.
        let _ = write!(tests, "{heading}, line {line}:\n\n```{info}\n{before}{code}{after}```\n\n");
    }
    tests
}

/// Returns the blocks with tests, each as a module.
pub(crate) fn test_modules(page: &[Block], surroundings: &Surroundings) -> String {
    let mut modules = String::new();
    for block in page.iter().filter(|block| block.has_tests()) {
        let (before, after) = surroundings.around(block, page);
        let Block { code, line, .. } = block;
        let _ = write!(modules, "mod line_{line} {{\n{before}{code}{after}}}\n");
    }
    modules
}
