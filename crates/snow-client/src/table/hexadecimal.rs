//! Ids of 32 hexadecimal digits, which every database sorts by their characters. It sorts other ids in its own way.

/// Whether an id has 32 hexadecimal digits.
pub(crate) fn is_hexadecimal(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_ids_are_not_hexadecimal() {
        assert!(is_hexadecimal("0123456789abcdef0123456789abcdef"));
        for other in ["", "global", &"A".repeat(32), &"a".repeat(31), &"a".repeat(33), &"g".repeat(32)] {
            assert!(!is_hexadecimal(other), "{other}");
        }
    }
}
