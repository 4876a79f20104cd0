#![no_main]

#[path = "../checks/scripted.rs"]
mod scripted;

#[path = "../checks/responses.rs"]
mod responses;

libfuzzer_sys::fuzz_target!(|data: &[u8]| responses::check(data));
