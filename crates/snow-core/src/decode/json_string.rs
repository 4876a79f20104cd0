//! Reads JSON strings.

use std::borrow::Cow;

/// Returns the text of a string, given without its quotes and checked before; `None` for half a surrogate pair, which is not
/// text.
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

/// Returns the text of a string, given without its quotes and checked before, with U+FFFD in place of each half of a surrogate
/// pair.
pub(super) fn unescape_lossy(raw: &str) -> String {
    let mended = mended(raw);
    unescape(mended.as_deref().unwrap_or(raw)).unwrap_or_default().into_owned()
}

/// Returns the JSON with an escaped U+FFFD in place of each escape that is half a surrogate pair; `None` if there is no such
/// escape. No position changes, because both escapes take six bytes.
pub(super) fn mended(json: &str) -> Option<String> {
    let (mut mended, mut at) = (None::<String>, 0);
    while let Some(found) = json.get(at..).and_then(|rest| rest.find('\\')) {
        let start = at.saturating_add(found);
        let escape = json.get(start.saturating_add(1)..).unwrap_or_default();
        if !escape.starts_with('u') {
            at = start.saturating_add(2); // the backslash and what it stands before, which is ASCII in JSON
            continue;
        }
        match one(escape) {
            Some((_, rest)) => at = json.len().saturating_sub(rest.len()),
            None if hex(escape.get(1..).unwrap_or_default()).is_none() => return None, // it is not JSON
            None => {
                at = start.saturating_add(6);
                let text = mended.get_or_insert_with(|| json.to_owned());
                text.replace_range(start..at, "\\ufffd");
            }
        }
    }
    mended
}

/// The byte order mark, which some programs put before UTF-8 although JSON does not allow it.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Returns a body without a byte order mark at its beginning.
pub(super) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(BOM).unwrap_or(body)
}

/// Returns the character of an escape, given from after its backslash, and what follows it.
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
    if let Some(character) = char::from_u32(unit.into()) {
        return Some((character, rest));
    }
    let (low, rest) = hex(rest.strip_prefix("\\u")?)?;
    Some((char::decode_utf16([unit, low]).next()?.ok()?, rest))
}

fn hex(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
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
            // Only strings that were checked before are passed here.
            if serde_json::from_str::<&serde_json::value::RawValue>(&quoted).is_ok() {
                let theirs = serde_json::from_str::<String>(&quoted).ok();
                prop_assert_eq!(unescape(&raw).map(Cow::into_owned), theirs.clone());
                // Mended, it is a text, of the same length and without loss of what is one already.
                let mended = mended(&quoted).unwrap_or_else(|| quoted.clone());
                prop_assert_eq!(mended.len(), quoted.len());
                let read = serde_json::from_str::<String>(&mended).unwrap();
                prop_assert_eq!(&read, &unescape_lossy(&raw));
                prop_assert!(theirs.is_none_or(|theirs| theirs == read));
            }
        }
    }
}
