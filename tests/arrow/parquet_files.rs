//! What is written as Parquet is read again by the same library, cell by cell. `cargo xtask interop arrow` asks other libraries.

use crate::client;
use crate::edge_table::{FIELDS, TABLE, edge_rows, instance};
use crate::edge_values::{raw, read};
use crate::oracle;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use snow_arrow::{Columns, Invalid, Parquet, ParquetWriter, References, Scan};
use snow_client::export::ExportDirectory;
use snow_client::schema::{Column, TableSchema};
use snow_client::{DisplayValue, ErrorKind};
use snow_sim::{ColumnType, Simulator, Table};
use std::path::PathBuf;

#[tokio::test]
async fn a_file_has_the_values_types_and_metadata_of_its_batches() {
    let client = client(&instance(&edge_rows()), "admin");
    let list = || client.table(TABLE).list().fields(FIELDS);
    let scan = || Scan::new(list()).references(References::IdNameAndLink).dictionary_choices(true);
    let batches = read(scan().batch_rows(2)).await;
    let mut bytes = Vec::new();
    let mut writer = ParquetWriter::new(&mut bytes, batches[0].schema()).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), edge_rows().len() as u64);

    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    assert_eq!(reader.schema().fields(), batches[0].schema().fields());
    assert_eq!(reader.schema().metadata()[snow_arrow::TABLE_KEY], TABLE);
    let back: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    oracle::compare(&back, &raw(list().display_value(DisplayValue::All)).await);
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("snow-arrow-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn an_export_writes_whole_files_with_every_record_once() {
    let simulator = Simulator::builder().without_demo_data().incidents(1_000).user("admin", "secret");
    let client = client(&simulator.build().unwrap(), "admin");
    let list = || client.table("incident").list().fields(["sys_id", "priority", "opened_at", "caller_id"]);
    let columns = Columns::for_list(&list(), References::IdAndName).await.unwrap();
    let folder = Folder::new("export");
    let export =
        columns.request(list()).export(Parquet::new(columns.clone()), ExportDirectory::new(&folder.0));
    let report = export.records_per_file(300).page_size(100).await.unwrap();
    assert!(report.files.len() >= 3, "{report:?}");
    let schema = report.schema.unwrap();
    assert_eq!((&schema[1]["type"], &schema[3]["reference"]), (&"Int64".into(), &"sys_user".into()));

    let mut batches = Vec::new();
    for file in &report.files {
        let bytes = std::fs::read(folder.0.join(&file.name)).unwrap();
        assert_eq!(bytes.len() as u64, file.bytes);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
        let rows: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.iter().map(|batch| batch.num_rows() as u64).sum::<u64>(), file.records);
        batches.extend(rows);
    }
    let records = raw(list().display_value(DisplayValue::All).exclude_reference_link(true)).await;
    assert_eq!(oracle::compare(&batches, &records), 1_000 * 5);
}

#[tokio::test]
async fn an_export_of_a_list_that_requests_something_else_is_refused() {
    let simulator = Simulator::builder().user("admin", "secret").build().unwrap();
    let client = client(&simulator, "admin");
    let list = |fields: &[&str]| client.table("incident").list().fields(fields);
    let columns = Columns::for_list(&list(&["number", "caller_id"]), References::IdAndName).await.unwrap();
    simulator.take_journal();
    let shown = list(&["number", "caller_id"]).display_value(DisplayValue::Display);
    let other = client.table("problem").list().fields(["number", "caller_id"]);
    for wrong in [list(&["number"]), list(&["number", "caller_id"]), shown, other] {
        let folder = Folder::new("refused");
        let export = wrong.export(Parquet::new(columns.clone()), ExportDirectory::new(&folder.0));
        assert_eq!(export.await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(!folder.0.join("manifest.json").exists());
    }
    assert!(simulator.take_journal().is_empty());
}

#[tokio::test]
async fn an_export_counts_what_became_null() {
    let rows = edge_rows();
    let client = client(&instance(&rows), "admin");
    let mut lie = Column::new("u_text", "integer");
    lie.label = "Text".into();
    let table = TableSchema::new(TABLE, "Edge").with_column(lie).unwrap();
    let columns = Columns::new(&table, ["u_text"], References::Id).unwrap();
    let folder = Folder::new("counts");
    let parquet = Parquet::new(columns.clone()).invalid(Invalid::Null);
    let list = columns.request(client.table(TABLE).list());
    let report = list.export(parquet, ExportDirectory::new(&folder.0)).await.unwrap();
    assert_eq!(report.counts["invalid u_text"], rows.iter().filter(|row| !row[7].is_empty()).count() as u64);
}

/// The names of all columns would not fit into a URL. Walks have to be named: without names, an instance returns the table's own fields.
#[tokio::test]
async fn a_table_with_more_columns_than_a_url_holds_is_exported() {
    let name = |at: u32| format!("u_{at:03}_{}", "x".repeat(60));
    let table =
        (0..450).fold(Table::new("u_wide", "Wide"), |table, at| table.column(&name(at), ColumnType::Integer));
    let builder = Simulator::builder().without_demo_data().user("admin", "secret").table(table);
    let builder = (0..3).fold(builder, |builder, _| builder.row("u_wide", [(&*name(449), "7")]));
    let client = client(&builder.build().unwrap(), "admin");
    let list = || client.table("u_wide").list();
    let columns = Columns::for_list(&list(), References::Id).await.unwrap();
    assert!(columns.fields().len() > 450);

    let folder = Folder::new("wide");
    let export =
        columns.request(list()).export(Parquet::new(columns.clone()), ExportDirectory::new(&folder.0));
    assert_eq!(export.await.unwrap().received, 3);
    let batches = read(Scan::new(list())).await;
    assert_eq!(oracle::compare(&batches, &raw(list()).await), 3 * columns.fields().len());

    let walk = Column::new("sys_created_by.name", "string");
    let walked = columns.table().clone().with_column(walk).unwrap();
    let fields = || walked.columns().iter().map(|column| &column.name);
    let columns = Columns::new(&walked, fields(), References::Id).unwrap();
    assert_eq!(columns.request(list()).requested_fields().unwrap().unwrap().len(), fields().count());
    let refused = list().export(Parquet::new(columns), ExportDirectory::new(&folder.0)).await.unwrap_err();
    assert!(refused.to_string().contains("does not request the field \"sys_created_by.name\""), "{refused}");
}
