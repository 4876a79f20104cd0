//! Ranges of records by their keys.

use crate::table::hexadecimal::is_hexadecimal;
use serde::{Deserialize, Serialize};

/// Where a range begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RangeStart {
    Start,
    /// After this record.
    After(RecordKey),
    /// At this sys_id, including it.
    From(String),
    /// At this record, including it.
    At(RecordKey),
}

/// Where a record stands in the order of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordKey {
    pub(super) sys_id: String,
    /// The value of the field that the user sorts by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
}

/// A range that ends before a sys_id. The whole table is open at both ends, because ids that are not hexadecimal sort outside of all
/// those that are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyRange {
    pub(super) from: RangeStart,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
}

impl KeyRange {
    pub(super) fn whole() -> Self {
        Self { from: RangeStart::Start, until: None }
    }

    /// Splits this range into so many, by the first 16 digits of a sys_id, which vary most (facts 1.4). Returns fewer where those digits
    /// are not enough.
    pub(super) fn split(&self, pieces: u64) -> Vec<Self> {
        self.split_first(pieces, pieces)
    }

    /// Splits this range as [`Self::split`] does, but returns at most `most` ranges: the last one is all the rest.
    pub(super) fn split_first(&self, pieces: u64, most: u64) -> Vec<Self> {
        let (Some(low), Some(high)) = (self.lowest(), self.highest()) else { return vec![self.clone()] };
        let step = high.saturating_sub(low).checked_div(pieces).unwrap_or(1).max(1);
        let cuts = (1..pieces.min(most)).map(|piece| low.saturating_add(step.saturating_mul(piece)));
        let mut ranges = vec![self.clone()];
        for cut in cuts.take_while(|cut| *cut < high) {
            let cut = format!("{cut:016x}0000000000000000");
            let until = ranges.last_mut().and_then(|last| last.until.replace(cut.clone()));
            ranges.push(Self { from: RangeStart::From(cut), until });
        }
        ranges
    }

    /// The first digits of its start; `None` for an id that is not hexadecimal.
    fn lowest(&self) -> Option<u64> {
        match &self.from {
            RangeStart::Start => Some(0),
            RangeStart::After(key) | RangeStart::At(key) => digits(&key.sys_id),
            RangeStart::From(id) => digits(id),
        }
    }

    fn highest(&self) -> Option<u64> {
        self.until.as_deref().map_or(Some(u64::MAX), digits)
    }

    /// This range and the next one as one, if nothing of the next one was read yet.
    pub(super) fn joined(&self, next: &Self) -> Option<Self> {
        match (&self.until, &next.from) {
            (Some(until), RangeStart::From(from)) if until == from => {
                Some(Self { from: self.from.clone(), until: next.until.clone() })
            }
            _ => None,
        }
    }
}

/// The first 16 digits of a hexadecimal sys_id as a number.
fn digits(id: &str) -> Option<u64> {
    if !is_hexadecimal(id) {
        return None;
    }
    u64::from_str_radix(id.get(..16)?, 16).ok()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    fn starts(ranges: &[KeyRange]) -> Vec<String> {
        let start = |range: &KeyRange| match &range.from {
            RangeStart::Start => "open".to_owned(),
            RangeStart::After(key) => format!("after {}", key.sys_id),
            RangeStart::From(id) => id[..4].to_owned(),
            RangeStart::At(key) => format!("at {}", key.sys_id),
        };
        ranges.iter().map(start).collect()
    }

    #[test]
    fn a_table_is_split_evenly_and_its_ends_stay_open() {
        let ranges = KeyRange::whole().split(4);
        assert_eq!(starts(&ranges), ["open", "3fff", "7fff", "bfff"]);
        assert_eq!(ranges[3].until, None);
        assert!(ranges.windows(2).all(|two| two[0].joined(&two[1]).is_some()));
        let whole = ranges.iter().skip(1).fold(ranges[0].clone(), |all, next| all.joined(next).unwrap());
        assert_eq!(whole, KeyRange::whole());
    }

    #[test]
    fn the_rest_of_a_table_stays_in_one_range() {
        let ranges = KeyRange::whole().split_first(16, 3);
        assert_eq!(starts(&ranges), ["open", "0fff", "1fff"]);
        assert_eq!(ranges[2].until, None);
        assert_eq!(KeyRange::whole().split_first(u64::MAX, 3).len(), 3);
        assert_eq!(KeyRange::whole().split_first(16, 1), [KeyRange::whole()]);
    }

    #[test]
    fn what_is_left_behind_a_row_is_split_from_there() {
        let key = RecordKey { sys_id: "c0".repeat(16), value: None };
        let rest = KeyRange { from: RangeStart::After(key), until: Some("d0".repeat(16)) };
        let ranges = rest.split(2);
        assert_eq!(ranges.len(), 2);
        assert_eq!(ranges[1].until, Some("d0".repeat(16)));
        let RangeStart::From(cut) = &ranges[1].from else { panic!() };
        assert!(*cut > "c0".repeat(16) && *cut < "d0".repeat(16));
    }

    #[test]
    fn what_cannot_be_split_is_not() {
        let key = |id: &str| RecordKey { sys_id: id.into(), value: None };
        for odd in [
            KeyRange { from: RangeStart::From("zz".repeat(16)), until: None },
            KeyRange { from: RangeStart::After(key("glide.maint")), until: None },
            KeyRange { from: RangeStart::Start, until: Some("global".into()) },
        ] {
            assert_eq!(odd.split(9), std::slice::from_ref(&odd));
        }
        assert_eq!(KeyRange::whole().split(1), [KeyRange::whole()]);
    }
}
