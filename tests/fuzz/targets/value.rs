#![no_main]

#[path = "../checks/value.rs"]
mod value;

libfuzzer_sys::fuzz_target!(|data: &[u8]| value::check(data));
