//! A record serializes as a map of its fields in every format, and reads back unchanged.

use crate::simulator;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use snow_core::Record;
use std::collections::{BTreeMap, BTreeSet};

/// A record in a struct of one's own.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(rename = " source ")]
    source: String,
    #[serde(flatten)]
    record: Record,
}

fn row(record: &Record) -> Row {
    Row { source: "dev".to_owned(), record: record.clone() }
}

/// A text in JSON: as serde_json writes it, or each UTF-16 unit as an escape, surrogate pairs too.
fn quoted() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        any::<String>(),
        "[0-9]{1,3}",
        Just(String::new()),
        Just("true".to_owned()),
        "[😀é\"\\\\\n]{1,4}"
    ];
    (text, any::<bool>()).prop_map(|(text, escape)| match escape {
        false => serde_json::to_string(&text).unwrap(),
        true => {
            format!("\"{}\"", text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect::<String>())
        }
    })
}

fn number() -> impl Strategy<Value = String> {
    let float = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        float.prop_map(|number| serde_json::to_string(&number).unwrap()),
        (any::<i32>(), 0_u8..100).prop_map(|(whole, part)| format!("{whole}.{part:02}0")),
        "-?[1-9]\\.?[0-9]E[+-]?[0-9]",
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![5 => quoted(), 1 => number(), 1 => prop::sample::select(vec!["null", "true", "false"]).prop_map(str::to_owned)]
}

fn object(members: Vec<(String, String)>) -> String {
    // Two ways of writing one name are one name.
    let mut names = BTreeSet::new();
    let once = members.iter().filter(|(name, _)| names.insert(serde_json::from_str::<String>(name).unwrap()));
    let members: Vec<String> = once.map(|(name, value)| format!(" {name} : {value}")).collect();
    format!("{{{} }}", members.join(","))
}

fn value() -> impl Strategy<Value = String> {
    let reference =
        (quoted(), quoted()).prop_map(|(link, value)| format!(r#"{{"link":{link},"value":{value}}}"#));
    prop_oneof![4 => scalar(), 1 => reference].prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|list| format!("[ {} ]", list.join(" , "))),
            prop::collection::vec((quoted(), inner), 0..4).prop_map(object),
        ]
    })
}

fn record_of(value: impl Strategy<Value = String>) -> impl Strategy<Value = Record> {
    let members = prop::collection::vec((quoted(), value), 0..6).prop_map(object);
    members.prop_map(|text| serde_json::from_str(&text).unwrap())
}

/// The names in their order, and the values as somebody else reads them.
#[track_caller]
fn assert_same(back: &Record, record: &Record) {
    assert_eq!(back.fields().collect::<Vec<_>>(), record.fields().collect::<Vec<_>>());
    let value = |record: &Record| serde_json::from_str::<Value>(record.json()).unwrap();
    assert_eq!(value(back), value(record));
}

proptest! {
    #[test]
    fn json_reads_back_equal(record in record_of(value())) {
        let text = serde_json::to_string(&record).unwrap();
        assert_same(&serde_json::from_str(&text).unwrap(), &record);
        assert_same(&serde_json::from_slice(&serde_json::to_vec_pretty(&record).unwrap()).unwrap(), &record);
        let value = serde_json::to_value(&record).unwrap();
        prop_assert_eq!(&value, &serde_json::from_str::<Value>(record.json()).unwrap());
        let back: Record = serde_json::from_value(value.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(back).unwrap(), value);

        let flat = serde_json::to_string(&row(&record)).unwrap();
        assert_same(&serde_json::from_str::<Row>(&flat).unwrap().record, &record);
        let members: BTreeMap<String, Value> = serde_json::from_str(&flat).unwrap();
        prop_assert_eq!(members.len(), record.fields().count() + 1, "its fields beside the other: {}", flat);
    }

    #[test]
    fn a_binary_format_reads_back_equal(record in record_of(value())) {
        let mut bytes = Vec::new();
        ciborium::into_writer(&record, &mut bytes).unwrap();
        assert_same(&ciborium::from_reader(&bytes[..]).unwrap(), &record);
        let map: ciborium::Value = ciborium::from_reader(&bytes[..]).unwrap();
        prop_assert_eq!(map.into_map().unwrap().len(), record.fields().count());

        let mut bytes = Vec::new();
        ciborium::into_writer(&row(&record), &mut bytes).unwrap();
        assert_same(&ciborium::from_reader::<Row, _>(&bytes[..]).unwrap().record, &record);
    }

    /// A row of csv is texts. Header and cells are what the record says of itself, and a row is read as a record.
    #[test]
    fn csv_reads_back_the_text_of_every_value(record in record_of(scalar())) {
        prop_assume!(record.fields().count() > 0);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(record.fields()).unwrap();
        writer.write_record(record.iter().map(|field| field.value().unwrap().into_owned())).unwrap();
        let bytes = writer.into_inner().unwrap();
        let back: Record = csv::Reader::from_reader(&bytes[..]).deserialize().next().unwrap().unwrap();
        prop_assert_eq!(back.fields().collect::<Vec<_>>(), record.fields().collect::<Vec<_>>());
        for field in record.iter() {
            prop_assert_eq!(back.value(field.name()).unwrap(), field.value().unwrap());
            prop_assert!(back.field(field.name()).unwrap().json().starts_with('"'), "a cell is a text");
        }
    }

    #[test]
    fn whole_numbers_of_any_size_are_exact_or_refused(number in "-?[1-9][0-9]{0,60}") {
        let record: Record = serde_json::from_str(&format!(r#"{{"n":{number}}}"#)).unwrap();
        let fits = number.parse::<u128>().is_ok() || number.parse::<i128>().is_ok();
        let text = serde_json::to_string(&record);
        if fits {
            prop_assert_eq!(&text.unwrap(), record.json());
            let mut bytes = Vec::new();
            ciborium::into_writer(&record, &mut bytes).unwrap();
            let back: Record = ciborium::from_reader(&bytes[..]).unwrap();
            prop_assert_eq!(back.json(), record.json());
        } else if let Ok(text) = text {
            let written = text.trim_start_matches("{\"n\":").trim_end_matches('}');
            prop_assert!(snow_core::decode::is_same_number(written, &number), "{} is {}", number, written);
        }
    }
}

#[test]
fn a_format_without_maps_refuses_a_record() {
    let record: Record = serde_json::from_str(r#"{"number":"INC1","priority":"1"}"#).unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let error = writer.serialize(&record).unwrap_err();
    assert!(error.to_string().contains("maps"), "{error}");
    let error = writer.serialize(row(&record)).unwrap_err();
    assert!(error.to_string().contains("maps"), "{error}");
    assert!(writer.into_inner().unwrap().is_empty(), "and writes nothing in its place");
}

#[tokio::test]
async fn a_record_of_an_instance_goes_through_a_struct_of_ones_own() {
    let simulator = simulator();
    let client = crate::client(&simulator);
    let record = client.table("incident").list().first().await.unwrap();
    assert!(record.field("caller_id").unwrap().link().unwrap().is_some());
    let text = serde_json::to_string(&row(&record)).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["number"], record.value("number").unwrap().into_owned());
    assert_eq!(value["caller_id"]["value"], record.value("caller_id").unwrap().into_owned());
    assert_same(&serde_json::from_str::<Row>(&text).unwrap().record, &record);
}

#[test]
fn a_number_may_be_either_of_two_that_are_as_short() {
    for text in ["1806691682308401.2", "1806691682308401.3"] {
        let record: Record = serde_json::from_str(&format!("{{\"n\":{text}}}")).unwrap();
        let written: Value = serde_json::to_value(&record).unwrap();
        assert_eq!(written["n"].as_f64(), text.parse().ok());
    }
    let exact: Record = serde_json::from_str("{\"n\":0.10000000000000001}").unwrap();
    assert!(serde_json::to_value(&exact).is_err(), "it would be rounded");
}
