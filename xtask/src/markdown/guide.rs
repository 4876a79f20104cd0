//! The links between guides. In rustdoc, `links.md` says which module each of them leads to.

use super::links::definitions;

/// Returns what is wrong with the guide: a page of `docs` that is not a module, and a link whose label `links.md` does not define, or
/// gives another module. `pages` are the names of the files of `docs`, each with its text.
pub(super) fn problems(modules: &str, links: &str, pages: &[(&str, &str)]) -> Vec<String> {
    let known = definitions(links);
    let mut problems = Vec::new();
    for (page, text) in pages {
        if !modules.contains(&format!("docs/{page}\")]\npub mod {} {{}}", module(page))) {
            problems.push(format!("docs/{page} is not a module of the guide"));
        }
        let relative = definitions(text).into_iter().filter(|(label, target)| label == target);
        for (label, _) in relative {
            let wanted = path(label);
            if !known.contains(&(label, &wanted)) {
                problems.push(format!("docs/{page}: links.md of the guide has to have [{label}]: {wanted}"));
            }
        }
    }
    problems
}

/// Returns the path in rustdoc of a label such as `many-users.md#testing-it`.
fn path(label: &str) -> String {
    let (page, anchor) = label.split_once('#').unwrap_or((label, ""));
    let separator = if anchor.is_empty() { "" } else { "#" };
    format!("crate::guide::{}{separator}{anchor}", module(page))
}

fn module(page: &str) -> String {
    page.trim_end_matches(".md").replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_needs_a_definition_that_leads_to_its_module() {
        let modules = "#[doc = include_str!(\"../../docs/many-users.md\")]\npub mod many_users {}\n";
        let page = "See [it][a-b.md#c] and [that][other.md].\n\n[a-b.md#c]: a-b.md#c\n[other.md]: other.md\n";
        let of = |links: &str| problems(modules, links, &[("many-users.md", page)]).len();
        assert_eq!(of("[a-b.md#c]: crate::guide::a_b#c\n[other.md]: crate::guide::other\n"), 0);
        assert_eq!(of("[a-b.md#c]: crate::guide::a_b#d\n[other.md]: crate::guide::other\n"), 1);
        assert_eq!(of(""), 2);
        assert_eq!(problems(modules, "", &[("unknown.md", "")]).len(), 1);
    }
}
