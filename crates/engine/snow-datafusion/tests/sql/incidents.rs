//! Queries over incidents: the results equal those in memory, and the journal shows what was asked of the instance.

use crate::sessions::{client, in_memory, over, plan, result, sent_conditions};
use datafusion::prelude::SessionContext;
use snow_arrow::{Columns, Missing, References};
use snow_datafusion::{Aggregation, Clients, SnowTable};
use snow_sim::Simulator;

const FIELDS: [&str; 12] = [
    "sys_id",
    "number",
    "short_description",
    "state",
    "priority",
    "active",
    "opened_at",
    "sys_updated_on",
    "caller_id",
    "assigned_to",
    "category",
    "caller_id.user_name",
];

/// What is asked, the conditions that are sent, and the fields.
const QUERIES: &[(&str, &str, &str)] = &[
    ("SELECT count(*) FROM incident", "", "sys_id"),
    ("SELECT priority, count(*) FROM incident GROUP BY priority", "", "priority,sys_id"),
    (
        "SELECT number FROM incident WHERE priority <= 2 AND active = true",
        "priority<=2^active=true",
        "number,priority,active,sys_id",
    ),
    (
        "SELECT sys_id FROM incident WHERE priority = 1 OR state = 6",
        "priority=1^ORstate=6",
        "sys_id,state,priority",
    ),
    ("SELECT count(*) FROM incident WHERE priority IN (1, 2, 3, 4)", "priorityIN1,2,3,4", "priority,sys_id"),
    (
        "SELECT number FROM incident WHERE priority BETWEEN 2 AND 3",
        "priority>=2^priority<=3",
        "number,priority,sys_id",
    ),
    ("SELECT number FROM incident WHERE 3 > priority", "priority<3", "number,priority,sys_id"),
    ("SELECT count(*) FROM incident WHERE NOT active", "active=false^ORactiveISEMPTY", "active,sys_id"),
    (
        "SELECT number FROM incident WHERE opened_at > '2020-01-01T00:00:00Z' AND opened_at < '2030-01-01T00:00:00Z'",
        "opened_at>2020-01-01 00:00:00^opened_at<2030-01-01 00:00:00",
        "number,opened_at,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE opened_at >= '2025-01-01T00:00:00.25Z'",
        "opened_at>2025-01-01 00:00:00",
        "number,opened_at,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE opened_at <= '2025-01-01T00:00:00.25Z'",
        "opened_at<=2025-01-01 00:00:00",
        "number,opened_at,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE category = 'SOFTWARE'",
        "category=SOFTWARE",
        "number,category,sys_id",
    ),
    ("SELECT count(*) FROM incident WHERE category = 'software'", "category=software", "category,sys_id"),
    (
        "SELECT number FROM incident WHERE short_description LIKE 'VPN%'",
        "short_descriptionSTARTSWITHVPN",
        "number,short_description,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE short_description LIKE '%Berlin'",
        "short_descriptionENDSWITHBerlin",
        "number,short_description,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE short_description LIKE '%data%'",
        "short_descriptionLIKEdata",
        "number,short_description,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE short_description LIKE '%d_ta%'",
        "",
        "number,short_description,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE short_description ILIKE '%berlin'",
        "",
        "number,short_description,sys_id",
    ),
    ("SELECT number FROM incident WHERE category <> 'software'", "", "number,category,sys_id"),
    ("SELECT number FROM incident WHERE category > 'm'", "", "number,category,sys_id"),
    ("SELECT number FROM incident WHERE assigned_to IS NULL", "", "number,assigned_to,sys_id"),
    (
        "SELECT number FROM incident WHERE length(category) = 7 AND priority = 3",
        "priority=3",
        "number,priority,category,sys_id",
    ),
    (
        "SELECT number FROM incident WHERE \"caller_id.user_name\" = 'abel'",
        "caller_id.user_name=abel",
        "number,caller_id,caller_id.user_name,sys_id",
    ),
    (
        "SELECT category, min(opened_at), max(number) FROM incident WHERE active GROUP BY category",
        "active=true",
        "active,category,number,opened_at,sys_id",
    ),
    (
        "SELECT number, priority FROM incident WHERE priority = 2 ORDER BY number DESC LIMIT 7",
        "priority=2",
        "number,priority,sys_id",
    ),
    (
        "SELECT a.number FROM incident a JOIN incident b ON a.caller_id = b.caller_id WHERE a.priority = 1 AND b.priority = 1 AND b.state = 6",
        "priority=1|priority=1^state=6",
        "",
    ),
];

async fn sessions(records: u32) -> (Simulator, SessionContext, SessionContext) {
    let simulator = Simulator::builder().user("admin", "secret").incidents(records).build().unwrap();
    let client = client(&simulator, "admin");
    let schema = client.schema().table("incident").await.unwrap();
    let walk = client.schema().column("incident", "caller_id.user_name").await.unwrap();
    let schema = (*schema).clone().with_column(walk).unwrap();
    let columns = Columns::new(&schema, FIELDS, References::Id).unwrap();
    let memory = in_memory(&client, "incident", &columns, Missing::Refuse).await;
    let table = SnowTable::with_columns(&Clients::new().with("prod", client), "prod", columns).unwrap();
    (simulator, over(table.aggregation(Aggregation::Read)), memory)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_return_what_they_return_in_memory_and_ask_for_no_more_than_they_need() {
    let (simulator, table, memory) = sessions(2_000).await;
    for (sql, conditions, fields) in QUERIES {
        simulator.take_journal();
        let read = result(&table, sql).await.unwrap();
        let journal = simulator.take_journal();
        assert_eq!(read, result(&memory, sql).await.unwrap(), "{sql}");
        assert_eq!(sent_conditions(&journal, "incident").join("|"), *conditions, "{sql}");
        let sorted = |fields: &str| {
            let mut fields: Vec<String> = fields.split(',').map(str::to_owned).collect();
            fields.sort();
            fields
        };
        let is_one = !fields.is_empty();
        for entry in journal.iter().filter(|_| is_one) {
            assert_eq!(sorted(&entry.param("sysparm_fields").unwrap()), sorted(fields), "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn now_is_compared_by_the_instance() {
    let (simulator, table, _) = sessions(10).await;
    simulator.take_journal();
    result(&table, "SELECT number FROM incident WHERE opened_at > now() - INTERVAL '30 days'").await.unwrap();
    let sent = sent_conditions(&simulator.take_journal(), "incident");
    assert!(sent.len() == 1 && sent[0].starts_with("opened_at>20"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn explain_shows_what_the_instance_evaluates() {
    let (_, table, _) = sessions(10).await;
    let sql = "SELECT number FROM incident WHERE priority = 1 AND category = 'software' AND state <> 6";
    let plan = plan(&table, sql).await;
    assert!(plan.contains("query=priority=1^category=software, ranges=4"), "{plan}");
    assert!(plan.contains("full_filters=[incident.priority = Int64(1)]"), "{plan}");
    assert!(plan.contains("partial_filters=[incident.category = Utf8"), "{plan}");
    assert!(plan.contains("FilterExec: category@"), "{plan}");
    assert!(!plan.contains("FilterExec: priority"), "{plan}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn debug_shows_no_value_of_a_condition() {
    let (_, table, _) = sessions(10).await;
    let sql = "SELECT number FROM incident WHERE category = 'confidential'";
    let physical = table.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let exec = find_exec(&physical).unwrap();
    assert!(!format!("{exec:?}").contains("confidential"));
}

fn find_exec(
    plan: &std::sync::Arc<dyn datafusion::physical_plan::ExecutionPlan>,
) -> Option<&snow_datafusion::SnowExec> {
    plan.downcast_ref().or_else(|| plan.children().into_iter().find_map(find_exec))
}
