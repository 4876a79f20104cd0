#![no_main]

#[path = "../checks/scripted.rs"]
mod scripted;

#[path = "../checks/proxies.rs"]
mod proxies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| proxies::check(data));
