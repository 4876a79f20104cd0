//! Long files: what is worth more than 400 lines is more than one concept.

use super::source::CrateSource;

const LIMIT: usize = 400;

pub(super) fn problems(source: &CrateSource) -> Vec<String> {
    let long = source.files.iter().filter(|(_, lines)| *lines > LIMIT);
    long.map(|(file, lines)| {
        format!(
            "{}: {file} has {lines} lines, and {LIMIT} are the limit: split it by concept, or move its tests into a \
             file of their own",
            source.name
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use crate::structure::tests::problems;

    #[test]
    fn a_file_of_401_lines_is_seen() {
        assert_eq!(problems("snow-auth", &[("a.rs", &"\n".repeat(400))]), [""; 0]);
        let found = problems("snow-auth", &[("a.rs", &"\n".repeat(401))]);
        assert!(found[0].starts_with("snow-auth: a.rs has 401 lines"), "{found:?}");
    }
}
