//! `snow types` prints the columns of tables, or the code that `snow-codegen` writes.

use crate::instance::{Folder, Instance, Ran, SECRET};
use snow_sim::{Simulator, User};
use std::process::Stdio;

#[test]
fn columns_come_with_their_types() {
    let instance = Instance::start();
    let text = instance.run(&["types", "incident", "sys_user"]).succeeded();
    let line = |start: &str| {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{text}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(line("incident ").starts_with("incident type label"));
    assert!(
        line("caller_id ").starts_with("caller_id reference of sys_user Caller"),
        "{}",
        line("caller_id ")
    );
    assert!(line("state ").contains("integer") && line("state ").ends_with("choices"), "{}", line("state "));
    assert!(line("short_description ").contains("string("));
    assert!(line("sys_user ").starts_with("sys_user type label"), "the second table");
}

#[test]
fn code_is_written_and_compared() {
    let instance = Instance::start();
    let folder = Folder::new("types");
    let file = folder.file("incident.rs");
    let printed = instance.run(&["types", "--rust", "incident"]).succeeded();
    assert!(printed.contains("pub struct Incident"), "{printed}");
    assert_eq!(instance.run(&["types", "--rust", "incident", "--out", &file]).succeeded(), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), printed);
    assert_eq!(instance.run(&["types", "--rust", "incident", "--check", &file]).succeeded(), "");
    let without: Vec<&str> = printed.lines().filter(|line| !line.contains("caller_id")).collect();
    std::fs::write(&file, without.join("\n")).unwrap();
    let changed = instance.run(&["types", "--rust", "incident", "--check", &file]);
    assert!(changed.code == Some(9) && changed.out.contains("caller_id"), "{changed:?}");
}

/// An administrator prints it once, and others use it.
#[test]
fn a_printed_table_takes_the_place_of_the_dictionary() {
    let reader = User::new("reader", SECRET);
    let instance = Instance::of(Simulator::builder().incidents(20).user_with(reader));
    let folder = Folder::new("schema");
    let (file, out) = (folder.file("tables.json"), folder.file("incidents"));
    let printed = instance.run(&["types", "--json", "problem", "incident"]).succeeded();
    assert_eq!(printed.lines().count(), 2);
    std::fs::write(&file, printed).unwrap();
    let export = |more: &[&str]| {
        let base = ["export", "incident", "--to", "csv", "--out", &out];
        let output = instance.snow(&[&base[..], more].concat()).env("SNOW_USER", "reader").output();
        Ran::of(output.unwrap())
    };
    let refused = export(&[]);
    assert!(refused.code == Some(4) && refused.err.contains("pass that file with --schema"), "{refused:?}");
    let text = std::fs::read_to_string(export(&["--schema", &file]).succeeded().trim()).unwrap();
    assert!(
        text.lines().next().unwrap().contains("short_description") && text.lines().count() > 28,
        "{text}"
    );
    std::fs::write(&file, "{\"version\":1").unwrap();
    let broken =
        instance.run(&["export", "problem", "--to", "csv", "--schema", &file, "--out", &folder.file("b")]);
    assert!(broken.code == Some(2) && broken.err.contains("tables.json: EOF"), "{broken:?}");
}

/// As `snow types incident | head -0` does.
#[test]
fn a_reader_that_goes_is_no_error() {
    let instance = Instance::start();
    let mut child =
        instance.snow(&["types", "incident"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
