#![no_main]

#[path = "../checks/scripted.rs"]
mod scripted;

#[path = "../checks/tokens.rs"]
mod tokens;

libfuzzer_sys::fuzz_target!(|data: &[u8]| tokens::check(data));
