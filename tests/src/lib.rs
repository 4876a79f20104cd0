//! The promises are in `promises/`; here the README's code blocks are compiled and run.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
