//! A stream checks every record against the requested range and order, so that a service that ignores a condition or sorts differently
//! can neither lose records nor send them forever.

use snow_client::{Client, ErrorKind, Record, field, layer::RetryPolicy, table::ListRecords};
use snow_core::Body;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A service that answers each request with what `answer` makes of its number.
fn scripted(
    answer: impl Fn(usize) -> Vec<(u32, &'static str)> + Send + Sync + 'static,
) -> (Client, Arc<AtomicUsize>) {
    let (answer, requests) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    let counted = requests.clone();
    let service = tower::service_fn(move |_: http::Request<Body>| {
        let rows = answer(counted.fetch_add(1, Ordering::SeqCst));
        let row =
            |(id, created): &(u32, &str)| format!(r#"{{"sys_id":"{id:032x}","sys_created_on":"{created}"}}"#);
        let rows: Vec<String> = rows.iter().map(row).collect();
        let response = http::Response::builder().header("content-type", "application/json");
        let response = response.header("x-transaction-id", "1").header("x-total-count", "100000");
        let body = Body::from(format!(r#"{{"result":[{}]}}"#, rows.join(",")));
        async { Ok::<_, std::io::Error>(response.body(body).unwrap()) }
    });
    let builder = Client::builder().instance("dev1").user("admin").password("secret");
    (builder.retry(RetryPolicy::new().max_attempts(1)).transport(service).build().unwrap(), requests)
}

async fn refused(list: ListRecords<Record>, page: u32) -> (usize, String) {
    let mut rows = list.stream().page_size(page);
    let mut given = 0;
    loop {
        match rows.next().await {
            Some(Ok(_)) => given += 1,
            Some(Err(error)) => {
                assert_eq!((error.kind(), error.advice()), (ErrorKind::Incomplete, None), "{error}");
                assert!(!rows.report().complete);
                return (given, error.to_string());
            }
            None => panic!("the read claims to be complete after {given} rows"),
        }
    }
}

const DAYS: [&str; 4] =
    ["2026-01-01 00:00:00", "2026-01-02 00:00:00", "2026-01-03 00:00:00", "2026-01-04 00:00:00"];

fn by_time(client: &Client, descending: bool) -> ListRecords<Record> {
    let all = snow_client::Query::new();
    let ordered =
        if descending { all.order_by_desc("sys_created_on") } else { all.order_by("sys_created_on") };
    client.table("incident").list().query(ordered)
}

#[tokio::test]
async fn rows_in_another_order_of_time_are_an_error() {
    let (client, _) = scripted(|_| vec![(1, DAYS[2]), (2, DAYS[0]), (3, DAYS[1])]);
    assert!(refused(by_time(&client, false), 3).await.1.contains("sys_created_on"));
    let (client, _) = scripted(|_| vec![(1, DAYS[0]), (2, DAYS[2])]);
    assert!(refused(by_time(&client, true), 2).await.1.contains("sys_created_on"));
    let (client, _) = scripted(|_| vec![(2, DAYS[0]), (1, DAYS[0])]);
    assert!(
        refused(by_time(&client, false), 2).await.1.contains("are not sorted"),
        "of the same second, by sys_id"
    );
}

/// The same page again and again: the condition that is to lead further is not heeded.
#[tokio::test]
async fn a_service_that_ignores_the_condition_of_a_page_ends_the_read() {
    for descending in [false, true] {
        let page = move |_| {
            let (first, second) = if descending { (DAYS[1], DAYS[0]) } else { (DAYS[0], DAYS[1]) };
            vec![(1, first), (2, second)]
        };
        let (client, requests) = scripted(page);
        let (given, _) = refused(by_time(&client, descending), 2).await;
        assert_eq!(given, 2);
        assert!(requests.load(Ordering::SeqCst) <= 3, "{requests:?}");
    }
    let (client, requests) = scripted(|_| vec![(1, DAYS[0]), (2, DAYS[1])]);
    let (given, _) = refused(client.table("incident").list().query(field("active").eq(true)), 2).await;
    assert!(given == 2 && requests.load(Ordering::SeqCst) <= 3);
}

#[tokio::test]
async fn a_row_outside_of_the_range_is_an_error() {
    // The first page tells how much there is, so that the rest is shared out; then each part gets everything.
    let everything = |request| match request {
        0 => (1..=10).map(|id| (id, DAYS[0])).collect(),
        _ => vec![(0xffff_ffff, DAYS[0])],
    };
    let (client, _) = scripted(everything);
    let mut rows = client.table("incident").list().stream().page_size(10).parallel(3);
    let error = loop {
        match rows.next().await.expect("no end is proven") {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
    assert!(error.to_string().contains("range") || error.to_string().contains("same sys_id"), "{error}");
}
