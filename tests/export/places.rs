//! An export overwrites nothing that is not its own, and continues nothing that is another one's.

use crate::memory_target::MemoryTarget;
use crate::temp_folder::TempFolder;
use crate::{client, incidents, instance};
use snow_client::export::{Csv, Export, ExportDirectory, ExportTarget, Ndjson};
use snow_client::{Client, DisplayValue, Error, ErrorKind, field};
use snow_sim::Simulator;

/// An export that is not finished.
async fn unfinished(client: &Client) -> MemoryTarget {
    let target = MemoryTarget::default();
    let export = small(incidents(client).export(Ndjson::new(), target.with_fuse(Some(24))));
    export.await.unwrap_err();
    assert!(target.files().contains_key("_position.json"));
    target
}

fn small(export: Export) -> Export {
    export.page_size(10).records_per_file(10)
}

fn assert_refused(error: &Error, words: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[tokio::test]
async fn what_is_not_of_the_export_is_left_alone() {
    let simulator = instance(40);
    let client = client(&simulator);
    let requests = || simulator.journal().len();
    for name in ["notes.txt", "part-00000-00000.ndjson", "_position.json.bak"] {
        for resumes in [false, true] {
            let (target, before) = (MemoryTarget::default(), requests());
            target.set(name, "precious");
            let error =
                incidents(&client).export(Ndjson::new(), target.clone()).resume(resumes).await.unwrap_err();
            assert_refused(&error, &[name, "empty"]);
            assert_eq!((target.files().len(), requests()), (1, before));
        }
    }
    let target = unfinished(&client).await;
    target.set("part-00000-00009.ndjson", "precious");
    let error =
        small(incidents(&client).export(Ndjson::new(), target.clone())).resume(true).await.unwrap_err();
    assert_refused(&error, &["part-00000-00009.ndjson"]);
    assert_eq!(target.files()["part-00000-00009.ndjson"], b"precious");
}

#[tokio::test]
async fn an_export_is_continued_only_if_that_is_said() {
    let simulator = instance(40);
    let client = client(&simulator);
    let target = unfinished(&client).await;
    let files = target.files();
    let error = incidents(&client).export(Ndjson::new(), target.clone()).await.unwrap_err();
    assert_refused(&error, &["not finished", "resume(true)"]);
    assert_eq!(target.files(), files);
    let whole = small(incidents(&client).export(Ndjson::new(), target.clone())).resume(true).await.unwrap();
    let error = incidents(&client).export(Ndjson::new(), target.clone()).await.unwrap_err();
    assert_refused(&error, &["complete", "resume(true)"]);
    assert_eq!(whole.received, 40);
}

#[tokio::test]
async fn another_question_is_refused() {
    let simulator = instance(40);
    let admin = client(&simulator);
    let other_instance = Client::builder().instance("dev99999").user("admin").password("secret");
    let other_instance = other_instance.transport(simulator.clone()).build().unwrap();
    let list = || incidents(&admin);
    let complete = MemoryTarget::default();
    small(list().export(Ndjson::new(), complete.clone())).await.unwrap();
    for target in [unfinished(&admin).await, complete] {
        let files = target.files();
        let to = || target.clone();
        let others = [
            (incidents(&other_instance).export(Ndjson::new(), to()), "another instance"),
            (
                admin.table("problem").list().fields(crate::FIELDS).export(Ndjson::new(), to()),
                "another table",
            ),
            (list().query(field("active").eq(true)).export(Ndjson::new(), to()), "another query"),
            (list().fields(["number"]).export(Ndjson::new(), to()), "other fields"),
            (list().display_value(DisplayValue::All).export(Ndjson::new(), to()), "another form of values"),
            (list().limit(7).export(Ndjson::new(), to()), "another limit"),
            (list().query_no_domain(true).export(Ndjson::new(), to()), "other parameters"),
            (list().exclude_reference_link(true).export(Ndjson::new(), to()), "other parameters"),
            (list().export(Csv::new(), to()), "another format"),
        ];
        for (export, difference) in others {
            let requests = simulator.journal().len();
            let error = export.resume(true).await.unwrap_err();
            assert_refused(&error, &[difference, "another place"]);
            assert_eq!(
                (simulator.journal().len(), target.files() == files),
                (requests, true),
                "{difference}"
            );
        }
    }
    let target = MemoryTarget::default();
    small(list().export(Csv::new(), target.clone())).await.unwrap();
    let error =
        list().export(Csv::new().escape_formulas(true), target.clone()).resume(true).await.unwrap_err();
    assert_refused(&error, &["other settings of the format"]);
}

#[tokio::test]
async fn a_position_that_is_none_is_an_error() {
    let simulator = instance(40);
    let client = client(&simulator);
    for (content, word) in [("", "_position.json"), ("{}", "was changed"), ("null", "_position.json")] {
        let target = MemoryTarget::default();
        target.set("_position.json", content);
        let error = incidents(&client).export(Ndjson::new(), target).resume(true).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Io && error.to_string().contains(word), "{error}");
    }
    let target = unfinished(&client).await;
    let stored = String::from_utf8(target.files()["_position.json"].clone()).unwrap();
    target.set("_position.json", &stored.replacen("\"version\": 1", "\"version\": 2", 1));
    let error = incidents(&client).export(Ndjson::new(), target).resume(true).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("version 2"), "{error}");
}

/// Nothing but the version is read of a file that another release has written.
#[tokio::test]
async fn a_file_of_a_later_release_is_told_from_a_changed_one() {
    let client = client(&instance(40));
    for name in ["_position.json", "_manifest.json"] {
        let target = MemoryTarget::default();
        target.set(name, r#"{ "version": 2, "question": { "tables": ["incident"] } }"#);
        let error = incidents(&client).export(Ndjson::new(), target).resume(true).await.unwrap_err();
        let text = error.to_string();
        assert!(error.kind() == ErrorKind::Io && text.contains(name) && text.contains("version 2"), "{text}");
        assert!(text.contains("the release that began it"), "{text}");
    }
}

#[tokio::test]
async fn an_error_of_a_directory_does_not_call_it_a_file() {
    let (client, folder) = (client(&instance(7)), TempFolder::new());
    std::fs::write(folder.file("taken"), "a file").unwrap();
    let below = folder.file("taken").join("out");
    let error = incidents(&client).export(Ndjson::new(), ExportDirectory::new(&below)).await.unwrap_err();
    let expected = format!("the directory {} cannot be created", below.display());
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains(&expected), "{error}");
}

#[tokio::test]
async fn two_exports_do_not_run_in_one_directory() {
    let (simulator, folder) = (instance(40), TempFolder::new());
    let target = ExportDirectory::new(folder.file("out"));
    let lock = target.lock().await.unwrap();
    let error = incidents(&client(&simulator)).export(Ndjson::new(), target.clone()).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Io && error.to_string().contains("another export is running"),
        "{error}"
    );
    drop(lock);
    assert!(incidents(&client(&simulator)).export(Ndjson::new(), target).await.unwrap().complete);
}

#[tokio::test]
async fn a_link_in_the_place_of_a_temporary_file_is_not_followed() {
    let (simulator, folder) = (instance(40), TempFolder::new());
    let (out, elsewhere) = (folder.file("out"), folder.file("elsewhere"));
    std::fs::create_dir(&out).unwrap();
    std::fs::write(&elsewhere, "precious").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&elsewhere, out.join(".part-00000-00000.ndjson.tmp")).unwrap();
    let export = incidents(&client(&simulator)).export(Ndjson::new(), ExportDirectory::new(&out));
    assert!(export.await.unwrap().complete);
    assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), "precious");
    let names: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}"); // the file, the manifest and the lock
}

#[tokio::test]
async fn nothing_that_an_instance_sends_is_in_a_name() {
    let simulator = Simulator::builder().without_demo_data().user("admin", "secret").build().unwrap();
    simulator.insert("incident", [("number", "../../evil"), ("short_description", "/etc/passwd\0")]).unwrap();
    let target = MemoryTarget::default();
    incidents(&client(&simulator)).export(Ndjson::new(), target.clone()).await.unwrap();
    let names: Vec<String> = target.files().into_keys().collect();
    assert_eq!(names, ["_manifest.json", "part-00000-00000.ndjson"]);
}
