//! No text given as a value changes which conditions a query has.

use snow_core::query::{FieldPath, Query, field};

type Build = fn(FieldPath<'static>, String) -> Query<'static>;

const TESTS: [(Build, &str); 6] = [
    (|field, value| field.eq(value), "="),
    (|field, value| field.contains(value), "LIKE"),
    (|field, value| field.gt(value), ">"),
    (|field, value| field.lt(value), "<"),
    (|field, value| field.is_in([value]), "IN"),
    (|field, value| field.between("a", value), "BETWEENa@"),
];

pub(crate) fn check(data: &[u8]) {
    let Ok(value) = std::str::from_utf8(data) else { return };
    if value.is_empty() {
        return;
    }
    for (build, word) in TESTS {
        let query =
            field("before").eq("x").and(build(field("name"), value.to_owned())).and(field("after").eq("y"));
        if let Ok(text) = query.encode() {
            assert_eq!(text, format!("before=x^name{word}{value}^after=y"));
            // Counted without this crate's parser: a caret too many would be a condition too many.
            assert_eq!(text.matches('^').count(), 2);
            let lower = value.to_lowercase();
            let script =
                lower.trim().strip_prefix("javascript").is_some_and(|rest| rest.trim().starts_with(':'));
            assert!(!script, "{value:?}");
            reads_back(&text);
        }
        let Ok(text) = query.escape_carets().encode() else { continue };
        // Carets of a value come in pairs, so that the two between conditions are the only odd ones.
        assert_eq!(text.split('^').count() - 1, 2 + 2 * value.matches('^').count());
        reads_back(&text);
    }
}

/// What looks like a part of a URL can be built, but is refused where text is read.
fn reads_back(text: &str) {
    match Query::parse(text) {
        Ok(query) => assert_eq!(query.encode().unwrap(), text),
        Err(why) => assert!(why.to_string().contains("build the condition with field()"), "{why}"),
    }
}
