//! Random conditions select the same records as in memory, whatever is pushed down; and the test would see if they did not.

use crate::dice::Dice;
use crate::sample_table::{self, NAME, OWNERS};
use crate::sessions::{client, in_memory, over, result, sent_conditions, session};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use snow_arrow::Missing;
use snow_datafusion::{Clients, SnowTable};
use snow_sim::Simulator;
use std::pin::Pin;
use std::sync::Arc;

/// How many conditions.
const CONDITIONS: u64 = 1_000;

const RECORDS: usize = 600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_random_conditions_select_what_they_select_in_memory() {
    let simulator = sample_table::simulator(RECORDS);
    let (table, memory) = sessions_of(&simulator, "admin", Missing::Refuse).await;
    let found = compare(&simulator, &table, &memory).await;
    assert_eq!(found.different, Vec::<String>::new());
    assert!(found.pushed >= 450, "only {} conditions were pushed down", found.pushed);
    assert!(found.selective >= 500, "only {} conditions select some records and not all", found.selective);
    assert!(found.failed < 50, "{} conditions fail in memory", found.failed);
    println!(
        "{} pushed down, {} select some records, {} fail in memory",
        found.pushed, found.selective, found.failed
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_do_for_a_user_from_whom_records_and_a_field_are_hidden() {
    let simulator = sample_table::simulator(RECORDS);
    let (table, memory) = sessions_of(&simulator, "reader", Missing::Null).await;
    let visible = result(&memory, &format!("SELECT count(*) FROM {NAME}")).await.unwrap();
    assert_ne!(
        visible,
        result(
            &sessions_of(&simulator, "admin", Missing::Refuse).await.1,
            &format!("SELECT count(*) FROM {NAME}")
        )
        .await
        .unwrap()
    );
    let found = compare(&simulator, &table, &memory).await;
    assert_eq!(found.different, Vec::<String>::new());
    assert!(found.pushed >= 450, "only {} conditions were pushed down", found.pushed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_do_where_the_instance_ignores_conditions_on_hidden_fields() {
    let simulator = sample_table::simulator(RECORDS);
    simulator.settings(|settings| settings.query_acls = false);
    let (table, memory) = sessions_of(&simulator, "reader", Missing::Null).await;
    let found = compare(&simulator, &table, &memory).await;
    assert_eq!(found.different, Vec::<String>::new());
}

/// If text was taken for exact, case would count in memory and not in the instance.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_comparison_sees_a_condition_that_is_wrongly_called_exact() {
    let simulator = sample_table::simulator(RECORDS);
    let (_, memory) = sessions_of(&simulator, "admin", Missing::Refuse).await;
    let admin = client(&simulator, "admin");
    let columns = sample_table::columns(&admin).await;
    let honest = SnowTable::with_columns(&Clients::new().with("prod", admin), "prod", columns).unwrap();
    let table = session(NAME, Arc::new(Overconfident(honest)));
    let found = compare(&simulator, &table, &memory).await;
    assert!(found.different.len() >= 20, "only {} results differ", found.different.len());
}

async fn sessions_of(
    simulator: &Simulator,
    user: &str,
    missing: Missing,
) -> (SessionContext, SessionContext) {
    let columns = sample_table::columns(&client(simulator, "admin")).await;
    let user = client(simulator, user);
    let memory = in_memory(&user, NAME, &columns, missing).await;
    let clients = Clients::new().with("prod", user);
    let table = SnowTable::with_columns(&clients, "prod", columns).unwrap().missing(missing);
    (over(table), memory)
}

#[derive(Default)]
struct Comparison {
    /// What was asked where the results differ.
    different: Vec<String>,
    /// How many conditions reached the instance, at least in part.
    pushed: usize,
    /// How many fail in memory.
    failed: usize,
    /// How many select some records, but not all.
    selective: usize,
}

async fn compare(simulator: &Simulator, table: &SessionContext, memory: &SessionContext) -> Comparison {
    let all = result(memory, &format!("SELECT sys_id FROM {NAME}")).await.unwrap().len();
    let mut found = Comparison::default();
    for seed in 0..CONDITIONS {
        let condition = condition(&mut Dice::new(seed + 1), 3);
        let sql = format!("SELECT sys_id FROM {NAME} WHERE {condition}");
        let expected = result(memory, &sql).await;
        simulator.take_journal();
        let read = result(table, &sql).await;
        match (&expected, &read) {
            (Ok(expected), Ok(read)) if expected == read => {}
            // Nothing is promised of what fails in memory, such as times that do not fit nanoseconds.
            (Err(_), _) => found.failed += 1,
            _ => found.different.push(condition),
        }
        let sent = sent_conditions(&simulator.take_journal(), NAME);
        found.pushed += usize::from(sent.iter().any(|sent| !sent.is_empty()));
        found.selective +=
            usize::from(expected.is_ok_and(|expected| !expected.is_empty() && expected.len() < all));
    }
    found
}

fn condition(dice: &mut Dice, depth: usize) -> String {
    match dice.below(if depth == 0 { 1 } else { 5 }) {
        0 | 1 => simple(dice),
        2 => format!("({} AND {})", condition(dice, depth - 1), condition(dice, depth - 1)),
        3 => format!("({} OR {})", condition(dice, depth - 1), condition(dice, depth - 1)),
        _ if dice.below(3) == 0 => format!("NOT ({})", condition(dice, depth - 1)),
        _ => format!("({} OR {})", condition(dice, depth - 1), simple(dice)),
    }
}

fn simple(dice: &mut Dice) -> String {
    match dice.below(9) {
        0 | 1 => text(dice),
        2 => number(dice, "u_count"),
        3 => boolean(dice),
        4 => time(dice),
        5 => day(dice),
        6 => amount(dice),
        7 => key(dice),
        _ => number(dice, "u_secret"),
    }
}

const ORDERS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

fn text(dice: &mut Dice) -> String {
    let column = dice.pick(&["u_text", "u_note"]);
    let values = [
        "alpha", "Alpha", "beta", "Beta Max", "50% off", "ünï", "ÜNÏ", "null", "NULL", "it''s", "", " alpha",
        "nothing",
    ];
    let value = dice.pick(&values);
    match dice.below(8) {
        0 | 1 => format!("{column} = '{value}'"),
        2 => format!("{column} {} '{value}'", dice.pick(&ORDERS)),
        3 => format!(
            "{column} IN ('{value}', '{}', '{}', '{}')",
            dice.pick(&values),
            dice.pick(&values),
            dice.pick(&values)
        ),
        4 => format!("{column} NOT IN ('{value}', '{}')", dice.pick(&values)),
        5 => {
            let patterns =
                ["al%", "%A", "%eta%", "under_score", "50%off", "%", "_lpha", "50\\%%", "%n%", "Alpha"];
            let like = dice.pick(&["LIKE", "LIKE", "LIKE", "NOT LIKE", "ILIKE"]);
            format!("{column} {like} '{}'", dice.pick(&patterns))
        }
        6 => format!("{column} IS {} NULL", dice.pick(&["", "NOT"])),
        _ => format!("u_text {} u_note", dice.pick(&["=", "<>"])),
    }
}

fn number(dice: &mut Dice, column: &str) -> String {
    let values =
        ["-3", "0", "1", "2", "3", "10", "9007199254740992", "9007199254740993", "-9007199254740993"];
    let value = dice.pick(&values);
    match dice.below(6) {
        0..=2 => format!("{column} {} {value}", dice.pick(&ORDERS)),
        3 => format!(
            "{column} IN ({value}, {}, {}, {})",
            dice.pick(&values),
            dice.pick(&values),
            dice.pick(&values)
        ),
        4 => format!("{column} {} BETWEEN {value} AND {}", dice.pick(&["", "NOT"]), dice.pick(&values)),
        _ => format!("{column} IS {} NULL", dice.pick(&["", "NOT"])),
    }
}

fn boolean(dice: &mut Dice) -> String {
    let tests = [
        "u_flag",
        "NOT u_flag",
        "u_flag = true",
        "u_flag = false",
        "u_flag <> true",
        "u_flag IS TRUE",
        "u_flag IS NOT TRUE",
        "u_flag IS FALSE",
        "u_flag IS NULL",
        "u_flag IS NOT NULL",
    ];
    dice.pick(&tests).to_owned()
}

fn time(dice: &mut Dice) -> String {
    let values = [
        "2026-06-26T09:30:01Z",
        "2026-06-26T09:30:01.5Z",
        "2026-06-26T09:30:00.999999Z",
        "2026-06-26T11:30:01+02:00",
        "1969-12-31T23:59:59.5Z",
        "2026-06-26",
        "2026-06-26 09:30:02",
    ];
    let value = dice.pick(&values);
    match dice.below(5) {
        0 | 1 => format!("u_when {} '{value}'", dice.pick(&ORDERS)),
        2 => format!("u_when {} TIMESTAMP '{value}'", dice.pick(&ORDERS)),
        3 => format!("u_when BETWEEN '{value}' AND '{}'", dice.pick(&values)),
        _ => format!("u_when IS {} NULL", dice.pick(&["", "NOT"])),
    }
}

fn day(dice: &mut Dice) -> String {
    let values = ["2026-06-26", "2026-06-27", "1969-12-31", "1970-01-01"];
    match dice.below(3) {
        0 | 1 => format!("u_day {} DATE '{}'", dice.pick(&ORDERS), dice.pick(&values)),
        _ => format!("u_day IN (DATE '{}', DATE '{}')", dice.pick(&values), dice.pick(&values)),
    }
}

fn amount(dice: &mut Dice) -> String {
    let values =
        ["0", "1.5", "1.50", "-0.25", "12345678901234.1234567", "12345678901234.1234566", "100", "99.995"];
    match dice.below(3) {
        0 | 1 => format!("u_amount {} {}", dice.pick(&ORDERS), dice.pick(&values)),
        _ => format!("u_amount {} CAST('{}' AS DECIMAL(38, 7))", dice.pick(&ORDERS), dice.pick(&values)),
    }
}

fn key(dice: &mut Dice) -> String {
    let ids: Vec<String> = (0..3).map(|_| sample_table::id(dice.below(RECORDS))).collect();
    match dice.below(6) {
        0 => format!("sys_id = '{}'", ids[0]),
        1 => format!("sys_id IN ('{}', '{}', '{}', 'no such id')", ids[0], ids[1], ids[2]),
        2 => format!("u_owner = '{}'", dice.pick(&OWNERS)),
        3 => format!("u_owner IN ('{}', '{}')", dice.pick(&OWNERS), dice.pick(&OWNERS)),
        4 => format!("u_owner {} '{}'", dice.pick(&["<>", "<", ">="]), dice.pick(&OWNERS)),
        _ => format!("u_owner = '{}'", dice.pick(&["", "abel", "0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A"])),
    }
}

/// A table that takes every condition that it can send for exact.
#[derive(Debug)]
struct Overconfident(SnowTable);

impl TableProvider for Overconfident {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        self.0.table_type()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let honest = self.0.supports_filters_pushdown(filters)?;
        let claim = |one: TableProviderFilterPushDown| match one {
            TableProviderFilterPushDown::Unsupported => one,
            _ => TableProviderFilterPushDown::Exact,
        };
        Ok(honest.into_iter().map(claim).collect())
    }

    fn scan<'a, 'b, 'c, 'd, 'r>(
        &'a self,
        session: &'b dyn Session,
        projection: Option<&'c Vec<usize>>,
        filters: &'d [Expr],
        limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'r>>
    where
        'a: 'r,
        'b: 'r,
        'c: 'r,
        'd: 'r,
        Self: 'r,
    {
        self.0.scan(session, projection, filters, limit)
    }
}
