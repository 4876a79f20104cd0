//! Each exit code of the table in `docs/command.md`, and how it comes about.

use crate::instance::{Folder, Instance, Ran, SECRET, program};
use http::StatusCode;
use snow_sim::{Gateway, Node, Simulator, User};
use std::collections::BTreeMap;

const GUIDE: &str = include_str!("../../../../../docs/command.md");

/// Returns the rows of the table whose first column is a code: the code, and what it means.
fn documented() -> BTreeMap<i32, String> {
    let rows = GUIDE.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        Some((cells.next()?.trim_matches('`').parse().ok()?, cells.next()?.to_owned()))
    });
    rows.collect()
}

/// The help has the same codes, but for those of signals.
#[test]
fn the_guide_and_the_help_have_the_same_codes() {
    let help = Ran::of(program(&["--help"]).output().unwrap()).succeeded();
    for code in documented().keys().filter(|code| **code < 100) {
        let line = format!("  {code}  ");
        assert!(help.contains(&line), "{code} is not in the help");
    }
    assert_eq!(documented().into_keys().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143]);
}

fn expect(ran: &Ran, code: i32, why: &str) {
    assert!(documented().contains_key(&code));
    assert!(ran.code == Some(code) && ran.err.contains(why), "not {code} and {why:?}: {ran:?}");
    assert!(ran.err.starts_with("snow: ") || ran.err.starts_with("error: "), "{ran:?}");
}

#[test]
fn wrong_arguments_and_settings_are_2() {
    let instance = Instance::start();
    for (arguments, why) in [
        (&["exprt"][..], "unrecognized subcommand"),
        (&["types"], "required"),
        (&["types", "incident", "--out", "x"], "--rust"),
        (&["doctor", "--password", "x"], "unexpected argument '--password'"),
        (&["doctor", "--instance", "https://me:canary-9b1f@dev1.service-now.com"], "contains '@'"),
        (&["types", "no table"], "no table"),
    ] {
        expect(&instance.run(arguments), 2, why);
    }
    let long = format!("short_descriptionLIKE{}", "x".repeat(9_000));
    let folder = Folder::new("exit-2");
    let base = ["export", "incident", "--to", "ndjson", "--out", &folder.file("all"), "-q"];
    expect(&instance.run(&[&base[..], &[&long]].concat()), 2, "[UriTooLong");
    let nobody = Ran::of(program(&["doctor", "--instance", "dev12345"]).output().unwrap());
    expect(&nobody, 2, "no way to log in is given");
    let nowhere = Ran::of(program(&["doctor"]).env("SNOW_API_KEY", SECRET).output().unwrap());
    expect(&nowhere, 2, "SNOW_INSTANCE is not set");
    assert!(instance.simulator.journal().is_empty(), "nothing was sent");
}

#[test]
fn a_login_that_is_refused_is_3() {
    let instance = Instance::start();
    let ran = Ran::of(instance.snow(&["doctor"]).env("SNOW_USER", "nobody").output().unwrap());
    expect(&ran, 3, "this login cannot be used");
    assert!(ran.out.contains("user                   unknown: "), "{ran:?}");
    let ran = Ran::of(instance.snow(&["types", "incident"]).env("SNOW_USER", "nobody").output().unwrap());
    expect(&ran, 3, "[Unauthenticated");
}

#[test]
fn what_is_no_response_of_an_instance_is_1() {
    let instance = Instance::start();
    let page = Gateway::new(StatusCode::BAD_REQUEST).body("text/html", "<p>blocked</p>");
    instance.simulator.gateway_always(Some(page));
    expect(&instance.run(&["types", "incident"]), 1, "[NotFromInstance");
}

/// A query that is too long for one URL is read part by part, and a record that goes meanwhile may have moved to another part.
#[test]
fn an_export_that_cannot_be_proven_is_7() {
    let instance = Instance::of(Simulator::builder().incidents(1_000));
    let ids = instance.simulator.ids("incident");
    let number = |id: &String| instance.simulator.stored("incident", id, "number").unwrap();
    let query = format!("numberIN{}", ids.iter().map(number).collect::<Vec<_>>().join(","));
    let folder = Folder::new("exit-7");
    let out = folder.file("all");
    instance.simulator.before_each(|n, simulator| {
        if n > 2 {
            let ids = simulator.ids("incident");
            simulator.delete("incident", &ids[0]);
        }
    });
    let base = ["export", "incident", "-q", &query, "--fields", "number", "--to", "ndjson", "--out", &out];
    let ran = instance.run(&base);
    expect(&ran, 7, "[Incomplete");
    assert!(ran.err.contains("snow: --allow-drift allows it"), "{ran:?}");
    assert!(!folder.path().join("all/_manifest.json").exists());
}

/// A read by position is refused unless it is allowed, and what it may have missed is said.
#[test]
fn an_order_has_to_be_allowed() {
    let instance = Instance::of(Simulator::builder().incidents(300));
    let folder = Folder::new("order");
    let (first, second) = (folder.file("first"), folder.file("second"));
    let export = |out: &str, more: &[&str]| {
        let base = ["export", "incident", "-q", "ORDERBYnumber", "--fields", "number", "--to", "ndjson"];
        instance.run(&[&base[..], &["--page-size", "50", "--out", out], more].concat())
    };
    expect(&export(&first, &[]), 2, "snow: --allow-drift allows it");
    assert!(instance.simulator.journal().is_empty());
    let drifted = export(&second, &["--allow-drift"]);
    assert!(drifted.err.contains("may have been missed or repeated"), "{drifted:?}");
    drifted.succeeded();
}

#[test]
fn what_a_user_may_not_read_is_4() {
    let instance = Instance::of(Simulator::builder().user_with(User::new("reader", SECRET)));
    let ran = Ran::of(instance.snow(&["types", "incident"]).env("SNOW_USER", "reader").output().unwrap());
    expect(&ran, 4, "[Forbidden");
}

#[test]
fn an_unknown_table_is_5() {
    let ran = Instance::start().run(&["types", "incidents"]);
    expect(&ran, 5, "incidents");
}

#[test]
fn an_instance_that_sleeps_is_6() {
    let instance = Instance::start();
    instance.simulator.settings(|settings| settings.node = Node::Hibernating);
    expect(&instance.run(&["doctor"]), 6, "[Hibernating");
}

#[test]
fn a_file_that_cannot_be_written_is_8() {
    let folder = Folder::new("exit-8");
    let file = folder.file("no/such/folder.rs");
    expect(&Instance::start().run(&["types", "--rust", "incident", "--out", &file]), 8, "folder.rs: ");
    let run = Instance::start().run(&["types", "--rust", "incident", "--check", &file]);
    expect(&run, 8, "folder.rs: ");
}
