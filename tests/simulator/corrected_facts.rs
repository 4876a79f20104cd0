//! The facts of section 13.1 of `docs/servicenow-behaviour.md`, one test each, named after the fact: `facts.rs` holds the list against
//! them. They come from the suites that others run against real instances, and correct what was believed before.

use crate::{ADMIN, Got, builder, call, get, send};
use http::Request;
use serde_json::{Value, json};
use snow_sim::{Simulator, User};

async fn post(simulator: &Simulator, table: &str, body: &Value) -> Got {
    let got = call(simulator, "POST", &format!("/api/now/table/{table}"), &body.to_string()).await;
    assert_eq!(got.status, 201, "{}", got.text);
    got
}

async fn patch(simulator: &Simulator, table: &str, id: &str, body: &Value) -> Value {
    call(simulator, "PATCH", &format!("/api/now/table/{table}/{id}"), &body.to_string()).await.result()
}

fn id(record: &Value) -> String {
    record["sys_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
pub(crate) async fn a_file_comes_whatever_accept_says() {
    let simulator = builder().build().unwrap();
    let incident = crate::create(&simulator, "{}").await;
    let file = simulator.attach("incident", &incident, "x.txt", "text/plain", "text").unwrap();
    for accept in ["application/json", "image/*", "text/plain", "*/*", "none"] {
        let request = Request::get(format!("/api/now/attachment/{file}/file"));
        let request = request.header("authorization", ADMIN).header("accept", accept);
        let got = send(&simulator, request, "").await;
        assert_eq!((got.status.as_u16(), got.text.as_str()), (200, "text"), "{accept}");
        assert_eq!(got.header("content-type"), "text/plain", "{accept}");
    }
}

#[tokio::test]
pub(crate) async fn flags_take_any_case() {
    let simulator = builder().build().unwrap();
    let list =
        "/api/now/table/incident?sysparm_query=caller_idISNOTEMPTY&sysparm_limit=2&sysparm_fields=caller_id";
    for word in ["true", "True", "TRUE"] {
        let shown = get(&simulator, &format!("{list}&sysparm_display_value={word}")).await.rows();
        assert!(shown[0]["caller_id"]["display_value"].is_string(), "{word}");
        let plain = get(&simulator, &format!("{list}&sysparm_exclude_reference_link={word}")).await.rows();
        assert!(plain[0]["caller_id"].is_string(), "{word}");
        let uncounted = get(&simulator, &format!("{list}&sysparm_no_count={word}")).await;
        assert_eq!(uncounted.header("x-total-count"), "", "{word}");
        let unlinked = get(&simulator, &format!("{list}&sysparm_suppress_pagination_header={word}")).await;
        assert_eq!(unlinked.header("link"), "", "{word}");
        let path = format!("/api/now/table/incident?sysparm_input_display_value={word}");
        let made = call(&simulator, "POST", &path, r#"{"state":"In Progress"}"#).await.result();
        assert_eq!(made["state"], "2", "{word}");
    }
    let stored = get(&simulator, &format!("{list}&sysparm_display_value=False")).await.rows();
    assert!(stored[0]["caller_id"]["value"].is_string());
}

#[tokio::test]
pub(crate) async fn the_attachment_list_takes_names_and_values() {
    let simulator = builder().build().unwrap();
    let ids = [crate::create(&simulator, "{}").await, crate::create(&simulator, "{}").await];
    for id in &ids {
        simulator.attach("incident", id, &format!("{id}.txt"), "text/plain", "x").unwrap();
    }
    let path = format!("/api/now/attachment?table_name=incident&table_sys_id={}", ids[1]);
    let own = get(&simulator, &path).await;
    assert_eq!(own.column("file_name"), [format!("{}.txt", ids[1])], "that record's files only");
    assert_eq!(own.header("x-total-count"), "1");
    assert_eq!(get(&simulator, "/api/now/attachment?table_name=problem").await.rows().len(), 0);
}

#[tokio::test]
pub(crate) async fn a_sys_id_in_a_post_is_honored() {
    let simulator = builder().build().unwrap();
    let own = "AAAAbbbb0000CCCC1111dddd2222EEEE";
    let made = post(&simulator, "incident", &json!({ "sys_id": own, "sys_mod_count": "7" })).await;
    assert_eq!(made.result()["sys_id"], own, "its case is kept");
    assert!(made.header("location").ends_with(own));
    assert_eq!(
        made.result()["sys_mod_count"],
        "0",
        "of the fields that the instance fills it is the only one"
    );
    assert_eq!(get(&simulator, &format!("/api/now/table/incident/{own}")).await.status, 200);
    let again =
        call(&simulator, "POST", "/api/now/table/incident", &json!({ "sys_id": own }).to_string()).await;
    assert_eq!(again.status, 403, "an id is there once");
    let empty = post(&simulator, "incident", &json!({ "sys_id": "" })).await;
    assert_eq!(id(&empty.result()).len(), 32);
}

#[tokio::test]
pub(crate) async fn priority_is_computed_in_some_classes_only() {
    let simulator = builder().build().unwrap();
    let urgent = json!({ "impact": "1", "urgency": "1", "priority": "3" });
    for (table, given, priority) in [
        ("incident", &urgent, "1"),
        ("problem", &urgent, "1"),
        ("change_request", &urgent, "3"),
        ("change_request", &json!({}), "4"),
        ("sc_req_item", &urgent, "3"),
    ] {
        let made = post(&simulator, table, given).await.result();
        assert_eq!(made["priority"], priority, "{table} {given}");
    }
    let change = id(&post(&simulator, "change_request", &json!({ "priority": "2" })).await.result());
    assert_eq!(
        patch(&simulator, "change_request", &change, &json!({ "impact": "1" })).await["priority"],
        "2"
    );
}

#[tokio::test]
pub(crate) async fn a_new_change_is_in_state_minus_five() {
    let simulator = builder().build().unwrap();
    let made = post(&simulator, "change_request", &json!({})).await.result();
    assert_eq!(made["state"], "-5");
    let path = format!("/api/now/table/change_request/{}?sysparm_display_value=true", id(&made));
    assert_eq!(get(&simulator, &path).await.result()["state"], "New");
    assert_eq!(
        patch(&simulator, "change_request", &id(&made), &json!({ "state": "1" })).await["state"],
        "-5",
        "the class has no state 1"
    );
    let given = post(&simulator, "change_request", &json!({ "state": "-4" })).await.result();
    assert_eq!(given["state"], "-4");
    let found = get(&simulator, "/api/now/table/change_request?sysparm_query=state=-5").await;
    assert_eq!(found.rows().len(), 4, "the records of a fresh instance, too");
    let api = call(&simulator, "POST", "/api/sn_chg_rest/change", "").await.result();
    assert_eq!(api["state"]["value"], -5.0);
    assert_eq!(post(&simulator, "incident", &json!({})).await.result()["state"], "1", "others have theirs");
}

#[tokio::test]
pub(crate) async fn keys_come_in_the_order_that_was_asked_for() {
    let simulator = builder().build().unwrap();
    let fields = "urgency,number,caller_id.name,active,impact";
    for path in ["/api/now/table/incident?sysparm_limit=1&", "/api/now/v1/table/incident?sysparm_limit=1&"] {
        let got = get(&simulator, &format!("{path}sysparm_fields={fields}")).await;
        assert_eq!(keys(&got), fields.split(',').collect::<Vec<_>>());
    }
    let one = crate::create(&simulator, "{}").await;
    let one =
        get(&simulator, &format!("/api/now/table/incident/{one}?sysparm_fields={fields},urgency")).await;
    assert_eq!(keys(&one), fields.split(',').collect::<Vec<_>>());
    assert_eq!(one.text.matches("\"urgency\"").count(), 1, "each of them once");
    let change = get(&simulator, "/api/sn_chg_rest/change?sysparm_limit=1&sysparm_fields=type,number").await;
    assert!(change.text.starts_with(r#"{"result":[{"type":{"#), "{}", change.text);
    for path in ["/api/now/table/incident?sysparm_limit=1", "/api/now/table/sys_user?sysparm_limit=1"] {
        let all = get(&simulator, path).await;
        let (keys, mut sorted) = (keys(&all), keys(&all));
        sorted.sort_unstable();
        assert!(keys.len() > 10 && keys != sorted, "not alphabetically: {keys:?}");
    }
}

/// The keys of the first record, as they are written.
fn keys(got: &Got) -> Vec<String> {
    let result = got.result();
    let record = result.get(0).unwrap_or(&result).as_object().unwrap();
    let mut keys: Vec<String> = record.keys().cloned().collect();
    let place = |key: &String| got.text.find(&format!("\"{key}\":"));
    keys.sort_by_key(place);
    keys
}

#[tokio::test]
pub(crate) async fn a_post_without_a_body_makes_a_record_of_defaults() {
    let simulator = builder().build().unwrap();
    let made = call(&simulator, "POST", "/api/now/table/incident", "").await;
    assert_eq!(made.status, 201);
    let record = made.result();
    assert!(made.header("location").ends_with(&id(&record)));
    for (field, value) in [("state", "1"), ("priority", "5"), ("active", "true"), ("short_description", "")] {
        assert_eq!(record[field], value, "{field}");
    }
    let path = format!("/api/now/table/incident/{}", id(&record));
    assert_eq!(call(&simulator, "PATCH", &path, "").await.status, 400, "a change needs one");
}

#[tokio::test]
pub(crate) async fn date_times_are_normalized_on_write() {
    let simulator = builder().build().unwrap();
    let made = post(&simulator, "change_request", &json!({ "start_date": "2024-12-31" })).await.result();
    assert_eq!(made["start_date"], "2024-12-31 00:00:00");
    for (given, kept) in [
        ("2024-12-31T10:11:12", "2024-12-31 10:11:12"),
        ("2025-01-02", "2025-01-02 00:00:00"),
        ("2025-01-02 03:04:05", "2025-01-02 03:04:05"),
        ("", ""),
    ] {
        let changed = patch(&simulator, "change_request", &id(&made), &json!({ "start_date": given })).await;
        assert_eq!(changed["start_date"], kept, "{given}");
    }
    let item = post(&simulator, "cmdb_ci", &json!({ "purchase_date": "2024-12-31" })).await.result();
    assert_eq!(item["purchase_date"], "2024-12-31", "a date stays one");
    let text = post(&simulator, "incident", &json!({ "short_description": "2024-12-31T10:11:12" })).await;
    assert_eq!(text.result()["short_description"], "2024-12-31T10:11:12");
}

#[tokio::test]
pub(crate) async fn choices_are_the_rows_of_sys_choice() {
    let simulator = builder().build().unwrap();
    let values = async |table: &str, element: &str| {
        let query = format!("sysparm_query=name={table}^element={element}^ORDERBYsequence");
        get(&simulator, &format!("/api/now/table/sys_choice?{query}")).await.column("value")
    };
    assert_eq!(values("problem", "state").await, ["101", "102", "103", "104", "106", "107"]);
    assert_eq!(values("cmdb_ci", "install_status").await.len(), 10);
    assert_eq!(values("cmdb_ci", "operational_status").await.len(), 8);
    assert!(!values("incident", "close_code").await.is_empty());
    let made = post(&simulator, "problem", &json!({})).await.result();
    assert_eq!(made["state"], "101");
    let id = id(&made);
    assert_eq!(patch(&simulator, "problem", &id, &json!({ "state": "106" })).await["state"], "106");
    assert_eq!(
        patch(&simulator, "problem", &id, &json!({ "state": "110" })).await["state"],
        "106",
        "dropped"
    );

    let choice =
        json!({ "name": "problem", "element": "state", "value": "110", "label": "Parked", "sequence": "9" });
    let choice =
        post(&simulator, "sys_choice", &choice).await.result()["sys_id"].as_str().unwrap().to_owned();
    assert_eq!(patch(&simulator, "problem", &id, &json!({ "state": "110" })).await["state"], "110");
    let shown = format!("/api/now/table/problem/{id}?sysparm_display_value=true&sysparm_fields=state");
    assert_eq!(get(&simulator, &shown).await.result()["state"], "Parked");
    patch(&simulator, "sys_choice", &choice, &json!({ "label": "On ice" })).await;
    assert_eq!(get(&simulator, &shown).await.result()["state"], "On ice");
    call(&simulator, "DELETE", &format!("/api/now/table/sys_choice/{choice}"), "").await;
    patch(&simulator, "problem", &id, &json!({ "state": "101" })).await;
    assert_eq!(patch(&simulator, "problem", &id, &json!({ "state": "110" })).await["state"], "101");

    let task = json!({ "name": "task", "element": "contact_type", "value": "chat", "label": "Chat" });
    post(&simulator, "sys_choice", &task).await;
    let incident = post(&simulator, "incident", &json!({ "contact_type": "chat" })).await.result();
    assert_eq!(incident["contact_type"], "chat", "classes that say nothing else have it, too");

    let row = [("name", "incident"), ("element", "category"), ("value", "garden"), ("label", "Garden")];
    let given = builder().row("sys_choice", row).build().unwrap();
    for category in ["garden", "software"] {
        let made = post(&given, "incident", &json!({ "category": category })).await.result();
        assert_eq!(made["category"], category, "a row that was there from the start");
    }
}

#[tokio::test]
pub(crate) async fn lists_of_the_change_api_end_with_meta_and_have_no_order() {
    let builder = builder()
        .row("chg_model", [("name", "Normal")])
        .row("std_change_record_producer", [("name", "Reboot"), ("short_description", "Reboot a server")])
        .row("change_request", [("sys_id", "c1"), ("type", "emergency")])
        .row("change_task", [("change_request", "c1"), ("short_description", "first")]);
    let simulator = builder.build().unwrap();
    for path in ["", "/normal", "/emergency", "/model", "/standard/template"] {
        let list = async |query: &str| {
            get(&simulator, &format!("/api/sn_chg_rest/change{path}?sysparm_query={query}")).await.rows()
        };
        let (plain, mut down) =
            (list("sys_idISNOTEMPTY").await, list("sys_idISNOTEMPTY^ORDERBYDESCsys_id").await);
        assert!(plain.len() > 1, "{path}");
        let meta = down.pop().unwrap();
        assert_eq!(meta.as_object().unwrap().keys().collect::<Vec<_>>(), ["__meta"], "{path}");
        let query = meta["__meta"]["encodedQuery"].as_str().unwrap();
        assert!(query.contains("sys_idISNOTEMPTY") && !query.contains("ORDERBY"), "{path}: {query}");
        assert_eq!(down[..], plain[..plain.len() - 1], "{path}");
        let fields = &meta["__meta"]["fields"];
        assert!(fields["applied"].is_array() && fields["ignored"].is_array(), "{path}: {fields}");
    }
    let tasks = get(&simulator, "/api/sn_chg_rest/change/c1/task").await.rows();
    assert_eq!(tasks.len(), 1, "but not those of tasks");
    assert_eq!(tasks[0]["short_description"]["value"], "first");
}

#[tokio::test]
pub(crate) async fn a_password_that_is_set_reads_as_stars() {
    let simulator = builder().build().unwrap();
    let shown = async |name: &str| {
        let query = format!("sysparm_query=user_name={name}&sysparm_display_value=true");
        get(&simulator, &format!("/api/now/table/sys_user?{query}")).await.column("user_password")
    };
    assert_eq!(shown("admin").await, ["********"]);
    assert_eq!(shown("fred.luddy").await, [""], "where there is one");
    let made = post(&simulator, "sys_user", &json!({ "user_name": "new", "user_password": "secret" })).await;
    assert_eq!(
        (made.result()["user_password"].clone(), shown("new").await),
        (json!(""), vec![String::new()])
    );
    let all = "/api/now/table/sys_user?sysparm_query=user_name=admin&sysparm_display_value=all";
    let text = get(&simulator, all).await.text;
    assert!(!text.contains("secret") && text.contains("********"));
}

#[tokio::test]
pub(crate) async fn a_users_own_row_rules_zone_and_format() {
    let admin =
        User::new("admin", "secret").role("admin").time_zone("America/Los_Angeles").date_format("dd-MM-yyyy");
    let simulator = Simulator::builder().user_with(admin).build().unwrap();
    let change =
        post(&simulator, "change_request", &json!({ "start_date": "2026-01-01 02:00:00" })).await.result();
    let path = format!("/api/now/table/change_request/{}", id(&change));
    let shown = async || {
        get(&simulator, &format!("{path}?sysparm_display_value=true")).await.result()["start_date"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(shown().await, "31-12-2025 18:00:00");
    let row = get(&simulator, "/api/now/table/sys_user?sysparm_query=user_name=admin").await.rows().remove(0);
    assert_eq!(
        (&row["time_zone"], &row["date_format"]),
        (&json!("America/Los_Angeles"), &json!("dd-MM-yyyy"))
    );
    let own = json!({ "time_zone": "Europe/Berlin", "date_format": "MM/dd/yyyy" });
    patch(&simulator, "sys_user", &id(&row), &own).await;
    assert_eq!(shown().await, "01/01/2026 03:00:00");
    let written = json!({ "start_date": "06/30/2026 12:00:00" }).to_string();
    let written =
        call(&simulator, "PATCH", &format!("{path}?sysparm_input_display_value=true"), &written).await;
    assert_eq!(written.result()["start_date"], "2026-06-30 10:00:00", "and what is written");
    patch(&simulator, "sys_user", &id(&row), &json!({ "time_zone": "", "date_format": "" })).await;
    assert_eq!(shown().await, "2026-06-30 10:00:00", "those of the instance");

    for body in [json!({ "user_name": "admin" }), json!({ "user_name": "fred.luddy" })] {
        let twice = call(&simulator, "POST", "/api/now/table/sys_user", &body.to_string()).await;
        assert_eq!(twice.status, 403, "a user name is there once");
    }
    let path = format!("/api/now/table/sys_user/{}", id(&row));
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"user_name":"fred.luddy"}"#).await.status, 403);
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"user_name":"admin","title":"x"}"#).await.status, 200);
    let admins = get(&simulator, "/api/now/table/sys_user?sysparm_query=user_name=admin").await;
    assert_eq!(admins.rows().len(), 1);
    assert!(simulator.insert("sys_user", [("user_name", "admin")]).is_err());
    assert!(Simulator::builder().row("sys_user", [("user_name", "fred.luddy")]).build().is_err());
}

#[tokio::test]
pub(crate) async fn catalog_variables_keep_their_case() {
    let builder = builder()
        .row("sys_user", [("sys_id", "u1"), ("user_name", "ann"), ("email", "ann@example.com")])
        .row("sc_req_item", [("sys_id", "r1"), ("short_description", "Phone")])
        .row("sc_req_item", [("sys_id", "r2")])
        .row(
            "item_option_new",
            [("sys_id", "q1"), ("name", "common_ReqBy"), ("type", "8"), ("reference", "sys_user")],
        )
        .row("item_option_new", [("sys_id", "q2"), ("name", "Color")])
        .row("sc_item_option", [("sys_id", "o1"), ("item_option_new", "q1"), ("value", "u1")])
        .row("sc_item_option", [("sys_id", "o2"), ("item_option_new", "q2"), ("value", "red")])
        .row("sc_item_option_mtom", [("request_item", "r1"), ("sc_item_option", "o1")])
        .row("sc_item_option_mtom", [("request_item", "r1"), ("sc_item_option", "o2")]);
    let simulator = builder.build().unwrap();
    let read = async |item: &str, fields: &str| {
        get(&simulator, &format!("/api/now/table/sc_req_item/{item}?sysparm_fields={fields}")).await.result()
    };
    let found = read("r1", "variables.common_ReqBy.email,variables.Color,variables.common_ReqBy").await;
    assert_eq!(found["variables.common_ReqBy.email"], "ann@example.com");
    assert_eq!(found["variables.Color"], "red");
    assert_eq!(found["variables.common_ReqBy"]["value"], "u1");
    for (item, fields) in [
        ("r1", "variables.common_reqby.email,variables.color"),
        ("r1", "variables.Color.email,variables.common_ReqBy.none,variables"),
        ("r2", "variables.Color"),
    ] {
        assert_eq!(read(item, fields).await, json!({}), "{item} {fields}");
    }
}

#[tokio::test]
pub(crate) async fn paths_that_are_rarely_documented_exist() {
    let simulator = builder().build().unwrap();
    for (method, path) in [
        ("POST", "/api/now/graphql"),
        ("GET", "/api/sn_sc/servicecatalog/catalogs"),
        ("POST", "/api/sn_sc/v1/servicecatalog/items/1/order_now"),
    ] {
        let got = call(&simulator, method, path, "{}").await;
        assert_eq!(got.error().0, 501, "{method} {path} is not unknown");
        assert_eq!(got.error().1, "Not simulated", "{method} {path}");
    }
    assert_eq!(get(&simulator, "/api/now/none").await.status, 400);
}
