//! Text of a dictionary as text in Rust code: it stays a string or a comment, whatever is in it.

/// A string literal. Rust's own `Debug` escapes quotes, backslashes, control and formatting characters, those that change the
/// direction of text among them.
pub(super) fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// Text for a comment: one line, with spaces in place of what no reader sees or what would move the text around it.
pub(super) fn comment(text: &str) -> String {
    let plain: String = text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    plain.trim().to_owned()
}

/// The same for a documentation comment, in which nothing of it is Markdown or HTML: neither a link nor a block of code that a
/// documentation test would run.
pub(super) fn markdown(text: &str) -> String {
    comment(text).chars().fold(String::new(), |mut line, c| {
        match c {
            // A backslash does not escape a backquote within code.
            '`' => line.push('\''),
            '\\' | '<' | '[' | '~' => line.extend(['\\', c]),
            _ => line.push(c),
        }
        line
    })
}

/// Control characters, line and paragraph separators, and characters that have no width or change the direction of text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_a_literal_or_a_comment() {
        assert_eq!(literal("a\"\\\n\u{202e}b"), r#""a\"\\\n\u{202e}b""#);
        assert_eq!(comment("  a\r\nfn\u{2028}b()\u{202e}"), "a  fn b()");
        assert_eq!(markdown("`\n<a>[b]"), r"' \<a>\[b]");
    }
}
