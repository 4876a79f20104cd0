//! Aggregates by the instance equal those of SQL, and are read where a record is hidden.

use crate::sample_table::{self, NAME};
use crate::sessions::{client, in_memory, over, plan, result};
use datafusion::prelude::SessionContext;
use snow_arrow::Missing;
use snow_datafusion::{Aggregation, Clients, SnowTable};
use snow_sim::{Rule, Simulator};

/// What the instance computes.
const PUSHED: &[&str] = &[
    "SELECT u_count, count(*) FROM u_sample WHERE u_count < 100 GROUP BY u_count",
    "SELECT u_flag, count(*), min(u_when), max(u_day) FROM u_sample GROUP BY u_flag",
    "SELECT u_owner, u_flag, max(u_count) FROM u_sample GROUP BY u_owner, u_flag",
    "SELECT sum(u_count), min(u_count), max(u_count), count(*) FROM u_sample WHERE u_count BETWEEN -3 AND 10",
    "SELECT u_day FROM u_sample GROUP BY u_day",
    "SELECT count(DISTINCT u_count) FROM u_sample",
    "SELECT DISTINCT u_owner FROM u_sample WHERE u_flag",
    "SELECT u_flag, count(*) AS n FROM u_sample GROUP BY u_flag HAVING count(*) > 10 ORDER BY n DESC",
    "SELECT sum(u_count), count(*), min(u_when) FROM u_sample WHERE u_count = 77",
    "SELECT u_when, count(*) FROM u_sample WHERE u_count = 77 GROUP BY u_when",
    "SELECT a.u_owner, a.n, b.n FROM (SELECT u_owner, count(*) AS n FROM u_sample GROUP BY u_owner) a JOIN \
     (SELECT u_owner, count(*) AS n FROM u_sample WHERE u_flag GROUP BY u_owner) b ON a.u_owner = b.u_owner",
];

/// What it does not: it would group or compare in another way, or round.
const READ: &[&str] = &[
    "SELECT u_text, count(*) FROM u_sample GROUP BY u_text",
    "SELECT max(u_text) FROM u_sample",
    "SELECT avg(u_count) FROM u_sample WHERE u_count < 100",
    "SELECT sum(u_amount) FROM u_sample",
    "SELECT count(u_count) FROM u_sample",
    "SELECT u_flag, count(*) FROM u_sample WHERE u_text = 'alpha' GROUP BY u_flag",
    "SELECT u_count + 1, count(*) FROM u_sample WHERE u_count < 100 GROUP BY u_count + 1",
    "SELECT u_flag, count(*) FILTER (WHERE u_count = 1) FROM u_sample GROUP BY u_flag",
    "SELECT u_flag, u_day, count(*) FROM u_sample GROUP BY ROLLUP (u_flag, u_day)",
];

async fn sessions(simulator: &Simulator, user: &str, how: Aggregation) -> (SessionContext, SessionContext) {
    let columns = sample_table::columns(&client(simulator, "admin")).await;
    let user = client(simulator, user);
    let memory = in_memory(&user, NAME, &columns, Missing::Null).await;
    let table = SnowTable::with_columns(&Clients::new().with("prod", user), "prod", columns).unwrap();
    (over(table.aggregation(how)), memory)
}

fn asked(simulator: &Simulator) -> usize {
    simulator.requests().to("/api/now/stats").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_instance_computes_where_every_record_is_visible() {
    let simulator = sample_table::simulator(500);
    for how in [Aggregation::Prove, Aggregation::AllVisible] {
        let (table, memory) = sessions(&simulator, "admin", how).await;
        for sql in PUSHED {
            simulator.take_journal();
            let expected = result(&memory, sql).await.unwrap();
            assert_eq!(result(&table, sql).await.unwrap(), expected, "{how:?} {sql}");
            let questions = if sql.contains("JOIN") { 2 } else { 1 };
            assert_eq!(asked(&simulator), questions, "{how:?} {sql}");
            let read: Vec<_> =
                simulator.journal().iter().filter_map(|entry| entry.param("sysparm_fields")).collect();
            match how {
                Aggregation::AllVisible => assert_eq!(read, Vec::<String>::new(), "{sql}"),
                _ => assert!(read.iter().all(|fields| fields == "sys_id"), "{sql}: {read:?}"),
            }
        }
        for sql in READ {
            simulator.take_journal();
            assert_eq!(result(&table, sql).await.unwrap(), result(&memory, sql).await.unwrap(), "{sql}");
            assert_eq!(asked(&simulator), 0, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_read_where_one_is_hidden() {
    let simulator = sample_table::simulator(500);
    let (table, memory) = sessions(&simulator, "reader", Aggregation::Prove).await;
    for sql in PUSHED.iter().chain(READ) {
        simulator.take_journal();
        assert_eq!(result(&table, sql).await.unwrap(), result(&memory, sql).await.unwrap(), "{sql}");
    }
    // The promise that every record is visible would have been a lie: this test can see that.
    let (table, _) = sessions(&simulator, "reader", Aggregation::AllVisible).await;
    let mut lies = 0;
    for sql in PUSHED {
        lies += usize::from(result(&table, sql).await.unwrap() != result(&memory, sql).await.unwrap());
    }
    assert!(lies >= 5, "{lies}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_read_where_aggregates_are_refused_or_cannot_be_trusted() {
    let simulator = sample_table::simulator(500);
    let big = "SELECT sum(u_count), count(*) FROM u_sample";
    let (table, memory) = sessions(&simulator, "admin", Aggregation::AllVisible).await;
    assert_eq!(result(&table, big).await.unwrap(), result(&memory, big).await.unwrap());
    simulator.add_rule(Rule::DenyAggregates { table: NAME.into() });
    simulator.remove_rule(&Rule::HideRows {
        table: NAME.into(),
        query: "u_count=3^ORu_textSTARTSWITHbeta".into(),
    });
    let (table, memory) = sessions(&simulator, "reader", Aggregation::Prove).await;
    for sql in PUSHED {
        assert_eq!(result(&table, sql).await.unwrap(), result(&memory, sql).await.unwrap(), "{sql}");
    }
    assert!(asked(&simulator) > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_appears_after_the_proof_makes_the_records_be_read() {
    let simulator = sample_table::simulator(200);
    let (table, _) = sessions(&simulator, "admin", Aggregation::Prove).await;
    let sql = "SELECT u_flag, count(*) FROM u_sample GROUP BY u_flag";
    simulator.take_journal();
    let mut is_done = false;
    simulator.before_each(move |_, simulator| {
        let has_proof = simulator.journal().iter().any(|entry| entry.path.ends_with(NAME));
        if has_proof && !is_done {
            is_done = true;
            simulator.insert(NAME, [("u_flag", "true")]).unwrap();
        }
    });
    let read = result(&table, sql).await.unwrap();
    let (_, memory) = sessions(&simulator, "admin", Aggregation::Read).await;
    assert_eq!(read, result(&memory, sql).await.unwrap());
    assert!(
        simulator
            .journal()
            .iter()
            .any(|entry| entry.param("sysparm_fields").is_some_and(|fields| fields.contains("u_flag")))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_shows_what_the_instance_computes() {
    let simulator = sample_table::simulator(10);
    let (table, _) = sessions(&simulator, "admin", Aggregation::Prove).await;
    let plan = plan(&table, PUSHED[0]).await;
    assert!(plan.contains("aggregates=[count], group_by=[u_count], query=u_count<100"), "{plan}");
}
