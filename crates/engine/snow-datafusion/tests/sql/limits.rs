//! Limits, point look-ups, refusals and failures.

use crate::sample_table::{self, NAME};
use crate::sessions::{client, in_memory, over, result, sent_conditions};
use snow_arrow::Missing;
use snow_client::field;
use snow_datafusion::{Clients, SnowTable};
use snow_sim::{Cut, Fault, Quota, Simulator};

async fn table(simulator: &Simulator, user: &str) -> SnowTable {
    let columns = sample_table::columns(&client(simulator, "admin")).await;
    SnowTable::with_columns(&Clients::new().with("prod", client(simulator, user)), "prod", columns).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_one_small_page_of_one_range() {
    let simulator = sample_table::simulator(600);
    let session = over(table(&simulator, "admin").await);
    simulator.take_journal();
    let records =
        result(&session, &format!("SELECT u_text FROM {NAME} WHERE u_count = 1 LIMIT 5")).await.unwrap();
    assert_eq!(records.len(), 6);
    let request = simulator.requests().to(NAME).once();
    assert_eq!(request.param("sysparm_limit").as_deref(), Some("5"));
    assert_eq!(request.param("sysparm_query").as_deref(), Some("u_count=1^ORDERBYsys_id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_above_an_inexact_condition_is_not_sent() {
    let simulator = sample_table::simulator(600);
    let session = over(table(&simulator, "admin").await);
    simulator.take_journal();
    let sql = format!("SELECT u_text FROM {NAME} WHERE u_text = 'alpha' LIMIT 5");
    assert_eq!(result(&session, &sql).await.unwrap().len(), 6);
    assert!(simulator.journal().iter().all(|entry| entry.param("sysparm_limit").as_deref() != Some("5")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_by_its_id_is_one_request() {
    let simulator = sample_table::simulator(600);
    let session = over(table(&simulator, "admin").await);
    simulator.take_journal();
    let sql = format!("SELECT u_text FROM {NAME} WHERE sys_id = '{}'", sample_table::id(17));
    assert_eq!(result(&session, &sql).await.unwrap().len(), 2);
    simulator.requests().to(NAME).once();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_query_of_a_table_is_a_part_of_every_question() {
    let simulator = sample_table::simulator(300);
    let table =
        table(&simulator, "admin").await.query(field("u_count").eq(1).or(field("u_count").eq(2))).unwrap();
    let session = over(table);
    let sql = format!("SELECT DISTINCT u_count FROM {NAME} WHERE u_count <> 1 AND u_flag");
    assert_eq!(result(&session, &sql).await.unwrap(), ["|2|", "|u_count|"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_field_is_an_error_unless_it_may_be_null() {
    let simulator = sample_table::simulator(100);
    let refused = over(table(&simulator, "reader").await);
    for sql in ["SELECT u_secret FROM u_sample", "SELECT sys_id FROM u_sample WHERE u_secret = 1"] {
        assert!(result(&refused, sql).await.is_err(), "{sql}");
        simulator.settings(|settings| settings.query_acls = false);
        let error = result(&refused, sql).await.unwrap_err().to_string();
        assert!(error.contains("u_secret"), "{error}");
        simulator.settings(|settings| settings.query_acls = true);
    }
    let null = over(table(&simulator, "reader").await.missing(Missing::Null));
    let secrets = result(&null, "SELECT count(u_secret) AS known FROM u_sample").await.unwrap();
    assert_eq!(secrets, ["|0|", "|known|"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_client_a_query_fails_when_it_is_executed() {
    let simulator = sample_table::simulator(10);
    let columns = sample_table::columns(&client(&simulator, "admin")).await;
    let clients = Clients::new().with("test", client(&simulator, "admin"));
    let session = over(SnowTable::with_columns(&clients, "prod", columns).unwrap());
    let frame = session.sql("SELECT count(*) FROM u_sample").await.unwrap();
    let error = frame.collect().await.unwrap_err().to_string();
    assert!(error.contains("no client is known as \"prod\" here (known: \"test\")"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_that_do_not_fit_a_url_are_evaluated_here() {
    let simulator = sample_table::simulator(200);
    let session = over(table(&simulator, "admin").await);
    let ids: Vec<String> = (0..150).map(|at| format!("'{}'", sample_table::id(at))).collect();
    let sql = format!("SELECT sys_id FROM {NAME} WHERE sys_id IN ({})", ids.join(", "));
    assert_eq!(result(&session, &sql).await.unwrap().len(), 151);
    let many: Vec<String> =
        (0..30).map(|at| format!("(u_text = '{}{at}' OR u_count > {at})", "x".repeat(40))).collect();
    let sql = format!("SELECT sys_id FROM {NAME} WHERE {}", many.join(" AND "));
    assert!(result(&session, &sql).await.unwrap().len() > 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_read_whole_or_the_query_fails() {
    let simulator = sample_table::simulator(600);
    let session = over(table(&simulator, "admin").await);
    let sql = format!("SELECT count(*) AS n, count(u_text) AS texts FROM {NAME}");
    let whole = result(&session, &sql).await.unwrap();
    // The instance cuts off every page of more than 50 records, with status 200.
    simulator.settings(|settings| settings.quota = Some(Quota { rows: 50, shape: Cut::ErrorAfterRows }));
    assert_eq!(result(&session, &sql).await.unwrap(), whole);
    simulator.fail_always(Some(Fault::LoginRedirect));
    assert!(result(&session, &sql).await.is_err());
}

/// The language of the service has no brackets: alternatives of several conditions multiply when they are combined.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alternatives_that_multiply_are_evaluated_here() {
    let simulator = sample_table::simulator(200);
    let columns = sample_table::columns(&client(&simulator, "admin")).await;
    let memory = in_memory(&client(&simulator, "admin"), NAME, &columns, Missing::Refuse).await;
    let session = over(table(&simulator, "admin").await);
    let any = (0..12).map(|at| {
        format!(
            "((u_count > {at} AND u_flag) OR (u_count < {} AND u_day > DATE '2000-01-0{}'))",
            12 - at,
            at % 9 + 1
        )
    });
    let sql = format!("SELECT sys_id FROM {NAME} WHERE {}", any.collect::<Vec<_>>().join(" AND "));
    simulator.take_journal();
    let read = result(&session, &sql).await.unwrap();
    assert!(sent_conditions(&simulator.take_journal(), NAME)[0].contains("^NQ"));
    assert_eq!(read, result(&memory, &sql).await.unwrap());
}
