//! A list in parts: whoever reads which of them, in whatever order, however often they stop: every record comes once.

use crate::property::check;
use crate::stream_pages::simulator;
use proptest::prelude::*;
use serde_json::json;
use snow_client::stream::{RecordStream, StreamPart, StreamPosition};
use snow_client::{Client, Error, ErrorKind, Query, Record, field, table::ListRecords};
use snow_sim::Simulator;

fn client(simulator: &Simulator, user: &str) -> Client {
    let builder = Client::builder().instance("dev12345").user(user).password("secret");
    builder.transport(simulator.clone()).build().unwrap()
}

fn list(client: &Client, query: &Query<'static>) -> ListRecords {
    client.table("incident").list().query(query.clone()).fields(["sys_id"])
}

fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

async fn ids(mut stream: RecordStream<Record>, most: usize) -> (Vec<String>, RecordStream<Record>) {
    let mut ids = Vec::new();
    while ids.len() < most
        && let Some(record) = stream.next().await
    {
        ids.push(record.unwrap().value("sys_id").unwrap().into_owned());
    }
    (ids, stream)
}

#[test]
fn every_record_comes_once_from_whatever_parts() {
    // Ids that are not hexadecimal sort outside of all ranges but the first and the last one.
    let odd = |client: Client| async move {
        for sys_id in ["!before", "zzz_after_all_of_them", "AB0000000000000000000000000000cd"] {
            client.table("incident").create(&json!({"sys_id": sys_id, "active": true})).await.unwrap();
        }
    };
    let strategy = (1..40_usize, prop::collection::vec(1..200_usize, 0..12), 1..4_usize, any::<bool>());
    check(24, strategy, async |(parts, stops, parallel, as_reader)| {
        let simulator = simulator(700);
        odd(client(&simulator, "admin")).await;
        let user = if as_reader { "reader" } else { "admin" };
        let query = field("active").eq(true);
        let (whole, _) = ids(list(&client(&simulator, user), &query).stream(), usize::MAX).await;
        let parts = list(&client(&simulator, user), &query).parts(parts).unwrap();
        let (mut stops, mut found, mut counted) = (stops.into_iter(), Vec::new(), 0);
        for part in parts.iter().rev() {
            let mut position: Option<StreamPosition> = None;
            loop {
                // Each time another process.
                let list = list(&client(&simulator, user), &query);
                let stream = list.part(&stored(part)).page_size(64).parallel(parallel);
                let stream = match &position {
                    Some(position) => stream.resume(stored(position)),
                    None => stream,
                };
                let (some, stream) = ids(stream, stops.next().unwrap_or(usize::MAX)).await;
                found.extend(some);
                let report = stream.report();
                position = stream.position();
                if position.is_none() {
                    prop_assert!(report.complete);
                    counted += report.received;
                    break;
                }
                prop_assert!(!report.complete && !report.reached_limit);
            }
        }
        prop_assert_eq!(counted, whole.len() as u64);
        found.sort();
        let mut whole = whole;
        whole.sort();
        prop_assert_eq!(found, whole);
        Ok(())
    });
}

fn kind(outcome: Result<Vec<StreamPart>, Error>) -> ErrorKind {
    outcome.unwrap_err().kind()
}

#[tokio::test]
async fn what_cannot_be_read_in_parts_is_refused_before_anything_is_sent() {
    let simulator = simulator(10);
    let client = client(&simulator, "admin");
    let list = || client.table("incident").list();
    let long: Vec<String> = (0..900).map(|at| format!("{at:032x}")).collect();
    for refused in [
        list().limit(5),
        list().offset(5),
        list().query(Query::new().order_by("number")),
        list().query(Query::new().order_by("sys_created_on")),
        list().query(field("sys_id").is_in(&long)),
    ] {
        assert_eq!(kind(refused.parts(2)), ErrorKind::InvalidInput, "{refused:?}");
        assert_eq!(refused.parts(1).unwrap().len(), 1, "one part is the list itself: {refused:?}");
    }
    assert_eq!(kind(list().parts(10_001)), ErrorKind::InvalidInput);
    assert_eq!(kind(list().filter("active", true).parts(1)), ErrorKind::InvalidInput);
    assert_eq!(list().parts(0).unwrap(), list().parts(1).unwrap());
    assert_eq!(simulator.take_journal().len(), 0);
}

#[tokio::test]
async fn a_part_and_a_position_belong_to_one_list_and_one_part() {
    let simulator = simulator(300);
    let client = client(&simulator, "admin");
    let list = || client.table("incident").list().query(field("active").eq(true));
    let parts = list().parts(3).unwrap();
    let others = [
        client.table("task").list().query(field("active").eq(true)),
        client.table("incident").list(),
        list().query_no_domain(true),
        list().param("sysparm_suppress_x", "1"),
    ];
    for other in others {
        let error = other.clone().part(&parts[0]).next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{other:?}");
        assert!(error.to_string().contains("another list"), "{error}");
    }
    let by_offset = list().part(&parts[0]).by_offset(true).next().await.unwrap().unwrap_err();
    assert_eq!(by_offset.kind(), ErrorKind::InvalidInput);
    let mut stream = list().part(&parts[0]);
    stream.next().await.unwrap().unwrap();
    let position = stream.position().unwrap();
    for elsewhere in [list().part(&parts[1]), list().stream()] {
        let error = elsewhere.resume(position.clone()).next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("another read"), "{error}");
    }
    assert_eq!(simulator.take_journal().len(), 1, "the one read that was no mistake");
}

#[tokio::test]
async fn a_report_tells_its_limit_from_an_early_end() {
    let simulator = simulator(300);
    let client = client(&simulator, "admin");
    let list = || client.table("incident").list();
    let at = async |most: usize, list: ListRecords| {
        let report = ids(list.stream(), most).await.1.report();
        (report.complete, report.reached_limit, report.received)
    };
    assert_eq!(at(usize::MAX, list().limit(7)).await, (false, true, 7));
    assert_eq!(at(7, list()).await, (false, false, 7));
    assert_eq!(at(usize::MAX, list().limit(1_000)).await, (true, false, 300));
    let part = &list().parts(2).unwrap()[1];
    let (some, stream) = ids(list().limit(5).part(part), usize::MAX).await;
    assert_eq!((some.len(), stream.report().reached_limit), (5, true));
}

#[tokio::test]
async fn a_list_tells_what_it_asks_for() {
    let simulator = simulator(3);
    let client = client(&simulator, "admin");
    let list =
        client.table("incident").list().query(field("active").eq(true)).fields(["number", "caller_id"]);
    let list = list.limit(5).display_value(snow_client::DisplayValue::All);
    assert_eq!(list.table_name().unwrap(), "incident");
    assert_eq!(list.requested_fields().unwrap().unwrap(), ["number", "caller_id"]);
    assert_eq!(list.requested_values().unwrap(), snow_client::DisplayValue::All);
    assert_eq!(
        (list.encoded_query().unwrap(), list.requested_limit().unwrap()),
        ("active=true".into(), Some(5))
    );
    assert_eq!(client.table("incident").list().requested_fields().unwrap(), None);
    assert_eq!(client.table("no such").list().table_name().unwrap_err().kind(), ErrorKind::InvalidInput);
    // What one of them has read of the dictionary, the other knows.
    client.schema().table("incident").await.unwrap();
    simulator.take_journal();
    list.client().schema().table("incident").await.unwrap();
    assert_eq!(simulator.take_journal().len(), 0);
}
