//! An export that ends at any step of its target, and at any request, goes on where it stopped.

use crate::memory_target::MemoryTarget;
use crate::{assert_describes, client, counted, incidents, instance};
use snow_client::export::{Export, ExportReport, Ndjson};
use snow_client::{Client, ErrorKind};

/// 60 records: 3 files of 20 in one part.
fn export(client: &Client, target: MemoryTarget) -> Export {
    incidents(client).export(Ndjson::new(), target).page_size(10).records_per_file(20).resume(true)
}

/// 60 records in 3 parts, of which two are read at once, in files of 10.
fn parallel(client: &Client, target: MemoryTarget) -> Export {
    export(client, target).records_per_file(10).parallel(2).parts(3)
}

fn assert_whole(target: &MemoryTarget, report: &ExportReport, records: usize) {
    let files = target.files();
    assert!(report.complete && files.contains_key("_manifest.json") && !files.contains_key("_position.json"));
    let numbers = counted(&target.data(), "number");
    assert_eq!((numbers.len(), report.received), (records, records as u64));
    assert!(numbers.values().all(|count| *count == 1), "{numbers:?}");
    assert_describes(report, &target.data());
}

/// Ends the export at this step of its target, and then resumes it. Returns whether there was such a step.
async fn survives(client: &Client, make: fn(&Client, MemoryTarget) -> Export, step: u32) -> bool {
    let target = MemoryTarget::default();
    let ended = make(client, target.with_fuse(Some(step))).await;
    let before = target.files();
    if let Err(error) = &ended {
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    }
    let is_complete = before.contains_key("_manifest.json");
    let report = make(client, target.clone()).await.unwrap_or_else(|error| panic!("step {step}: {error}"));
    for (name, content) in before.iter().filter(|(name, _)| name.starts_with("part-")) {
        assert_eq!(&target.files()[name], content, "step {step}: {name} was changed");
    }
    assert!(!is_complete || before["_manifest.json"] == target.files()["_manifest.json"], "step {step}");
    assert_whole(&target, &report, 60);
    ended.is_err()
}

#[tokio::test]
async fn it_may_end_at_any_step() {
    let client = client(&instance(60));
    for make in [export, parallel] {
        let mut step = 0;
        while survives(&client, make, step).await {
            step += 1;
        }
        assert!(step >= 40, "only {step} steps");
    }
}

#[tokio::test]
async fn it_may_end_again_and_again() {
    let client = client(&instance(60));
    for make in [export, parallel] {
        // Long enough for a file with its note: otherwise it would never come to its end.
        for steps in 24..40 {
            let (target, mut ends) = (MemoryTarget::default(), 0);
            let report = loop {
                match make(&client, target.with_fuse(Some(steps))).await {
                    Ok(report) => break report,
                    Err(_) => ends += 1,
                }
                assert!(ends < 100, "{steps} steps");
            };
            assert!(ends > 0, "{steps} steps");
            assert_whole(&target, &report, 60);
        }
    }
}

#[tokio::test]
async fn a_complete_one_is_not_read_again() {
    let simulator = instance(60);
    let (client, target) = (client(&simulator), MemoryTarget::default());
    let first = export(&client, target.clone()).await.unwrap();
    let requests = simulator.journal().len();
    let again = export(&client, target.clone()).await.unwrap();
    assert_eq!((again, simulator.journal().len()), (first, requests));
}

#[tokio::test]
async fn what_is_stopped_goes_on_after_its_last_record() {
    let client = client(&instance(60));
    for make in [export, parallel] {
        let target = MemoryTarget::default();
        let mut runs = 0;
        let report = loop {
            let export = make(&client, target.clone());
            let stop = export.stop_handle();
            let report = export.on_progress(move |_| stop.stop()).await.unwrap();
            runs += 1;
            assert_eq!(report.complete, target.files().contains_key("_manifest.json"));
            if report.complete {
                break report;
            }
            assert_eq!(report.received, counted(&target.data(), "number").len() as u64);
            assert!(runs < 60);
        };
        assert!(runs > 1);
        assert_whole(&target, &report, 60);
    }
}

/// The page that was under way comes, and a file that it does not fit into any more is not the end.
#[tokio::test]
async fn no_record_that_has_arrived_is_dropped_by_a_stop() {
    let simulator = instance(500);
    let (client, target) = (client(&simulator), MemoryTarget::default());
    let export = || {
        let export = incidents(&client).export(Ndjson::new(), target.clone()).resume(true);
        export.page_size(100).records_per_file(100)
    };
    let pages = || simulator.take_journal().len() as u64;
    let first = export();
    let stop = first.stop_handle();
    let stopped = first.on_progress(move |_| stop.stop()).await.unwrap();
    assert!(!stopped.complete && stopped.received >= 200, "{stopped:?}");
    assert_eq!((stopped.received, stopped.requests), (pages() * 100, stopped.received / 100));
    assert_eq!(counted(&target.data(), "number").len() as u64, stopped.received);
    let report = export().await.unwrap();
    assert_whole(&target, &report, 500);
    assert_eq!(pages(), 5 - stopped.received / 100, "no record is read twice");
}

#[tokio::test]
async fn a_complete_one_whose_files_are_not_there_is_seen() {
    let client = client(&instance(60));
    let target = MemoryTarget::default();
    export(&client, target.clone()).await.unwrap();
    let whole = target.files();
    target.set("part-00000-00001.ndjson", "{}\n");
    for what in ["was changed", "is missing"] {
        let error = export(&client, target.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let text = error.to_string();
        assert!(text.contains("part-00000-00001.ndjson") && text.contains(what), "{text}");
        if what == "was changed" {
            target.forget("part-00000-00001.ndjson");
        }
    }
    assert_eq!(target.files()["_manifest.json"], whole["_manifest.json"]);
}

#[tokio::test]
async fn one_that_is_stopped_before_it_begins_leaves_nothing() {
    let (client, target) = (client(&instance(60)), MemoryTarget::default());
    let export = export(&client, target.clone());
    export.stop_handle().stop();
    let report = export.await.unwrap();
    assert!(!report.complete && report.files.is_empty() && target.files().is_empty());
}

#[tokio::test]
async fn a_finished_file_that_was_changed_or_removed_is_seen() {
    let client = client(&instance(60));
    for step in 0..200 {
        let target = MemoryTarget::default();
        if export(&client, target.with_fuse(Some(step))).await.is_ok() {
            break;
        }
        if target.data().len() < 2 {
            continue;
        }
        let changed = target.files();
        target.set("part-00000-00000.ndjson", "{}\n");
        let error = export(&client, target.clone()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Io && error.to_string().contains("was changed"), "{error}");
        target.forget("part-00000-00000.ndjson");
        let error = export(&client, target.clone()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Io && error.to_string().contains("is missing"), "{error}");
        assert_eq!(changed["_position.json"], target.files()["_position.json"]);
        return;
    }
    panic!("no step had two files");
}
