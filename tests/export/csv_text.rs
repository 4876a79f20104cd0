//! CSV is read by other programs as what the records contain.

use proptest::prelude::*;
use serde_json::{Value, json};
use snow_client::export::{Csv, ExportFormat, ExportQuestion};
use snow_client::{DisplayValue, Record};

const FIELDS: [&str; 3] = ["a", "b.c", "d"];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[=+@,;\"'\r\n\t #-]{0,6}[a-z0-9.,\"\r\n]{0,4}[ \u{a0}\u{2028}]{0,2}",
        "-?[0-9]{1,3}(\\.[0-9]{1,2})?",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(Value::String),
        Just(Value::Null),
        (text(), text()).prop_map(|(value, display)| json!({ "value": value, "display_value": display })),
        (text(), text()).prop_map(|(value, link)| json!({ "link": link, "value": value })),
    ]
}

fn record(columns: usize) -> impl Strategy<Value = Record> {
    prop::collection::vec(value(), columns).prop_map(|values| {
        let fields = FIELDS.iter().map(|field| (*field).to_owned()).zip(values);
        serde_json::from_value(Value::Object(fields.collect())).unwrap()
    })
}

fn written(format: Csv, fields: &[&str], records: &[Record]) -> Vec<u8> {
    let mut question = ExportQuestion::default();
    question.fields = Some(fields.iter().map(|field| (*field).to_owned()).collect());
    question.display_value = DisplayValue::All;
    let mut out = Vec::new();
    let mut encoder = format.encoder(&question, &mut out).unwrap();
    records.iter().for_each(|record| encoder.encode(record, &mut out).unwrap());
    encoder.finish(&mut out).unwrap();
    out
}

fn read(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Where a spreadsheet would see a formula.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && cell.parse::<f64>().is_err()
}

proptest! {
    #[test]
    fn any_values_come_back((columns, records) in (1..=3_usize).prop_flat_map(|columns| {
        (Just(columns), prop::collection::vec(record(columns), 0..6))
    })) {
        let fields = &FIELDS[..columns];
        let rows = read(&written(Csv::new(), fields, &records));
        prop_assert_eq!(&rows[0], fields);
        prop_assert_eq!(rows.len(), records.len() + 1);
        for (row, record) in rows[1..].iter().zip(&records) {
            let values: Vec<String> = fields.iter().map(|field| record.value(field).unwrap().into_owned()).collect();
            prop_assert_eq!(row, &values);
        }
        let all = read(&written(Csv::new().display_values(true).links(true), fields, &records));
        for (row, record) in all[1..].iter().zip(&records) {
            for (at, name) in fields.iter().enumerate() {
                let field = record.field(name).unwrap();
                prop_assert_eq!(&row[3 * at], &*field.value().unwrap());
                prop_assert_eq!(&row[3 * at + 1], &*field.display_value().unwrap().unwrap_or_default());
                prop_assert_eq!(&row[3 * at + 2], &*field.link().unwrap().unwrap_or_default());
            }
        }
    }

    #[test]
    fn no_cell_is_a_formula_if_they_are_escaped(records in prop::collection::vec(record(3), 0..6)) {
        let rows = read(&written(Csv::new().escape_formulas(true), &FIELDS, &records));
        for (row, record) in rows[1..].iter().zip(&records) {
            for (cell, name) in row.iter().zip(FIELDS) {
                prop_assert!(!is_formula(cell), "{}", cell);
                let value = record.value(name).unwrap();
                prop_assert!(*cell == value || *cell == format!("'{value}"), "{} {}", cell, value);
            }
        }
    }
}
