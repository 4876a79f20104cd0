//! Whatever is parsed is written again as text that parses to the same text; nothing panics.

use snow_core::query::{Query, field};

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(query) = Query::parse(text) else { return };
    let written = query.encode().expect("what was read can be written");
    let again = Query::parse(&written).expect("what was written can be read");
    assert_eq!(again.encode().expect("what was read can be written"), written);
    let _ = query.clone().not().encode();
    let _ = Query::raw(text).and(field("x").eq(1)).or(field("y").eq(2)).encode();
    let _ = query.split(20);
}
