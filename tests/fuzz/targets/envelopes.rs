#![no_main]

#[path = "../checks/scripted.rs"]
mod scripted;

#[path = "../checks/envelopes.rs"]
mod envelopes;

libfuzzer_sys::fuzz_target!(|data: &[u8]| envelopes::check(data));
