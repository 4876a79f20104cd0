//! `snow sql` answers queries on the tables of the instance, and nothing but queries.

use crate::instance::{Folder, Instance, Ran, SECRET};
use serde_json::Value;
use snow_sim::{Simulator, User};

fn instance() -> Instance {
    Instance::of(Simulator::builder().incidents(200).user_with(User::new("reader", SECRET)))
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn groups_are_those_of_the_table() {
    let instance = instance();
    let query =
        "SELECT priority, count(*) AS n FROM incident WHERE active GROUP BY priority ORDER BY priority";
    let groups = records(&instance.run(&["sql", query, "--format", "ndjson"]).succeeded());
    let stored = |id: &String, field: &str| instance.simulator.stored("incident", id, field).unwrap();
    let ids = instance.simulator.ids("incident");
    let count = |priority: &str| {
        ids.iter().filter(|id| stored(id, "active") == "true" && stored(id, "priority") == priority).count()
    };
    assert!(groups.len() > 2, "{groups:?}");
    for group in &groups {
        let priority = group["priority"].as_i64().map(|n| n.to_string()).unwrap_or_default();
        assert_eq!(group["n"], count(&priority), "{group}");
    }
    let total: u64 = groups.iter().map(|group| group["n"].as_u64().unwrap()).sum();
    assert_eq!(total, ids.iter().filter(|id| stored(id, "active") == "true").count() as u64);
}

#[test]
fn each_format_has_the_same_rows() {
    let instance = instance();
    let query = "SELECT number, opened_at, active FROM incident WHERE priority = 1 ORDER BY number LIMIT 3";
    let rows = records(&instance.run(&["sql", query, "--format", "ndjson"]).succeeded());
    assert_eq!(rows.len(), 3);
    let csv = instance.run(&["sql", query, "--format", "csv"]).succeeded();
    let table = instance.run(&["sql", query]).succeeded();
    assert!(csv.starts_with("number,opened_at,active\r\n") && csv.lines().count() == 4, "{csv}");
    assert!(table.starts_with("number ") && table.lines().count() == 4, "{table}");
    for (at, row) in rows.iter().enumerate() {
        let (number, opened) = (row["number"].as_str().unwrap(), row["opened_at"].as_str().unwrap());
        assert!(row["active"].is_boolean() && opened.ends_with('Z'), "{row}");
        let line = csv.lines().nth(at + 1).unwrap();
        assert_eq!(line, format!("{number},{opened},{}", row["active"]));
        assert!(table.lines().nth(at + 1).unwrap().starts_with(number), "{table}");
    }
}

/// An object of JSON has one value of a name, so that one of two would be lost.
#[test]
fn two_columns_with_one_name_are_refused_as_json() {
    let instance = instance();
    let query = "SELECT a.number, b.number FROM incident a JOIN incident b ON a.sys_id = b.sys_id";
    let run = |format: &str| instance.run(&["sql", query, "--format", format]);
    let refused = run("ndjson");
    let why = "two columns of the result are called \"number\": name one with AS";
    assert!(refused.code == Some(2) && refused.err.contains(why) && refused.out.is_empty(), "{refused:?}");
    assert!(run("csv").succeeded().starts_with("number,number\r\n"));
    run("table").succeeded();
}

/// A cell that some readers would change is in quotes in both.
#[test]
fn csv_is_quoted_as_in_exports() {
    let instance = instance();
    let texts = [
        "",
        "a",
        " a",
        "a\u{a0}",
        "\ta",
        "#1",
        "a#1",
        "\u{feff}a",
        "a,b",
        "say \"x\"",
        "a\r\nb",
        "a\0b",
        "=1",
    ];
    for (id, text) in instance.simulator.ids("incident").iter().zip(texts) {
        instance.simulator.update("incident", id, [("short_description", text)]).unwrap();
    }
    let folder = Folder::new("csv-cells");
    let (fields, out) = ("sys_id,short_description", folder.file("all"));
    let export = ["export", "incident", "--fields", fields, "--to", "csv", "--out", &out];
    let exported = std::fs::read_to_string(instance.run(&export).succeeded().trim()).unwrap();
    let query = "SELECT sys_id, short_description FROM incident ORDER BY sys_id";
    assert_eq!(instance.run(&["sql", query, "--format", "csv"]).succeeded(), exported);
    assert!(exported.contains(",\"#1\"\r\n") && exported.contains(",\"a\0b\"\r\n"));
}

#[test]
fn explain_shows_what_was_pushed() {
    let plan =
        instance().run(&["sql", "EXPLAIN SELECT number FROM incident WHERE priority <= 2"]).succeeded();
    assert!(plan.contains("priority<=2"), "{plan}");
}

/// A result without rows still has its heading.
#[test]
fn no_rows_are_no_error() {
    let instance = instance();
    let query = "SELECT number FROM incident WHERE number = 'none'";
    for (format, expected) in [("table", "number\n"), ("csv", "number\r\n"), ("ndjson", "")] {
        assert_eq!(instance.run(&["sql", query, "--format", format]).succeeded(), expected);
    }
}

#[test]
fn only_queries_are_accepted_and_errors_have_their_codes() {
    let instance = instance();
    let file = std::env::temp_dir().join("snow-cli-sql-copy.csv");
    let copy = format!("COPY (SELECT 1) TO '{}'", file.display());
    for (statement, code) in [
        ("DELETE FROM incident", 2),
        ("INSERT INTO incident (number) VALUES ('x')", 2),
        ("CREATE TABLE x AS SELECT 1", 2),
        ("EXPLAIN CREATE TABLE x AS SELECT 1", 2),
        ("SET datafusion.execution.batch_size = 1", 2),
        (&copy, 2),
        ("SELEC number FROM incident", 2),
        ("SELECT no_such_column FROM incident", 2),
        ("SELECT number FROM other.incident", 2),
        ("SELECT 1 FROM no_such_table", 5),
    ] {
        let ran = instance.run(&["sql", statement]);
        assert!(
            ran.code == Some(code) && ran.err.starts_with("snow: ") && ran.out.is_empty(),
            "{statement}: {ran:?}"
        );
    }
    assert!(!file.exists());
    let query = ["sql", "SELECT number FROM incident"];
    let ran = Ran::of(instance.snow(&query).env("SNOW_USER", "nobody").output().unwrap());
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let ran = Ran::of(instance.snow(&query).env("SNOW_USER", "reader").output().unwrap());
    assert!(ran.code == Some(4) && ran.err.contains("pass that file with --schema"), "{ran:?}");
}
