//! Which type a file has: by its name and by how it begins.

/// What may be anything.
pub(super) const UNKNOWN: &str = "application/octet-stream";

/// How much of a file is looked at.
pub(super) const LOOK: usize = 8 << 10;

/// The type that the name says; but where it says a text or nothing, and the content begins as something else is known to, that.
/// What neither tells is bytes, never a text.
pub(super) fn of(file_name: &str, beginning: &[u8]) -> &'static str {
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
            assert_eq!(of(name, beginning), expected, "{name}");
        }
    }
}
