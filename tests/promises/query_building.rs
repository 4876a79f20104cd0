//! However a query is built, it selects what its parts say, or it is refused before anything is sent: no part is dropped, no empty key
//! selects records without a value, and no text copied from a URL becomes another condition.

use proptest::prelude::*;
use serde_json::json;
use snow_client::query::{FieldPath, Query, Value, related_list, text_search};
use snow_client::{Error, ErrorKind, bulk::BulkReport, field, schema::TypedField};
use snow_core::Params;
use std::borrow::Cow;

fn refused<T>(result: Result<T, Error>, why: &str) {
    let error = result.err().unwrap_or_else(|| panic!("not refused: {why}"));
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().contains(why), "{error}");
    assert!(!error.may_have_executed() && !error.is_retryable());
}

/// A bulk write whose records could not be looked up.
fn unread<T>(outcomes: BulkReport<T>, why: &str) {
    assert!(outcomes.outcomes.is_empty());
    refused(outcomes.into_result(), why);
}

/// Every way to put a raw query into another one, and what comes of `a=1` in it.
type Combination = (fn(Query<'static>) -> Query<'static>, &'static str);

const COMBINATIONS: &[Combination] = &[
    (|raw| raw.and(field("b").eq(2)), "a=1^b=2"),
    (|raw| field("b").eq(2).and(raw), "b=2^a=1"),
    (|raw| raw & field("b").eq(2), "a=1^b=2"),
    (|raw| raw.clone().and(raw), "a=1^a=1"),
    (|raw| Query::new().and(raw).and(field("b").eq(2)), "a=1^b=2"),
    (|raw| Query::all([field("b").eq(2), field("c").eq(3), raw]), "b=2^c=3^a=1"),
    (|raw| raw.or(field("b").eq(2)), "a=1^ORb=2"),
    (|raw| field("b").eq(2) | raw, "b=2^ORa=1"),
    (|raw| Query::any([raw, field("b").eq(2)]), "a=1^ORb=2"),
    (|raw| Query::any([raw]).and(field("b").eq(2)), "a=1^b=2"),
    (|raw| raw.not(), "a!=1^ORaISEMPTY"),
    (|raw| !raw & field("b").eq(2), "a!=1^ORaISEMPTY^b=2"),
    (|raw| raw.order_by("b"), "a=1^ORDERBYb"),
    (|raw| raw.order_by_desc("b").into_owned().and(field("b").eq(2)), "a=1^b=2^ORDERBYDESCb"),
    (|raw| raw.without_order().and(field("b").eq(2)), "a=1^b=2"),
    (|raw| raw.parsed().into_owned().and(field("b").eq(2)), "a=1^b=2"),
    (|raw| raw.escape_carets().into_owned().and(field("b").eq(2)), "a=1^b=2"),
    (|raw| related_list("t", "f").matching(raw).at_least(1), "RLQUERYt.f,>=1^a=1^ENDRLQUERY"),
    (|raw| related_list("t", "f").matching(raw).none().into_owned(), "RLQUERYt.f,=0^a=1^ENDRLQUERY"),
];

#[test]
fn a_raw_query_keeps_its_conditions_whatever_it_is_combined_with() {
    let forms: [fn(&'static str) -> Query<'static>; 5] = [
        |text| Query::raw(text),
        |text| Query::raw(text.to_owned()),
        |text| Query::raw(text).into_owned(),
        |text| Query::raw(text.to_owned()).into_owned().into_owned(),
        |text| Query::raw(text).clone(),
    ];
    for form in forms {
        for (combine, expected) in COMBINATIONS {
            assert_eq!(combine(form("a=1")).encode().unwrap(), *expected);
            // What cannot be read can be sent alone only.
            let unreadable = combine(form("!?")).encode();
            refused(unreadable, "cannot be read");
            assert!(combine(form("!?")).url_len().is_err());
        }
        assert_eq!(form("!?").encode().unwrap(), "!?");
        assert_eq!(form("a=1^NQb=2").and(field("c").eq(3)).encode().unwrap(), "a=1^ORb=2^c=3");
    }
}

#[tokio::test]
async fn a_bulk_delete_deletes_what_the_raw_part_selects() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let incidents = client.table("incident");
    let critical: usize =
        incidents.list().query(Query::raw("priority=1^active=true")).all().await.unwrap().len();
    let before = incidents.list().all().await.unwrap().len();
    assert!(critical > 0 && critical < before);
    let query = Query::raw("priority=1").into_owned().and(field("active").eq(true));
    assert!(incidents.list().query(query).delete_all().all().await.is_complete());
    assert_eq!(incidents.list().all().await.unwrap().len(), before - critical);

    simulator.take_journal();
    let garbage = Query::raw("no query at all").into_owned().and(field("active").eq(true));
    unread(incidents.list().query(garbage).delete_all().all().await, "cannot be read");
    assert_eq!(simulator.journal(), []);
}

/// Every test that takes a value.
const TESTS: &[fn(FieldPath<'static>, Value<'static>) -> Query<'static>] = &[
    |field, value| field.eq(value),
    |field, value| field.ne(value),
    |field, value| field.lt(value),
    |field, value| field.le(value),
    |field, value| field.gt(value),
    |field, value| field.ge(value),
    |field, value| field.contains(value),
    |field, value| field.not_contains(value),
    |field, value| field.starts_with(value),
    |field, value| field.ends_with(value),
    |field, value| field.is_in([value]),
    |field, value| field.is_in([Value::from("x"), value]),
    |field, value| field.not_in([value, Value::from("x")]),
    |field, value| field.between(value, "x"),
    |field, value| field.between("x", value),
    |field, value| field.dynamic(value),
    |field, value| field.in_hierarchy(value),
    |field, value| field.in_hierarchy_dynamic(value),
    |field, value| field.does_not_have(value),
    |field, value| field.excluding(value),
];

#[test]
fn an_empty_value_is_refused_wherever_it_comes_from() {
    const EMPTY: &String = &String::new();
    let key: TypedField<String> = TypedField::new("correlation_id");
    let why = "use is_empty() or is_not_empty()";
    for test in TESTS {
        for value in [
            Value::from(""),
            String::new().into(),
            EMPTY.into(),
            Cow::Borrowed("").into(),
            Cow::<str>::Owned("".into()).into(),
        ] {
            let query = test(field("correlation_id"), value);
            refused(query.encode(), why);
            refused(query.clone().escape_carets().encode(), why);
            refused(query.clone().into_owned().and(field("active").eq(true)).encode(), why);
            refused(query.clone().or(field("active").eq(true)).encode(), why);
            refused(
                query.not().encode().or_else(|error| {
                    // Some have no opposite, which is the reason then.
                    if error.to_string().contains("no operator for that") { refusal() } else { Err(error) }
                }),
                why,
            );
        }
    }
    for query in [
        key.eq(""),
        key.ne(""),
        key.is_in([""]),
        key.not_in(["x", ""]),
        key.contains(""),
        field("sys_class_name").instance_of(""),
        text_search(""),
    ] {
        refused(query.encode(), why);
    }
    refused(Params::new().filter("correlation_id", "").encoded(), why);
    // A key of blanks is no more of a key.
    refused(field("correlation_id").eq(" ").encode(), "nothing but blanks");
    refused(field("correlation_id").ne("\t ").encode(), "nothing but blanks");
    refused(field("correlation_id").is_in(["x", " "]).encode(), "blanks");
    assert_eq!(field("short_description").contains(" ").encode().unwrap(), "short_descriptionLIKE ");
    refused(field("correlation_id").eq(Value::script("")).encode(), "without code");
}

fn refusal() -> Result<String, Error> {
    field("correlation_id").eq("").encode()
}

#[test]
fn a_list_views_empty_value_keeps_its_meaning() {
    for (text, meaning) in [
        ("correlation_id=", "correlation_idISEMPTY"),
        ("correlation_id!=", "correlation_idISNOTEMPTY"),
        (
            "active=true^correlation_id=^ORcorrelation_id!=^EQ",
            "active=true^correlation_idISEMPTY^ORcorrelation_idISNOTEMPTY",
        ),
    ] {
        let read = Query::parse(text).unwrap();
        assert_eq!(read.encode().unwrap(), meaning);
        assert_eq!(Query::parse(meaning).unwrap().encode().unwrap(), meaning);
        assert_eq!(Query::raw(text).into_owned().parsed().encode().unwrap(), meaning);
        assert_eq!(Query::raw(text).encode().unwrap(), text, "raw text goes as it is");
    }
    let both = Query::raw("correlation_id=").and(field("active").eq(true));
    assert_eq!(both.encode().unwrap(), "correlation_idISEMPTY^active=true");
}

#[tokio::test]
async fn a_bulk_update_by_an_empty_key_sends_nothing() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let by = |key: &'static str| client.table("incident").list().query(field("correlation_id").eq(key));
    let change = json!({"short_description": "x"});
    unread(by("").update_all(&change).all().await, "is_empty()");
    unread(by("").delete_all().all().await, "is_empty()");
    refused(by("").all().await, "is_empty()");
    refused(by("").count().await, "is_empty()");
    assert_eq!(simulator.journal(), []);
}

/// Copied from the address of a list, from an API call, or from a program.
const COPIED: &[&str] = &[
    "sysparm_query=active=true",
    "sysparm_query%3Dactive%3Dtrue",
    "?sysparm_query=active=true",
    "&sysparm_query=active=true^priority=1",
    "sysparm_limit=10&sysparm_query=active=true",
    "https://dev1.service-now.com/incident_list.do?sysparm_query=active=true",
    "https://dev1.service-now.com/nav_to.do?uri=incident_list.do%3Fsysparm_query%3Dactive%3Dtrue",
    "/api/now/table/incident?sysparm_query=active%3Dtrue",
    "incident_list.do?sysparm_query=active=true",
    "active%3Dtrue",
    "active%3dtrue%5epriority%3d1",
    "priority%3C%3D3",
    "state%21%3D6",
    "stateNOT%20IN6,7",
    "caller_id%2Ename%3DFred",
];

#[test]
fn text_copied_from_a_url_is_refused() {
    for text in COPIED {
        refused(Query::parse(text), "URL");
        refused(Query::raw(*text).encode(), "URL");
        refused(Query::raw(*text).into_owned().and(field("active").eq(true)).encode(), "URL");
        refused(Params::new().query(Query::raw(*text)).encoded(), "URL");
    }
    for (text, why) in [
        ("^active=true", "leave out carets"),
        ("active=true&sysparm_limit=10", "at byte 11: another parameter of a URL"),
        ("active=true%5Epriority=1", "at byte 11: a percent-encoded condition"),
        ("active=true%5Epriority%3D1", "percent-encoded condition"),
        ("active=true%5EORDERBYDESCnumber", "percent-encoded condition"),
        ("short_descriptionLIKEvpn%5EORactive=true", "percent-encoded condition"),
        ("active=true^priority%3D1", "at byte 20: this is percent-encoded"),
        ("active=true^sysparm_query=priority=1", "is a parameter of the request, not a field"),
        ("active=true^ORDERBYsysparm_limit", "is a parameter of the request, not a field"),
    ] {
        refused(Query::parse(text), why);
    }
    refused(field("sysparm_query").eq("active=true").encode(), "is a parameter of the request, not a field");
    refused(field("active").eq(true).order_by("sysparm_limit").encode(), "is a parameter of the request");
    refused(field("active").same_as("sysparm_query").encode(), "is a parameter of the request");
}

#[tokio::test]
async fn nothing_is_sent_for_text_copied_from_a_url() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    for text in COPIED {
        let list = || client.table("incident").list().query(Query::raw(*text));
        refused(list().await, "URL");
        refused(list().all().await, "URL");
        refused(list().count().await, "URL");
        unread(list().delete_all().all().await, "URL");
    }
    assert_eq!(simulator.journal(), []);
}

#[test]
fn a_value_may_hold_what_a_url_holds() {
    for value in [
        "50%",
        "50%25",
        "a%3Db",
        "%5E",
        "a%5Eb",
        "R&D",
        "a&b=c",
        "https://x/?sysparm_query=active%3Dtrue",
        "?sysparm_query=a",
    ] {
        for query in
            [field("u_text").eq(value), field("u_text").contains(value), field("u_text").starts_with(value)]
        {
            let text = query.encode().unwrap();
            assert!(text.ends_with(value));
            assert_eq!(Query::parse(&text).unwrap().encode().unwrap(), text);
            assert_eq!(Query::raw(&text).encode().unwrap(), text);
        }
    }
    // What parse() would take for a further condition can be built.
    let built = field("u_text").contains("active=true%5Epriority=1&sysparm_limit=1");
    assert_eq!(built.encode().unwrap(), "u_textLIKEactive=true%5Epriority=1&sysparm_limit=1");
}

/// What stands behind `u_number=`.
fn written(value: impl Into<Value<'static>>) -> String {
    let text = field("u_number").eq(value).encode().unwrap();
    text.strip_prefix("u_number=").unwrap().to_owned()
}

#[test]
fn a_number_is_written_with_the_digits_that_were_given() {
    assert_eq!(written(0.1_f32), "0.1");
    assert_eq!(written(0.1_f64), "0.1");
    assert_eq!(written(16_777_217.0_f64), "16777217");
    assert_eq!(written(1e21_f64), "1000000000000000000000");
    assert_eq!(written(1e-7_f32), "0.0000001");
    assert_eq!(written(-0.0_f32), "0");
    assert_eq!(written(-0.0_f64), "0");
    assert_eq!(written(9_007_199_254_740_993_i64), "9007199254740993");
    assert_eq!(written(u64::MAX), "18446744073709551615");
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refused(field("u_number").eq(odd).encode(), "infinity or with NaN");
        #[expect(clippy::cast_possible_truncation, reason = "they stay what they are")]
        let odd = odd as f32;
        refused(field("u_number").is_in([odd]).encode(), "infinity or with NaN");
        refused(field("u_number").between(0.0_f32, odd).encode(), "infinity or with NaN");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_number_reads_back_as_the_same(single in any::<f32>(), double in any::<f64>(), whole in any::<i64>(), natural in any::<u64>()) {
        let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '.'));
        if single.is_finite() {
            let text = written(single);
            prop_assert!(text.parse::<f32>().unwrap() == single && is_plain(&text), "{}", text);
            prop_assert_eq!(text.trim_start_matches('-'), single.abs().to_string(), "no digit more than it takes");
        }
        if double.is_finite() {
            let text = written(double);
            prop_assert!(text.parse::<f64>().unwrap() == double && is_plain(&text), "{}", text);
        }
        prop_assert_eq!(written(whole).parse::<i64>().unwrap(), whole);
        prop_assert_eq!(written(natural).parse::<u64>().unwrap(), natural);
    }
}
