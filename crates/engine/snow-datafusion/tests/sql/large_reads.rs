//! Records that are long, columns that are many, and conditions that take several requests.

use crate::sessions::{client, over};
use datafusion::arrow::array::RecordBatch;
use datafusion::error::Result;
use futures_util::StreamExt;
use snow_arrow::{Columns, References};
use snow_client::schema::{Column, TableSchema};
use snow_datafusion::{Clients, SnowTable};
use snow_sim::{ColumnType, Simulator, Table};

const NAME: &str = "u_large";

/// An instance whose records have these numbers and these texts.
fn simulator<'a>(records: impl IntoIterator<Item = (u64, &'a str)>) -> Simulator {
    let table =
        Table::new(NAME, "Large").column("u_count", ColumnType::Integer).text_column("u_text", 4_000_000);
    let table = table.column("u_owner", ColumnType::Reference("sys_user".into()));
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").table(table);
    let builder = records.into_iter().fold(builder, |builder, (number, text)| {
        builder.row(NAME, [("u_count", &*number.to_string()), ("u_text", text)])
    });
    builder.build().unwrap()
}

/// The table with these columns, in one range, so that the order of its batches is known.
fn table(simulator: &Simulator, columns: &[(String, &str)]) -> SnowTable {
    let schema = columns.iter().fold(TableSchema::new(NAME, "Large"), |schema, (name, kind)| {
        schema.with_column(Column::new(name.as_str(), *kind)).unwrap()
    });
    let columns = Columns::new(&schema, columns.iter().map(|(name, _)| name), References::Id).unwrap();
    let clients = Clients::new().with("prod", client(simulator, "admin"));
    SnowTable::with_columns(&clients, "prod", columns).unwrap().ranges(1)
}

async fn batches(table: SnowTable, sql: &str) -> Result<Vec<RecordBatch>> {
    let mut stream = over(table).sql(sql).await?.execute_stream().await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.next().await {
        batches.push(batch?);
    }
    Ok(batches)
}

/// A batch has as many records as the session says only where they are short.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_of_long_records_are_bounded_by_their_bytes() {
    let long = "x".repeat(1 << 20);
    let simulator = simulator((0..20).map(|number| (number, long.as_str())));
    let table = table(&simulator, &[("u_text".to_owned(), "string")]);
    let batches = batches(table, &format!("SELECT u_text FROM {NAME}")).await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 20);
    assert!(batches.iter().all(|batch| batch.num_rows() <= 8), "a batch has more than 8 MiB");
}

/// The numbers that a query asks for.
const NUMBERS: std::ops::Range<u64> = 1_000_000_000..1_000_000_130;

/// Reads two records: the first has the first number, the second the last one. The columns and the condition are too long for one URL.
async fn of_two_records(moves: bool, limit: &str) -> (Simulator, Result<usize>) {
    let simulator = simulator([(NUMBERS.start, "first"), (NUMBERS.end - 1, "second")]);
    // Walks are named in every request, and are empty behind an empty reference.
    let walk = |at: u32| (format!("u_owner.u_{at:02}_{}", "x".repeat(60)), "string");
    let columns: Vec<_> = [("u_count".to_owned(), "integer")].into_iter().chain((0..90).map(walk)).collect();
    let table = table(&simulator, &columns);
    if moves {
        let ids = simulator.ids(NAME);
        let first =
            ids.iter().find(|id| simulator.stored(NAME, id, "u_text").unwrap() == "first").unwrap().clone();
        simulator.before_each(move |request, simulator| {
            if request == 2 {
                simulator.update(NAME, &first, [("u_count", &*(NUMBERS.end - 1).to_string())]).unwrap();
            }
        });
    }
    let numbers: Vec<String> = NUMBERS.map(|number| number.to_string()).collect();
    let sql = format!("SELECT * FROM {NAME} WHERE u_count IN ({}) {limit}", numbers.join(", "));
    let read = batches(table, &sql).await;
    (simulator, read.map(|batches| batches.iter().map(RecordBatch::num_rows).sum()))
}

/// A record that gets another number while the parts are read is in both of them, or in none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_in_parts_fails_if_a_record_moves_and_is_whole_if_none_does() {
    let (simulator, read) = of_two_records(false, "").await;
    assert_eq!(read.unwrap(), 2);
    let mut asked: Vec<_> =
        simulator.journal().iter().filter_map(|entry| entry.param("sysparm_query")).collect();
    asked.dedup();
    assert!(asked.len() > 1, "the query fits into one URL: {asked:?}");
    for limit in ["", "LIMIT 100", "LIMIT 3"] {
        let (_, read) = of_two_records(true, limit).await;
        let error = read.unwrap_err().to_string();
        assert!(error.contains("may have been missed or repeated: select fewer columns"), "{limit}: {error}");
    }
}
