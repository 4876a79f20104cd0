//! The promises are in `promises/`; here the code blocks of the README files and of the guides in `docs` are compiled and run, as
//! `build.rs` reads them. The tests that guides show run in `promises/guides.rs`.

#[cfg(doctest)]
mod pages {
    include!(concat!(env!("OUT_DIR"), "/doctests.rs"));
}

/// One test for each row of the page's table.
#[cfg(doctest)]
#[doc = include_str!(concat!(env!("OUT_DIR"), "/query_rows.md"))]
mod query_rows {}

/// Each example of the guides, and of the documentation of `snow-client`, as programs without async write it: one module a file, with one
/// test for each example that awaits.
#[cfg(doctest)]
mod blocking_twins {
    include!(concat!(env!("OUT_DIR"), "/blocking_twins.rs"));
}
