//! The content type of a file, by its name and by how it begins.

/// The type of bytes that may be anything.
const UNKNOWN: &str = "application/octet-stream";

/// How many bytes of a file are looked at.
pub(super) const SNIFF_LENGTH: usize = 8 << 10;

/// Returns the type that the name indicates. If the name indicates text, or nothing, and the content begins like a known type
/// that is not text, returns that type. If neither indicates a type, the content is bytes, never text.
pub(super) fn detect(file_name: &str, beginning: &[u8]) -> &'static str {
    let named = mime_guess::from_path(file_name).first_raw();
    let found = infer::get(beginning).map(|kind| kind.mime_type());
    match (named, found) {
        (Some(named), Some(found)) if named.starts_with("text/") && !found.starts_with("text/") => found,
        (Some(named), _) => named,
        (None, Some(found)) => found,
        (None, None) => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_beginnings_tell_a_type_and_nothing_is_guessed_as_text() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        for (name, beginning, expected) in [
            ("notes.txt", &b"hello"[..], "text/plain"),
            ("report.pdf", b"", "application/pdf"),
            ("REPORT.PDF", b"%PDF-1.7", "application/pdf"),
            ("picture.txt", png, "image/png"),
            ("picture", png, "image/png"),
            (
                "sheet.xlsx",
                b"PK\x03\x04",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
            ("README", b"plain words", UNKNOWN),
            ("data.unheard-of", b"plain words", UNKNOWN),
            ("", b"", UNKNOWN),
        ] {
            assert_eq!(detect(name, beginning), expected, "{name}");
        }
    }
}
