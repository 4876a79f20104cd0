//! Business rules that are rows of `sys_script`, and data policies, refuse writes as an instance does (facts 3.3).

use crate::{builder, call, create, get};
use serde_json::json;
use snow_sim::{Rule, Simulator};

/// A rule that aborts, and the id of its row.
fn aborting<'a>(simulator: &Simulator, more: &[(&'a str, &'a str)]) -> String {
    let rule = [("name", "No closing"), ("collection", "incident"), ("abort_action", "true")];
    simulator.insert("sys_script", rule.into_iter().chain(more.iter().copied())).unwrap()
}

fn refusal(file: &str, name: &str, id: &str) -> (u16, String, serde_json::Value) {
    let detail = format!(
        "Operation against file '{file}' was aborted by Business Rule '{name}^{id}'. Business Rule Stack:{name}"
    );
    (403, "Operation Failed".into(), json!(detail))
}

#[tokio::test]
pub(crate) async fn a_rule_aborts_the_writes_that_meet_its_condition() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, r#"{"category":"hardware"}"#).await;
    let path = format!("/api/now/table/incident/{id}");
    let (filter, message) =
        (("filter_condition", "state=7^category=hardware"), ("message", "Ask the service desk"));
    let rule = aborting(&simulator, &[filter, ("action_update", "true"), ("add_message", "true"), message]);

    let refused = call(&simulator, "PATCH", &path, r#"{"state":"7","work_notes":"done"}"#).await;
    assert_eq!(refused.error(), refusal("incident", "No closing", &rule));
    let stored = get(&simulator, &path).await.result();
    assert_eq!(
        (&stored["state"], &stored["sys_mod_count"]),
        (&json!("1"), &json!("0")),
        "nothing was written"
    );
    let notes = format!("/api/now/table/sys_journal_field?sysparm_query=element_id={id}");
    assert_eq!(get(&simulator, &notes).await.rows().len(), 0, "no note either");

    assert_eq!(call(&simulator, "PATCH", &path, r#"{"state":"2"}"#).await.status, 200, "another state");
    let other = create(&simulator, r#"{"category":"hardware","state":"7"}"#).await;
    assert_eq!(
        get(&simulator, &format!("/api/now/table/incident/{other}")).await.status,
        200,
        "not on insert"
    );
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"state":"7","category":"network"}"#).await.status, 200);
}

#[tokio::test]
async fn a_rule_looks_at_what_changes() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, "{}").await;
    let path = format!("/api/now/table/incident/{id}");
    aborting(&simulator, &[("filter_condition", "stateCHANGESTO7"), ("action_update", "true")]);
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"state":"7"}"#).await.status, 403);
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"short_description":"x"}"#).await.status, 200);
    assert!(simulator.update("incident", &id, [("state", "7")]).unwrap(), "rules hold for requests");
    let again = call(&simulator, "PATCH", &path, r#"{"state":"7","short_description":"y"}"#).await;
    assert_eq!(again.status, 200, "it was closed before");
}

#[tokio::test]
async fn rules_come_by_their_table_action_and_order() {
    let simulator = builder().build().unwrap();
    let second = aborting(&simulator, &[("action_insert", "true"), ("order", "200")]);
    assert_eq!(
        call(&simulator, "POST", "/api/now/table/incident", "{}").await.error(),
        refusal("incident", "No closing", &second)
    );
    let first = [("name", "No tasks"), ("collection", "task"), ("abort_action", "true"), ("order", "50")];
    let first = simulator
        .insert("sys_script", first.into_iter().chain([("action_insert", "true"), ("action_delete", "true")]))
        .unwrap();
    assert_eq!(
        call(&simulator, "POST", "/api/now/table/incident", "{}").await.error(),
        refusal("incident", "No tasks", &first)
    );
    assert_eq!(call(&simulator, "POST", "/api/now/table/cmdb_ci", "{}").await.status, 201, "not a task");

    let id = get(&simulator, "/api/now/table/problem?sysparm_limit=1").await.column("sys_id").remove(0);
    let path = format!("/api/now/table/problem/{id}");
    assert_eq!(call(&simulator, "DELETE", &path, "").await.error(), refusal("problem", "No tasks", &first));
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"state":"1"}"#).await.status, 200, "not on update");

    let off =
        call(&simulator, "PATCH", &format!("/api/now/table/sys_script/{first}"), r#"{"active":"false"}"#)
            .await;
    assert_eq!(off.status, 200, "a rule is a record like any other");
    assert_eq!(call(&simulator, "DELETE", &path, "").await.status, 204);
}

#[tokio::test]
async fn imports_and_changes_meet_the_rules_too() {
    let simulator = builder().build().unwrap();
    let rule = [
        ("name", "No strangers"),
        ("collection", "sys_user"),
        ("abort_action", "true"),
        ("action_insert", "true"),
    ];
    simulator
        .insert("sys_script", rule.into_iter().chain([("filter_condition", "emailENDSWITHexample.org")]))
        .unwrap();
    for (mail, status) in [("a@example.org", "error"), ("a@example.com", "inserted")] {
        let row = json!({ "user_id": mail, "email": mail }).to_string();
        let made = call(&simulator, "POST", "/api/now/import/imp_user", &row).await;
        assert_eq!(made.result()[0]["status"], status, "{}", made.text);
    }
    let rule = [
        ("name", "Freeze"),
        ("collection", "change_request"),
        ("abort_action", "true"),
        ("action_insert", "true"),
    ];
    simulator.insert("sys_script", rule).unwrap();
    assert_eq!(call(&simulator, "POST", "/api/sn_chg_rest/change", "{}").await.status, 403);
}

#[tokio::test]
async fn what_a_rule_does_by_a_script_is_not_simulated() {
    let simulator = builder().build().unwrap();
    let script = ("script", "current.setAbortAction(true);");
    let rule = aborting(&simulator, &[("action_insert", "true"), script]);
    assert_eq!(
        call(&simulator, "POST", "/api/now/table/incident", "{}").await.status,
        403,
        "a script counts when advanced"
    );
    assert!(simulator.update("sys_script", &rule, [("advanced", "true")]).unwrap());
    let unknown = call(&simulator, "POST", "/api/now/table/incident", "{}").await;
    assert_eq!(unknown.status, 501);
    assert!(unknown.text.contains("No closing"), "{}", unknown.text);
}

#[tokio::test]
pub(crate) async fn a_data_policy_looks_at_the_record_that_would_be() {
    let simulator = builder()
        .rule(Rule::Mandatory { table: "incident".into(), field: "subcategory".into() })
        .build()
        .unwrap();
    let id = simulator.insert("incident", [("short_description", "old")]).unwrap();
    let path = format!("/api/now/table/incident/{id}");
    let detail = json!("Data Policy Exception: The following fields are mandatory: Subcategory");
    for body in [r#"{"short_description":"new"}"#, r#"{"subcategory":""}"#] {
        let refused = call(&simulator, "PATCH", &path, body).await.error();
        assert_eq!(refused, (403, "Operation Failed".into(), detail.clone()), "{body}");
    }
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"subcategory":"email"}"#).await.status, 200);
    assert_eq!(
        call(&simulator, "PATCH", &path, r#"{"short_description":"new"}"#).await.status,
        200,
        "it has a value"
    );

    // A choice that is not in its list was dropped before the policy looks (facts 1.6).
    let simulator = builder()
        .rule(Rule::Mandatory { table: "incident".into(), field: "hold_reason".into() })
        .build()
        .unwrap();
    let refused = call(&simulator, "POST", "/api/now/table/incident", r#"{"hold_reason":"99"}"#).await;
    assert_eq!(
        refused.error().2,
        json!("Data Policy Exception: The following fields are mandatory: On hold reason")
    );
    assert_eq!(
        call(&simulator, "POST", "/api/now/table/incident", r#"{"hold_reason":"1"}"#).await.status,
        201
    );
}

#[tokio::test]
pub(crate) async fn a_script_names_the_user() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, "{}").await;
    let path = "/api/now/table/incident?sysparm_query=sys_created_by=javascript:gs.getUserName()&sysparm_fields=sys_id";
    assert_eq!(get(&simulator, path).await.column("sys_id"), [id]);
}

#[tokio::test]
pub(crate) async fn related_lists_of_what_does_not_exist_are_dropped() {
    let simulator = builder().build().unwrap();
    let count = async |query: &str| {
        get(&simulator, &format!("/api/now/table/incident?sysparm_query={query}")).await.rows().len()
    };
    let unknown = [
        "RLQUERYincident.no_such_field,>=1^active=true^ENDRLQUERY",
        "RLQUERYno_such_table.caller_id,>=1^ENDRLQUERY",
        "JOINincident.no_such_field=sys_user.sys_id!active=true",
        "JOINincident.caller_id=no_such_table.sys_id",
    ];
    for query in unknown {
        assert_eq!(count(query).await, 8, "dropped, like a condition on an unknown field: {query}");
        assert_eq!(count(&format!("{query}^number=INC0000001")).await, 1, "{query}");
    }
    simulator.settings(|settings| settings.invalid_query_returns_no_rows = true);
    for query in unknown {
        assert_eq!(count(query).await, 0, "{query}");
    }
    assert_eq!(
        get(&simulator, "/api/now/table/incident?sysparm_query=RLQUERYincident").await.status,
        501,
        "no such form"
    );
}
