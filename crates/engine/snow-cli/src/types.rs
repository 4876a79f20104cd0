//! `snow types`: the columns of tables, or Rust code for them.

use crate::arguments::TypesOptions;
use crate::exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::text_table::TextTable;
use snow_client::Client;
use snow_client::schema::{self, Column, TableSchema};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(client: &Client, options: &TypesOptions) -> Result<ExitCode, Failure> {
    if options.json {
        return json(client, &options.tables).await;
    }
    if !options.rust {
        return columns(client, &options.tables).await;
    }
    let code = client.schema().generate(&options.tables).await?;
    match (&options.out, &options.check) {
        (Some(path), _) => fs::write(path, code).map_err(|why| Failure::file(path, &why))?,
        (None, Some(path)) => return compare(path, &code),
        (None, None) => Output::new().write_all(code.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what has changed since a file was written.
fn compare(path: &Path, code: &str) -> Result<ExitCode, Failure> {
    let old = fs::read_to_string(path).map_err(|why| Failure::file(path, &why))?;
    let changes = schema::diff(&old, code);
    let lines: String = changes.iter().map(|change| format!("{change}\n")).collect();
    Output::new().write_all(lines.as_bytes())?;
    Ok(if changes.is_empty() { ExitCode::SUCCESS } else { exit::CHANGED.into() })
}

/// Prints each table on a line, as `--schema` of other commands reads it.
async fn json(client: &Client, tables: &[String]) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    for name in tables {
        let table = client.schema().table(name).await?;
        let json = serde_json::to_string(&*table)
            .map_err(|why| Failure::Other(format!("the table {name} cannot be written as JSON: {why}")))?;
        output.write_all(format!("{json}\n").as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn columns(client: &Client, tables: &[String]) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    for (at, name) in tables.iter().enumerate() {
        let table = client.schema().table(name).await?;
        let gap = if at > 0 { "\n" } else { "" };
        output.write_all(format!("{gap}{}", text_of(&table)).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text_of(table: &TableSchema) -> String {
    let mut text = TextTable::new([table.name.as_str(), "type", "label", ""]);
    for column in table {
        text.push([&*column.name, &*kind(column), &*column.label, &*notes(column)]);
    }
    text.text()
}

/// The type with its length, or the table that it refers to.
fn kind(column: &Column) -> String {
    match (&column.reference, column.max_length) {
        (Some(table), _) => format!("{} of {table}", column.kind),
        (None, Some(length)) if column.kind == "string" => format!("string({length})"),
        (None, _) => column.kind.clone(),
    }
}

fn notes(column: &Column) -> String {
    let notes = [
        (column.has_choices, "choices"),
        (column.is_mandatory, "mandatory"),
        (column.is_read_only, "read-only"),
        (column.is_display, "display"),
    ];
    notes.iter().filter(|(is_true, _)| *is_true).map(|(_, note)| *note).collect::<Vec<_>>().join(", ")
}
