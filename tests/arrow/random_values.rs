//! Random records of every type come out as they were sent.

use crate::edge_table::{FIELDS, OWNER, Row, TABLE, instance};
use crate::edge_values::{raw, read};
use crate::{client, oracle};
use proptest::prelude::*;
use snow_arrow::{Columns, References, Scan};
use snow_client::Record;
use snow_client::schema::{Column, TableSchema};

fn date() -> impl Strategy<Value = String> {
    (1..=9999_u16, 1..=12_u8, 1..=28_u8)
        .prop_map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
}

fn time() -> impl Strategy<Value = String> {
    (date(), 0..24_u8, 0..60_u8, 0..60_u8).prop_map(|(day, h, m, s)| format!("{day} {h:02}:{m:02}:{s:02}"))
}

fn span() -> impl Strategy<Value = String> {
    (1968..1973_u16, 1..=28_u8, 0..60_u8)
        .prop_map(|(year, day, s)| format!("{year}-01-{day:02} 00:00:{s:02}"))
}

fn decimal(digits: u32) -> impl Strategy<Value = String> {
    let whole = 0..10_u64.pow(digits);
    (any::<bool>(), whole, 0..=9_999_999_u32).prop_map(|(is_negative, whole, rest)| {
        let sign = if is_negative && whole > 0 { "-" } else { "" };
        format!("{sign}{whole}.{rest:07}")
    })
}

fn or_empty(value: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    prop_oneof![1 => Just(String::new()), 4 => value].boxed()
}

fn row() -> impl Strategy<Value = Row> {
    let first = [
        or_empty(any::<bool>().prop_map(|flag| flag.to_string())),
        or_empty(any::<i64>().prop_map(|number| number.to_string())),
        or_empty(decimal(14)),
        or_empty(decimal(18)),
        or_empty(time()),
        or_empty(date()),
        or_empty(span()),
        or_empty("\\PC{0,40}[^ \\pC]".prop_map(|text| text)),
        or_empty("[a-c]{1,2}".prop_map(|text| text)),
        or_empty(Just(OWNER.to_owned())),
        or_empty(Just(format!("{OWNER},x@example.com"))),
    ];
    first.prop_map(|values| values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_records_come_out_as_they_were_sent(rows in prop::collection::vec(row(), 1..20), batch_rows in 1..8_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = client(&instance(&rows), "admin");
            let list = client.table(TABLE).list().fields(FIELDS);
            let records = raw(list.clone().exclude_reference_link(true)).await;
            let batches = read(Scan::new(list).batch_rows(batch_rows).dictionary_choices(true)).await;
            assert_eq!(oracle::compare(&batches, &records), rows.len() * FIELDS.len());
        });
    }
}

proptest! {
    /// A value may come as text, as an object, or with characters escaped.
    #[test]
    fn every_form_of_a_text_is_the_same_text(text in any::<String>(), escape in any::<bool>()) {
        let table = TableSchema::new("t", "T").with_column(Column::new("a", "string")).unwrap();
        let columns = Columns::new(&table, ["a"], References::Id).unwrap();
        let json = match escape {
            true => {
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                format!("\"{}\"", units.collect::<String>())
            }
            false => serde_json::to_string(&text).unwrap(),
        };
        let forms = [format!("{{\"a\":{json}}}"), format!("{{\"a\":{{\"display_value\":\"x\",\"value\":{json}}}}}")];
        let mut builder = columns.builder();
        for form in &forms {
            builder.push(&serde_json::from_str::<Record>(form).unwrap()).unwrap();
        }
        let records = [serde_json::json!({ "a": text }), serde_json::json!({ "a": text })];
        let records = records.map(|record| record.as_object().unwrap().clone());
        oracle::compare(&[builder.finish().unwrap()], &records);
    }
}
