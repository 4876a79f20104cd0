//! No text given as a value changes which conditions a query has.

#![no_main]

use libfuzzer_sys::fuzz_target;
use snow_core::query::{FieldPath, Query, field};

const TESTS: [(fn(FieldPath<'static>, String) -> Query<'static>, &str); 6] = [
    (|field, value| field.eq(value), "="),
    (|field, value| field.contains(value), "LIKE"),
    (|field, value| field.gt(value), ">"),
    (|field, value| field.lt(value), "<"),
    (|field, value| field.is_in([value]), "IN"),
    (|field, value| field.between("a", value), "BETWEENa@"),
];

fuzz_target!(|value: &str| {
    if value.is_empty() {
        return;
    }
    for (build, word) in TESTS {
        let query = field("before").eq("x").and(build(field("name"), value.to_owned())).and(field("after").eq("y"));
        if let Ok(text) = query.encode() {
            assert_eq!(text, format!("before=x^name{word}{value}^after=y"));
            // Counted without this crate's parser: a caret too many would be a condition too many.
            assert_eq!(text.matches('^').count(), 2);
            let lower = value.to_lowercase();
            let script = lower.trim().strip_prefix("javascript").is_some_and(|rest| rest.trim().starts_with(':'));
            assert!(!script, "{value:?}");
            assert_eq!(Query::parse(&text).unwrap().encode().unwrap(), text);
        }
        let Ok(text) = query.escape_carets().encode() else { continue };
        // Carets of a value come in pairs, so that the two between conditions are the only odd ones.
        assert_eq!(text.split('^').count() - 1, 2 + 2 * value.matches('^').count());
        assert_eq!(Query::parse(&text).unwrap().encode().unwrap(), text);
    }
});
