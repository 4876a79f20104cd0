//! Text from outside on one line.

/// The maximum length of text from outside, in bytes.
const MAX: usize = 500;

/// Returns text from outside as one line that a person can read: at most about 500 bytes, with invisible characters, such as a mark
/// that changes the direction of the text, as escapes.
pub fn one_line(text: &str) -> String {
    visible(&bounded(text))
}

/// Returns at most 500 bytes of a text, without control characters.
pub(crate) fn bounded(text: &str) -> String {
    let mut line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.len() > MAX {
        let end = (0..=MAX).rev().find(|end| line.is_char_boundary(*end));
        line.truncate(end.unwrap_or_default());
        line.push('…');
    }
    line
}

/// Returns at most `most` characters of a text on one line, with any white space as a single space.
pub(crate) fn in_words(text: &str, most: usize) -> String {
    let words = text.split_whitespace().enumerate();
    let mut spaced = words.flat_map(|(at, word)| (at > 0).then_some(' ').into_iter().chain(word.chars()));
    let mut line: String = spaced.by_ref().take(most).collect();
    if spaced.next().is_some() {
        line.push('…');
    }
    visible(&line)
}

/// Returns a text with invisible characters as escapes.
pub(crate) fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
        match is_hidden(c) {
            true => line.extend(c.escape_unicode()),
            false => line.push(c),
        }
        line
    })
}

/// Returns whether a character is invisible: a control character, a line end, or a mark that changes the direction of the text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_one_bounded_line(text in "\\PC{0,200}[\u{0}-\u{1f}\u{2028}\u{202e}]{0,9}\\PC{0,600}") {
            let line = one_line(&text);
            prop_assert!(bounded(&text).len() <= MAX + '…'.len_utf8());
            prop_assert!(!line.chars().any(is_hidden) && !in_words(&text, 40).chars().any(is_hidden));
        }
    }

    #[test]
    fn ordinary_text_stays() {
        assert_eq!(one_line(" Ünïcode text, \"quoted\" "), "Ünïcode text, \"quoted\"");
    }
}
