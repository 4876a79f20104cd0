//! Names that several types of one crate have: a reader who finds one is not sure that it is the right one.

use super::source::CrateSource;
use std::collections::BTreeMap;

/// A few are tolerated, because the better name would be a worse word.
const LIMIT: usize = 4;

pub(super) fn problems(source: &CrateSource) -> Vec<String> {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for module in source.modules.values() {
        for name in &module.types {
            files.entry(name).or_default().push(&module.file);
        }
    }
    files.retain(|_, files| files.len() > 1);
    if files.len() <= LIMIT {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "{}: {} names of types are used more than once, and {LIMIT} is the limit: name each after what it is",
        source.name,
        files.len()
    )];
    lines.extend(files.iter().map(|(name, files)| format!("    {name} ({})", files.join(", "))));
    vec![lines.join("\n")]
}

#[cfg(test)]
mod tests {
    use crate::structure::tests::problems;

    const TYPES: &str = "struct A; enum B {} trait C {} type D = (); pin_project! { struct E { e: u8 } }";

    #[test]
    fn the_fifth_name_used_twice_is_seen() {
        let found = problems("snow-auth", &[("one.rs", TYPES), ("two.rs", TYPES)]);
        assert!(found[0].starts_with("snow-auth: 5 names of types are used more than once"), "{found:?}");
        assert!(found[0].contains("    E (one.rs, two.rs)"), "{found:?}");
    }

    #[test]
    fn four_names_associated_types_and_tests_pass() {
        let two = "struct A; enum B {} trait C {} type D = (); impl C for A { type E = (); } \
                   #[cfg(test)] mod tests { struct E; }";
        assert_eq!(problems("snow-auth", &[("one.rs", TYPES), ("two.rs", two)]), [""; 0]);
    }
}
