//! Fact 7.3: change management, a product API that does not answer as the platform's own do.

use crate::{READER, builder, call, get, send};
use http::Request;
use serde_json::json;
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
    assert_eq!((emergencies.rows().len(), emergencies.header("x-total-count")), (2, "2"));
    let found = get(&simulator, "/api/sn_chg_rest/change?sysparm_query=short_descriptionSTARTSWITHPat^type=emergency^ORDERBYnumber&sysparm_limit=1").await;
    assert_eq!(found.rows().len(), 1);
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
    assert_eq!((seen.rows().len(), seen.header("x-total-count")), (2, "3"));
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
