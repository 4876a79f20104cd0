//! Guesses about records: how they are listed, and what is made of what is written.

use super::Seen;
use crate::{READER, builder, call, create, get, get_as, send};
use http::Request;
use serde_json::json;
use snow_sim::{ColumnType, Guess, Rule, Simulator, Table};

pub(super) async fn of_lists(seen: &mut Seen) {
    let hide = Rule::HideRows { table: "incident".into(), query: "numberISNOTEMPTY".into() };
    let simulator = builder().rule(hide).build().unwrap();
    create(&simulator, r#"{"category":"","short_description":""}"#).await;
    let lists = [
        (Guess::FlagWord, "sysparm_exclude_reference_link=yes"),
        (Guess::FlagWord, "sysparm_display_value=1"),
        (Guess::OrderByChoice, "sysparm_query=ORDERBYstate"),
        (Guess::OrderOfEmpty, "sysparm_query=ORDERBYshort_description"),
        (Guess::EmptyGroup, "sysparm_query=state=1^NQno_such_field=1"),
        (Guess::EmptyFields, "sysparm_query=close_notesSAMEASclose_code"),
        (Guess::RelatedDropped, "sysparm_query=RLQUERYno_such_table.caller_id,>=1^ENDRLQUERY"),
        (Guess::RelatedDropped, "sysparm_query=JOINincident.caller_id=no_such_table.sys_id"),
    ];
    seen.expect_of_list(&simulator, &lists).await;
    let hidden = get_as(&simulator, READER, "/api/now/v1/table/incident").await;
    assert_eq!(hidden.status, 404);
    seen.expect(Guess::HiddenPage, &hidden);
    seen.expect(Guess::StoredPassword, &get(&simulator, "/api/now/table/sys_user?user_name=admin").await);
    let me = get(&simulator, "/api/now/table/sys_user?user_name=admin").await.column("sys_id").remove(0);
    call(&simulator, "PATCH", &format!("/api/now/table/sys_user/{me}"), r#"{"time_zone":"Mars"}"#).await;
    seen.expect(Guess::UserLocale, &get(&simulator, "/api/now/table/incident?sysparm_limit=1").await);
}

/// Expects guesses behind writes to a new incident.
async fn expect_of_writes(seen: &mut Seen, simulator: &Simulator, writes: &[(Guess, &str)]) {
    for (guess, body) in writes {
        let id = create(simulator, "{}").await;
        let path = format!("/api/now/table/incident/{id}");
        seen.expect(*guess, &call(simulator, "PATCH", &path, body).await);
    }
}

pub(super) async fn of_values(seen: &mut Seen) {
    let simulator = builder().build().unwrap();
    let writes = [
        (Guess::NestedValue, r#"{"description":{"a":[1]}}"#),
        (Guess::ReferenceToNothing, r#"{"caller_id":"nobody"}"#),
        (Guess::BooleanNumber, r#"{"knowledge":"1"}"#),
        (Guess::WrongDate, r#"{"due_date":"2026-02-30 00:00:00"}"#),
        (Guess::WrongDate, r#"{"due_date":"tomorrow"}"#),
        (Guess::PriorityAlone, r#"{"priority":"1"}"#),
    ];
    expect_of_writes(seen, &simulator, &writes).await;
    let known = json!({ "description": "a", "knowledge": "true", "due_date": "2026-02-28", "impact": "1" });
    let id = create(&simulator, &known.to_string()).await;
    let told = call(&simulator, "PATCH", &format!("/api/now/table/incident/{id}"), &known.to_string()).await;
    assert_eq!(super::reasons(&told), [""; 0], "what is known is no guess");

    let users = "/api/now/table/sys_user";
    call(&simulator, "POST", users, r#"{"user_name":"ann"}"#).await;
    let other_case = call(&simulator, "POST", users, r#"{"user_name":"ANN"}"#).await;
    assert_eq!(other_case.status, 403);
    seen.expect(Guess::UniqueValue, &other_case);
    seen.expect(Guess::UniqueValue, &call(&simulator, "POST", users, r#"{"user_name":""}"#).await);

    let hide = Rule::HideRows { table: "incident".into(), query: "category=hardware".into() };
    simulator.add_rule(hide);
    let id = create(&simulator, "{}").await;
    let change = Request::patch(format!("/api/now/table/incident/{id}")).header("authorization", READER);
    let hidden = send(&simulator, change, r#"{"category":"hardware"}"#).await;
    assert_eq!(hidden.status, 403);
    assert_eq!(
        simulator.stored("incident", &id, "category").as_deref(),
        Some("hardware"),
        "done all the same"
    );
    seen.expect(Guess::HiddenByChange, &hidden);
}

pub(super) async fn of_choices(seen: &mut Seen) {
    let table = Table::new("u_thing", "Thing").column("u_kind", ColumnType::Text);
    let simulator = builder().table(table).build().unwrap();
    let write = async |body: &str| call(&simulator, "POST", "/api/now/table/u_thing", body).await;
    assert_eq!(super::reasons(&write(r#"{"u_kind":"any"}"#).await), [""; 0]);
    let choice = async |value: &str, inactive: &str| {
        let choice = [("name", "u_thing"), ("element", "u_kind"), ("value", value), ("inactive", inactive)];
        let body: serde_json::Map<_, _> =
            choice.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let body = serde_json::Value::Object(body).to_string();
        assert_eq!(call(&simulator, "POST", "/api/now/table/sys_choice", &body).await.status, 201);
    };
    choice("red", "false").await;
    choice("old", "true").await;
    let dropped = write(r#"{"u_kind":"any"}"#).await;
    assert_eq!(dropped.result()["u_kind"], "");
    seen.expect(Guess::FirstChoice, &dropped);
    seen.expect(Guess::InactiveChoice, &write(r#"{"u_kind":"old"}"#).await);
    assert_eq!(super::reasons(&write(r#"{"u_kind":"red"}"#).await), [""; 0]);
}

pub(super) async fn of_rules(seen: &mut Seen) {
    let journal = Rule::Mandatory { table: "incident".into(), field: "work_notes".into() };
    let wanted = builder().rule(journal).build().unwrap();
    let body = r#"{"work_notes":"seen"}"#;
    for body in ["{}", body] {
        seen.expect(Guess::MandatoryJournal, &call(&wanted, "POST", "/api/now/table/incident", body).await);
    }

    let rule = |when: &'static str, message: &'static str| {
        [
            ("name", "No"),
            ("collection", "problem"),
            ("abort_action", "true"),
            ("action_insert", "true"),
            ("action_delete", "true"),
            ("when", when),
            ("add_message", "true"),
            ("message", message),
        ]
    };
    let after = builder().row("sys_script", rule("after", "")).build().unwrap();
    let made = call(&after, "POST", "/api/now/table/problem", "{}").await;
    assert_eq!(made.status, 201);
    seen.expect(Guess::RuleAfterSaving, &made);
    let path = format!("/api/now/table/problem/{}", made.result()["sys_id"].as_str().unwrap());
    seen.expect(Guess::RuleAfterSaving, &call(&after, "DELETE", &path, "").await);
    let before = builder().row("sys_script", rule("before", "Ask first")).build().unwrap();
    let refused = call(&before, "POST", "/api/now/table/problem", "{}").await;
    assert!(refused.status == 403 && !refused.text.contains("Ask first"));
    seen.expect(Guess::RuleMessage, &refused);
}
