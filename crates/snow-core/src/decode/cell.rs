//! The parts of a field that came as an object (facts 1.6).

use super::{json_string, scan};

/// `{"value":…,"display_value":…,"link":…}`, or some of these parts, each as it came.
#[derive(Clone, Copy, Default)]
pub(super) struct Cell<'a> {
    pub(super) value: Option<&'a str>,
    pub(super) display_value: Option<&'a str>,
    pub(super) link: Option<&'a str>,
    /// Whether the object has another member, which no field of a table has.
    more: bool,
}

impl<'a> Cell<'a> {
    /// The parts of an object; `None` for anything else.
    pub(super) fn of(raw: &'a str) -> Option<Self> {
        if !raw.starts_with('{') {
            return None;
        }
        let mut cell = Self::default();
        for (name, value) in scan::members(raw) {
            match &*json_string::unescape(name).unwrap_or_default() {
                "value" => cell.value = Some(value),
                "display_value" => cell.display_value = Some(value),
                "link" => cell.link = Some(value),
                _ => cell.more = true,
            }
        }
        Some(cell)
    }

    /// Returns whether it is a field of a table and nothing else.
    pub(super) fn is_plain(&self) -> bool {
        !self.more && (self.value.is_some() || self.display_value.is_some())
    }
}
