//! The Rust blocks of Markdown pages, and what surrounds each of them so that it is a program.
//!
//! A page shows what a reader pastes, and nothing else. `tests/guides/PAGE.rs` has the rest: how the simulator starts, and what is
//! asserted at the end. Its sections begin with a line `//- every block`, or `//- under HEADING` for the blocks under one heading
//! (`//- under HEADING (2)` for the second of them). Several such lines in a row begin one section for all of these blocks. `//- block`
//! is where the block goes, `//= HEADING` is where the first block under another heading goes, and `//+ NAME` stands for what the section
//! of that name has before its block; such a section may have a name of its own, as in `//- client`. A block with a `main` of its own,
//! and no section, is a program already. A block with tests is not a doctest: rustdoc would not run its tests.

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
    names: Vec<String>,
    before: String,
    after: String,
    /// Whether the place of the block was seen.
    is_closed: bool,
}

impl Section {
    fn new(name: &str, before: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            before: before.to_owned(),
            after: String::new(),
            is_closed: false,
        }
    }
}

impl Surroundings {
    pub(crate) fn parse(text: &str) -> Self {
        let mut all = Vec::<Section>::new();
        for part in text.split("\n//- ").skip(1) {
            let (name, code) = part.split_once('\n').unwrap_or((part, ""));
            match (name, all.last_mut()) {
                ("block", Some(section)) => {
                    section.is_closed = true;
                    code.trim_end().clone_into(&mut section.after);
                }
                (_, Some(section)) if !section.is_closed && section.before.trim().is_empty() => {
                    section.names.push(name.to_owned());
                    code.clone_into(&mut section.before);
                }
                _ => all.push(Section::new(name, code)),
            }
        }
        Self(all)
    }

    fn named(&self, name: &str) -> Option<&Section> {
        self.0.iter().find(|section| section.names.iter().any(|own| own == name))
    }

    /// Returns the name by which a block finds its section.
    fn name_for(&self, block: &Block) -> Option<String> {
        let Block { heading, nth, .. } = block;
        let is_program = block.code.contains("fn main()") || block.has_tests();
        let every = (!is_program).then(|| "every block".to_owned());
        let names = [format!("under {heading} ({nth})"), format!("under {heading}")];
        names.into_iter().chain(every).find(|name| self.named(name).is_some())
    }

    /// Returns what comes before a block and after it.
    pub(crate) fn around(&self, block: &Block, page: &[Block]) -> (String, String) {
        let whole =
            |text: &str| text.lines().map(|line| self.with_other_block(line, page)).collect::<String>();
        let section = self.name_for(block).and_then(|name| self.named(&name));
        section.map_or_else(Default::default, |section| (whole(&section.before), whole(&section.after)))
    }

    /// Returns a line of the surroundings, or what it stands for: a block of the page, or what is before the block of another section.
    fn with_other_block(&self, line: &str, page: &[Block]) -> String {
        let absent = || format!("compile_error!({line:?}); // there is no such block or section\n");
        if let Some(name) = line.strip_prefix("//+ ") {
            return self.named(name).map_or_else(absent, |section| section.before.clone());
        }
        let Some(heading) = line.strip_prefix("//= ") else { return format!("{line}\n") };
        page.iter().find(|block| block.heading == heading).map_or_else(absent, |block| block.code.clone())
    }

    /// Returns the names of sections that no block of the page and no other section uses: they have to go.
    pub(crate) fn unused(&self, blocks: &[Block]) -> Vec<&str> {
        let lines = self.0.iter().flat_map(|section| section.before.lines().chain(section.after.lines()));
        let by_sections = lines.filter_map(|line| line.strip_prefix("//+ ")).map(str::to_owned);
        let by_blocks = blocks.iter().filter_map(|block| self.name_for(block));
        let used: Vec<String> = by_blocks.chain(by_sections).collect();
        let names = self.0.iter().flat_map(|section| &section.names).map(|name| &**name);
        names.filter(|name| !used.iter().any(|used| used == name)).collect()
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
