//! Plain types read the stored value in every display mode or fail; all other types are read as serde_json reads them.

use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use snow_client::{Client, DisplayValue, field};
use snow_core::decode::{DisplayOnly, Records, Reference, WithDisplay};
use snow_core::{Date, DateTime, ErrorKind, Record, SysId};
use snow_sim::Simulator;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

fn record(json: &Value) -> Record {
    serde_json::from_value(json.clone()).unwrap()
}

#[derive(Deserialize)]
struct One<T> {
    f: T,
}

fn read<T: DeserializeOwned>(field: &Value) -> Result<T, snow_core::Error> {
    record(&json!({ "f": field })).to::<One<T>>().map(|one| one.f)
}

/// A stored text in every form in which the service sends it (facts 1.6).
fn forms(value: &str) -> [Value; 5] {
    [
        json!(value),
        json!({ "value": value, "link": "https://x/api/now/table/t/1" }),
        json!({ "display_value": "Seen", "value": value }),
        json!({ "link": "https://x/api/now/table/t/1", "display_value": "Seen", "value": value }),
        json!({ "display_value": "", "value": value }),
    ]
}

fn in_every_form<T: DeserializeOwned + Debug + PartialEq>(value: &str, expected: &T) {
    for form in forms(value) {
        assert_eq!(&read::<T>(&form).unwrap(), expected, "{form}");
        assert_eq!(read::<Option<T>>(&form).unwrap().as_ref(), Some(expected), "{form}");
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Newtype<T>(T);

#[derive(Debug, PartialEq, Deserialize)]
enum State {
    #[serde(rename = "1")]
    New,
    #[serde(rename = "2")]
    Open,
}

#[test]
fn plain_types_read_the_stored_value_in_every_form() {
    in_every_form("né \"w\"\n", &String::from("né \"w\"\n"));
    in_every_form("-7", &-7_i8);
    in_every_form("18446744073709551615", &u64::MAX);
    in_every_form("-170141183460469231731687303715884105728", &i128::MIN);
    in_every_form("2.5", &2.5_f64);
    in_every_form("2.5", &2.5_f32);
    in_every_form("true", &true);
    in_every_form("x", &'x');
    in_every_form("2", &State::Open);
    in_every_form("1", &Newtype(State::New));
    in_every_form("9", &Newtype(9_u16));
    in_every_form("global", &"global".parse::<SysId>().unwrap());
    in_every_form("2026-06-26", &Date::new(2026, 6, 26).unwrap());
    in_every_form("2026-06-26 09:30:00", &"2026-06-26 09:30:00".parse::<DateTime>().unwrap());
    in_every_form("1970-01-01 00:01:06", &Duration::from_secs(66));
    in_every_form("1,2, 3", &vec![1_u8, 2, 3]);
    in_every_form("a,b", &vec![Newtype(String::from("a")), Newtype(String::from("b"))]);
    in_every_form("1,2", &vec![State::New, State::Open]);
}

#[test]
fn lists_read_every_number_that_fields_read() {
    in_every_form("1.5, -2,3e2", &vec![1.5_f64, -2.0, 300.0]);
    in_every_form("1.5,-2", &vec![1.5_f32, -2.0]);
    in_every_form("-170141183460469231731687303715884105728,1", &vec![i128::MIN, 1]);
    in_every_form("340282366920938463463374607431768211455", &vec![u128::MAX]);
    in_every_form("1,,2", &vec![Some(1.0_f64), Some(2.0)]);
    assert_eq!(read::<Vec<f32>>(&json!([1.5, "2"])).unwrap(), [1.5, 2.0]);
    assert_eq!(read::<Vec<u64>>(&json!(["7", 8])).unwrap(), [7, 8]);
}

#[test]
fn a_number_past_the_bounds_of_its_type_is_no_infinity() {
    for field in
        [json!("1e300"), json!(1e300), json!({ "value": "1e300", "display_value": "x" }), json!("-3.5e38")]
    {
        assert!(read::<f32>(&field).is_err(), "{field}");
        assert!(read::<Option<f32>>(&field).is_err(), "{field}");
        assert!(read::<f64>(&field).is_ok(), "{field}");
    }
    for field in [json!("1,1e300"), json!([1, 1e300]), json!("inf"), json!("NaN,1")] {
        assert!(read::<Vec<f32>>(&field).is_err(), "{field}");
    }
    for text in ["1e999", "inf", "-Infinity", "nan", "0x10", "1_000", "1,000", ""] {
        assert!(read::<f64>(&json!(text)).is_err() && read::<f32>(&json!(text)).is_err(), "{text}");
        assert!(text.contains(',') || text.is_empty() || read::<Vec<f64>>(&json!(text)).is_err(), "{text}");
    }
    assert_eq!(read::<f32>(&json!("3.4028235e38")).unwrap(), f32::MAX);
    assert_eq!(read::<f32>(&json!("0.1")).unwrap(), 0.1, "the nearest one");
}

#[test]
fn nothing_stored_is_none() {
    for form in [json!(""), json!(null), json!({ "display_value": "", "value": "" })] {
        assert_eq!(read::<Option<String>>(&form).unwrap(), None);
        assert_eq!(read::<Option<u8>>(&form).unwrap(), None);
        assert_eq!(read::<Option<DateTime>>(&form).unwrap(), None);
        assert_eq!(read::<Option<Reference>>(&form).unwrap(), None);
        assert!(read::<u8>(&form).is_err() && read::<Reference>(&form).is_err());
    }
    // A label may stand where nothing is stored.
    assert_eq!(read::<Option<u8>>(&json!({ "display_value": "-- None --", "value": "" })).unwrap(), None);
    assert_eq!(read::<String>(&json!("")).unwrap(), "");
    assert!(read::<Vec<SysId>>(&json!("")).unwrap().is_empty());
}

#[test]
fn what_does_not_fit_names_the_field_and_what_was_expected() {
    fn refused<T: DeserializeOwned>(field: &Value, told: &str) {
        let error = read::<T>(field).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let line = error.to_string();
        assert!(line.contains("the field \"f\": ") && line.contains(told), "{line}");
    }
    refused::<u8>(&json!("256"), "a string of 3 characters is not a valid u8");
    refused::<u8>(&json!("-1"), "a string of 2 characters is not a valid u8");
    refused::<i64>(&json!("1.0"), "is not a valid i64");
    refused::<f64>(&json!("NaN"), "is not a number");
    refused::<bool>(&json!("yes"), "a string of 3 characters");
    refused::<State>(&json!("3"), "unknown variant, expected");
    refused::<DateTime>(&json!("06/26/2026 09:30:00"), "is not of the form");
    refused::<SysId>(&json!("a b"), "the sys_id \"…\" contains");
    refused::<Duration>(&json!("2 Days"), "is not a duration");
    refused::<Vec<u8>>(&json!("1,x"), "a text of 1 character, which is not a valid u8");
    refused::<String>(&json!(7), "invalid type: integer, expected a string");
    refused::<String>(&json!({ "value": "x", "unit": "kg" }), "map");
    refused::<u8>(&json!(""), "is empty");
}

#[test]
fn what_only_a_person_sees_is_no_stored_value() {
    let seen = json!({ "display_value": "1", "link": "https://x/api/now/table/t/46c6" });
    assert!(read::<String>(&seen).unwrap_err().to_string().contains("display_value=all"));
    assert!(read::<u8>(&seen).is_err() && read::<Vec<SysId>>(&seen).is_err());
    assert_eq!(read::<DisplayOnly>(&seen).unwrap().0, "1");
    assert_eq!(read::<Reference>(&seen).unwrap().value, "46c6");

    // With display_value=true, a text is no stored value either: only the request tells.
    let mut records = Records::list().displayed(true);
    records.push(r#"{"result":[{"f":"1"},{"f":{"display_value":"1","link":"l/46c6"}},{"f":""}]}"#.into());
    records.finish();
    while let Some(record) = records.next().unwrap() {
        let stored = record.to::<One<String>>().map(|one| one.f);
        assert!(stored.unwrap_err().to_string().contains("is a display value"));
        assert!(record.to::<One<DateTime>>().is_err() && record.field("f").unwrap().integer().is_err());
        let seen = record.to::<One<DisplayOnly>>().unwrap().f.0;
        assert_eq!(seen, record.value("f").unwrap());
    }

    // Some APIs send the stored value all the same (facts 7.3).
    let mut records = Records::list().displayed(true);
    records.push(r#"{"result":[{"f":{"value":"3","display_value":"Low"}}]}"#.into());
    records.finish();
    assert_eq!(records.next().unwrap().unwrap().to::<One<u8>>().unwrap().f, 3);
}

#[test]
fn wrappers_read_more_than_the_stored_value() {
    for form in &forms("3")[2..] {
        let both = read::<WithDisplay<u8>>(form).unwrap();
        assert_eq!((both.value, both.display_value.as_str()), (3, form["display_value"].as_str().unwrap()));
        assert_eq!(serde_json::to_string(&both).unwrap(), "3");
        assert_eq!(read::<DisplayOnly>(form).unwrap().0, form["display_value"].as_str().unwrap());
    }
    for form in &forms("3")[..2] {
        assert!(read::<WithDisplay<u8>>(form).unwrap_err().to_string().contains("display_value=all"));
        assert!(read::<DisplayOnly>(form).is_err());
    }
    for form in forms("46c6") {
        let reference = read::<Reference>(&form).unwrap();
        assert_eq!(reference.sys_id().unwrap().as_str(), "46c6");
        assert_eq!(reference.link.as_deref(), form["link"].as_str());
        assert_eq!(reference.display_value.as_deref(), form["display_value"].as_str());
        assert_eq!(serde_json::to_string(&reference).unwrap(), "\"46c6\"");
    }
    // A journal stores nothing and shows everything.
    let journal =
        json!({ "display_value": "2016-12-12 16:56:57 - Beth (Work notes)\ntext\n\n", "value": "" });
    assert!(read::<WithDisplay<String>>(&journal).unwrap().display_value.contains("text"));
    assert!(read::<DisplayOnly>(&journal).unwrap().0.contains("text"));
}

#[test]
fn borrowed_renamed_and_left_out_fields() {
    #[derive(Deserialize)]
    struct Borrowed<'a> {
        #[serde(rename = "caller_id.name", borrow)]
        name: std::borrow::Cow<'a, str>,
        #[serde(default)]
        missing: Option<u8>,
    }
    let record = record(&json!({ "x": [1, { "y": null }], "caller_id.name": "Fred" }));
    let read: Borrowed<'_> = record.to().unwrap();
    assert!(read.name == "Fred" && read.missing.is_none());
    assert!(
        record.to::<One<String>>().map(|one| one.f).unwrap_err().to_string().contains("missing field `f`")
    );
    assert_eq!(record.to::<Record>().unwrap().json(), record.json());
    assert_eq!(record.to::<Value>().unwrap(), record.to_value().unwrap());
}

/// What a scripted API may answer, and what its callers read.
#[derive(Debug, PartialEq, Deserialize)]
struct Scripted {
    a: Option<Inner>,
    b: BTreeMap<String, Value>,
    c: (u8, Option<String>),
    d: Data,
    e: Vec<Inner>,
    g: Box<[f64]>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Inner {
    n: Option<i64>,
    s: Option<String>,
    b: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Data {
    Unit,
    One(u8),
    Two(u8, String),
    Named { x: Option<u8> },
}

fn inner() -> impl Strategy<Value = Value> {
    let s = prop_oneof![Just(json!(null)), "[a-z\"\n]{0,4}".prop_map(Value::from)];
    (any::<Option<i64>>(), s, any::<bool>()).prop_map(|(n, s, b)| json!({ "n": n, "s": s, "b": b }))
}

fn scripted() -> impl Strategy<Value = Value> {
    let data = prop_oneof![
        Just(json!("Unit")),
        any::<u8>().prop_map(|n| json!({ "One": n })),
        (any::<u8>(), "[a-z]{0,3}").prop_map(|(n, s)| json!({ "Two": [n, s] })),
        any::<Option<u8>>().prop_map(|x| json!({ "Named": { "x": x } })),
    ];
    let a = prop_oneof![Just(json!(null)), inner()];
    let pair = (any::<u8>(), any::<Option<String>>());
    (a, inner(), pair, data, prop::collection::vec(inner(), 0..3), prop::collection::vec(-1e9..1e9_f64, 0..3)).prop_map(
        |(a, b, c, d, e, g)| json!({ "a": a, "b": b, "c": c, "d": d, "e": e, "g": g, "more": { "value": 1 }, "x": "" }),
    )
}

proptest! {
    #[test]
    fn nested_structures_are_read_as_serde_json_reads_them(value in scripted()) {
        let theirs: Scripted = serde_json::from_str(&value.to_string()).unwrap();
        prop_assert_eq!(record(&value).to::<Scripted>().unwrap(), theirs);
    }

    /// Where serde_json reads a plain type from a plain value, so do we, and the same.
    #[test]
    fn plain_values_are_read_as_serde_json_reads_them(value in prop_oneof![
        any::<i64>().prop_map(Value::from), any::<u64>().prop_map(Value::from), any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from), any::<String>().prop_map(Value::from), Just(Value::Null),
    ]) {
        fn same<T: DeserializeOwned + Debug + PartialEq>(value: &Value) {
            if let Ok(theirs) = serde_json::from_str::<T>(&value.to_string()) {
                assert_eq!(read::<T>(value).unwrap(), theirs);
            }
        }
        same::<i64>(&value);
        same::<u8>(&value);
        same::<u64>(&value);
        same::<f64>(&value);
        same::<bool>(&value);
        same::<String>(&value);
        same::<Option<i32>>(&value);
        same::<Value>(&value);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_sees_is_no_stored_value_by_whatever_call_it_comes() {
    #[derive(Debug, Deserialize)]
    struct Stored {
        state: String,
    }
    #[derive(Debug, Deserialize)]
    struct Seen {
        sys_id: SysId,
        state: DisplayOnly,
    }
    let simulator = Simulator::builder().user("admin", "secret").incidents(3).build().unwrap();
    let client = Client::builder().instance("dev1").user("admin").password("secret").transport(simulator);
    let client = client.build().unwrap();
    let (stored, seen) =
        (client.table("incident").typed::<Stored>(), client.table("incident").typed::<Seen>());
    let new = field("state").eq("1");
    let id = client.table("incident").list().query(new.clone()).first().await.unwrap().sys_id().unwrap();
    let fields = json!({ "short_description": "No network" });
    let values = DisplayValue::Display;

    let got = stored.get(id).display_value(values).await;
    let listed =
        stored.list().limit(1).display_value(values).await.map(|page| page.into_iter().next().unwrap());
    let first = stored.list().display_value(values).first().await;
    let streamed = stored.list().display_value(values).stream().next().await.unwrap();
    let created = stored.create(&fields).display_value(values).await;
    let mut batch = client.batch();
    let item = batch.add(stored.get(id).display_value(values));
    let batched = batch.send().await.take(&item);
    for (call, outcome) in [got, listed, first, streamed, created, batched].into_iter().enumerate() {
        let Err(error) = outcome else { panic!("{call}: {outcome:?}") };
        assert!(
            error.kind() == ErrorKind::Decode && error.to_string().contains("display_value=all"),
            "{call}: {error}"
        );
    }

    let row = seen.get(id).display_value(values).await.unwrap();
    assert_eq!((row.sys_id, row.state.0.as_str()), (id, "New"));
    assert_eq!(seen.list().query(new).limit(1).display_value(values).await.unwrap()[0].state.0, "New");
    assert_eq!(stored.get(id).display_value(DisplayValue::All).await.unwrap().state, "1");
    assert_eq!(stored.get(id).await.unwrap().state, "1");
}

#[tokio::test(start_paused = true)]
async fn a_type_asks_for_what_it_reads() {
    #[derive(Deserialize)]
    struct Row {
        number: String,
        #[serde(rename = "caller_id.name")]
        caller: String,
    }
    let simulator = Simulator::builder().user("admin", "secret").incidents(3).build().unwrap();
    let client =
        Client::builder().instance("dev1").user("admin").password("secret").transport(simulator.clone());
    let client = client.build().unwrap();
    let id = client.table("incident").list().first().await.unwrap().sys_id().unwrap();
    let asked = || {
        let fields = |query: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix("sysparm_fields=")).map(str::to_owned)
        };
        simulator.take_journal().iter().map(|entry| fields(&entry.query)).next_back().unwrap()
    };
    let incidents = client.table("incident").typed::<Row>();

    let row = incidents.get(id).await.unwrap();
    assert!(row.number.starts_with("INC") && !row.caller.is_empty());
    assert_eq!(
        asked().as_deref(),
        Some("number,caller_id.name,sys_id"),
        "by its sys_id the response is compared with the request"
    );
    incidents.list().limit(1).await.unwrap();
    assert_eq!(asked().as_deref(), Some("number,caller_id.name"));
    incidents.list().stream().next().await.unwrap().unwrap();
    assert_eq!(
        asked().as_deref(),
        Some("number,caller_id.name,sys_id"),
        "the id is what the next page begins behind"
    );
    incidents.create(&json!({ "short_description": "No network" })).await.unwrap();
    assert_eq!(asked().as_deref(), Some("number,caller_id.name"));
    incidents.list().fields(["number", "caller_id.name", "state"]).limit(1).await.unwrap();
    assert_eq!(asked().as_deref(), Some("number,caller_id.name,state"));
    client.table("incident").typed::<BTreeMap<String, Value>>().get(id).await.unwrap();
    assert_eq!(asked(), None, "a map takes all there are");
    #[derive(Deserialize)]
    struct Number {
        number: String,
    }
    let number = client.table("incident").typed::<Number>().all_fields(true).get(id).await.unwrap().number;
    assert_eq!((asked(), number), (None, row.number));
    let incidents = client.table("incident").all_fields(true).typed::<Number>();
    incidents.get(id).await.unwrap();
    assert_eq!(asked(), None, "in any order");
    incidents.all_fields(false).get(id).await.unwrap();
    assert_eq!(asked().as_deref(), Some("number,sys_id"));
}
