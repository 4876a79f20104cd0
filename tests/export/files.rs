//! The files of an export contain what the table contains.

use crate::memory_target::MemoryTarget;
use crate::temp_folder::TempFolder;
use crate::{FIELDS, assert_describes, client, counted, data_files, incidents, instance};
use snow_client::blocking::Wait;
use snow_client::export::{Csv, ExportDirectory, ExportFormat, ExportReport, ExportTarget, Ndjson};
use snow_client::{DisplayValue, ErrorKind, Record, field};

#[tokio::test]
async fn every_record_is_in_the_lines_as_it_was_sent() {
    let (simulator, folder) = (instance(250), TempFolder::new());
    let client = client(&simulator);
    let target = ExportDirectory::new(folder.file("out"));
    let list = client.table("incident").list();
    let report =
        list.clone().export(Ndjson::new(), target.clone()).page_size(50).records_per_file(100).await.unwrap();
    let files = data_files(target.path());
    assert_describes(&report, &files);
    assert!(report.complete && !report.may_have_drifted && !report.reached_limit);
    assert_eq!((report.received, report.expected, report.hidden()), (250, Some(250), Some(0)));
    assert_eq!(report.files.iter().map(|file| file.records).collect::<Vec<_>>(), [100, 100, 50]);
    report.verify(&target).await.unwrap();
    let expected: String =
        list.all().await.unwrap().iter().map(|record| format!("{}\n", record.json())).collect();
    let written: Vec<u8> = files.into_values().flatten().collect();
    assert_eq!(String::from_utf8(written).unwrap(), expected);
}

#[tokio::test]
async fn every_record_is_in_a_row_of_csv() {
    let (simulator, folder) = (instance(250), TempFolder::new());
    let client = client(&simulator);
    let list = incidents(&client).display_value(DisplayValue::All);
    let format = Csv::new().display_values(true).links(true);
    let report =
        list.clone().export(format, ExportDirectory::new(folder.file("out"))).parallel(3).await.unwrap();
    assert_eq!((report.parts, report.files.len(), report.received), (3, 3, 250));
    let mut rows = Vec::new();
    for file in &report.files {
        let mut reader = csv::Reader::from_path(folder.file("out").join(&file.name)).unwrap();
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let expected =
            FIELDS.map(|field| [field.to_owned(), format!("{field}.display_value"), format!("{field}.link")]);
        assert_eq!(header, expected.concat());
        rows.extend(reader.records().map(|row| row.unwrap()));
    }
    let records = list.all().await.unwrap();
    assert_eq!(rows.len(), records.len());
    for (row, record) in rows.iter().zip(&records) {
        let cells = FIELDS.map(|name| {
            let field = record.field(name).unwrap();
            let text = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap_or_default().into_owned();
            [
                field.value().unwrap().into_owned(),
                text(field.display_value().unwrap()),
                text(field.link().unwrap()),
            ]
        });
        assert_eq!(row.iter().collect::<Vec<_>>(), cells.concat());
    }
    assert!(rows.iter().any(|row| row[11].starts_with("http")), "no reference has a link");
}

#[tokio::test]
async fn the_manifest_says_what_was_asked() {
    let (simulator, target) = (instance(50), MemoryTarget::default());
    let client = client(&simulator);
    let list = incidents(&client).query(field("active").eq(true));
    let count = list.clone().count().await.unwrap();
    let schema = serde_json::json!({ "number": "string" });
    let report = list.export(Csv::new(), target.clone()).schema(&schema).await.unwrap();
    assert_eq!(report.schema, Some(schema));
    assert_eq!(ExportReport::load(&target).await.unwrap(), Some(report.clone()));
    let stored: serde_json::Value = serde_json::from_slice(&target.files()["_manifest.json"]).unwrap();
    assert_eq!(stored["question"]["instance"], "https://dev12345.service-now.com");
    assert_eq!(
        (&stored["question"]["table"], &stored["question"]["query"]),
        (&"incident".into(), &"active=true".into())
    );
    assert_eq!(stored["question"]["fields"], serde_json::json!(FIELDS));
    assert_eq!(
        (&stored["question"]["format"], &stored["snow"]),
        (&"csv".into(), &env!("CARGO_PKG_VERSION").into())
    );
    assert_eq!(stored["question"]["format_settings"]["escape_formulas"], false);
    assert_eq!((report.received, stored["complete"].as_bool()), (count, Some(true)));
    let started = report.started_at.unwrap();
    assert!(started <= report.finished_at.unwrap());
    // The SHA-256 of the file, computed by other code.
    let content = &target.data()["part-00000-00000.csv"];
    let hash = ring::digest::digest(&ring::digest::SHA256, content);
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(report.files[0].sha256, hash);
}

#[tokio::test]
async fn an_empty_table_has_a_file_with_a_header() {
    let (simulator, target) = (instance(0), MemoryTarget::default());
    let report = incidents(&client(&simulator)).export(Csv::new(), target.clone()).await.unwrap();
    assert!(report.complete && report.received == 0);
    assert_eq!(target.data()["part-00000-00000.csv"], b"number,state,short_description,caller_id\r\n");
}

#[tokio::test]
async fn a_limit_ends_an_export() {
    let simulator = instance(120);
    let list = incidents(&client(&simulator)).limit(75);
    let target = MemoryTarget::default();
    let report = list.export(Ndjson::new(), target.clone()).page_size(20).records_per_file(40).await.unwrap();
    assert_eq!(
        (report.complete, report.reached_limit, report.received, report.hidden()),
        (true, true, 75, None)
    );
    assert_eq!(counted(&target.data(), "number").len(), 75);
}

#[tokio::test]
async fn a_limit_counts_across_a_crash() {
    let simulator = instance(120);
    let client = client(&simulator);
    let export = |target: MemoryTarget| {
        let list = incidents(&client).limit(75);
        list.export(Ndjson::new(), target).page_size(20).records_per_file(20).resume(true)
    };
    for steps in (0..60).step_by(7) {
        let target = MemoryTarget::default();
        let _ = export(target.with_fuse(Some(steps))).await;
        let report = export(target.clone()).await.unwrap();
        let numbers = counted(&target.data(), "number");
        assert_eq!((report.received, numbers.len(), report.reached_limit), (75, 75, true), "{steps}");
    }
}

#[tokio::test]
async fn a_change_of_a_file_is_seen() {
    let (simulator, target) = (instance(50), MemoryTarget::default());
    let report = incidents(&client(&simulator)).export(Ndjson::new(), target.clone()).await.unwrap();
    report.verify(&target).await.unwrap();
    let name = "part-00000-00000.ndjson";
    let content = String::from_utf8(target.files()[name].clone()).unwrap();
    target.set(name, &content.replacen("INC", "inc", 1));
    let error = report.verify(&target).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().ends_with("restore the file, or export again into another place"), "{error}");
    target.set(name, &content[1..]);
    assert_eq!(report.verify(&target).await.unwrap_err().kind(), ErrorKind::Corrupt);
    target.forget(name);
    assert_eq!(report.verify(&target).await.unwrap_err().kind(), ErrorKind::Io);
}

#[tokio::test]
async fn formats_and_targets_can_be_chosen_at_run_time() {
    let simulator = instance(10);
    for is_csv in [true, false] {
        let format: Box<dyn ExportFormat> =
            if is_csv { Box::new(Csv::new()) } else { Box::new(Ndjson::new()) };
        let memory = MemoryTarget::default();
        let target: Box<dyn ExportTarget> = Box::new(memory.clone());
        let report = incidents(&client(&simulator)).export(format, target).await.unwrap();
        assert_eq!(report.question.format, if is_csv { "csv" } else { "ndjson" });
        assert!(memory.files().contains_key("_manifest.json"));
    }
}

#[tokio::test]
async fn a_field_that_is_not_there_is_refused_before_anything_is_written() {
    let (simulator, target) = (instance(10), MemoryTarget::default());
    let list = client(&simulator).table("incident").list().fields(["number", "nmber"]);
    let error = list.clone().export(Csv::new(), target.clone()).await.unwrap_err();
    assert!(error.to_string().contains("nmber"), "{error}");
    assert!(target.files().is_empty());
}

#[test]
fn a_thread_can_wait_for_an_export() {
    let (simulator, folder) = (instance(120), TempFolder::new());
    let client = client(&simulator);
    let target = ExportDirectory::new(folder.file("out"));
    let report = incidents(&client).export(Ndjson::new(), target.clone()).parallel(2).wait().unwrap();
    assert!(report.complete && report.received == 120);
    async { report.verify(&target).await }.wait().unwrap();
    let line = data_files(target.path()).into_values().next().unwrap();
    let first: Record = serde_json::from_slice(line.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(first.fields().collect::<std::collections::BTreeSet<_>>(), FIELDS.into());
}
