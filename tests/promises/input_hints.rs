//! Input that is nearly right gets a hint: a number in place of a `sys_id`, the label of a table in place of its name, a dot-walked
//! field that does not come. It is sent, because only the instance knows whether it is wrong.

use crate::error_texts::assert_text;
use serde_json::json;
use snow_client::{ErrorKind, field};

#[tokio::test(start_paused = true)]
async fn input_that_is_nearly_right() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let incidents = client.table("incident");
    for number in ["INC0010001", "inc0010001"] {
        let error = incidents.get(number).await.unwrap_err();
        assert_text(
            &error,
            ErrorKind::NotFound,
            &format!("{number:?} looks like a number, not like a sys_id"),
        );
        let line = error.to_string();
        assert!(line.contains(&format!("list().query(field(\"number\").eq({number:?})).one()")), "{line}");
    }
    // The advice is right: that is how a record is read by its number.
    let known = incidents.list().fields(["number"]).first().await.unwrap();
    let number = known.value("number").unwrap();
    let found = incidents.list().query(field("number").eq(&*number)).one().await.unwrap();
    assert_eq!(found.value("number").unwrap(), number);

    let capitals = client.table("Incident");
    for error in [
        capitals.list().limit(1).await.unwrap_err(),
        capitals.get("0".repeat(32)).await.unwrap_err(),
        capitals.list().count().await.unwrap_err(),
        capitals.list().stream().next().await.unwrap().unwrap_err(),
        capitals.create(&json!({ "short_description": "x" })).await.unwrap_err(),
    ] {
        let hint =
            "the table name \"Incident\" has capital letters, and a table's name has none (try \"incident\")";
        assert_text(&error, ErrorKind::UnknownTable, hint);
    }
    let error = client.table("incdent").list().limit(1).await.unwrap_err();
    assert!(!error.to_string().contains("capital"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_dot_walked_field_that_does_not_come() {
    const HINTS: [&str; 3] = ["its reference", "read it", "misspelled"];
    #[derive(Debug, serde::Deserialize)]
    struct Called {
        #[serde(rename = "caller_id.nmae")]
        #[expect(dead_code, reason = "it never comes")]
        caller: String,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Flattened {
        #[serde(flatten)]
        #[expect(dead_code, reason = "it never comes")]
        called: Called,
    }
    let client = crate::client(&crate::simulator());
    let incidents = client.table("incident");
    let record = incidents.list().fields(["number", "caller_id.nmae"]).first().await.unwrap();
    let typed = incidents.clone().typed::<Called>();
    let errors = [
        record.value("caller_id.nmae").unwrap_err(),
        typed.list().first().await.unwrap_err(),
        typed.get(incidents.list().first().await.unwrap().sys_id().unwrap()).await.unwrap_err(),
        incidents.clone().typed::<Flattened>().list().first().await.unwrap_err(),
    ];
    for error in errors {
        assert_text(&error, ErrorKind::Decode, "caller_id.nmae");
        let line = error.to_string();
        assert!(HINTS.iter().all(|hint| line.contains(hint)), "{line}");
    }
    let strict = incidents.list().fields(["caller_id.nmae"]).require_fields(true).limit(1).await.unwrap_err();
    assert_text(&strict, ErrorKind::Decode, "or, if it is dot-walked, its reference is empty");
    // A field of the table itself has other reasons.
    let plain = record.value("state").unwrap_err();
    assert_text(
        &plain,
        ErrorKind::Decode,
        "it was not requested, does not exist, or may not be read by this user",
    );
}
