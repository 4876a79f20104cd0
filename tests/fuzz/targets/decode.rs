#![no_main]

#[path = "../../promises/decoding/oracle.rs"]
mod oracle;

#[path = "../checks/decode.rs"]
mod decode;

libfuzzer_sys::fuzz_target!(|data: &[u8]| decode::check(data));
