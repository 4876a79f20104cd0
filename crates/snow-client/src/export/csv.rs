//! Comma-separated values.

use super::csv_cell::{push_cell, without_formula};
use super::format::{ExportFormat, RecordEncoder};
use super::question::ExportQuestion;
use serde_json::value::Value;
use snow_core::decode::Field;
use snow_core::{DisplayValue, Error, ErrorKind, Record};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What is counted: requested fields that a record lacks, whose cells are empty.
const MISSING: &str = "missing_values";

/// Comma-separated values as in [RFC 4180], in UTF-8: a header line with the names of the fields, then a line for each record, in the
/// order of [`fields`](crate::table::ListRecords::fields). Lines end with `\r\n`; a cell is in quotes where it needs them, and line
/// breaks in a value are kept.
///
/// | the record has | the cell is |
/// |---|---|
/// | a value | the stored value; with [`DisplayValue::Display`] what the instance shows |
/// | a reference | its stored value, which is the `sys_id` (in some tables a name) |
/// | nothing: `""` or `null`, which the service does not tell apart | empty |
/// | no such field, because the user may not read it | an error, unless [`empty_if_missing`](Self::empty_if_missing) is set |
/// | no such field, and its name is dot-walked (`caller_id.name`) | empty: an instance may leave it out if the reference is empty. The report counts these cells |
///
/// [`display_values`](Self::display_values) and [`links`](Self::links) add columns. The list has to name its fields.
///
/// A spreadsheet that opens the file may take a value that begins with `=`, `+`, `-` or `@` for a formula. Values are written as they
/// are, unless [`escape_formulas`](Self::escape_formulas) is set.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(50).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let folder = std::env::temp_dir().join(format!("snow-csv-example-{}", std::process::id()));
/// use snow_client::DisplayValue;
/// use snow_client::export::{Csv, ExportDirectory};
///
/// let incidents = client.table("incident").list().fields(["number", "state"]).display_value(DisplayValue::All);
/// let format = Csv::new().display_values(true);
/// let report = incidents.export(format, ExportDirectory::new(&folder)).await?;
/// let text = std::fs::read_to_string(folder.join(&report.files[0].name))?;
/// assert_eq!(text.lines().next(), Some("number,number.display_value,state,state.display_value"));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(()) }
/// ```
///
/// [RFC 4180]: https://www.rfc-editor.org/rfc/rfc4180
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Csv {
    display_values: bool,
    links: bool,
    escape_formulas: bool,
    byte_order_mark: bool,
    empty_if_missing: bool,
}

impl Csv {
    /// Creates the format with its defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column `FIELD.display_value` after each field; `false` by default. The list has to request
    /// [`DisplayValue::All`].
    pub fn display_values(self, display_values: bool) -> Self {
        Self { display_values, ..self }
    }

    /// Adds a column `FIELD.link` after each field, which is empty for fields that are not references; `false` by default.
    pub fn links(self, links: bool) -> Self {
        Self { links, ..self }
    }

    /// Puts an apostrophe before values that a spreadsheet would take for a formula: those that begin with `=`, `+`, `-`, `@`, a tab
    /// or a line break, except plain numbers. `false` by default.
    ///
    /// The file is then for people: a program that reads it gets the apostrophe as well.
    pub fn escape_formulas(self, escape_formulas: bool) -> Self {
        Self { escape_formulas, ..self }
    }

    /// Begins each file with a byte order mark, by which Excel knows that it is UTF-8; `false` by default.
    pub fn byte_order_mark(self, byte_order_mark: bool) -> Self {
        Self { byte_order_mark, ..self }
    }

    /// Leaves the cell empty where a record lacks a field, instead of failing; `false` by default. The report counts these cells in
    /// `missing_values`.
    ///
    /// An empty cell then says "no value, or none that this user may read".
    pub fn empty_if_missing(self, empty_if_missing: bool) -> Self {
        Self { empty_if_missing, ..self }
    }

    /// Returns the names of the columns.
    fn header(self, fields: &[String]) -> Vec<String> {
        let more = [(self.display_values, "display_value"), (self.links, "link")];
        let more: Vec<&str> = more.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect();
        let columns = |field: &String| {
            let parts = more.iter().map(|part| format!("{field}.{part}"));
            std::iter::once(field.clone()).chain(parts.collect::<Vec<_>>())
        };
        fields.iter().flat_map(columns).collect()
    }
}

impl ExportFormat for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn extension(&self) -> &'static str {
        "csv"
    }

    fn settings(&self) -> BTreeMap<String, Value> {
        let Self { display_values, links, escape_formulas, byte_order_mark, empty_if_missing } = *self;
        let settings = [
            ("display_values", display_values),
            ("links", links),
            ("escape_formulas", escape_formulas),
            ("byte_order_mark", byte_order_mark),
            ("empty_if_missing", empty_if_missing),
        ];
        settings.into_iter().map(|(name, value)| (name.to_owned(), Value::Bool(value))).collect()
    }

    fn encoder(&self, question: &ExportQuestion, out: &mut Vec<u8>) -> Result<Box<dyn RecordEncoder>, Error> {
        let fields = question.fields.clone().filter(|fields| !fields.is_empty());
        let fields = fields.ok_or_else(|| refused("CSV needs columns: name them with fields() of the list"))?;
        if self.display_values && question.display_value != DisplayValue::All {
            return Err(refused("columns of display values need display_value(DisplayValue::All) of the list"));
        }
        let header = self.header(&fields);
        let mut known = BTreeSet::new();
        if let Some(twice) = header.iter().find(|name| !known.insert(*name)) {
            return Err(refused(format!("two columns of the CSV would be called {twice:?}")));
        }
        if self.byte_order_mark {
            out.extend_from_slice("\u{feff}".as_bytes());
        }
        push_line(header.iter().map(|name| Cow::Borrowed(name.as_str())), out);
        Ok(Box::new(CsvEncoder { format: *self, fields, missing: 0 }))
    }
}

fn refused(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

struct CsvEncoder {
    format: Csv,
    fields: Vec<String>,
    missing: u64,
}

impl RecordEncoder for CsvEncoder {
    fn encode(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), Error> {
        let cells = self.fields.iter().map(|name| self.cells(record, name));
        let cells = cells.collect::<Result<Vec<_>, Error>>()?;
        let missing = cells.iter().filter(|(is_missing, _)| *is_missing).count();
        self.missing = self.missing.saturating_add(missing as u64);
        push_line(cells.into_iter().flat_map(|(_, cells)| cells).flatten(), out);
        Ok(())
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        if self.missing == 0 { BTreeMap::new() } else { BTreeMap::from([(MISSING.to_owned(), self.missing)]) }
    }
}

/// The cells of one field: its value, its display value and its link, as far as they are asked for.
type Cells<'a> = [Option<Cow<'a, str>>; 3];

impl CsvEncoder {
    /// Returns whether the record lacks the field, and its cells.
    fn cells<'r>(&self, record: &'r Record, name: &str) -> Result<(bool, Cells<'r>), Error> {
        let field = record.get(name);
        if field.is_none() && !self.format.empty_if_missing && !name.contains('.') {
            return Err(missing(record, name));
        }
        let cells = self.cells_of(field).map_err(|error| in_record(record, error))?;
        Ok((field.is_none(), cells))
    }

    fn cells_of<'r>(&self, field: Option<Field<'r>>) -> Result<Cells<'r>, Error> {
        let read = |of: fn(Field<'r>) -> Result<Option<Cow<'r, str>>, Error>| {
            let text = field.map(of).transpose()?.flatten().unwrap_or_default();
            Ok::<_, Error>(Some(self.disarmed(text)))
        };
        let Csv { display_values, links, .. } = self.format;
        Ok([
            read(|field| field.value().map(Some))?,
            if display_values { read(Field::display_value)? } else { None },
            if links { read(Field::link)? } else { None },
        ])
    }

    fn disarmed<'r>(&self, text: Cow<'r, str>) -> Cow<'r, str> {
        match (self.format.escape_formulas, text) {
            (true, Cow::Borrowed(text)) => without_formula(text),
            (true, Cow::Owned(text)) => Cow::Owned(without_formula(&text).into_owned()),
            (false, text) => text,
        }
    }
}

fn missing(record: &Record, name: &str) -> Error {
    let error = record.field(name).err();
    let error = error.unwrap_or_else(|| Error::internal("a field that is missing was found"));
    let advice = "leave the field out, or set empty_if_missing(true) of the format";
    in_record(record, error).with_advice(advice)
}

/// Names the record that an error is about, if its `sys_id` is known.
fn in_record(record: &Record, error: Error) -> Error {
    match record.sys_id() {
        Ok(sys_id) => error.with_context(&format!("the record {sys_id} does not fit into the CSV")),
        Err(_) => error.with_context("a record does not fit into the CSV"),
    }
}

/// Appends a line. One that consists of a single empty cell is written in quotes: readers skip empty lines.
fn push_line<'a>(cells: impl Iterator<Item = Cow<'a, str>>, out: &mut Vec<u8>) {
    let (start, mut count) = (out.len(), 0_usize);
    for cell in cells {
        if count > 0 {
            out.push(b',');
        }
        push_cell(&cell, out);
        count = count.saturating_add(1);
    }
    if out.len() == start {
        out.extend_from_slice(b"\"\"");
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Csv, fields: &[&str], records: &[&str]) -> Result<(String, BTreeMap<String, u64>), Error> {
        let fields = Some(fields.iter().map(|field| (*field).to_owned()).collect());
        let question = ExportQuestion { fields, display_value: DisplayValue::All, ..ExportQuestion::default() };
        let mut out = Vec::new();
        let mut encoder = format.encoder(&question, &mut out)?;
        for record in records {
            encoder.encode(&serde_json::from_str(record).unwrap(), &mut out)?;
        }
        encoder.finish(&mut out)?;
        Ok((String::from_utf8(out).unwrap(), encoder.counts()))
    }

    #[test]
    fn every_form_of_a_field_has_its_cells() {
        let record = r#"{"a":{"value":"v","display_value":"d,1","link":"l"},"b":"","c":null,"d":"x"}"#;
        let (text, counts) = written(Csv::new(), &["a", "b", "c", "d"], &[record]).unwrap();
        assert_eq!((text.as_str(), counts.len()), ("a,b,c,d\r\nv,,,x\r\n", 0));
        let (text, _) = written(Csv::new().display_values(true).links(true), &["a", "b"], &[record]).unwrap();
        let header = "a,a.display_value,a.link,b,b.display_value,b.link";
        assert_eq!(text, format!("{header}\r\nv,\"d,1\",l,,,\r\n"));
    }

    #[test]
    fn a_missing_field_is_an_error_unless_it_is_walked_to_or_may_be_empty() {
        let record = r#"{"sys_id":"00000000000000000000000000000001","a":"1"}"#;
        let error = written(Csv::new(), &["a", "b"], &[record]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = error.to_string();
        assert!(text.contains("00000000000000000000000000000001") && text.contains("\"b\""), "{text}");
        assert!(text.contains("empty_if_missing"), "{text}");
        let (text, counts) = written(Csv::new(), &["a", "c.name"], &[record, record]).unwrap();
        assert_eq!((text.as_str(), counts[MISSING]), ("a,c.name\r\n1,\r\n1,\r\n", 2));
        let (text, counts) = written(Csv::new().empty_if_missing(true), &["b", "a"], &[record]).unwrap();
        assert_eq!((text.as_str(), counts[MISSING]), ("b,a\r\n,1\r\n", 1));
    }

    #[test]
    fn one_empty_column_is_no_empty_line() {
        let (text, _) = written(Csv::new(), &["a"], &[r#"{"a":""}"#]).unwrap();
        assert_eq!(text, "a\r\n\"\"\r\n");
    }

    #[test]
    fn formulas_are_escaped_if_asked_for() {
        let record = r#"{"a":"=1+1","b":"-5","c":"\u0040x"}"#;
        let fields = ["a", "b", "c"];
        assert_eq!(written(Csv::new(), &fields, &[record]).unwrap().0, "a,b,c\r\n=1+1,-5,@x\r\n");
        let escaped = written(Csv::new().escape_formulas(true), &fields, &[record]).unwrap().0;
        assert_eq!(escaped, "a,b,c\r\n'=1+1,-5,'@x\r\n");
    }

    #[test]
    fn columns_have_names_of_their_own() {
        for (format, fields) in [
            (Csv::new(), vec![]),
            (Csv::new(), vec!["a", "a"]),
            (Csv::new().display_values(true), vec!["a", "a.display_value"]),
            (Csv::new().links(true), vec!["a.link", "a"]),
        ] {
            let error = written(format, &fields, &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{fields:?}");
        }
        let (text, _) = written(Csv::new().byte_order_mark(true), &["a"], &[]).unwrap();
        assert_eq!(text, "\u{feff}a\r\n");
    }

    #[test]
    fn display_values_have_to_be_requested() {
        let question = ExportQuestion { fields: Some(vec!["a".into()]), ..ExportQuestion::default() };
        let error = Csv::new().display_values(true).encoder(&question, &mut Vec::new()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
