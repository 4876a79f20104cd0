//! The primary key of every record.

use crate::from_text::from_text;
use crate::{Error, ErrorKind};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

const MAX: usize = 32;

/// The `sys_id` of a record: 32 characters, usually hexadecimal, but ids shipped with the product may be anything
/// (`global`, `glide.maint`). It is not a UUID, and takes no allocation.
///
/// ```
/// use snow_client::SysId;
///
/// let id: SysId = "a9e30c7dc61122760116894de7bcc7bd".parse()?;
/// assert_eq!(id.as_str().len(), 32);
/// assert!("../sys_user".parse::<SysId>().is_err());
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SysId {
    bytes: [u8; MAX],
    len: u8,
}

impl SysId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        // The bytes are always text. The fallback is not empty, because an empty id would address the whole table.
        str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("not-a-sys_id")
    }
}

impl FromStr for SysId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse =
            |why: &str| Err(Error::new(ErrorKind::InvalidInput, format!("the sys_id {text:?} {why}")));
        if text.is_empty() {
            return refuse("is empty: give the 32 characters of a record's sys_id");
        }
        if text.len() > MAX {
            return refuse("is longer than 32 characters");
        }
        if let Some(odd) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        {
            return refuse(&format!("contains {odd:?}: a sys_id has letters, digits, '.', '_' and '-' only"));
        }
        if text.bytes().all(|b| b == b'.') {
            return refuse("is a step to another path, not a sys_id");
        }
        let mut bytes = [0; MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "at most 32, checked above")]
        Ok(Self { bytes, len: text.len() as u8 })
    }
}

impl AsRef<str> for SysId {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for SysId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SysId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SysId({self})")
    }
}

impl Serialize for SysId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SysId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refusals_name_the_input_and_the_reason() {
        for (bad, why) in [
            ("", "empty"),
            ("../sys_user", "'/'"),
            ("..", "step"),
            ("a b", "' '"),
            ("0123456789012345678901234567890123", "longer"),
            ("é", "'é'"),
        ] {
            let error = bad.parse::<SysId>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_comes_back_unchanged(text in "[A-Za-z0-9_][A-Za-z0-9._-]{0,31}") {
            prop_assert_eq!(text.parse::<SysId>().unwrap().to_string(), text);
        }
    }
}
