#![no_main]

#[path = "../checks/instance.rs"]
mod instance;

libfuzzer_sys::fuzz_target!(|data: &[u8]| instance::check(data));
