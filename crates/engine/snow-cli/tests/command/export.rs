//! An export equals the table, in each format, and says what it did.

use crate::exported::{expect_the_table, files, manifest};
use crate::instance::{Folder, Instance, Ran, SECRET};
use snow_sim::{Rule, Simulator, User};
use std::fs;

fn instance() -> Instance {
    Instance::of(Simulator::builder().incidents(300))
}

#[test]
fn ndjson_is_what_the_instance_sends() {
    let (instance, folder) = (instance(), Folder::new("ndjson"));
    let out = folder.file("incidents");
    let ran = instance.run(&["export", "incident", "--to", "ndjson", "--out", &out]);
    let expected = format!("snow: 308 records in 1 files in {out}\n");
    assert_eq!(ran.err, expected);
    let printed = ran.succeeded();
    let out = folder.path().join("incidents");
    assert_eq!(printed, format!("{}\n", files(&out)[0].display()));
    expect_the_table(&instance, &out, &["number", "short_description", "caller_id", "opened_at"]);
}

#[test]
fn a_query_and_fields_select_what_is_exported() {
    let (instance, folder) = (instance(), Folder::new("csv"));
    let out = folder.file("open");
    let query = "active=true^priority<3";
    let arguments = [
        "export",
        "incident",
        "-q",
        query,
        "--fields",
        "number,caller_id.name,priority",
        "--to",
        "csv",
        "--out",
        &out,
    ];
    let printed = instance.run(&arguments).succeeded();
    let text = fs::read_to_string(printed.trim()).unwrap();
    assert!(text.starts_with("number,caller_id.name,priority\r\n"), "{text}");
    let found: usize = text.lines().count() - 1;
    let simulator = &instance.simulator;
    let has = |id: &str, field: &str| simulator.stored("incident", id, field).unwrap();
    let matches = |id: &String| has(id, "active") == "true" && matches!(&*has(id, "priority"), "1" | "2");
    assert_eq!(found, simulator.ids("incident").iter().filter(|id| matches(id)).count());
    assert!(
        found > 0 && text.lines().skip(1).all(|line| line.ends_with(",1") || line.ends_with(",2")),
        "{text}"
    );
    assert_eq!(manifest(&folder.path().join("open"))["question"]["query"], query);
}

/// Without --fields, CSV has all columns of the dictionary.
#[test]
fn columns_come_from_the_dictionary() {
    let (instance, folder) = (instance(), Folder::new("columns"));
    let out = folder.file("all");
    let printed = instance.run(&["export", "incident", "--to", "csv", "--out", &out]).succeeded();
    let text = fs::read_to_string(printed.trim()).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    assert!(
        header.len() > 30 && header.contains(&"short_description") && header.contains(&"sys_id"),
        "{header:?}"
    );
    assert_eq!(manifest(&folder.path().join("all"))["received"], 308);
}

#[test]
fn a_hidden_field_is_an_error_or_empty() {
    let instance = Instance::of(
        Simulator::builder()
            .incidents(30)
            .user_with(User::new("reader", SECRET))
            .rule(Rule::HideField { table: "incident".into(), field: "priority".into() }),
    );
    let folder = Folder::new("hidden-field");
    let (first, second) = (folder.file("first"), folder.file("second"));
    let run = |out: &str, more: &[&str]| {
        let base = ["export", "incident", "--fields", "number,priority", "--to", "csv", "--out", out];
        let output = instance.snow(&[&base[..], more].concat()).env("SNOW_USER", "reader").output();
        Ran::of(output.unwrap())
    };
    let refused = run(&first, &[]);
    assert!(refused.code != Some(0) && refused.err.contains("priority"), "{refused:?}");
    let hint = "snow: --allow-missing leaves such values empty; it needs a new folder: choose one with --out";
    assert!(refused.err.contains(hint) && !refused.err.contains("--resume"), "{refused:?}");
    assert!(!folder.path().join("first/_manifest.json").exists());
    let allowed = run(&second, &["--allow-missing"]);
    assert!(allowed.err.contains("snow: missing_values: 38"), "{allowed:?}");
    let text = fs::read_to_string(allowed.succeeded().trim()).unwrap();
    assert!(text.lines().skip(1).all(|line| line.ends_with(',')), "{text}");
}

/// What access rules hide is counted, and said.
#[test]
fn hidden_records_are_counted() {
    let builder = Simulator::builder().incidents(40).user_with(User::new("reader", SECRET));
    let instance =
        Instance::of(builder.rule(Rule::HideRows { table: "incident".into(), query: "active=false".into() }));
    let folder = Folder::new("hidden-records");
    let out = folder.file("all");
    let mut command = instance.snow(&["export", "incident", "--to", "ndjson", "--out", &out]);
    let ran = Ran::of(command.env("SNOW_USER", "reader").output().unwrap());
    let ids = instance.simulator.ids("incident");
    let active = |id: &&String| instance.simulator.stored("incident", id, "active").unwrap() == "true";
    let hidden = ids.len() - ids.iter().filter(active).count();
    assert!(hidden > 0 && ran.err.contains(&format!("snow: {hidden} more records match")), "{ran:?}");
    ran.succeeded();
}

#[test]
fn another_export_in_the_folder_is_not_touched() {
    let (instance, folder) = (instance(), Folder::new("another"));
    let out = folder.file("all");
    let base = ["export", "incident", "--to", "ndjson", "--out", &out];
    instance.run(&base).succeeded();
    let before = fs::read(&files(&folder.path().join("all"))[0]).unwrap();
    let again = instance.run(&base);
    assert!(again.code == Some(2) && again.err.contains("choose another folder with --out"), "{again:?}");
    let other = instance.run(&["export", "problem", "--to", "ndjson", "--out", &out, "--resume"]);
    assert!(other.code == Some(2) && other.err.contains("another table"), "{other:?}");
    let requests = instance.simulator.journal().len();
    let same = instance.run(&[&base[..], &["--resume"]].concat());
    assert!(same.err.contains("snow: 308 records"), "{same:?}");
    assert_eq!(instance.simulator.journal().len(), requests, "nothing is requested for what is complete");
    assert_eq!(fs::read(&files(&folder.path().join("all"))[0]).unwrap(), before);
}

/// Each part has files of its own, and lines tell how far it is.
#[test]
fn parts_are_read_at_once_and_lines_tell_the_progress() {
    let instance = Instance::of(Simulator::builder().incidents(24_000));
    let folder = Folder::new("parts");
    let out = folder.file("all");
    let ran = instance.run(&[
        "export",
        "incident",
        "--fields",
        "sys_id,number",
        "--to",
        "ndjson",
        "--parallel",
        "3",
        "--out",
        &out,
    ]);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(lines.len() >= 2 && lines[0].ends_with(" of 24008 records"), "{lines:?}");
    let out = folder.path().join("all");
    assert_eq!((files(&out).len(), manifest(&out)["parts"].as_u64()), (3, Some(3)));
    expect_the_table(&instance, &out, &["number"]);
}
