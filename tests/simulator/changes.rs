//! The change management API responds in its own form, which differs from the platform's APIs (facts 7.3).

use crate::{Got, READER, builder, call, get, send};
use http::Request;
use serde_json::{Value, json};
use snow_sim::{Rule, User};

#[tokio::test]
pub(crate) async fn a_product_api_has_a_form_of_its_own() {
    let local = User::new("reader", "secret").time_zone("America/Los_Angeles").date_format("dd-MM-yyyy");
    let row = [
        ("sys_id", "c1"),
        ("short_description", "Reboot"),
        ("state", "-1"),
        ("start_date", "2026-01-01 12:00:00"),
    ];
    let builder = snow_sim::Simulator::builder().user("admin", "secret").user_with(local);
    let simulator = builder.row("change_request", row).build().unwrap();
    let request = Request::get("/api/sn_chg_rest/v1/change/c1").header("authorization", READER);
    let change = send(&simulator, request, "").await.result();
    for (field, expected) in [
        ("short_description", json!({ "display_value": "Reboot", "value": "Reboot" })),
        ("state", json!({ "display_value": "Implement", "value": -1.0 })),
        ("active", json!({ "display_value": "true", "value": true })),
        ("order", json!({ "display_value": "", "value": "" })),
        ("assigned_to", json!({ "display_value": "", "value": "" })),
        (
            "start_date",
            json!({
                "display_value": "01-01-2026 04:00:00",
                "value": "2026-01-01 12:00:00",
                "display_value_internal": "2026-01-01 04:00:00",
            }),
        ),
    ] {
        assert_eq!(change[field], expected, "{field}");
    }
    let asked = get(&simulator, "/api/sn_chg_rest/change/c1?sysparm_display_value=false").await.result();
    assert!(asked["number"].is_object(), "whatever is asked");

    let made = call(
        &simulator,
        "POST",
        "/api/sn_chg_rest/change/emergency",
        r#"{"short_description":"Patch","u_none":"x"}"#,
    )
    .await;
    assert_eq!(made.status, 200);
    let made = made.result();
    assert_eq!(
        (&made["type"]["value"], &made["state"]["value"], &made["__meta"]),
        (&json!("emergency"), &json!(-5.0), &json!({ "ignoredFields": ["u_none"] }))
    );
    let path = format!("/api/sn_chg_rest/change/{}", made["sys_id"]["value"].as_str().unwrap());
    let changed = call(&simulator, "PATCH", &path, r#"{"state":"-4","impact":1}"#).await.result();
    assert_eq!(
        (&changed["state"]["display_value"], &changed["impact"]["value"]),
        (&json!("Assess"), &json!(1.0))
    );
    let emergencies = get(&simulator, "/api/sn_chg_rest/change/emergency").await;
    assert_eq!((records(&emergencies).len(), emergencies.header("x-total-count")), (2, "2"));
    let found = get(&simulator, "/api/sn_chg_rest/change?sysparm_query=short_descriptionSTARTSWITHPat^type=emergency^ORDERBYnumber&sysparm_limit=1").await;
    assert_eq!(records(&found).len(), 1);
    let gone = call(&simulator, "DELETE", &path, "").await;
    assert_eq!(
        (gone.status.as_u16(), &gone.result()["sys_id"]),
        (200, &made["sys_id"]),
        "with the record that is gone"
    );
    for (method, path, status) in [
        ("GET", path.as_str(), 404),
        ("PATCH", &path, 404),
        ("DELETE", &path, 404),
        ("PUT", "/api/sn_chg_rest/change/c1", 405),
        ("POST", "/api/sn_chg_rest/change/c1/conflict", 501),
        ("GET", "/api/sn_chg_rest/table/incident", 400),
        ("GET", "/api/now/change", 400),
        ("GET", "/api/sn_chg_restx/change", 400),
    ] {
        assert_eq!(call(&simulator, method, path, "{}").await.status, status, "{method} {path}");
    }
}

/// What a list has in front of its last element, which is not a record.
fn records(list: &Got) -> Vec<Value> {
    let mut rows = list.rows();
    let last = rows.pop().unwrap();
    assert_eq!(last.as_object().unwrap().keys().collect::<Vec<_>>(), ["__meta"]);
    rows
}

#[tokio::test]
pub(crate) async fn lists_end_with_an_element_that_is_no_record() {
    let simulator = builder().build().unwrap();
    let meta = |list: &Got| list.rows().last().unwrap()["__meta"].clone();
    let plain = get(&simulator, "/api/sn_chg_rest/change").await;
    assert_eq!((plain.rows().len(), plain.header("x-total-count")), (4, "3"));
    assert_eq!(meta(&plain), json!({ "encodedQuery": "", "fields": { "applied": [], "ignored": [] } }));

    let query = "typeINnormal,emergency^u_none=1^ORtype=standard^ORDERBYDESCnumber";
    let asked = get(&simulator, &format!("/api/sn_chg_rest/change?sysparm_query={query}")).await;
    let evaluated = "typeINnormal,emergency^u_none=1^ORtype=standard";
    let fields = json!({ "applied": ["type"], "ignored": ["u_none"] });
    assert_eq!(meta(&asked), json!({ "encodedQuery": evaluated, "fields": fields }));
    let unordered = get(&simulator, &format!("/api/sn_chg_rest/change?sysparm_query={evaluated}")).await;
    assert_eq!(records(&asked), records(&unordered), "an order is discarded");

    let page = get(&simulator, "/api/sn_chg_rest/change/normal?sysparm_limit=1&sysparm_offset=0").await;
    assert_eq!(records(&page).len(), 1, "the element does not count against the limit");
    let none = get(&simulator, "/api/sn_chg_rest/change?sysparm_query=number=none").await;
    assert_eq!((records(&none).len(), none.header("x-total-count")), (0, "0"));
}

#[tokio::test]
async fn rules_hold_here_too() {
    let simulator = builder()
        .rule(Rule::HideRows { table: "change_request".into(), query: "type=emergency".into() })
        .rule(Rule::HideField { table: "change_request".into(), field: "risk".into() })
        .rule(Rule::DenyWrite { table: "change_request".into() })
        .build()
        .unwrap();
    let by_reader = async |method: &str, path: &str| {
        send(&simulator, Request::builder().method(method).uri(path).header("authorization", READER), "{}")
            .await
    };
    let seen = by_reader("GET", "/api/sn_chg_rest/change").await;
    assert_eq!((records(&seen).len(), seen.header("x-total-count")), (2, "3"));
    assert_eq!(seen.rows()[0].get("risk"), None);
    let id = seen.rows()[0]["sys_id"]["value"].as_str().unwrap().to_owned();
    for (method, path) in [
        ("POST", "/api/sn_chg_rest/change".to_owned()),
        ("PATCH", format!("/api/sn_chg_rest/change/{id}")),
        ("DELETE", format!("/api/sn_chg_rest/change/{id}")),
    ] {
        assert_eq!(by_reader(method, &path).await.status, 403, "{method}");
    }
}

#[tokio::test]
async fn null_clears_a_field_here_too() {
    let simulator = builder().build().unwrap();
    let made = call(&simulator, "POST", "/api/sn_chg_rest/change", r#"{"short_description":"Patch"}"#).await;
    let path = format!("/api/sn_chg_rest/change/{}", made.result()["sys_id"]["value"].as_str().unwrap());
    let cleared = call(&simulator, "PATCH", &path, r#"{"short_description":null}"#).await.result();
    assert_eq!(cleared["short_description"]["value"], "");
}

#[tokio::test]
async fn what_is_no_field_is_ignored_whatever_it_is_called() {
    let simulator = builder().build().unwrap();
    let query = "sysparm_query=Short Description=x^U_NAMEISEMPTY^ORnumber!=none^stateIN-5,-4";
    let list = get(&simulator, &format!("/api/sn_chg_rest/change?{query}")).await;
    let fields = json!({ "applied": ["number", "state"], "ignored": ["Short Description", "U_NAME"] });
    assert_eq!(list.rows().last().unwrap()["__meta"]["fields"], fields);
}

#[tokio::test]
async fn a_caret_in_front_of_a_query_says_nothing_here_either() {
    let simulator = builder().build().unwrap();
    let count = async |query: &str| {
        records(&get(&simulator, &format!("/api/sn_chg_rest/change/normal?sysparm_query={query}")).await)
            .len()
    };
    assert_eq!([count("").await, count("^").await, count("^numberISNOTEMPTY").await], [1; 3]);
}
