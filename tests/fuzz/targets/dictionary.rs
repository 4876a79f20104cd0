#![no_main]

#[path = "../checks/scripted.rs"]
mod scripted;

#[path = "../checks/dictionary.rs"]
mod dictionary;

libfuzzer_sys::fuzz_target!(|data: &[u8]| dictionary::check(data));
