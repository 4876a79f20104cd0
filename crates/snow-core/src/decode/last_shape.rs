//! The names of the last record's fields, kept from one response to the next.

use super::record::Record;
use super::shape::Shape;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The names of the fields of the last record, in their order, without values. Keep one while you read single records of one table:
/// the next record is then read faster, see [`ApiResponse::record_like`](super::ApiResponse::record_like).
#[derive(Default)]
pub struct LastShape(Mutex<Last>);

#[derive(Default)]
struct Last {
    shape: Option<Arc<Shape>>,
    /// Fields that a record of this shape has.
    has: Vec<Box<str>>,
}

impl Last {
    fn is(&self, shape: &Arc<Shape>) -> bool {
        self.shape.as_ref().is_some_and(|last| Arc::ptr_eq(last, shape))
    }
}

impl LastShape {
    /// Returns whether a record has all of these fields. The names of a record are looked up only if its fields, or the requested
    /// ones, differ from the last time.
    pub fn has_all<F: AsRef<str>>(&self, record: &Record, fields: &[F]) -> bool {
        let mut last = self.lock();
        let is_last = last.is(&record.raw.shape);
        let names = || fields.iter().map(AsRef::as_ref);
        if is_last && last.has.iter().map(|name| &**name).eq(names()) {
            return true;
        }
        let has_all = names().all(|name| record.raw.shape.find(name).is_some());
        if is_last && has_all {
            last.has = names().map(Box::from).collect();
        }
        has_all
    }

    pub(super) fn get(&self) -> Option<Arc<Shape>> {
        self.lock().shape.clone()
    }

    /// Keeps the shape of another record, if it is another one.
    pub(super) fn see(&self, shape: &Arc<Shape>) {
        if !self.lock().is(shape) {
            let names = Arc::new(shape.alone());
            *self.lock() = Last { shape: Some(names), has: Vec::new() };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LastShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastShape")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ApiResponse, DisplayOnly};
    use super::*;
    use proptest::prelude::*;

    fn response(record: &str) -> ApiResponse {
        let head = http::Response::builder().header("content-type", "application/json");
        let (head, ()) = head.body(()).unwrap().into_parts();
        ApiResponse::new(head, format!(r#"{{"result":{record}}}"#).into()).unwrap()
    }

    /// Names that begin alike, that come twice, and that have escapes.
    fn name() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["a", "ab", "b", "b\\u0041", "\\ud800", ""])
    }

    proptest! {
        #[test]
        fn a_record_is_the_same_whatever_came_before(
            records in prop::collection::vec(prop::collection::vec((name(), 0..3_u8), 0..5), 1..6),
        ) {
            let last = LastShape::default();
            for fields in records {
                let fields: Vec<_> = fields.iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
                let response = response(&format!("{{{}}}", fields.join(",")));
                let (one, like) = (response.record().unwrap(), response.record_like(&last).unwrap());
                prop_assert_eq!(one.json(), like.json());
                prop_assert_eq!(one.fields().collect::<Vec<_>>(), like.fields().collect::<Vec<_>>());
                for name in one.fields() {
                    prop_assert_eq!(one.value(name).ok(), like.value(name).ok());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_fields_of_a_record_are_its_own_whatever_came_before(
            rounds in prop::collection::vec((prop::collection::vec(name(), 0..4), prop::collection::vec(name(), 0..3)), 1..8),
        ) {
            let last = LastShape::default();
            for (fields, asked) in rounds {
                let fields: Vec<_> = fields.iter().map(|name| format!(r#""{name}":"""#)).collect();
                let record = response(&format!("{{{}}}", fields.join(","))).record_like(&last).unwrap();
                prop_assert_eq!(last.has_all(&record, &asked), asked.iter().all(|name| record.get(name).is_some()));
            }
        }
    }

    #[test]
    fn a_shape_is_kept_and_no_value_with_it() {
        let last = LastShape::default();
        let first = response(r#"{"a":"secret","b":""}"#).record_like(&last).unwrap();
        let second = response(r#"{"a":"1","b":"2"}"#).record_like(&last).unwrap();
        let third = response(r#"{"a":"3","b":"4"}"#).record_like(&last).unwrap();
        assert!(
            !Arc::ptr_eq(&first.raw.shape, &second.raw.shape)
                && Arc::ptr_eq(&second.raw.shape, &third.raw.shape)
        );
        assert_eq!(last.get().unwrap().text(), r#""a""b""#);
    }

    #[test]
    fn what_a_person_sees_is_told_apart_from_what_is_stored() {
        #[derive(serde::Deserialize)]
        struct Stored {
            state: String,
        }
        #[derive(serde::Deserialize)]
        struct Seen {
            state: DisplayOnly,
        }
        let (last, text) = (LastShape::default(), r#"{"state":"New"}"#);
        for displayed in [false, true, false, true] {
            let record = response(text).displayed(displayed).record_like(&last).unwrap();
            assert_eq!(record.to::<Stored>().is_err(), displayed);
            assert_eq!(record.to::<Seen>().is_ok(), displayed);
        }
        assert_eq!(response(text).record().unwrap().to::<Stored>().unwrap().state, "New");
        let seen = response(text).displayed(true).record().unwrap();
        assert_eq!(seen.to::<Seen>().unwrap().state.0, "New");
    }
}
