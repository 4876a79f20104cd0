//! Parquet files have the values of the table, with the types of the dictionary.

use crate::exported::{files, manifest};
use crate::instance::{Folder, Instance, Ran, SECRET};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use snow_arrow::arrow_array::cast::AsArray;
use snow_arrow::arrow_array::types::{Int64Type, TimestampMicrosecondType};
use snow_arrow::arrow_array::{Array, RecordBatch};
use snow_arrow::arrow_schema::DataType;
use snow_client::DateTime;
use snow_client::schema::{Column, TableSchema};
use snow_sim::{ColumnType, Simulator, Table, User};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

fn batches(folder: &Path) -> Vec<RecordBatch> {
    let open =
        |file| ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap().build().unwrap();
    files(folder).into_iter().flat_map(open).map(Result::unwrap).collect()
}

#[test]
fn parquet_has_the_values_of_the_table() {
    let instance = Instance::of(Simulator::builder().incidents(500));
    let folder = Folder::new("parquet");
    let out = folder.file("all");
    let fields = "sys_id,number,priority,active,opened_at,caller_id.name";
    let printed = instance
        .run(&["export", "incident", "--fields", fields, "--to", "parquet", "--out", &out])
        .succeeded();
    assert!(printed.trim().ends_with(".parquet"), "{printed}");
    let folder = folder.path().join("all");
    let stored = |id: &str, field: &str| instance.simulator.stored("incident", id, field).unwrap();
    let mut ids = BTreeSet::new();
    for batch in batches(&folder) {
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let text = |name: &str, row| column(name).as_string::<i32>().value(row).to_owned();
        for row in 0..batch.num_rows() {
            let id = text("sys_id", row);
            assert_eq!(text("number", row), stored(&id, "number"));
            let priority = column("priority").as_primitive::<Int64Type>();
            let written = if priority.is_null(row) { String::new() } else { priority.value(row).to_string() };
            assert_eq!(written, stored(&id, "priority"));
            assert_eq!(column("active").as_boolean().value(row).to_string(), stored(&id, "active"));
            let opened: DateTime = stored(&id, "opened_at").parse().unwrap();
            let written = column("opened_at").as_primitive::<TimestampMicrosecondType>().value(row);
            assert_eq!(written, opened.unix() * 1_000_000);
            let caller = stored(&id, "caller_id");
            let names = column("caller_id.name").as_string::<i32>();
            let name = if names.is_null(row) { "" } else { names.value(row) };
            let expected = if caller.is_empty() {
                String::new()
            } else {
                instance.simulator.stored("sys_user", &caller, "name").unwrap()
            };
            assert_eq!(name, expected, "{caller}");
            assert!(ids.insert(id));
        }
    }
    assert!(ids.iter().eq(instance.simulator.ids("incident").iter().collect::<BTreeSet<_>>()));
    assert_eq!(manifest(&folder)["received"], ids.len());
    assert!(manifest(&folder)["schema"].to_string().contains("glide_date_time"));
}

/// Without --fields there are all columns of the dictionary, or of a file for those who may not read it.
#[test]
fn columns_come_from_the_dictionary_or_from_a_file() {
    let reader = User::new("reader", SECRET);
    let instance = Instance::of(Simulator::builder().incidents(20).user_with(reader));
    let folder = Folder::new("parquet-schema");
    let file = folder.file("tables.json");
    std::fs::write(&file, instance.run(&["types", "--json", "incident", "sys_user"]).succeeded()).unwrap();
    let export = |out: &str, more: &[&str]| {
        let out = folder.file(out);
        let base = ["export", "incident", "--to", "parquet", "--out", &out];
        let output = instance.snow(&[&base[..], more].concat()).env("SNOW_USER", "reader").output();
        Ran::of(output.unwrap())
    };
    assert_eq!(export("refused", &[]).code, Some(4));
    export("all", &["--schema", &file]).succeeded();
    assert!(batches(&folder.path().join("all"))[0].num_columns() > 30);
    export("walk", &["--schema", &file, "--fields", "number,caller_id.email"]).succeeded();
    let walked = &batches(&folder.path().join("walk"))[0];
    assert_eq!(walked.schema().field(1).name(), "caller_id.email");
    let wrong = export("wrong", &["--schema", &file, "--fields", "number,caller_id.nope"]);
    assert!(wrong.code == Some(2) && wrong.err.contains("caller_id.nope"), "{wrong:?}");

    // A file that has the walk as a column is enough, without the tables that it passes.
    let mut incident = TableSchema::new("incident", "Incident");
    for name in ["number", "caller_id.email"] {
        incident = incident.with_column(Column::new(name, "string")).unwrap();
    }
    std::fs::write(&file, serde_json::to_string(&incident).unwrap()).unwrap();
    export("own", &["--schema", &file, "--fields", "number,caller_id.email"]).succeeded();
}

/// To go on would fail at the same value.
#[test]
fn a_value_that_does_not_fit_says_how_to_leave_it_out() {
    let instance = Instance::of(Simulator::builder().incidents(20));
    let folder = Folder::new("parquet-unfit");
    let (file, out) = (folder.file("tables.json"), folder.file("all"));
    let column = Column::new("short_description", "integer");
    let lie = TableSchema::new("incident", "Incident").with_column(column).unwrap();
    std::fs::write(&file, serde_json::to_string(&lie).unwrap()).unwrap();
    let refused = instance.run(&["export", "incident", "--to", "parquet", "--schema", &file, "--out", &out]);
    assert!(refused.code == Some(1) && refused.err.contains("\"short_description\""), "{refused:?}");
    assert!(refused.err.contains("snow: --fields can leave the field out"), "{refused:?}");
    assert!(!refused.err.contains("--resume"), "{refused:?}");
}

/// A path may go on in a table that extends another one. Variables of the service catalog are in no dictionary.
#[test]
fn a_walk_goes_into_tables_that_extend_others() {
    let instance = Instance::of(Simulator::builder().incidents(20));
    let folder = Folder::new("parquet-walk");
    let export = |out: &str, field: &str| {
        let (fields, out) = (format!("number,{field}"), folder.file(out));
        let base = ["export", "task", "--to", "parquet", "--fields", &fields, "--out", &out];
        instance.run(&[&base[..], &["--allow-missing"]].concat())
    };
    export("extension", "ref_incident.opened_at").succeeded();
    let walked = &batches(&folder.path().join("extension"))[0];
    assert_eq!(walked.schema().field(1).name(), "ref_incident.opened_at");
    assert!(matches!(walked.schema().field(1).data_type(), DataType::Timestamp(..)));
    let variable = export("variable", "variables.size");
    assert!(variable.code == Some(2) && variable.err.contains("are in no dictionary"), "{variable:?}");
}

/// Without --fields, the columns are named only where their names fit into a URL.
#[test]
fn a_table_with_more_columns_than_a_url_holds_is_exported() {
    let name = |at: u32| format!("u_{at:03}_{}", "x".repeat(40));
    let table = Table::new("u_wide", "Wide");
    let table = (0..450).fold(table, |table, at| table.column(&name(at), ColumnType::Integer));
    let instance = Instance::of(Simulator::builder().table(table).row("u_wide", [(&*name(449), "7")]));
    let folder = Folder::new("parquet-wide");
    let out = folder.file("all");
    instance.run(&["export", "u_wide", "--to", "parquet", "--out", &out]).succeeded();
    let batch = &batches(&folder.path().join("all"))[0];
    assert_eq!(batch.column_by_name(&name(449)).unwrap().as_primitive::<Int64Type>().value(0), 7);
}
