//! The public types read the responses in the service's documentation without losing anything. Each file has a test.
//!
//! The samples are not part of this repository: the tests use them if `SNOW_SAMPLES` names their folder.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use snow_client::{Client, ErrorKind, Record, import::RowStatus};
use snow_core::Body;

const ID: &str = "615ea769c0a80166001cf5f2367302f5";

/// The record that the samples of uploads were sent to.
const UPLOADED_TO: &str = "d71f7935c0a8016700802b64c67c11c6";

/// A sample without the comments and dots that stand in some.
fn sample(name: &str) -> Option<String> {
    let folder = std::env::var_os("SNOW_SAMPLES")?;
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join(name)).unwrap();
    let lines = text.lines().map(|line| match line.split_once(" //") {
        Some((code, _)) => code,
        None if line.trim() == "..." => "",
        None => line,
    });
    let text: String = lines.collect::<Vec<_>>().join("\n");
    // What stood before the dots has a comma left.
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(',') {
        out.push_str(before);
        if !behind.trim_start().starts_with([']', '}']) {
            out.push(',');
        }
        rest = behind;
    }
    Some(out + rest)
}

/// A client of a service that answers everything with this.
fn client(status: u16, text: &str) -> Client {
    let text = Bytes::from(text.to_owned());
    let service = tower::service_fn(move |_: Request<Body>| {
        let answer =
            Response::builder().status(status).header("content-type", "application/json;charset=UTF-8");
        let answer = answer.body(Body::from(text.clone())).unwrap();
        async move { Ok::<_, std::convert::Infallible>(answer) }
    });
    Client::builder().instance("dev1").user("admin").password("secret").transport(service).build().unwrap()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn of(record: &Record) -> Value {
    record.to_value().unwrap()
}

#[tokio::test]
async fn attachment_list_json() {
    let Some(text) = sample("attachment_list.json") else { return };
    let files = client(200, &text).attachments().list().limit(10).await.unwrap();
    let all: Vec<Value> = files.iter().map(|file| of(file.record())).collect();
    assert_eq!(json!({ "result": all }), value(&text));
    assert_eq!(
        (&*files[0].file_name, files[0].size_bytes, files[0].sys_id.as_str()),
        ("blocks.swf", 462, ID)
    );
    assert!(files[0].hash.is_none() && files[0].state.is_none() && files[0].created_on.is_some());
}

#[tokio::test]
async fn attachment_one_json() {
    let Some(text) = sample("attachment_one.json") else { return };
    let file = client(200, &text).attachments().get(ID).await.unwrap();
    assert_eq!(json!({ "result": of(file.record()) }), value(&text));
}

#[tokio::test]
async fn attachment_post_file_json() {
    let Some(text) = sample("attachment_post_file.json") else { return };
    let sized = vec![0_u8; 36_597];
    let sent = client(201, &text)
        .attachments()
        .upload("incident", UPLOADED_TO, "Issue_screenshot", sized)
        .await
        .unwrap();
    assert_eq!(json!({ "result": of(sent.record()) }), value(&text));
    let other =
        client(201, &text).attachments().upload("incident", UPLOADED_TO, "Issue_screenshot", "short").await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Corrupt, "another size is another file");
}

#[tokio::test]
async fn attachment_post_upload_json() {
    let Some(text) = sample("attachment_post_upload.json") else { return };
    let sized = vec![0_u8; 36_597];
    let sent = client(201, &text)
        .attachments()
        .upload("incident", UPLOADED_TO, "banner.jpeg", sized)
        .as_form(true)
        .await;
    assert_eq!(json!({ "result": of(sent.unwrap().record()) }), value(&text));
}

#[tokio::test]
async fn attachment_attributes_json() {
    let Some(text) = sample("attachment_attributes.json") else { return };
    let notes = client(200, &text).attachments().attributes(ID).await.unwrap();
    assert_eq!(json!({ "result": notes }), value(&text));
}

#[tokio::test]
async fn stats_grouped_avg_json() {
    let Some(text) = sample("stats_grouped_avg.json") else { return };
    let fields = ["business_stc", "reassignment_count"];
    let groups =
        client(200, &text).aggregate("incident").avg(fields).group_by(["assignment_group"]).await.unwrap();
    let all: Vec<Value> = groups
        .iter()
        .map(|group| {
            let fields: Vec<Value> = group.fields().iter().map(of).collect();
            json!({ "stats": of(group.aggregates().record()), "groupby_fields": fields })
        })
        .collect();
    assert_eq!(json!({ "result": all }), value(&text));
    assert_eq!(groups[0].avg("business_stc").unwrap(), Some(804_162.714_3));
    assert_eq!(groups[0].value("assignment_group").unwrap(), "");
}

#[tokio::test]
async fn import_set_json() {
    for (name, status) in [("import_set_post.json", 201), ("import_set_get.json", 200)] {
        let Some(text) = sample(name) else { return };
        let import = client(status, &text).import("imp_user");
        let row = match status {
            201 => import.insert(&json!({ "first_name": "John" })).await.unwrap(),
            _ => import.get(ID).await.unwrap(),
        };
        let outcomes: Vec<Value> = row.outcomes().iter().map(|outcome| of(outcome.record())).collect();
        let all =
            json!({ "import_set": row.import_set, "staging_table": row.staging_table, "result": outcomes });
        assert_eq!(all, value(&text), "{name}");
        assert_eq!(row.outcomes()[0].status, RowStatus::Inserted);
    }
}

#[tokio::test]
async fn import_set_insert_multiple_json() {
    let Some(text) = sample("import_set_insert_multiple.json") else { return };
    let set =
        client(201, &text).import("imp_user").insert_multiple([json!({ "First name": "x" })]).await.unwrap();
    assert_eq!(serde_json::to_value(set).unwrap(), value(&text));
}

/// Its bodies are cut where the page ends, and one is XML: each of its items is the trouble that it is, and none is lost.
#[tokio::test]
async fn batch_response_json() {
    let Some(text) = sample("batch_response.json") else { return };
    let ids = [("\"11\"", "\"0\""), ("\"12\"", "\"1\""), ("\"13\"", "\"2\"")];
    let text = ids.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours));
    let client = client(200, &text);
    let mut batch = client.batch();
    let roles = batch.add(client.api("/api/global/user_role_inheritance").get());
    let list = batch.add(client.table("incident").list().limit(1));
    let made = batch.add(client.table("incident").create(&json!({ "urgency": "1" })));
    let mut answers = batch.send().await;
    let error = answers.take(&roles).unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::NotJson, 200));
    assert_eq!(answers.take(&list).unwrap_err().kind(), ErrorKind::Truncated);
    let error = answers.take(&made).unwrap_err();
    assert!(error.kind() == ErrorKind::Truncated && error.may_have_executed(), "{error}");
}

#[tokio::test]
async fn answers_of_other_apis() {
    for name in [
        "change_conflict_worker.json",
        "change_nextstates.jsonc",
        "change_worker.jsonc",
        "cicd_progress.json",
        "catalog_submit_producer.json",
        "email_post.json",
        "identifyreconcile.json",
        "cmdb_meta.json",
    ] {
        let Some(text) = sample(name) else { return };
        let client = client(200, &text);
        let result: Value = client.api("/api/x").get().result().await.unwrap();
        assert_eq!(json!({ "result": result }), value(&text), "{name}");
        let record = client.api("/api/x").get().record().await.unwrap();
        assert_eq!(json!({ "result": of(&record) }), value(&text), "{name}");
    }
}
