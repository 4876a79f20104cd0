//! A line of NDJSON is the record as it was sent.

use proptest::prelude::*;
use serde_json::Value;
use snow_client::Record;
use snow_client::export::{ExportFormat, ExportQuestion, Ndjson};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![any::<String>().prop_map(Value::String), Just(Value::Null), any::<i64>().prop_map(Value::from)];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn written(record: &str) -> String {
    let record: Record = serde_json::from_str(record).unwrap();
    let mut out = Vec::new();
    let mut encoder = Ndjson::new().encoder(&ExportQuestion::default(), &mut out).unwrap();
    encoder.encode(&record, &mut out).unwrap();
    encoder.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

proptest! {
    #[test]
    fn any_record_is_one_line_with_its_fields_in_order(fields in prop::collection::vec((any::<String>(), value()), 0..6)) {
        let members: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}:{value}", Value::String(name.clone())))
            .collect();
        let flat = format!("{{{}}}", members.join(","));
        prop_assert_eq!(written(&flat), format!("{flat}\n"));

        let pretty: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("\r\n\t{} : {value:#}", Value::String(name.clone())))
            .collect();
        let pretty = format!("{{{}\n}}", pretty.join(" ,"));
        let line = written(&pretty);
        prop_assert_eq!(line.matches(['\n', '\r']).count(), 1);
        let (line, flat): (Record, Record) = (serde_json::from_str(&line).unwrap(), serde_json::from_str(&flat).unwrap());
        prop_assert_eq!(line.fields().collect::<Vec<_>>(), flat.fields().collect::<Vec<_>>());
        prop_assert_eq!(line.to_value().unwrap(), flat.to_value().unwrap());
    }
}
