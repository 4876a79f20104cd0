//! The rows of a result as text, in constant memory.

use crate::arguments::ResultFormat;
use crate::failure::Failure;
use crate::output::Output;
use crate::text_table::TextTable;
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use std::collections::BTreeSet;

/// A table for people is written after so many lines, and begins anew: its columns have to be as wide as what is in them.
const LINES: usize = 1_000;

pub(crate) struct ResultWriter {
    format: ResultFormat,
    names: Vec<String>,
    table: TextTable,
    /// Whether nothing has been written.
    is_first: bool,
}

impl ResultWriter {
    /// Begins a result with these columns.
    ///
    /// # Errors
    ///
    /// Fails if two of them have the same name and the format is NDJSON: an object has one value of a name.
    pub(crate) fn new(format: ResultFormat, schema: &Schema) -> Result<Self, Failure> {
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let mut known = BTreeSet::new();
        if let (ResultFormat::Ndjson, Some(twice)) = (format, names.iter().find(|name| !known.insert(*name)))
        {
            let why = format!("two columns of the result are called {twice:?}: name one with AS");
            return Err(Failure::Usage(why));
        }
        Ok(Self { format, table: heading(&names), names, is_first: true })
    }

    pub(crate) fn push(&mut self, batch: &RecordBatch, output: &mut Output) -> Result<(), Failure> {
        let options = FormatOptions::default();
        let columns: Vec<ArrayFormatter> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<_, ArrowError>>()
            .map_err(unprintable)?;
        let mut text = self.csv_heading();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns
                .iter()
                .map(|column| column.value(row).try_to_string())
                .collect::<Result<_, _>>()
                .map_err(unprintable)?;
            match self.format {
                ResultFormat::Table => self.table.push_tall(&cells),
                ResultFormat::Csv => push_csv(&cells, &mut text),
                ResultFormat::Ndjson => push_json(&self.names, batch, row, &cells, &mut text),
            }
        }
        if self.table.len() >= LINES {
            text.push_str(&self.take_table());
        }
        output.write_all(text.as_bytes())
    }

    pub(crate) fn finish(mut self, output: &mut Output) -> Result<(), Failure> {
        let mut text = self.csv_heading();
        if self.format == ResultFormat::Table && (self.is_first || self.table.len() > 0) {
            text.push_str(&self.take_table());
        }
        output.write_all(text.as_bytes())
    }

    fn take_table(&mut self) -> String {
        let gap = if self.is_first { "" } else { "\n" };
        self.is_first = false;
        let table = std::mem::replace(&mut self.table, heading(&self.names));
        format!("{gap}{}", table.text())
    }

    /// Returns the first line of CSV, once.
    fn csv_heading(&mut self) -> String {
        let mut text = String::new();
        if self.format == ResultFormat::Csv && self.is_first {
            self.is_first = false;
            push_csv(&self.names, &mut text);
        }
        text
    }
}

fn heading(names: &[String]) -> TextTable {
    TextTable::new(names.iter().map(String::as_str))
}

fn unprintable(why: ArrowError) -> Failure {
    Failure::Other(format!("a value cannot be shown: {why}"))
}

/// As RFC 4180 has it. A line that would be empty has one empty cell in quotes.
fn push_csv(cells: &[String], text: &mut String) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        match needs_quotes(cell) || (cell.is_empty() && cells.len() == 1) {
            true => text.extend(["\"", &cell.replace('"', "\"\""), "\""]),
            false => text.push_str(cell),
        }
    }
    text.push_str("\r\n");
}

/// Whether a reader could take the cell for something else without quotes, as in exports: some readers trim spaces at the ends, and some
/// take a line that begins with `#` for a comment.
fn needs_quotes(cell: &str) -> bool {
    cell.contains([',', '"', '\r', '\n', '\0'])
        || cell.starts_with(['#', '\u{feff}'])
        || cell.starts_with(char::is_whitespace)
        || cell.ends_with(char::is_whitespace)
}

fn push_json(names: &[String], batch: &RecordBatch, row: usize, cells: &[String], text: &mut String) {
    let mut separator = '{';
    for ((name, column), cell) in names.iter().zip(batch.columns()).zip(cells) {
        text.push(separator);
        separator = ',';
        push_json_string(name, text);
        text.push(':');
        push_json_value(column, row, cell, text);
    }
    text.push_str(if separator == '{' { "{}\n" } else { "}\n" });
}

/// Numbers and booleans are JSON's. A decimal is, too: all its digits are there.
fn push_json_value(column: &dyn Array, row: usize, cell: &str, text: &mut String) {
    let is_bare = match column.data_type() {
        DataType::Boolean | DataType::Decimal128(..) | DataType::Decimal256(..) => true,
        kind if kind.is_integer() => true,
        // JSON has no infinity.
        kind if kind.is_floating() => cell.parse::<f64>().is_ok_and(f64::is_finite),
        _ => false,
    };
    match (column.is_null(row), is_bare) {
        (true, _) => text.push_str("null"),
        (false, true) => text.push_str(cell),
        (false, false) => push_json_string(cell, text),
    }
}

fn push_json_string(string: &str, text: &mut String) {
    text.push_str(&serde_json::Value::from(string).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{
        ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringArray,
    };
    use std::sync::Arc;

    fn batch() -> RecordBatch {
        let decimals =
            Decimal128Array::from(vec![Some(-1_050), None]).with_precision_and_scale(10, 2).unwrap();
        let columns: [(&str, ArrayRef); 5] = [
            ("text", Arc::new(StringArray::from(vec![Some("a \"b\",\nc"), None]))),
            ("n", Arc::new(Int64Array::from(vec![Some(i64::MAX), None]))),
            ("yes", Arc::new(BooleanArray::from(vec![Some(true), None]))),
            ("d", Arc::new(decimals)),
            ("f", Arc::new(Float64Array::from(vec![Some(f64::INFINITY), Some(1.5)]))),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
    }

    #[test]
    fn values_are_json() {
        let (batch, mut text) = (batch(), String::new());
        let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let options = FormatOptions::default();
        for row in 0..2 {
            let cells: Vec<String> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).unwrap().value(row).to_string())
                .collect();
            push_json(&names, &batch, row, &cells, &mut text);
        }
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["text"], "a \"b\",\nc");
        assert_eq!(lines[0]["n"], i64::MAX);
        assert_eq!((&lines[0]["yes"], &lines[0]["d"]), (&true.into(), &(-10.5).into()));
        assert_eq!(lines[0]["f"], "inf");
        assert!(lines[1]["text"].is_null() && lines[1]["d"].is_null() && lines[1]["f"] == 1.5);
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        let mut text = String::new();
        push_csv(&["a,b".into(), "say \"x\"".into(), String::new()], &mut text);
        push_csv(&[String::new()], &mut text);
        assert_eq!(text, "\"a,b\",\"say \"\"x\"\"\",\r\n\"\"\r\n");
    }
}
