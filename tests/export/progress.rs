//! The progress of an export adds up.

use crate::memory_target::MemoryTarget;
use crate::{client, incidents, instance};
use snow_client::export::{Export, ExportProgress, Ndjson};
use std::sync::{Arc, Mutex};

/// Runs an export, and returns what was told of it.
async fn told(export: Export) -> Vec<ExportProgress> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = calls.clone();
    let _ = export.on_progress(move |progress| noted.lock().unwrap().push(progress)).await;
    std::mem::take(&mut *calls.lock().unwrap())
}

#[tokio::test]
async fn it_grows_from_page_to_page_and_from_file_to_file() {
    let client = client(&instance(100));
    let target = MemoryTarget::default();
    let export = |target: MemoryTarget| {
        incidents(&client).export(Ndjson::new(), target).page_size(10).records_per_file(20).parallel(2).resume(true)
    };
    let calls = told(export(target.clone())).await;
    assert!(calls.is_sorted_by_key(|call| (call.received, call.files)));
    let last = calls.last().unwrap();
    assert_eq!((last.received, last.expected, last.resumed), (100, Some(100), 0));
    assert_eq!((last.parts, last.finished_parts), (2, 2));
    assert_eq!(last.files, target.data().len());
    assert_eq!(last.bytes, target.data().values().map(|file| file.len() as u64).sum::<u64>());
    assert!(last.requests >= 10 && last.records_per_second().is_finite());

    let target = MemoryTarget::default();
    told(export(target.with_fuse(Some(60)))).await;
    let before = crate::counted(&target.data(), "number").len() as u64;
    assert!(before > 0 && before < 100);
    let calls = told(export(target.clone())).await;
    assert!(calls.iter().all(|call| call.resumed == before));
    assert_eq!(calls.last().unwrap().received, 100);
}
