//! A stream of a whole table returns every record that was visible throughout exactly once, or ends with an error.

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::{Request, Response};
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::json;
use snow_client::{
    Client, Error, ErrorKind, Record, field,
    layer::RetryPolicy,
    stream::{RecordStream, StreamPosition},
};
use snow_core::Body;
use snow_sim::{Cut, Fault, Quota, Rule, Simulator, User, WireFault};
use std::collections::{BTreeSet, HashSet};
use std::convert::Infallible;
use std::time::Duration;

/// So many incidents. `reader` sees none of priority 1, and none in one sixteenth of all sys_ids, which come in a row.
fn simulator(incidents: u32) -> Simulator {
    let hide = |query: &str| Rule::HideRows { table: "incident".into(), query: query.into() };
    let builder = Simulator::builder().without_demo_data().user("admin", "secret");
    let builder = builder.user_with(User::new("reader", "secret").role("itil")).incidents(incidents);
    let builder = builder.rule(hide("priority=1")).rule(hide("sys_idSTARTSWITH5"));
    builder.settings(|settings| settings.semaphores = 1_000).build().unwrap()
}

fn client(simulator: &Simulator, user: &str) -> Client {
    let builder = Client::builder().instance("dev12345").user(user).password("secret");
    let soon = RetryPolicy::new().max_attempts(20).budget(10_000);
    builder
        .retry(soon.backoff(Duration::from_millis(1), Duration::from_millis(5)))
        .transport(simulator.clone())
        .build()
        .unwrap()
}

fn ids(client: &Client) -> RecordStream<Record> {
    client.table("incident").list().fields(["sys_id"]).stream()
}

fn id(row: &Record) -> String {
    row.value("sys_id").unwrap().into_owned()
}

/// What `reader` may see, in order, as one page tells it in which nothing can go wrong.
async fn visible(simulator: &Simulator) -> BTreeSet<String> {
    let page = client(simulator, "reader")
        .table("incident")
        .list()
        .fields(["sys_id"])
        .limit(1_000_000)
        .await
        .unwrap();
    page.iter().map(id).collect()
}

async fn collect(
    mut rows: RecordStream<Record>,
) -> (Vec<String>, Result<snow_client::stream::StreamReport, Error>) {
    let mut ids = Vec::new();
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => ids.push(id(&row)),
            Err(error) => return (ids, Err(error)),
        }
    }
    (ids, Ok(rows.report()))
}

type Mode = fn(RecordStream<Record>) -> RecordStream<Record>;

const MODES: [(&str, Mode); 3] = [
    ("page by page", |rows| rows),
    ("four at once", |rows| rows.parallel(4)),
    ("four at once, as they come", |rows| rows.parallel(4).unordered(true)),
];

#[tokio::test(start_paused = true)]
async fn rows_that_are_hidden_end_nothing() {
    let simulator = simulator(1_500);
    let visible = visible(&simulator).await;
    assert!(visible.len() < 1_400 && visible.iter().all(|id| !id.starts_with('5')));
    for (name, mode) in MODES {
        for page in [None, Some(30), Some(100), Some(10_000)] {
            let rows = mode(ids(&client(&simulator, "reader")));
            let rows = if let Some(page) = page { rows.page_size(page) } else { rows };
            let (ids, report) = collect(rows).await;
            let report = report.unwrap();
            assert_eq!(ids.len(), visible.len(), "{name}, {page:?}");
            assert_eq!(ids.iter().cloned().collect::<BTreeSet<_>>(), visible, "{name}, {page:?}");
            assert!(ids.is_sorted() || name.ends_with("as they come"));
            assert!(report.complete && !report.may_have_drifted);
            let hidden = 1_500 - visible.len() as u64;
            assert_eq!(
                (report.expected, report.received, report.hidden()),
                (Some(1_500), ids.len() as u64, Some(hidden))
            );
        }
    }
}

/// What goes on while the table is read: quotas in every shape, refusals, rows that come, change and go.
struct Meanwhile {
    simulator: Simulator,
    admin: Client,
    turn: usize,
    gone: HashSet<String>,
    doomed: Vec<String>,
}

impl Meanwhile {
    async fn happens(&mut self) {
        let shapes = [Cut::Before, Cut::ErrorAfterRows, Cut::EmptyRow, Cut::Malformed, Cut::Truncated];
        self.turn += 1;
        let (turn, incidents) = (self.turn, self.admin.table("incident"));
        match turn % 6 {
            0 => self.simulator.settings(|settings| settings.quota = None),
            1 => self.simulator.settings(|settings| {
                settings.quota = Some(Quota { rows: 40, shape: shapes[turn / 6 % shapes.len()] });
            }),
            2 => self.simulator.fail_next([Fault::Busy, Fault::NotProcessed, Fault::NoNode][turn / 6 % 3]),
            // A refusal that was meant for a page may meet this one: then nothing has come.
            3 => drop(incidents.create(&json!({ "short_description": "came later" })).await),
            4 => {
                if let Some(id) = self.doomed.pop() {
                    drop(incidents.update(&id, &json!({ "short_description": "changed" })).await);
                }
            }
            _ => {
                if let Some(id) = self.doomed.pop() {
                    incidents.delete(&id).await.unwrap();
                    self.gone.insert(id);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn twenty_five_thousand_rows_through_every_trouble() {
    for (name, mode) in MODES {
        let simulator = simulator(25_000);
        let visible = visible(&simulator).await;
        let doomed = visible.iter().rev().step_by(37).cloned().collect();
        let admin = client(&simulator, "admin");
        let mut meanwhile =
            Meanwhile { simulator: simulator.clone(), admin, turn: 0, gone: HashSet::new(), doomed };
        let mut rows = mode(ids(&client(&simulator, "reader"))).buffer(60_000);
        let mut seen: Vec<String> = Vec::new();
        while let Some(row) = rows.next().await {
            seen.push(id(&row.unwrap_or_else(|error| panic!("{name}: {error}"))));
            if seen.len().is_multiple_of(150) {
                meanwhile.happens().await;
            }
        }
        let report = rows.report();
        assert!(report.complete && report.retried_pages > 0, "{name}: {report:?}");
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "{name}: no row came twice");
        let throughout = visible.iter().filter(|id| !meanwhile.gone.contains(*id));
        let missing: Vec<_> = throughout.filter(|id| !distinct.contains(*id)).collect();
        assert_eq!(missing, Vec::<&String>::new(), "{name}");
        assert!(meanwhile.turn > 100 && !meanwhile.gone.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_cannot_go_on_ends_in_an_error_and_goes_on_later() {
    let simulator = simulator(3_000);
    let visible = visible(&simulator).await;
    for (name, mode) in MODES {
        let client = client(&simulator, "reader");
        let mut rows = mode(ids(&client)).page_size(200).buffer(16_000);
        let mut seen = Vec::new();
        while seen.len() < 700 {
            seen.push(id(&rows.next().await.unwrap().unwrap()));
        }
        simulator.settings(|settings| settings.quota = Some(Quota { rows: 0, shape: Cut::Before }));
        let error = loop {
            match rows.next().await.unwrap() {
                Ok(row) => seen.push(id(&row)),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::TransactionCancelled, "{name}: {error}");
        assert!(rows.next().await.is_none() && !rows.report().complete);
        let stored = serde_json::to_string(&rows.position().unwrap()).unwrap();
        simulator.settings(|settings| settings.quota = None);

        let position: StreamPosition = serde_json::from_str(&stored).unwrap();
        let (rest, report) = collect(mode(ids(&client)).resume(position)).await;
        seen.extend(rest);
        assert_eq!(seen.len(), visible.len(), "{name}: neither loss nor repetition");
        assert_eq!(seen.iter().cloned().collect::<BTreeSet<_>>(), visible);
        let report = report.unwrap();
        assert_eq!(report.received, visible.len() as u64);
        assert!(report.expected.is_none_or(|expected| expected == 3_000), "{name}: {report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn resumed_after_a_kill_at_any_row() {
    let simulator = simulator(130);
    let visible: Vec<String> = visible(&simulator).await.into_iter().collect();
    let client = client(&simulator, "reader");
    let orders: [Mode; 3] = [
        |rows| rows.page_size(10),
        |rows| rows.page_size(10).parallel(3),
        |rows| rows.page_size(10).parallel(3).unordered(true),
    ];
    for mode in orders {
        for kill in 0..visible.len() {
            let mut rows = mode(ids(&client));
            let mut seen = Vec::new();
            for _ in 0..kill {
                seen.push(id(&rows.next().await.unwrap().unwrap()));
            }
            let Some(position) = rows.position() else {
                assert_eq!(kill, 0, "before the first row there is no position");
                continue;
            };
            drop(rows);
            assert_eq!(position.received(), kill as u64);
            let stored = serde_json::to_string(&position).unwrap();
            let rest = collect(mode(ids(&client)).resume(serde_json::from_str(&stored).unwrap())).await.0;
            seen.extend(rest);
            seen.sort();
            assert_eq!(seen, visible, "killed at {kill}");
        }
    }
    let other = client.table("incident").list().query(field("active").eq(true));
    let mut rows = ids(&client);
    rows.next().await;
    let error = other.stream().resume(rows.position().unwrap()).next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_users_own_order_is_kept_by_key_where_that_is_safe_and_by_position_elsewhere() {
    let simulator = simulator(700);
    let visible = visible(&simulator).await;
    let client = client(&simulator, "reader");
    let list = || client.table("incident").list().fields(["sys_id", "number"]);
    for descending in [false, true] {
        let query = match descending {
            true => snow_client::Query::new().order_by_desc("sys_created_on"),
            false => snow_client::Query::new().order_by("sys_created_on"),
        };
        let mut rows = list().fields(["sys_id", "sys_created_on"]).query(&query).stream().page_size(50);
        let mut times = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some(row) = rows.next().await {
            let row = row.unwrap();
            times.push(row.value("sys_created_on").unwrap().into_owned());
            assert!(seen.insert(id(&row)));
        }
        assert_eq!(seen, visible);
        assert!(if descending { times.is_sorted_by(|a, b| a >= b) } else { times.is_sorted() });
        assert!(!rows.report().may_have_drifted);
        // The field that the order needs is not theirs if they did not ask for it.
        let row = list().fields(["number"]).query(&query).stream().next().await.unwrap().unwrap();
        assert_eq!(row.fields().collect::<Vec<_>>(), ["number"]);
    }
    let mut rows =
        list().query(field("number").is_not_empty().order_by_desc("number")).stream().page_size(50);
    let mut numbers = Vec::new();
    while let Some(row) = rows.next().await {
        numbers.push(row.unwrap().value("number").unwrap().into_owned());
    }
    assert!(numbers.is_sorted_by(|a, b| a > b) && numbers.len() == visible.len());
    assert!(rows.report().may_have_drifted && rows.report().complete);
}

#[tokio::test(start_paused = true)]
async fn the_users_query_holds_in_every_group() {
    let simulator = simulator(2_000);
    let client = client(&simulator, "admin");
    let query = field("priority")
        .eq(1)
        .and(field("active").eq("true"))
        .or(field("priority").eq(3).and(field("urgency").eq(2)));
    let page = client.table("incident").list().query(&query).fields(["sys_id"]).limit(10_000).await.unwrap();
    let expected: BTreeSet<String> = page.iter().map(id).collect();
    assert!(expected.len() > 50);
    let (ids, _) =
        collect(client.table("incident").list().query(&query).fields(["sys_id"]).stream().page_size(20))
            .await;
    assert_eq!(ids.len(), expected.len());
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_updates_every_row_with_a_single_place_finishes() {
    let simulator = simulator(300);
    let builder = Client::builder().instance("dev12345").user("admin").password("secret").concurrency(1);
    let client = builder.transport(simulator.clone()).build().unwrap();
    let mut rows = ids(&client).page_size(50);
    let mut updated = 0;
    while let Some(row) = rows.next().await {
        client
            .table("incident")
            .update(id(&row.unwrap()), &json!({ "short_description": "seen" }))
            .await
            .unwrap();
        updated += 1;
    }
    assert_eq!(updated, 300);
    // Four streams of one client, each of which updates what it reads, with four places.
    let builder = Client::builder().instance("dev12345").user("admin").password("secret").concurrency(4);
    let client = builder.transport(simulator).build().unwrap();
    let streams = (0..4).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut rows = ids(&client).page_size(50).parallel(2);
            while let Some(row) = rows.next().await {
                client.table("incident").update(id(&row?), &json!({ "short_description": "again" })).await?;
            }
            Ok::<_, Error>(rows.report())
        })
    });
    for report in futures_util::future::join_all(streams).await {
        assert_eq!(report.unwrap().unwrap().received, 300);
    }
}

/// Under the paused clock only the service takes time, and the consumer: so these are exact.
#[tokio::test(start_paused = true)]
async fn pages_come_ahead_and_several_at_once() {
    let simulator = simulator(20_000);
    simulator.settings(|settings| {
        settings.latency = Duration::from_millis(50);
        settings.semaphores = 4;
        settings.queue = 0;
    });
    let client = client(&simulator, "admin");
    let began = tokio::time::Instant::now();
    let mut rows = ids(&client).page_size(1_000);
    let mut read = 0;
    while let Some(row) = rows.next().await {
        row.unwrap();
        read += 1;
        if read % 1_000 == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await; // as long as the service takes
        }
    }
    let (taken, sequential) = (began.elapsed(), Duration::from_millis(20 * 100));
    assert!(taken <= sequential.mul_f64(0.6), "{taken:?} of {sequential:?}");

    // A hundred pages, four at once: 1.25 s would be ideal.
    simulator.generate_incidents(30_000);
    let began = tokio::time::Instant::now();
    let (ids, report) = collect(ids(&client).page_size(500).parallel(4)).await;
    assert_eq!((ids.len(), report.unwrap().complete), (50_000, true));
    let (taken, ideal) = (began.elapsed(), Duration::from_millis(100 / 4 * 50));
    println!("four at once: {taken:?}, {:.2} of the ideal", taken.as_secs_f64() / ideal.as_secs_f64());
    assert!(taken <= ideal.mul_f64(1.2), "{taken:?}");
    assert!(simulator.journal().iter().all(|entry| entry.status != 429), "nobody was refused");
}

/// Far more pages than a range is split into at a time: each range still has about as many records as fit one page.
#[tokio::test(start_paused = true)]
async fn a_large_table_in_parallel_needs_few_more_requests_than_it_has_pages() {
    let simulator = simulator(60_000);
    let (ids, report) = collect(ids(&client(&simulator, "admin")).page_size(50).parallel(4)).await;
    let report = report.unwrap();
    assert_eq!((ids.len(), report.complete), (60_000, true));
    println!("{} requests for 1,200 pages", report.requests);
    // Ranges have 36 records of 50, so that few of them need a second page.
    assert!(report.requests <= 1_200 * 3 / 2, "{} requests", report.requests);
}

#[tokio::test]
async fn bodies_that_break_on_the_wire_are_asked_for_again_from_the_last_good_row() {
    let simulator = simulator(1_500);
    let visible = visible(&simulator).await;
    let listener = simulator.listen().await.unwrap();
    let soon = RetryPolicy::new()
        .max_attempts(9)
        .budget(10_000)
        .backoff(Duration::from_millis(1), Duration::from_millis(1));
    let client = Client::builder().instance(listener.url()).user("reader").password("secret").retry(soon);
    let client = client.build().unwrap();
    let faults =
        [WireFault::CutAt(900), WireFault::ResetAt(3_000), WireFault::CutAt(0), WireFault::LongLength(9)];
    for (name, mode) in MODES {
        let mut rows = mode(ids(&client)).page_size(150);
        let mut seen = Vec::new();
        while let Some(row) = rows.next().await {
            seen.push(id(&row.unwrap_or_else(|error| panic!("{name}: {error}"))));
            if seen.len() % 100 == 0 {
                simulator.break_next(faults[seen.len() / 100 % faults.len()]);
            }
        }
        assert_eq!(seen.len(), visible.len(), "{name}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), visible, "{name}");
        assert!(rows.report().complete, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_key_of_its_own_says_so_and_is_read_by_position() {
    let rule = Rule::HideField { table: "incident".into(), field: "sys_id".into() };
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").incidents(250);
    let builder = builder.user_with(User::new("reader", "secret").role("itil")).rule(rule);
    let simulator = builder.settings(|settings| settings.query_acls = false).build().unwrap();
    let client = client(&simulator, "reader");
    let list = || client.table("incident").list().fields(["number"]);
    let error = list().stream().next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.advice()), (ErrorKind::Incomplete, None));
    assert!(error.to_string().contains("by_offset(true)"), "{error}");
    let rows: Vec<_> = list().stream().by_offset(true).page_size(40).collect().await;
    assert_eq!(rows.len(), 250);
    let numbers: HashSet<String> =
        rows.iter().map(|row| row.as_ref().unwrap().value("number").unwrap().into()).collect();
    assert_eq!(numbers.len(), 250);
}

#[tokio::test(start_paused = true)]
async fn a_list_of_values_that_is_too_long_for_a_url_is_split() {
    let simulator = simulator(1_000);
    let client = client(&simulator, "admin");
    let all = client.table("incident").list().fields(["sys_id"]).all().await.unwrap();
    let wanted: BTreeSet<String> = all.iter().map(id).step_by(2).collect();
    let query = field("sys_id").is_in(wanted.iter().map(String::as_str));
    let (ids, report) =
        collect(client.table("incident").list().query(&query).fields(["sys_id"]).stream()).await;
    assert_eq!(ids.len(), wanted.len());
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), wanted);
    assert!(report.unwrap().complete);
    assert!(simulator.journal().iter().all(|entry| entry.status == 200), "no URL was too long");
    let error = client.table("incident").list().query(query.order_by("number")).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UriTooLong, "{error}");
}

/// The page's size is learnt while other pages are under way: their answers are those of what was asked.
#[tokio::test(start_paused = true)]
async fn what_is_learnt_meanwhile_changes_nothing_about_what_was_asked() {
    for rows in [350, 1_500, 4_000] {
        let simulator = simulator(rows);
        let visible = visible(&simulator).await;
        simulator.settings(|settings| settings.latency = Duration::from_millis(50));
        for (name, mode) in MODES {
            let (ids, report) = collect(mode(ids(&client(&simulator, "reader")))).await;
            assert_eq!(ids.len(), visible.len(), "{name}, {rows}");
            assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), visible, "{name}, {rows}");
            assert_eq!(report.unwrap().expected, Some(u64::from(rows)), "{name}");
        }
    }
}

/// Lanes that are full hold no turn and no place that the first one needs.
#[tokio::test(start_paused = true)]
async fn small_buffers_and_few_places_hold_nobody_up() {
    let simulator = simulator(3_000);
    simulator.settings(|settings| settings.latency = Duration::from_millis(5));
    let list =
        |client: &Client| client.table("incident").list().fields(["sys_id", "short_description", "number"]);
    for (buffer, parallel, page) in [(64 << 10, 2, 1_000), (1, 3, 500), (2_000, 4, 70), (200_000, 8, 300)] {
        let builder = Client::builder().instance("dev12345").user("admin").password("secret").concurrency(4);
        let client = builder.transport(simulator.clone()).build().unwrap();
        let streams = (0..3).map(|_| {
            let rows = list(&client).stream().buffer(buffer).parallel(parallel).page_size(page);
            tokio::spawn(collect(rows))
        });
        for stream in futures_util::future::join_all(streams).await {
            let (ids, report) = stream.unwrap();
            assert_eq!((ids.len(), report.unwrap().complete), (3_000, true), "{buffer} {parallel} {page}");
            assert!(ids.is_sorted());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_is_seen_wherever_it_stands() {
    let simulator = simulator(500);
    let client = client(&simulator, "admin");
    let expected: BTreeSet<String> = ids(&client).map(|row| id(&row.unwrap())).collect().await;
    let nested = field("active").eq("true").order_by_desc("number").or(field("active").ne("true"));
    for query in [snow_client::Query::raw("ORDERBYDESCnumber"), nested] {
        let list = || client.table("incident").list().query(&query).fields(["sys_id", "number"]);
        let (seen, report) = collect(list().stream().page_size(30)).await;
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
        assert!(report.unwrap().may_have_drifted, "it is not read by sys_id");
        let first = list().first().await.unwrap();
        assert_eq!(first.value("number").unwrap(), "INC0000500");
    }
    let unread =
        client.table("incident").list().query(snow_client::Query::raw("active=true^^^number")).first().await;
    assert_eq!(unread.unwrap_err().kind(), ErrorKind::InvalidInput, "what cannot be read cannot be paged");
}

#[tokio::test(start_paused = true)]
async fn ids_that_are_no_numbers_come_once() {
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").incidents(900);
    let odd = ["0abc-x", "5abc-x", "global", "glide.maint", "zz", "9"];
    let builder = odd.iter().fold(builder, |builder, id| builder.row("incident", [("sys_id", *id)]));
    let simulator = builder.build().unwrap();
    let visible = visible_to_admin(&simulator).await;
    assert_eq!(visible.len(), 906);
    for (name, mode) in MODES {
        for page in [1, 3, 40] {
            let (ids, _) = collect(mode(ids(&client(&simulator, "admin"))).page_size(page)).await;
            assert_eq!(ids.len(), visible.len(), "{name}, {page}");
            assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), visible, "{name}, {page}");
        }
    }
}

async fn visible_to_admin(simulator: &Simulator) -> BTreeSet<String> {
    let list = client(simulator, "admin").table("incident").list().fields(["sys_id"]);
    list.limit(1_000_000).await.unwrap().iter().map(id).collect()
}

/// All rows of many pages are hidden, at the start and in the middle: by sys_id, by time, by position.
#[tokio::test(start_paused = true)]
async fn whole_pages_that_are_hidden_in_every_order() {
    let hide = |query: &str| Rule::HideRows { table: "incident".into(), query: query.into() };
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").incidents(800);
    let builder = builder.user_with(User::new("reader", "secret").role("itil"));
    let builder = builder.rule(hide("number<INC0000200")).rule(hide("number>INC0000400^number<INC0000600"));
    let simulator = builder.rule(hide("sys_idSTARTSWITH0")).build().unwrap();
    let visible = visible(&simulator).await;
    let client = client(&simulator, "reader");
    let queries = [
        snow_client::Query::new(),
        snow_client::Query::new().order_by("sys_created_on"),
        snow_client::Query::new().order_by_desc("sys_created_on"),
        snow_client::Query::new().order_by("number"),
    ];
    for query in &queries {
        let rows = client.table("incident").list().query(query).fields(["sys_id"]).stream().page_size(20);
        let (ids, report) = collect(rows).await;
        assert_eq!(ids.len(), visible.len(), "{query:?}");
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), visible, "{query:?}");
        assert!(report.unwrap().complete);
    }
    // Resumed at any row, by position too.
    for query in [&queries[1], &queries[3]] {
        let rows = || client.table("incident").list().query(query).fields(["sys_id"]).stream().page_size(30);
        let all = collect(rows()).await.0;
        for kill in (1..all.len()).step_by(7) {
            let mut first = rows();
            for _ in 0..kill {
                first.next().await.unwrap().unwrap();
            }
            let position = first.position().unwrap();
            let rest = collect(rows().resume(position)).await.0;
            assert_eq!(rest, all[kill..], "{query:?} killed at {kill}");
        }
    }
}

/// A page without a row is asked again from the same key, with twice the limit each time and `sys_id` alone, until a row shows; and
/// never by offset.
#[tokio::test(start_paused = true)]
async fn a_page_whose_rows_are_all_hidden_is_asked_again_from_the_same_key() {
    let hide =
        |first: u8| Rule::HideRows { table: "incident".into(), query: format!("sys_idSTARTSWITH{first}") };
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").incidents(800);
    let builder = builder.user_with(User::new("reader", "secret").role("itil"));
    let builder = (0..4).fold(builder, |builder, first| builder.rule(hide(first)));
    let simulator = builder.build().unwrap();
    let client = client(&simulator, "reader");
    let mut rows = client.table("incident").list().fields(["number"]).stream().page_size(20);
    simulator.take_journal();
    let first = rows.next().await.unwrap().unwrap();
    assert_eq!(first.fields().collect::<Vec<_>>(), ["number"]);
    let journal = simulator.take_journal();
    let from_the_start = |entry: &&snow_sim::Entry| entry.query.starts_with("sysparm_query=ORDERBYsys_id&");
    let asked: Vec<(u64, &str)> = journal
        .iter()
        .take_while(from_the_start)
        .map(|entry| (limit_of(&entry.query), fields_of(&entry.query)))
        .collect();
    assert_eq!(
        asked,
        [(20, "number,sys_id"), (40, "sys_id"), (80, "sys_id"), (160, "sys_id"), (320, "sys_id")]
    );
    assert!(
        journal[asked.len()].query.starts_with("sysparm_query=sys_id%3E%3D"),
        "from the first that shows"
    );
    assert!(journal.iter().all(|entry| !entry.query.contains("sysparm_offset")));
}

/// With the client as it comes: its budget is not spent on pages that were only too large.
#[tokio::test(start_paused = true)]
async fn a_quota_that_never_ends_is_lived_with() {
    for shape in [Cut::Before, Cut::ErrorAfterRows, Cut::EmptyRow, Cut::Malformed, Cut::Truncated] {
        let simulator = simulator(6_000);
        simulator.settings(|settings| settings.quota = Some(Quota { rows: 300, shape }));
        let builder = Client::builder().instance("dev12345").user("admin").password("secret");
        let client = builder.transport(simulator.clone()).build().unwrap();
        for mode in [MODES[0].1, MODES[1].1] {
            let (ids, report) = collect(mode(ids(&client)).page_size(1_000)).await;
            let report = report.unwrap_or_else(|error| panic!("{shape:?}: {error}"));
            assert_eq!(
                (ids.len(), report.complete, report.expected),
                (6_000, true, Some(6_000)),
                "{shape:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_slow_loses_nothing() {
    let simulator = simulator(900);
    let client = client(&simulator, "admin");
    let mut rows = ids(&client).page_size(300);
    let mut seen = 0;
    while let Some(row) = rows.next().await {
        row.unwrap();
        seen += 1;
        tokio::time::sleep(Duration::from_secs(5)).await; // an hour and more in all
    }
    assert_eq!((seen, rows.report().complete), (900, true));
}

#[tokio::test(start_paused = true)]
async fn no_more_is_asked_for_than_is_wanted() {
    let simulator = simulator(2_000);
    let client = client(&simulator, "admin");
    let list = || client.table("incident").list().fields(["sys_id"]);
    let requests = || simulator.take_journal().len();
    requests();
    list().first().await.unwrap();
    assert_eq!(requests(), 1);
    assert_eq!(list().one().await.unwrap_err().kind(), ErrorKind::MultipleResults);
    assert_eq!(requests(), 1);
    assert_eq!(list().query(field("number").eq("INC0000007")).one().await.unwrap().fields().count(), 1);
    assert_eq!(requests(), 1);
    assert!(list().query(field("number").eq("none")).first_or_none().await.unwrap().is_none());
    assert_eq!(
        list().query(field("number").eq("none")).one().await.unwrap_err().kind(),
        ErrorKind::NoResults
    );
    assert_eq!(list().count().await.unwrap(), 2_000);
    requests();
    let mut rows = list().limit(150).stream();
    let mut seen = 0;
    while let Some(row) = rows.next().await {
        row.unwrap();
        seen += 1;
    }
    assert_eq!((seen, rows.report().complete), (150, false), "there are more");
    let asked: u64 = simulator.take_journal().iter().map(|entry| limit_of(&entry.query)).sum();
    assert_eq!(asked, 150);
}

fn fields_of(query: &str) -> &str {
    query.split('&').find_map(|pair| pair.strip_prefix("sysparm_fields=")).unwrap()
}

fn limit_of(query: &str) -> u64 {
    query.split('&').find_map(|pair| pair.strip_prefix("sysparm_limit=")).unwrap().parse().unwrap()
}

/// A page of 100 rows, of which some come and no more, read with a buffer of so many bytes: how many are given out.
async fn rows_of_half_a_page(lengths: &[usize], buffer: usize, sized: bool) -> usize {
    let row = |(at, length): (usize, &usize)| json!({ "sys_id": format!("{at:032x}"), "text": "x".repeat(*length) });
    let rows: Vec<_> = lengths.iter().enumerate().map(|row_at| row(row_at).to_string()).collect();
    let half = Bytes::from(format!(r#"{{"result":[{},"#, rows.join(",")));
    let service = tower::service_fn(move |_: Request<Body>| {
        let frame = stream::iter([Ok::<_, Infallible>(Frame::data(half.clone()))]);
        let body = Body::stream(StreamBody::new(frame.chain(stream::pending())));
        let answer =
            Response::builder().header("content-type", "application/json").header("x-total-count", "100");
        async move { Ok::<_, Infallible>(answer.body(body).unwrap()) }
    });
    let client =
        Client::builder().instance("dev1").user("a").password("b").transport(service).build().unwrap();
    let mut rows = client.table("incident").list().stream().buffer(buffer);
    if sized {
        rows = rows.page_size(100);
    }
    let mut given = 0;
    while let Some(Some(row)) = rows.next().now_or_never() {
        row.unwrap();
        given += 1;
    }
    given
}

/// A page keeps its place among the client's requests until it is read: while it is, nothing is given out that could make the
/// caller wait for that place. One that will not fit keeps it anyway, and to wait for all of it would only take memory.
#[tokio::test(start_paused = true)]
async fn a_page_that_will_not_fit_is_given_out_as_it_comes() {
    assert_eq!(rows_of_half_a_page(&[100; 50], 16_000, true).await, 50);
    // One that fits, or may, does not go out by halves: what its first rows are like says little.
    assert_eq!(rows_of_half_a_page(&[100; 50], 1 << 20, true).await, 0);
    assert_eq!(rows_of_half_a_page(&[20_000], 140_000, true).await, 0);
    assert_eq!(rows_of_half_a_page(&[100; 50], 25_000, true).await, 0);
    // Nor does one that was made to fit.
    assert_eq!(rows_of_half_a_page(&[100; 50], 16_000, false).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_comes_twice_or_is_empty_is_an_error_that_names_the_way_out() {
    for ids in [["00000000000000000000000000000001"; 2], ["", ""]] {
        let rows = ids.map(|id| json!({ "sys_id": id, "number": "INC1" }).to_string()).join(",");
        let service = tower::service_fn(move |_: Request<Body>| {
            let answer =
                Response::builder().header("content-type", "application/json").header("x-total-count", "2");
            let answer = answer.body(Body::from(format!(r#"{{"result":[{rows}]}}"#))).unwrap();
            async move { Ok::<_, Infallible>(answer) }
        });
        let client =
            Client::builder().instance("dev1").user("a").password("b").transport(service).build().unwrap();
        let error = client.table("a_view").list().all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete, "{error}");
        assert!(error.to_string().contains("by_offset(true)"), "{error}");
        assert_eq!(
            client
                .table("a_view")
                .list()
                .stream()
                .by_offset(true)
                .next()
                .await
                .unwrap()
                .unwrap()
                .value("number")
                .unwrap(),
            "INC1"
        );
    }
}

#[tokio::test]
async fn what_is_set_after_a_stream_has_begun_is_an_error() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let mut records = client.table("incident").list().stream();
    records.next().await.unwrap().unwrap();
    let mut records = records.page_size(1);
    let error = records.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(records.next().await.is_none() && !records.report().complete);
}
