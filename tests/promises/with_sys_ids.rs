//! A list can return each record with its `sys_id`, whatever type it is read as and whatever fields are asked for.

use serde::Deserialize;
use serde_json::json;
use snow_client::table::WithSysId;
use snow_client::{Client, DisplayValue, ErrorKind, SysId, field};
use snow_sim::{Rule, Simulator, User};
use std::collections::{HashMap, HashSet};

/// A type without a `sys_id`, which takes nothing that it did not ask for.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Incident {
    number: String,
}

/// The numbers of all incidents by their `sys_id`.
async fn numbers(client: &Client) -> HashMap<SysId, String> {
    let all = client.table("incident").list().fields(["sys_id", "number"]).all().await.unwrap();
    all.iter()
        .map(|record| (record.sys_id().unwrap(), record.value("number").unwrap().into_owned()))
        .collect()
}

fn simulator() -> Simulator {
    Simulator::builder().without_demo_data().user("admin", "secret").incidents(120).build().unwrap()
}

fn pairs(records: Vec<WithSysId<Incident>>) -> HashMap<SysId, String> {
    records.into_iter().map(|found| (found.sys_id, found.record.number)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_type_without_a_sys_id_comes_with_one_by_whatever_call() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let expected = numbers(&client).await;
    let list = || client.table("incident").typed::<Incident>().list().with_sys_ids();
    assert_eq!(pairs(list().limit(500).await.unwrap().into_iter().collect()), expected);
    assert_eq!(pairs(list().limit(500).through_batch().await.unwrap().into_iter().collect()), expected);
    assert_eq!(pairs(list().all().await.unwrap()), expected);
    assert_eq!(
        pairs(
            list()
                .query(field("active").eq(true).or(field("active").eq(false)).order_by("number"))
                .all()
                .await
                .unwrap()
        ),
        expected
    );
    let mut streamed = Vec::new();
    let mut pages = list().stream().page_size(50).by_offset(true).pages();
    while let Some(page) = pages.next().await {
        streamed.extend(page.unwrap());
    }
    assert_eq!(pairs(streamed), expected);
    assert_eq!(pairs(list().stream().parallel(3).all().await.unwrap()), expected);
    let (sys_id, number) = expected.iter().next().unwrap();
    let one = list().query(field("number").eq(number)).one().await.unwrap();
    assert_eq!((one.sys_id, &one.record.number), (*sys_id, number));
}

#[tokio::test(start_paused = true)]
async fn a_record_shows_the_fields_that_were_asked_for_and_no_others() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let list = || client.table("incident").list().with_sys_ids();
    for values in [DisplayValue::Stored, DisplayValue::Display, DisplayValue::All] {
        let page = list().display_value(values).fields(["active", "number"]).limit(3).await.unwrap();
        assert!(page.missing_fields().is_empty());
        let streamed =
            list().display_value(values).fields(["active", "number"]).stream().all().await.unwrap();
        for found in page.iter().chain(&streamed) {
            assert_eq!(found.record.fields().collect::<Vec<_>>(), ["active", "number"], "{values:?}");
        }
        assert_eq!(page.iter().map(|found| found.sys_id).collect::<HashSet<_>>().len(), 3);
        // What a person sees is still no stored value.
        let active = page[0].record.field("active").unwrap();
        assert_eq!(active.boolean().is_ok(), values != DisplayValue::Display);
    }
    let page = list().fields(["sys_id", "number"]).limit(3).await.unwrap();
    assert!(page.iter().all(|found| found.record.sys_id().unwrap() == found.sys_id));
    let page = list().limit(3).await.unwrap();
    assert!(
        page.iter().all(|found| found.record.sys_id().unwrap() == found.sys_id),
        "without a list of fields"
    );
    simulator.take_journal();
    client.table("incident").list().fields(["number"]).limit(3).await.unwrap();
    let query = simulator.take_journal().remove(0).query;
    assert!(!query.contains("sys_id"), "nothing is asked for that nobody needs: {query}");
}

#[tokio::test(start_paused = true)]
async fn a_bulk_write_of_the_list_returns_them_too() {
    let client = crate::client(&simulator());
    let expected = numbers(&client).await;
    let list = client.table("incident").typed::<Incident>().list().with_sys_ids();
    let report =
        list.query(field("sys_id").is_not_empty()).update_all(&json!({ "urgency": "2" })).all().await;
    let written: HashMap<_, _> = report
        .into_result()
        .unwrap()
        .into_iter()
        .map(|(sys_id, found)| {
            assert_eq!(sys_id, found.sys_id);
            (sys_id, found.record.number)
        })
        .collect();
    assert_eq!(written, expected);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_shows_no_sys_id_is_an_error_and_not_left_out() {
    let rule = Rule::HideField { table: "incident".into(), field: "sys_id".into() };
    let builder = Simulator::builder().user_with(User::new("reader", "secret").role("itil")).incidents(20);
    let simulator = builder.rule(rule).settings(|settings| settings.query_acls = false).build().unwrap();
    let builder = Client::builder().instance("dev12345").user("reader").password("secret");
    let client = builder.transport(simulator).build().unwrap();
    let list = client.table("incident").typed::<Incident>().list().with_sys_ids();
    let error = list.clone().limit(3).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Decode && error.to_string().contains("sys_id"), "{error}");
    let error = list.stream().by_offset(true).next().await.unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::Decode && error.to_string().contains("sys_id"), "{error}");
}
