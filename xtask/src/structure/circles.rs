//! Circles: modules of one parent that name each other. A module and what is inside it count as one.

use super::resolve::Arrow;
use super::source::{CrateSource, ModulePath};
use std::collections::{BTreeMap, BTreeSet};

/// A circle that may stay: a grammar that contains itself.
struct Allowed {
    krate: &'static str,
    parent: &'static [&'static str],
    modules: &'static [&'static str],
    /// Why these modules cannot be put in an order.
    #[expect(dead_code, reason = "it is for people")]
    reason: &'static str,
}

const ALLOWED: &[Allowed] = &[
    Allowed {
        krate: "snow-core",
        parent: &["query"],
        modules: &["expr", "related"],
        reason: "an expression may be a condition on a related list, which has an expression",
    },
    Allowed {
        krate: "snow-sim",
        parent: &["query"],
        modules: &["condition", "related"],
        reason: "a condition may be a query about a related list, which has conditions",
    },
];

const ADVICE: &str = "    Move what they share into a module that names neither, or merge them. A recursive grammar may \
                      be listed, with its reason, in ALLOWED of xtask/src/structure/circles.rs.";

pub(super) fn problems(source: &CrateSource) -> Vec<String> {
    let mut levels: BTreeMap<ModulePath, Vec<Arrow>> = BTreeMap::new();
    for arrow in source.arrows() {
        levels.entry(arrow.parent.clone()).or_default().push(arrow);
    }
    let mut allowed: Vec<&Allowed> = ALLOWED.iter().filter(|allowed| allowed.krate == source.name).collect();
    let mut problems = Vec::new();
    for (parent, arrows) in &levels {
        for circle in circles(arrows) {
            match allowed.iter().position(|allowed| parent == allowed.parent && circle == allowed.modules) {
                Some(index) => {
                    allowed.swap_remove(index);
                }
                None => problems.push(problem(&source.name, parent, &circle, arrows)),
            }
        }
    }
    problems.extend(allowed.iter().map(|allowed| {
        format!(
            "{}: {} do not form the circle that is listed: correct or remove it in ALLOWED of xtask/src/structure/circles.rs",
            allowed.krate,
            allowed.modules.join(" and ")
        )
    }));
    problems
}

/// The sets of modules of which each reaches all others.
fn circles(arrows: &[Arrow]) -> Vec<Vec<&str>> {
    let modules: BTreeSet<&str> = arrows.iter().map(|arrow| arrow.from.as_str()).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        modules.iter().map(|module| (*module, reachable(module, arrows))).collect();
    let mut circles: Vec<Vec<&str>> = Vec::new();
    for (module, from_it) in &reached {
        let back = |other: &&&str| reached.get(**other).is_some_and(|from_other| from_other.contains(module));
        let circle: Vec<&str> = from_it.iter().filter(back).copied().collect();
        if circle.len() > 1 && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reachable<'a>(module: &'a str, arrows: &'a [Arrow]) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![module];
    while let Some(module) = open.pop() {
        let next = arrows.iter().filter(|arrow| arrow.from == module).map(|arrow| arrow.to.as_str());
        open.extend(next.filter(|to| found.insert(*to)));
    }
    found
}

fn problem(krate: &str, parent: &[String], circle: &[&str], arrows: &[Arrow]) -> String {
    let place = if parent.is_empty() { String::new() } else { format!(" of {}", parent.join("::")) };
    let inside = |arrow: &&Arrow| circle.contains(&&*arrow.from) && circle.contains(&&*arrow.to);
    let mut lines =
        vec![format!("{krate}: the modules {}{place} name each other in a circle:", circle.join(", "))];
    lines.extend(arrows.iter().filter(inside).map(|arrow| format!("    {arrow}")));
    lines.push(ADVICE.to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use crate::structure::tests::problems;

    #[test]
    fn a_circle_between_top_level_modules_is_seen() {
        let files = [("a.rs", "use crate::b::B; pub struct A;"), ("b.rs", "pub struct B(crate::a::A);")];
        let found = problems("snow-auth", &files);
        assert!(
            found[0].starts_with("snow-auth: the modules a, b name each other in a circle:"),
            "{found:?}"
        );
        assert!(found[0].contains("a -> b (a.rs names crate::b::B)"), "{found:?}");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_circle_between_siblings_is_seen_through_their_descendants_macros_and_reexports() {
        let files = [
            ("query/mod.rs", "mod tree; mod text; pub(crate) use tree::Tree;"),
            ("query/tree/mod.rs", "mod leaf; pub(crate) struct Tree;"),
            ("query/tree/leaf.rs", "fn leaf() { log!(super::super::text::Text); }"),
            ("query/text.rs", "use crate::query::Tree; pub(crate) struct Text;"),
        ];
        let found = problems("snow-auth", &files);
        assert!(found[0].contains("the modules text, tree of query"), "{found:?}");
    }

    #[test]
    fn parents_tests_comments_and_strings_are_no_circle() {
        let files = [
            ("a/mod.rs", "mod b; use b::B; pub struct A;"),
            ("a/b.rs", "use super::A; use crate::c::C; pub struct B;"),
            (
                "c.rs",
                "//! See [`crate::a::A`].\n// crate::a::A\nconst C: &str = \"crate::a::A\";\n#[cfg(test)] mod tests;",
            ),
            ("c/tests.rs", "use crate::a::A;"),
        ];
        assert_eq!(problems("snow-auth", &files), [""; 0]);
    }

    #[test]
    fn a_listed_circle_passes_and_is_asked_back_when_it_is_gone() {
        let condition = ("query/condition.rs", "use super::related::Related;");
        let related = ("query/related.rs", "use super::condition::Condition;");
        assert_eq!(problems("snow-sim", &[condition, related]), [""; 0]);
        let found = problems("snow-sim", &[condition, ("query/related.rs", "")]);
        assert!(found[0].contains("do not form the circle that is listed"), "{found:?}");
    }
}
