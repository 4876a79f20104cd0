//! The links of a page.

use super::targets::Targets;
use std::path::Path;

/// Returns what is wrong with the links of a page. Those of a README file have to be absolute, because the package index shows it
/// away from the repository. Those between guides have the name of the file as their label, so that rustdoc can give them
/// another meaning.
pub(super) fn problems(name: &str, text: &str, targets: &Targets) -> Vec<String> {
    let prose = without_code(text);
    let (inline, definitions) = (inline(&prose), definitions(&prose));
    let folder = targets.root().join(name).parent().map(Path::to_owned).unwrap_or_default();
    let mut problems = Vec::new();
    for link in inline.iter().copied().chain(definitions.iter().map(|(_, link)| *link)) {
        let problem = match is_absolute(link) {
            true => targets.problem(link),
            false if name.ends_with("README.md") => Some("the links of a README are absolute".to_owned()),
            false => targets.problem_of_file(&folder, link),
        };
        problems.extend(problem.map(|problem| format!("{name}: {link}: {problem}")));
    }
    for label in labels(&prose) {
        if !definitions.iter().any(|(defined, _)| *defined == label) {
            problems.push(format!("{name}: [{label}] is not defined"));
        }
    }
    if name.starts_with("docs/") {
        let relative = inline.iter().filter(|link| !is_absolute(link));
        problems.extend(
            relative.map(|link| format!("{name}: write [text][{link}], and define [{link}]: {link}")),
        );
        let renamed = definitions.iter().filter(|(label, link)| !is_absolute(link) && label != link);
        problems
            .extend(renamed.map(|(label, link)| format!("{name}: the label [{label}] has to be [{link}]")));
    }
    problems
}

/// Returns what is wrong with the absolute links of a file of code.
pub(super) fn problems_of_source(name: &str, text: &str, targets: &Targets) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, ')' | '>' | '"' | '`' | '\\');
    let links = text.match_indices("https://").map(|(start, _)| {
        let rest = &text[start..];
        &rest[..rest.find(ends).unwrap_or(rest.len())]
    });
    links.filter_map(|link| Some(format!("{name}: {link}: {}", targets.problem(link)?))).collect()
}

fn is_absolute(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

/// Leaves out fenced blocks and code between backticks.
fn without_code(text: &str) -> String {
    let mut fenced = false;
    let lines = text.lines().filter(|line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    lines.fold(String::new(), |prose, line| prose + &without_spans(line) + "\n")
}

fn without_spans(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// Returns the targets of `[text](target)`.
fn inline(prose: &str) -> Vec<&str> {
    let starts = prose.match_indices("](").map(|(at, _)| &prose[at + 2..]);
    starts.filter_map(|rest| Some(rest.split_once(')')?.0)).collect()
}

/// Returns labels and targets of lines such as `[label]: target`.
pub(super) fn definitions(prose: &str) -> Vec<(&str, &str)> {
    let lines = prose.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    lines.map(|(label, target)| (label, target.trim())).collect()
}

/// Returns the labels of `[text][label]`.
fn labels(prose: &str) -> Vec<&str> {
    let starts = prose.match_indices("][").map(|(at, _)| &prose[at + 2..]);
    starts.filter_map(|rest| Some(rest.split_once(']')?.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::root;

    fn targets() -> Targets {
        Targets::of(root(), Path::new("/there is no documentation"))
    }

    #[test]
    fn a_relative_link_of_a_readme_is_seen() {
        let page = "See [the guide](docs/records.md), `[code](gone.md)` and [more][x].\n\n[x]: https://example.com\n";
        assert_eq!(
            problems("README.md", page, &targets()),
            ["README.md: docs/records.md: the links of a README are absolute"]
        );
    }

    #[test]
    fn a_link_to_what_does_not_exist_is_seen() {
        let page = "[a](https://github.com/snow-rs/snow/blob/main/docs/gone.md)\n\
                    [b](https://github.com/snow-rs/snow/blob/main/docs/records.md#no-such-heading)\n\
                    [c](https://github.com/snow-rs/snow/blob/main/docs/records.md#writes)\n\
                    [d](https://docs.rs/snow-nothing) [e][f]\n\
                    [g](https://docs.rs/snow-client/latest/snow_client/gone/)\n";
        let found = problems("README.md", page, &targets());
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(found[0].ends_with("docs/gone.md does not exist"), "{found:?}");
        assert!(found[1].ends_with("docs/records.md has no heading #no-such-heading"), "{found:?}");
        assert!(found[2].ends_with("there is no crate snow-nothing"), "{found:?}");
        assert!(
            found[3].ends_with("the documentation of snow-client has no snow_client/gone/index.html"),
            "{found:?}"
        );
        assert_eq!(found[4], "README.md: [f] is not defined");
        assert_eq!(
            problems_of_source(
                "a.rs",
                "//! <https://github.com/snow-rs/snow/blob/main/gone.md>.",
                &targets()
            )
            .len(),
            1
        );
    }

    #[test]
    fn a_guide_names_other_guides_by_their_files() {
        let page = "[a](records.md) [b][records.md] [c][r]\n\n[records.md]: records.md\n[r]: records.md\n";
        let found = problems("docs/queries.md", page, &targets());
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("docs/queries.md: write [text][records.md]"), "{found:?}");
        assert!(found[1].starts_with("docs/queries.md: the label [r]"), "{found:?}");
    }
}
