//! Known faults of pysnow 0.7.17, the most common client in Python, and of other clients' paging cannot happen here. Each test is
//! named after one fault.

use futures_util::future::join_all;
use serde_json::json;
use snow_client::query::{DateRange, Query, Relative, Unit};
use snow_client::{Client, Date, DateTime, DisplayValue, ErrorKind, Record, Table, Transport, field};
use snow_sim::{Cut, Fault, Quota, Rule, Simulator, User, WriteLie};
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

fn incidents(simulator: &Simulator) -> Table {
    crate::client(simulator).table("incident")
}

fn many(count: u32) -> Simulator {
    Simulator::builder().without_demo_data().user("admin", "secret").incidents(count).build().unwrap()
}

/// Number 1: 16 of 1,200 answers belonged to another thread's query.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_resource_shared_by_threads_sends_the_queries_of_other_threads() {
    let simulator = many(200);
    simulator.settings(|settings| settings.semaphores = 1_000);
    let rows = incidents(&simulator).list().fields(["number"]).all().await.unwrap();
    let numbers: Vec<String> = rows.iter().map(|row| row.value("number").unwrap().into_owned()).collect();
    let shared = incidents(&simulator);
    let tasks = (0..1_200).map(|at| {
        let (table, number) = (shared.clone(), numbers[at % numbers.len()].clone());
        tokio::spawn(async move {
            let row =
                table.list().query(field("number").eq(&*number)).fields(["number"]).one().await.unwrap();
            assert_eq!(row.value("number").unwrap(), number);
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
}

/// Number 2: a create posts with the query of the read before it, and `display_value` sticks.
#[tokio::test]
async fn parameters_leak_from_one_call_into_the_next() {
    let simulator = crate::simulator();
    let table = incidents(&simulator);
    let read = table.list().query(field("active").eq(true)).fields(["number"]).limit(1);
    read.display_value(DisplayValue::All).await.unwrap();
    simulator.take_journal();
    let made = table.create(&json!({ "short_description": "x" })).await.unwrap();
    table.update(made.sys_id().unwrap(), &json!({ "urgency": "1" })).await.unwrap();
    table.get(made.sys_id().unwrap()).await.unwrap();
    assert!(simulator.journal().iter().all(|entry| entry.query.is_empty()), "{:?}", simulator.journal());
    // After an upload every later read carries the table, the record and the name of the file.
    let files = crate::client(&simulator).attachments();
    files.upload("incident", made.sys_id().unwrap(), "a.txt", "text").await.unwrap();
    simulator.take_journal();
    table.get(made.sys_id().unwrap()).await.unwrap();
    files.list().limit(1).await.unwrap();
    let queries: Vec<String> = simulator.journal().into_iter().map(|entry| entry.query).collect();
    assert_eq!(queries, ["", "sysparm_limit=1"]);
}

/// Number 3.
#[tokio::test(start_paused = true)]
async fn a_read_stops_at_ten_thousand_rows_without_a_word() {
    let simulator = many(10_001);
    let rows = || incidents(&simulator).list().fields(["sys_id"]);
    assert_eq!(rows().all().await.unwrap().len(), 10_001);
    assert_eq!(rows().count().await.unwrap(), 10_001);
    assert_eq!(
        rows().await.unwrap_err().kind(),
        ErrorKind::Incomplete,
        "not even a single page stops there unseen"
    );
}

/// Number 4: rows and an error in one answer are rows.
#[tokio::test(start_paused = true)]
async fn half_of_the_rows_and_an_error_pass_for_all_of_them() {
    for shape in [Cut::ErrorAfterRows, Cut::EmptyRow, Cut::Malformed, Cut::Truncated] {
        let simulator = many(50);
        simulator.settings(|settings| settings.quota = Some(Quota { rows: 20, shape }));
        let error = incidents(&simulator).list().limit(50).await.unwrap_err();
        // What broke in memory, below a service that is not ours, is foreign.
        let kind = if shape == Cut::Truncated { ErrorKind::Other } else { ErrorKind::TransactionCancelled };
        assert_eq!(error.kind(), kind, "{shape:?}: {error}");
        // A read of all rows goes around it: with smaller pages.
        let rows = incidents(&simulator).list().fields(["sys_id"]).all().await.unwrap();
        assert_eq!(rows.len(), 50, "{shape:?}");
    }
}

/// Number 5: the instance's own words are lost, and "one or none" raises where there is none.
#[tokio::test]
async fn a_refusal_is_a_bare_http_error() {
    let rule = Rule::Abort { table: "incident".into(), rule: "No more".into() };
    let builder = Simulator::builder().user("admin", "secret").rule(rule);
    let simulator = builder.user_with(User::new("clerk", "secret").role("itil")).build().unwrap();
    let error = incidents(&simulator).create(&json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Forbidden, 403));
    assert!(error.service_message().unwrap().detail.contains("aborted by Business Rule"), "{error}");
    assert!(error.transaction_id().is_some());
    let nothing = incidents(&simulator).list().query(field("number").eq("nothing"));
    assert!(nothing.one_or_none().await.unwrap().is_none());
    let error = incidents(&simulator).get("0".repeat(32)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// Number 6: nothing is raised until somebody reads the object.
#[tokio::test(start_paused = true)]
async fn a_creation_that_failed_returns_an_object() {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.write_lie = Some(WriteLie::Forbidden));
    let error = incidents(&simulator).create(&json!({})).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Forbidden && error.may_have_executed(), "{error}");
    simulator.fail_always(Some(Fault::NotProcessed));
    let error = incidents(&simulator).create(&json!({})).await.unwrap_err();
    assert!(error.kind() == ErrorKind::NotProcessed && !error.may_have_executed(), "{error}");
}

/// Number 14: `(A and B) or C` and `A and (B or C)` are sent as the same text.
#[tokio::test]
async fn grouping_is_lost() {
    let simulator = crate::simulator();
    let (a, b, c) = (field("priority").eq(1), field("urgency").eq(1), field("active").eq(true));
    let left = a.clone().and(b.clone()).or(c.clone());
    let right = a.and(b.or(c));
    assert_ne!(left.encode().unwrap(), right.encode().unwrap());
    let of = async |query: &Query<'_>, holds: fn(&Record) -> bool| {
        let all = incidents(&simulator).list().all().await.unwrap();
        let found = incidents(&simulator).list().query(query).all().await.unwrap();
        let ids = |rows: Vec<Record>| rows.iter().map(|row| row.sys_id().unwrap()).collect::<BTreeSet<_>>();
        assert_eq!(ids(found), ids(all.into_iter().filter(holds).collect()));
    };
    of(&left, |row| (has(row, "priority", "1") && has(row, "urgency", "1")) || has(row, "active", "true"))
        .await;
    of(&right, |row| has(row, "priority", "1") && (has(row, "urgency", "1") || has(row, "active", "true")))
        .await;
}

fn has(row: &Record, name: &str, value: &str) -> bool {
    row.value(name).unwrap() == value
}

/// Number 15: a value adds conditions, and a comma in a list splits it.
#[tokio::test]
async fn values_become_conditions() {
    let simulator = crate::simulator();
    for query in [
        field("number").eq("x^ORactive=true"),
        field("number").contains("x^NQactive=true"),
        field("number").is_in(["a", "b,c"]),
        field("number").eq("a\nb"),
    ] {
        let error = incidents(&simulator).list().query(query).all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert!(simulator.journal().is_empty());
}

/// Number 16: `equals(5)`, `not_equals([1])`, `eq(True)`, `eq(datetime)` and `is_anything()` raise.
#[test]
fn some_types_are_no_values() {
    let at: DateTime = "2026-01-02 03:04:05".parse().unwrap();
    for (query, text) in [
        (field("order").eq(5), "order=5"),
        (field("order").not_in([1]), "orderNOT IN1^ORorderISEMPTY"),
        (field("active").eq(true), "active=true"),
        (field("opened_at").eq(at), "opened_at=2026-01-02 03:04:05"),
        (field("number").is_anything(), "numberANYTHING"),
    ] {
        assert_eq!(query.encode().unwrap(), text);
    }
}

/// Number 17: three encodings, of which one forgets the time zone. Here a time is UTC, and is sent as the service stores it.
#[test]
fn dates_are_sent_in_three_ways() {
    let (from, to): (DateTime, DateTime) =
        ("2026-01-02 03:04:05".parse().unwrap(), "2026-02-02 03:04:05".parse().unwrap());
    let at = field("opened_at");
    let texts = [
        at.clone().eq(from).encode().unwrap(),
        at.clone().gt(from).encode().unwrap(),
        at.clone().between(from, to).encode().unwrap(),
    ];
    for text in &texts {
        assert_eq!(text.matches("2026-01-02 03:04:05").count(), 1, "{text}");
    }
    assert!(at.clone().on(DateRange::Today).encode().is_ok());
    assert!(at.gt(Relative::ago(2, Unit::Hour)).encode().is_ok());
    assert!("2026-02-30".parse::<Date>().is_err());
}

/// Number 18: instance and host are put together wrongly, and paths that lead elsewhere are taken.
#[tokio::test]
async fn addresses_are_wrong() {
    let simulator = crate::simulator();
    for name in [
        "dev12345",
        "dev12345.service-now.com",
        "https://dev12345.service-now.com",
        "https://dev12345.service-now.com/",
    ] {
        let builder = Client::builder().instance(name).user("admin").password("secret");
        let client = builder.transport(simulator.clone()).build().unwrap();
        let link = client.table("incident").link("a9e30c7dc61122760116894de7bcc7bd").unwrap();
        assert!(link.starts_with("https://dev12345.service-now.com/api/now/table/incident/"), "{link}");
    }
    simulator.take_journal();
    for table in ["../x", "incident\n", "incident#", "inci dent", "incident/..", ""] {
        let error = crate::client(&simulator).table(table).list().limit(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{table:?}: {error}");
    }
    assert!(simulator.journal().is_empty());
    let error = crate::client(&simulator).table("x").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownTable, "one letter may be a table");
}

/// Number 20: the count stays 0, `first` needs another mode and loses its connection, numbers depend on the mode.
#[tokio::test]
async fn counting_and_the_first_row_depend_on_the_mode() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    let transport = Transport::builder().no_proxy().build().unwrap();
    let table = builder.transport(transport).build().unwrap().table("incident");
    let rows = || table.list().query(field("active").eq(true));
    let page = rows().limit(3).await.unwrap();
    assert_eq!((page.len(), page.total()), (3, Some(rows().count().await.unwrap())));
    for _ in 0..3 {
        rows().first().await.unwrap();
    }
    assert_eq!(simulator.journal().len(), 5, "{:#?}", simulator.journal());
    assert_eq!(simulator.connections(), 1, "whatever is asked goes over the one connection");
    let (page, stream) =
        (rows().limit(1).await.unwrap()[0].clone(), rows().stream().next().await.unwrap().unwrap());
    let of = |row: &Record| row.field("sys_mod_count").unwrap().integer().unwrap();
    assert_eq!((of(&page), of(&stream)), (0, 0));
}

/// Number 21: the caller's query is changed in place, and an empty name counts as none.
#[test]
fn input_is_changed_or_taken_for_absent() {
    let simulator = crate::simulator();
    let query = field("active").eq(true);
    let before = query.encode().unwrap();
    drop(incidents(&simulator).list().query(&query).limit(1));
    assert_eq!(query.encode().unwrap(), before);
    for builder in [
        Client::builder().instance("").user("a").password("b"),
        Client::builder().instance("dev1").user("").password("b"),
    ] {
        let error = builder.transport(simulator.clone()).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

/// Number 22: requests that share a session wait for each other, and are dropped when there are many.
#[tokio::test(start_paused = true)]
async fn cookies_make_calls_wait_for_each_other() {
    let simulator = crate::slow_simulator();
    let client = Client::builder().instance("dev12345").user("admin").password("secret").concurrency(40);
    let table = client.transport(simulator.clone()).build().unwrap().table("incident");
    let began = tokio::time::Instant::now();
    let calls = (0..40).map(|_| async { table.list().limit(1).await });
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
    let sessions: HashSet<u64> = simulator.journal().iter().map(|entry| entry.session).collect();
    assert_eq!((simulator.journal().len(), sessions.len()), (40, 40), "none waited, and none was sent twice");
}

/// Of other clients: the last row of each page is lost, where the next page begins behind the one after it.
#[tokio::test(start_paused = true)]
async fn the_last_row_of_a_page_is_lost() {
    for count in [99, 100, 101, 200, 201] {
        let simulator = many(count);
        let expected: BTreeSet<String> = ids(incidents(&simulator).list().limit(1_000).await.unwrap());
        for page in [1, 50, 100] {
            for parallel in [1, 4] {
                let mut rows = incidents(&simulator)
                    .list()
                    .fields(["sys_id"])
                    .stream()
                    .page_size(page)
                    .parallel(parallel);
                let mut seen = Vec::new();
                while let Some(row) = rows.next().await {
                    seen.push(row.unwrap());
                }
                assert_eq!(seen.len(), count as usize);
                assert_eq!(ids(seen), expected, "{count} rows in pages of {page}");
            }
        }
    }
}

fn ids(rows: impl IntoIterator<Item = Record>) -> BTreeSet<String> {
    rows.into_iter().map(|row| row.value("sys_id").unwrap().into_owned()).collect()
}

/// Of other clients: pages go by offset, in no order or in one that does not tell rows apart, so that rows come twice or never.
#[tokio::test(start_paused = true)]
async fn pages_by_offset_have_no_order() {
    let simulator = many(300);
    let expected = ids(incidents(&simulator).list().limit(1_000).await.unwrap());
    simulator.take_journal();
    for query in
        [Query::new(), Query::new().order_by("priority"), Query::new().order_by_desc("sys_created_on")]
    {
        let mut rows = incidents(&simulator).list().query(&query).fields(["sys_id"]).stream().page_size(30);
        let mut seen = Vec::new();
        while let Some(row) = rows.next().await {
            seen.push(row.unwrap());
        }
        assert_eq!((seen.len(), ids(seen)), (300, expected.clone()), "{query:?}");
        for entry in simulator.take_journal() {
            assert!(
                entry.query.contains("ORDERBYsys_id"),
                "every page has an order that tells rows apart: {entry:?}"
            );
            let offset = entry.query.contains("sysparm_offset=") && !entry.query.contains("sysparm_offset=0");
            assert!(!offset || rows.report().may_have_drifted, "{entry:?}");
        }
    }
    // Rows that go while they are read take no other with them.
    let mut rows = incidents(&simulator).list().fields(["sys_id"]).stream().page_size(30);
    let mut seen = Vec::new();
    while let Some(row) = rows.next().await {
        let row = row.unwrap();
        incidents(&simulator).delete(row.sys_id().unwrap()).await.unwrap();
        seen.push(row);
    }
    assert_eq!((seen.len(), ids(seen)), (300, expected));
}
