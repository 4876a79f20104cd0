//! Parts of a table by sys_id, and where in one of them a read stands.

use serde::{Deserialize, Serialize};

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    Start,
    /// Behind this row.
    After(Key),
    /// At this sys_id, itself included.
    From(String),
}

/// What tells where a row stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) sys_id: String,
    /// The value of the field that the user sorts by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
}

/// From a bound up to a sys_id, itself excluded. Both ends of a whole table are open: odd ids sort outside of all digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Range {
    pub(super) from: Bound,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
}

impl Range {
    pub(super) fn whole() -> Self {
        Self { from: Bound::Start, until: None }
    }

    /// So many ranges that together are this one. By the first 16 digits of a sys_id, which vary most (facts 1.4); fewer where
    /// they do not tell ends apart.
    pub(super) fn split(&self, pieces: u64) -> Vec<Self> {
        let (low, high) =
            (self.lowest(), self.until.as_deref().map_or(u64::MAX, |until| digits(until, u64::MAX)));
        let step = (high.saturating_sub(low) / pieces.max(1)).max(1);
        let cuts =
            (1..pieces).map(|piece| low.saturating_add(step.saturating_mul(piece))).filter(|cut| *cut < high);
        let mut ranges = vec![self.clone()];
        for cut in cuts {
            let cut = format!("{cut:016x}0000000000000000");
            let until = ranges.last_mut().and_then(|last| last.until.replace(cut.clone()));
            ranges.push(Self { from: Bound::From(cut), until });
        }
        ranges
    }

    fn lowest(&self) -> u64 {
        match &self.from {
            Bound::Start => 0,
            Bound::After(key) => digits(&key.sys_id, 0),
            Bound::From(id) => digits(id, 0),
        }
    }

    /// This range and the one behind it as one, if nothing of the second was read yet.
    pub(super) fn joined(&self, next: &Self) -> Option<Self> {
        match (&self.until, &next.from) {
            (Some(until), Bound::From(from)) if until == from => {
                Some(Self { from: self.from.clone(), until: next.until.clone() })
            }
            _ => None,
        }
    }
}

/// The first 16 digits of a sys_id as a number; of one that is no hexadecimal number, what is given instead.
fn digits(id: &str, odd: u64) -> u64 {
    id.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(ranges: &[Range]) -> Vec<String> {
        let start = |range: &Range| match &range.from {
            Bound::Start => "open".to_owned(),
            Bound::After(key) => format!("after {}", key.sys_id),
            Bound::From(id) => id[..4].to_owned(),
        };
        ranges.iter().map(start).collect()
    }

    #[test]
    fn a_table_is_split_evenly_and_its_ends_stay_open() {
        let ranges = Range::whole().split(4);
        assert_eq!(starts(&ranges), ["open", "3fff", "7fff", "bfff"]);
        assert_eq!(ranges[3].until, None);
        assert!(ranges.windows(2).all(|two| two[0].joined(&two[1]).is_some()));
        let whole = ranges.iter().skip(1).fold(ranges[0].clone(), |all, next| all.joined(next).unwrap());
        assert_eq!(whole, Range::whole());
    }

    #[test]
    fn what_is_left_behind_a_row_is_split_from_there() {
        let key = Key { sys_id: "c0".repeat(16), value: None };
        let rest = Range { from: Bound::After(key), until: Some("d0".repeat(16)) };
        let ranges = rest.split(2);
        assert_eq!(ranges.len(), 2);
        assert_eq!(ranges[1].until, Some("d0".repeat(16)));
        let Bound::From(cut) = &ranges[1].from else { panic!() };
        assert!(*cut > "c0".repeat(16) && *cut < "d0".repeat(16));
    }

    #[test]
    fn what_cannot_be_split_is_not() {
        let odd = Range { from: Bound::From("zz".repeat(16)), until: Some("0".repeat(32)) };
        assert_eq!(odd.split(9), std::slice::from_ref(&odd));
        assert_eq!(Range::whole().split(1), [Range::whole()]);
    }
}
