//! An export into an object store is as whole and as resumable as one into a directory.

use crate::temp_folder::TempFolder;
use crate::{client, counted, incidents, instance};
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use snow_client::ErrorKind;
use snow_client::export::{
    ExportFormat, ExportObjectStore, ExportQuestion, ExportReport, Ndjson, RecordEncoder,
};
use snow_client::{Error, Record};
use std::collections::BTreeMap;
use std::sync::Arc;

type Store = Arc<dyn ObjectStore>;

/// Both stores that need no account.
fn stores(folder: &TempFolder) -> Vec<Store> {
    let root = folder.file("store");
    std::fs::create_dir(&root).unwrap();
    vec![Arc::new(InMemory::new()), Arc::new(LocalFileSystem::new_with_prefix(root).unwrap())]
}

async fn objects(store: &Store) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut objects = BTreeMap::new();
    for object in listed {
        let content = store.get(&object.location).await.unwrap().bytes().await.unwrap();
        objects.insert(object.location.to_string(), content.to_vec());
    }
    objects
}

#[tokio::test]
async fn an_export_is_resumed_and_verified() {
    let client = client(&instance(120));
    let folder = TempFolder::new();
    for store in stores(&folder) {
        let target = ExportObjectStore::new(store.clone(), "some/place").unwrap();
        store.put(&Path::from("some/placement.txt"), "another one's".into()).await.unwrap();
        let export = || {
            let export = incidents(&client).export(Ndjson::new(), target.clone());
            export.page_size(10).records_per_file(30).parallel(2).resume(true)
        };
        let first = export();
        let stop = first.stop_handle();
        let stopped = first
            .on_progress(move |progress| {
                if progress.files == 1 {
                    stop.stop()
                }
            })
            .await
            .unwrap();
        assert!(!stopped.complete && objects(&store).await.contains_key("some/place/_position.json"));
        let before = objects(&store).await;

        let report = export().await.unwrap();
        let after = objects(&store).await;
        assert!(report.complete && !after.contains_key("some/place/_position.json"));
        let is_data = |name: &str| name.contains("/part-");
        assert!(
            before.iter().filter(|(name, _)| is_data(name)).all(|(name, content)| after[name] == *content)
        );
        let data = after.into_iter().filter(|(name, _)| is_data(name)).collect();
        let numbers = counted(&data, "number");
        assert!(numbers.len() == 120 && numbers.values().all(|count| *count == 1));
        ExportReport::load(&target).await.unwrap().unwrap().verify(&target).await.unwrap();
    }
}

/// A line of 3 MiB for each record.
#[derive(Debug)]
struct Padded;

impl ExportFormat for Padded {
    fn name(&self) -> &str {
        "padded"
    }

    fn extension(&self) -> &str {
        "txt"
    }

    fn encoder(&self, _: &ExportQuestion, _: &mut Vec<u8>) -> Result<Box<dyn RecordEncoder>, Error> {
        Ok(Box::new(Self))
    }
}

impl RecordEncoder for Padded {
    fn encode(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(record.json().as_bytes());
        out.resize(out.len() + (3 << 20), b' ');
        out.push(b'\n');
        Ok(())
    }
}

#[tokio::test]
async fn a_large_object_is_uploaded_in_parts() {
    let client = client(&instance(7));
    let folder = TempFolder::new();
    for store in stores(&folder) {
        let target = ExportObjectStore::new(store.clone(), "").unwrap();
        let report = incidents(&client).export(Padded, target.clone()).await.unwrap();
        assert!(report.files[0].bytes > 21 << 20);
        report.verify(&target).await.unwrap();
        let objects = objects(&store).await;
        let lines = String::from_utf8(objects["part-00000-00000.txt"].clone()).unwrap();
        let numbers: Vec<Record> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((numbers.len(), objects.len()), (7, 2));
    }
}

#[tokio::test]
async fn what_is_not_of_the_export_is_left_alone() {
    let client = client(&instance(7));
    let store: Store = Arc::new(InMemory::new());
    store.put(&Path::from("a/b/precious.txt"), "precious".into()).await.unwrap();
    let target = ExportObjectStore::new(store.clone(), "a").unwrap();
    let error = incidents(&client).export(Ndjson::new(), target).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("b/precious.txt"),
        "{error}"
    );
    assert_eq!(objects(&store).await.len(), 1);
    let whole = ExportObjectStore::new(store.clone(), "").unwrap();
    let error = incidents(&client).export(Ndjson::new(), whole).await.unwrap_err();
    assert!(error.to_string().starts_with("InMemory contains \"a/b/precious.txt\""), "{error}");
    for bad in ["a//b", "../a", "a/./b"] {
        assert_eq!(
            ExportObjectStore::new(store.clone(), bad).unwrap_err().kind(),
            ErrorKind::InvalidInput,
            "{bad}"
        );
    }
}
