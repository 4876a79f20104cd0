#![no_main]

#[path = "../checks/simulator.rs"]
mod simulator;

libfuzzer_sys::fuzz_target!(|data: &[u8]| simulator::check(data));
