//! Every input that the fuzz targets found still passes: each line of the files in `fuzz/corpora` is one input.

use crate::decoding::oracle;
use escaped_line::bytes_of;
use std::path::Path;

#[path = "../fuzz/checks/decode.rs"]
mod decode;
#[path = "../fuzz/checks/dictionary.rs"]
pub(crate) mod dictionary;
#[path = "../fuzz/checks/envelopes.rs"]
mod envelopes;
#[path = "../fuzz/escaped_line.rs"]
mod escaped_line;
#[path = "../fuzz/checks/headers.rs"]
mod headers;
#[path = "../fuzz/checks/http.rs"]
mod http;
#[path = "../fuzz/checks/instance.rs"]
mod instance;
#[path = "../fuzz/checks/parse.rs"]
mod parse;
#[path = "../fuzz/checks/proxies.rs"]
mod proxies;
#[path = "../fuzz/checks/query.rs"]
mod query;
#[path = "../fuzz/checks/responses.rs"]
mod responses;
#[path = "../fuzz/checks/scripted.rs"]
mod scripted;
#[path = "../fuzz/checks/simulator.rs"]
mod simulator;
#[path = "../fuzz/checks/tokens.rs"]
mod tokens;
#[path = "../fuzz/checks/value.rs"]
mod value;

type Check = fn(&[u8]);

/// A target's name and check. A test fails if a target is missing here.
const CHECKS: [(&str, Check); 13] = [
    ("decode", decode::check),
    ("dictionary", dictionary::check),
    ("envelopes", envelopes::check),
    ("headers", headers::check),
    ("http", http::check),
    ("instance", instance::check),
    ("parse", parse::check),
    ("proxies", proxies::check),
    ("query", query::check),
    ("responses", responses::check),
    ("simulator", simulator::check),
    ("tokens", tokens::check),
    ("value", value::check),
];

/// Runs a target's check on each input of its corpus.
fn replay(name: &str) {
    let (_, check) = CHECKS.iter().find(|(check, _)| *check == name).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpora").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.lines().count() > 5, "{name} has hardly any inputs");
    for line in text.lines() {
        check(&bytes_of(line));
    }
}

#[test]
fn every_byte_is_read_as_it_was_written() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(bytes_of(&all.escape_ascii().to_string()), all);
}

#[test]
fn every_target_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/targets");
    let mut targets: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    targets.sort();
    assert_eq!(targets, CHECKS.map(|(name, _)| name));
}

#[test]
fn bodies_of_lists() {
    replay("decode");
}

#[test]
fn dictionaries() {
    replay("dictionary");
}

#[test]
fn failures() {
    replay("envelopes");
}

#[test]
fn headers_of_responses() {
    replay("headers");
}

#[test]
fn requests_to_the_simulator() {
    replay("http");
}

#[test]
fn addresses_of_instances() {
    replay("instance");
}

#[test]
fn queries_as_text() {
    replay("parse");
}

#[test]
fn addresses_of_proxies() {
    replay("proxies");
}

#[test]
fn queries_to_the_simulator() {
    replay("query");
}

#[test]
fn bodies_of_responses() {
    replay("responses");
}

#[test]
fn sequences_of_requests_to_the_simulator() {
    replay("simulator");
}

#[test]
fn responses_of_token_endpoints() {
    replay("tokens");
}

#[test]
fn values_of_queries() {
    replay("value");
}
