//! An export that may miss or repeat records is refused, unless it is allowed.

use crate::memory_target::MemoryTarget;
use crate::{client, incidents, instance};
use snow_client::export::{ExportReport, Ndjson};
use snow_client::{DisplayValue, Error, ErrorKind, Query, field};
use snow_sim::Simulator;

#[tokio::test]
async fn reads_by_position_are_refused_before_anything_is_sent() {
    let simulator = instance(60);
    let client = client(&simulator);
    let list = || incidents(&client);
    let by_creation = Query::new().order_by("sys_created_on");
    let lists = [
        list().query(Query::new().order_by("number")),
        list().offset(10),
        list().query(by_creation.clone()).display_value(DisplayValue::Display),
    ];
    for list in lists {
        let requests = simulator.journal().len();
        let target = MemoryTarget::default();
        let error = list.clone().export(Ndjson::new(), target.clone()).await.unwrap_err();
        assert!(
            error.kind() == ErrorKind::InvalidInput && error.to_string().contains("allow_drift"),
            "{error}"
        );
        assert!(target.files().is_empty() && simulator.journal().len() == requests);
        let allowed = list.export(Ndjson::new(), target).page_size(10).allow_drift(true).await.unwrap();
        assert!(allowed.complete && allowed.may_have_drifted);
    }
    let error = list().export(Ndjson::new(), MemoryTarget::default()).by_offset(true).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("with by_offset(true)"),
        "{error}"
    );
    let kept =
        list().query(by_creation).export(Ndjson::new(), MemoryTarget::default()).page_size(10).await.unwrap();
    assert!(kept.complete && !kept.may_have_drifted);
}

/// An export of two records whose query is too long for one URL. While it is read, the first one moves to where the second one is.
async fn of_moving_records(allows_drift: bool) -> (MemoryTarget, Result<ExportReport, Error>) {
    let simulator = instance(60);
    let ids = simulator.ids("incident");
    let describe = move |simulator: &Simulator, at: usize, text: &str| {
        simulator.update("incident", &ids[at], [("short_description", text)]).unwrap();
    };
    describe(&simulator, 0, "the first");
    describe(&simulator, 1, "the last");
    let filler = (0..3_000).map(|at| format!("{at:030}"));
    let values: Vec<String> =
        ["the first".to_owned()].into_iter().chain(filler).chain(["the last".to_owned()]).collect();
    let target = MemoryTarget::default();
    let list = incidents(&client(&simulator)).query(field("short_description").is_in(values));
    let export = list.export(Ndjson::new(), target.clone()).allow_drift(allows_drift);
    let done = export.on_progress(move |_| describe(&simulator, 0, "the last")).await;
    (target, done)
}

#[tokio::test]
async fn a_long_query_whose_records_move_leaves_no_manifest() {
    let (target, refused) = of_moving_records(false).await;
    let error = refused.unwrap_err();
    assert_eq!(error.advice(), None, "{error}");
    assert!(error.kind() == ErrorKind::Incomplete && error.to_string().contains("no manifest"), "{error}");
    assert!(!target.files().contains_key("_manifest.json") && !target.data().is_empty());
    let (target, allowed) = of_moving_records(true).await;
    let report = allowed.unwrap();
    assert!(report.complete && report.may_have_drifted && report.received == 3);
    assert!(target.files().contains_key("_manifest.json"));
}

#[tokio::test]
async fn parts_of_a_sorted_list_are_refused() {
    let simulator = instance(60);
    let client = client(&simulator);
    for list in
        [incidents(&client).query(Query::new().order_by("sys_created_on")), incidents(&client).limit(7)]
    {
        let error = list.export(Ndjson::new(), MemoryTarget::default()).parallel(2).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

/// Parts are ranges of `sys_id`: an export by position would not be one.
#[tokio::test]
async fn parts_of_a_read_by_position_are_refused() {
    let simulator = instance(60);
    let client = client(&simulator);
    let by_offset = || {
        let export = incidents(&client).export(Ndjson::new(), MemoryTarget::default());
        export.by_offset(true).allow_drift(true)
    };
    for export in [by_offset().parallel(2), by_offset().parts(3), by_offset().parallel(2).parts(2)] {
        let requests = simulator.journal().len();
        let error = export.await.unwrap_err();
        assert!(
            error.kind() == ErrorKind::InvalidInput && error.to_string().contains("has one part"),
            "{error}"
        );
        assert_eq!(simulator.journal().len(), requests);
    }
    for export in [by_offset(), by_offset().parts(1), by_offset().parallel(2).parts(1), by_offset().parts(0)]
    {
        let report = export.page_size(20).await.unwrap();
        assert_eq!((report.received, report.parts, report.may_have_drifted), (60, 1, true));
    }
}
