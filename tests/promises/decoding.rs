//! For any bytes in any chunks, our decoder agrees with serde_json, and an incomplete list is never returned as a complete one.

#[path = "decoding/oracle.rs"]
pub(crate) mod oracle;

use proptest::prelude::*;
use snow_core::ErrorKind;
use snow_core::decode::Records;

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        r#"[a-z_ éß€😀]{0,12}"#,
        r#"([a-z]{0,9}\\(["\\/bfnrt]|u00[0-9a-f]{2}|ud83d\\ude00|ud800|udc00)){1,3}"#,
        r#"[a-z0-9 ]{20,70}"#,
    ]
    .prop_map(|inside| format!("\"{inside}\""))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![r"-?(0|[1-9][0-9]{0,18})", r"-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?"]
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just(String::new()), 1 => r"[ \n\t\r]{1,3}"]
}

fn value() -> impl Strategy<Value = String> {
    let word = prop_oneof![Just("true"), Just("false"), Just("null")].prop_map(str::to_owned);
    let leaf = prop_oneof![6 => string(), 2 => number(), 1 => word];
    leaf.prop_recursive(3, 12, 4, |inner| prop_oneof![object(field_name(), inner.clone(), 4), array(inner)])
}

fn array(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (prop::collection::vec(inner, 0..4), space())
        .prop_map(|(values, space)| format!("[{}{space}]", values.join(",")))
}

fn field_name() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "value",
        "display_value",
        "link",
        "number",
        "sys_id",
        "valu\\u0065",
        "\\ud800",
    ]);
    prop_oneof![4 => known.prop_map(|name| format!("\"{name}\"")), 1 => string()]
}

fn object(
    name: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
    most: usize,
) -> impl Strategy<Value = String> {
    let member = (space(), name, space(), value, space())
        .prop_map(|(a, name, b, value, c)| format!("{a}{name}{b}:{value}{c}"));
    prop::collection::vec(member, 0..most).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// Rows of a few shapes, as a table has them.
fn row() -> impl Strategy<Value = String> {
    let names = prop_oneof![
        Just(&["\"number\":", "\"state\":", "\"caller_id\":"][..]),
        Just(&["\"number\":", "\"state\" :", "\"caller_id\":"][..]),
        Just(&["\"number\":", "\"caller_id\":"][..]),
        Just(&["\"number\":", "\"state\":", "\"caller_id\":", "\"\\u0073ys_id\":"][..]),
    ];
    let like_others = (names, prop::collection::vec(value(), 4)).prop_map(|(names, values)| {
        let members: Vec<String> =
            names.iter().zip(values).map(|(name, value)| format!("{name}{value}")).collect();
        format!("{{{}}}", members.join(","))
    });
    prop_oneof![6 => like_others, 1 => object(field_name(), value(), 5), 1 => value()]
}

/// Answers: most of them good, some with an error, a text among the rows, or members in another order.
fn answer() -> impl Strategy<Value = String> {
    let rows = prop::collection::vec(prop_oneof![12 => row(), 1 => Just("\"\"".to_owned())], 0..6);
    let result =
        (rows, space()).prop_map(|(rows, space)| format!("\"result\":[{space}{}{space}]", rows.join(",")));
    let result =
        prop_oneof![12 => result, 1 => value().prop_map(|value| format!("\"res\\u0075lt\":{value}"))];
    let beside = prop::sample::select(vec![
        "",
        "",
        "",
        "",
        r#""error":null"#,
        r#""status":"success""#,
        r#""status":{"x":"failure"}"#,
        r#""more":[1,{"error":"x"}]"#,
        r#""error":{"message":"Transaction cancelled","detail":null}"#,
        r#""status":"failure""#,
        r#""result":[]"#,
    ]);
    (beside.clone(), result, beside, space()).prop_map(|(before, result, behind, space)| {
        let members = [before, result.as_str(), behind];
        let members: Vec<&str> = members.into_iter().filter(|member| !member.is_empty()).collect();
        format!("{space}{{{}}}{space}", members.join(&format!("{space},{space}")))
    })
}

/// What a broken line, proxy or server might do to a body.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Cut,
    Drop,
    Insert(u8),
    Replace(u8),
    Repeat(u8),
}

fn damage() -> impl Strategy<Value = (Damage, prop::sample::Index)> {
    let byte = prop_oneof![prop::sample::select(b"{}[],:\"\\ \n\t019.-+eEtfnu/".to_vec()), any::<u8>(),];
    let how = prop_oneof![
        Just(Damage::Cut),
        Just(Damage::Drop),
        byte.clone().prop_map(Damage::Insert),
        byte.prop_map(Damage::Replace),
        any::<u8>().prop_map(Damage::Repeat),
    ];
    (how, any::<prop::sample::Index>())
}

fn damaged(mut body: Vec<u8>, damages: Vec<(Damage, prop::sample::Index)>) -> Vec<u8> {
    for (damage, place) in damages {
        if body.is_empty() {
            return body;
        }
        let at = place.index(body.len());
        match damage {
            Damage::Cut => body.truncate(at),
            Damage::Drop => drop(body.remove(at)),
            Damage::Insert(byte) => body.insert(at, byte),
            Damage::Replace(byte) => body[at] = byte,
            Damage::Repeat(count) => {
                let end = (at + usize::from(count)).min(body.len());
                let part = body[at..end].to_vec();
                drop(body.splice(at..at, part));
            }
        }
    }
    body
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn good_and_damaged_answers(
        answer in answer(),
        damages in prop_oneof![1 => Just(Vec::new()), 2 => prop::collection::vec(damage(), 1..3)],
        sizes in prop::collection::vec(1..60_usize, 1..8),
    ) {
        let body = damaged(answer.into_bytes(), damages);
        oracle::compare(&body, |rest| sizes[rest % sizes.len()]);
        oracle::compare(&body, |rest| rest);
        oracle::compare(&body, |_| 1);
    }

    #[test]
    fn any_bytes_at_all(body: Vec<u8>, size in 1..9_usize) {
        oracle::compare(&body, |_| size);
    }
}

/// Were it looked at again with every byte, this would take hours.
#[test]
fn a_trickle_gives_the_same() {
    let long = "x".repeat(300_000);
    let row = format!(r#"{{"a":"{long}","b":{{"value":"{long}"}},"c":"{long}"}}"#);
    let body = format!(r#"{{"result":[{row},{row}]}}"#);
    let (found, whole) = oracle::decoded(body.as_bytes(), |_| 1);
    assert!(whole.is_ok());
    assert_eq!(found.iter().map(snow_core::Record::json).collect::<Vec<_>>(), [&row, &row]);
}

#[test]
fn a_record_past_the_limit_is_an_error_before_it_has_come() {
    let mut records = Records::list().max_record(1_000);
    records.push(format!(r#"{{"result":[{{"a":"{}"#, "x".repeat(1_100)).into());
    assert_eq!(records.next().unwrap_err().kind(), ErrorKind::ResponseTooLarge);
    let mut records = Records::list().max_record(1_000);
    records.push(format!(r#"{{"result":[{{"a":"{}"}}]}}"#, "x".repeat(1_000)).into());
    assert_eq!(records.next().unwrap_err().kind(), ErrorKind::ResponseTooLarge);
}

#[test]
fn a_page_in_place_of_json_is_told_at_its_first_byte() {
    let mut records = Records::list();
    records.push("\n<".into());
    assert_eq!(records.next().unwrap_err().kind(), ErrorKind::NotJson);
}

#[test]
fn an_error_is_told_wherever_it_stands() {
    let fault = r#""error":{"message":"Transaction cancelled","detail":"Check logs"}"#;
    let failure = r#""status":"failure""#;
    let result = r#""result":[{"a":"1"},"",{"a":"2"}]"#;
    for body in [
        format!("{{{result},{fault},{failure}}}"),
        format!("{{{fault},{failure},{result}}}"),
        format!("{{{failure},{result},{fault}}}"),
        format!("{{{failure},{fault},{result}"),
        format!("{{{result},{failure},{fault},"),
    ] {
        for size in [1, 7, body.len()] {
            let (_, whole) = oracle::decoded(body.as_bytes(), |_| size);
            let error = whole.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TransactionCancelled, "{body}");
            assert_eq!(
                error.service_message().map(|fault| fault.message.as_str()),
                Some("Transaction cancelled"),
                "{body}"
            );
        }
    }
}
