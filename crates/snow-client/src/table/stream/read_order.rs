//! The order in which a stream reads records, and whether each record comes where it belongs: after the one before it, and within
//! the range that was asked for. An instance that drops a condition, or sorts in another way, would otherwise lose records or
//! send the same ones endlessly.

use super::key_range::{KeyRange, RangeStart, RecordKey};
use crate::table::hexadecimal::is_hexadecimal;
use snow_core::{DisplayValue, Error, ErrorKind, Query};
use std::cmp::Ordering;

/// How records are told apart and put in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadOrder {
    SysId,
    /// By a field whose order a query can continue, and by sys_id where its values are equal.
    Field {
        field: String,
        descending: bool,
    },
    /// By position, which drifts when records come and go.
    Offset,
}

/// Fields that every record has, that never change, and whose order is the same for the service as for a query.
const CONTINUABLE: [&str; 1] = ["sys_created_on"];

impl ReadOrder {
    /// The order in which the records of this query are read.
    pub(crate) fn of(query: &Query<'_>, values: DisplayValue) -> Self {
        let order = query.order();
        let stored = values != DisplayValue::Display;
        match order[..] {
            [] | [("sys_id", false)] => Self::SysId,
            [(field, descending)] | [(field, descending), ("sys_id", false)]
                if stored && CONTINUABLE.contains(&field) =>
            {
                Self::Field { field: field.to_owned(), descending }
            }
            _ => Self::Offset,
        }
    }

    /// Fails if a record with this key cannot be the next one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`], which says what is wrong and how to read all the same.
    pub(super) fn verify(
        &self,
        range: &KeyRange,
        before: Option<&RecordKey>,
        key: &RecordKey,
    ) -> Result<(), Error> {
        let descending = matches!(self, Self::Field { descending: true, .. });
        let after = match &range.from {
            RangeStart::After(bound) => Some(bound),
            RangeStart::Start | RangeStart::From(_) | RangeStart::At(_) => None,
        };
        if let Some(earlier) = before.or(after) {
            if earlier.sys_id.eq_ignore_ascii_case(&key.sys_id) {
                return Err(repeated_sys_id());
            }
            if compare(earlier, key, descending).is_gt() {
                return Err(self.wrong_order());
            }
        }
        match is_within(range, key, descending) {
            true => Ok(()),
            false => Err(self.outside_range()),
        }
    }

    fn wrong_order(&self) -> Error {
        let why = format!(
            "the records are not sorted by their {}, so that it is unknown where the next page begins: read with \
             by_offset(true) instead",
            self.field()
        );
        Error::new(ErrorKind::Incomplete, why)
    }

    fn outside_range(&self) -> Error {
        let why = format!(
            "a record is outside the requested range of {}: the instance ignores that condition; read with \
             by_offset(true) instead",
            self.field()
        );
        Error::new(ErrorKind::Incomplete, why)
    }

    fn field(&self) -> &str {
        match self {
            Self::Field { field, .. } => field,
            Self::SysId | Self::Offset => "sys_id",
        }
    }
}

fn is_within(range: &KeyRange, key: &RecordKey, descending: bool) -> bool {
    let after_start = match &range.from {
        RangeStart::At(bound) => compare(bound, key, descending).is_le(),
        RangeStart::From(id) => compare_ids(id, &key.sys_id).is_le(),
        RangeStart::Start | RangeStart::After(_) => true,
    };
    let before_end =
        |until: &String| compare_ids(&key.sys_id, until).is_lt() || !are_comparable(until, &key.sys_id);
    after_start && range.until.as_ref().is_none_or(before_end)
}

/// Compares two keys. Keys that cannot be compared are equal.
fn compare(left: &RecordKey, right: &RecordKey, descending: bool) -> Ordering {
    let by_value = match (&left.value, &right.value) {
        // Dates with their times: their text sorts as they do.
        (Some(left), Some(right)) => left.cmp(right),
        _ => Ordering::Equal,
    };
    let by_value = if descending { by_value.reverse() } else { by_value };
    by_value.then_with(|| compare_ids(&left.sys_id, &right.sys_id))
}

/// Compares two ids. The instance's database sorts those that are not hexadecimal in its own way, so they are equal here.
fn compare_ids(left: &str, right: &str) -> Ordering {
    if are_comparable(left, right) { left.cmp(right) } else { Ordering::Equal }
}

fn are_comparable(left: &str, right: &str) -> bool {
    is_hexadecimal(left) && is_hexadecimal(right)
}

fn repeated_sys_id() -> Error {
    Error::new(
        ErrorKind::Incomplete,
        "two records have the same sys_id, so that it is unknown where the next page begins: database views repeat it; read \
         with by_offset(true) instead",
    )
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may fail")]
mod tests {
    use super::*;

    fn key(id: u8, value: Option<&str>) -> RecordKey {
        RecordKey { sys_id: format!("{id:032x}"), value: value.map(str::to_owned) }
    }

    fn by_time(descending: bool) -> ReadOrder {
        ReadOrder::Field { field: "sys_created_on".into(), descending }
    }

    #[test]
    fn a_record_has_to_be_behind_the_one_before_it() {
        let whole = KeyRange::whole();
        let (early, late) = (Some("2026-01-01 00:00:00"), Some("2026-01-02 00:00:00"));
        for (order, before, next, fits) in [
            (ReadOrder::SysId, key(1, None), key(2, None), true),
            (ReadOrder::SysId, key(2, None), key(1, None), false),
            (ReadOrder::SysId, key(2, None), key(2, None), false),
            (by_time(false), key(2, early), key(1, late), true),
            (by_time(false), key(1, late), key(2, early), false),
            (by_time(false), key(1, early), key(2, early), true),
            (by_time(false), key(2, early), key(1, early), false),
            (by_time(true), key(1, late), key(2, early), true),
            (by_time(true), key(2, early), key(1, late), false),
            (by_time(true), key(2, early), key(1, early), false),
        ] {
            assert_eq!(
                order.verify(&whole, Some(&before), &next).is_ok(),
                fits,
                "{order:?} {before:?} {next:?}"
            );
            let resumed = KeyRange { from: RangeStart::After(before), until: None };
            assert_eq!(order.verify(&resumed, None, &next).is_ok(), fits, "the first record of a page, too");
        }
    }

    #[test]
    fn a_record_has_to_be_within_the_range() {
        let id = |id: u8| format!("{id:032x}");
        let range = KeyRange { from: RangeStart::From(id(3)), until: Some(id(6)) };
        for (at, fits) in [(2, false), (3, true), (5, true), (6, false), (7, false)] {
            assert_eq!(ReadOrder::SysId.verify(&range, None, &key(at, None)).is_ok(), fits, "{at}");
        }
        let from = KeyRange { from: RangeStart::At(key(3, None)), until: None };
        assert!(ReadOrder::SysId.verify(&from, None, &key(3, None)).is_ok());
        assert!(ReadOrder::SysId.verify(&from, None, &key(2, None)).is_err());
        let odd = RecordKey { sys_id: "glide.maint".into(), value: None };
        assert!(ReadOrder::SysId.verify(&range, None, &odd).is_ok(), "who knows how the database sorts it");
    }
}
