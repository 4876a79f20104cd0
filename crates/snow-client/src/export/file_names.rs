//! The names of an export's files. Nothing that an instance sends is part of a name.

/// The report of a complete export.
pub(super) const MANIFEST: &str = "_manifest.json";

/// How far an export is.
pub(super) const POSITION: &str = "_position.json";

/// The longest extension that a format may have.
const LONGEST_EXTENSION: usize = 16;

/// Returns the name of a data file. Names sort as the records of a list that is sorted by `sys_id`.
pub(super) fn data_file(part: usize, file: usize, extension: &str) -> String {
    format!("part-{part:05}-{file:05}.{extension}")
}

/// Whether an extension consists of letters, digits and dots between them.
pub(super) fn is_extension(text: &str) -> bool {
    let is_plain = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= LONGEST_EXTENSION && text.split('.').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_part_and_file() {
        let names = [(0, 0), (0, 1), (0, 10), (1, 0), (99, 3), (100, 0)];
        assert!(names.map(|(part, file)| data_file(part, file, "csv")).is_sorted());
        assert_eq!(data_file(3, 1, "ndjson"), "part-00003-00001.ndjson");
    }

    #[test]
    fn an_extension_is_no_path() {
        assert!(["csv", "ndjson", "parquet", "csv.gz", "7z"].into_iter().all(is_extension));
        for bad in ["", ".", "a/b", "..", "../x", "CSV", "a b", ".csv", "csv.", "seventeen-letters", "c:x"] {
            assert!(!is_extension(bad), "{bad}");
        }
    }
}
