//! Strings of JSON, read.

use std::borrow::Cow;

/// The text of a string, given without its quotes and checked before; `None` for half a surrogate pair, which is no text.
pub(super) fn unescape(raw: &str) -> Option<Cow<'_, str>> {
    let Some(first) = raw.find('\\') else { return Some(Cow::Borrowed(raw)) };
    let (plain, mut rest) = raw.split_at_checked(first)?;
    let mut text = String::with_capacity(raw.len());
    text.push_str(plain);
    while let Some(escape) = rest.strip_prefix('\\') {
        let (character, behind) = one(escape)?;
        text.push(character);
        let next = behind.find('\\').unwrap_or(behind.len());
        let (plain, more) = behind.split_at_checked(next)?;
        text.push_str(plain);
        rest = more;
    }
    Some(Cow::Owned(text))
}

/// The character of an escape, from behind its backslash, and what follows it.
fn one(escape: &str) -> Option<(char, &str)> {
    let mut rest = escape.chars();
    let character = match rest.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(rest.as_str()),
        other => other,
    };
    Some((character, rest.as_str()))
}

fn unicode(digits: &str) -> Option<(char, &str)> {
    let (unit, rest) = hex(digits)?;
    if !(0xd800..0xdc00).contains(&unit) {
        return Some((char::from_u32(unit)?, rest));
    }
    let (low, rest) = hex(rest.strip_prefix("\\u")?)?;
    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
    Some((char::from_u32(0x1_0000 + ((unit - 0xd800) << 10 | low))?, rest))
}

fn hex(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_serde_json_reads_it(parts in proptest::collection::vec(
            r#"[a-zé"/\\bfnrt]|\\u[dD][89abAB][0-9]{2}|\\u[dD][c-fC-F][0-9]{2}|\\u00[0-9a-f]{2}|\\["\\/bfnrt]"#, 0..8,
        )) {
            let raw = parts.concat();
            let quoted = format!("\"{raw}\"");
            // Only what has been checked comes here.
            if serde_json::from_str::<&serde_json::value::RawValue>(&quoted).is_ok() {
                let theirs = serde_json::from_str::<String>(&quoted).ok();
                prop_assert_eq!(unescape(&raw).map(Cow::into_owned), theirs);
            }
        }
    }
}
