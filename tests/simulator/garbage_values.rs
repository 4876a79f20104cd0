//! What is no date, no boolean or no number and is written to such a column is stored as an instance would, and nothing fails (facts 1.7).

use crate::{builder, call, create, get};
use serde_json::json;

#[tokio::test]
pub(crate) async fn numbers_and_booleans_keep_what_they_have() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, r#"{"reassignment_count":"3","knowledge":"true"}"#).await;
    let path = format!("/api/now/table/incident/{id}");
    for (given, count, knowledge) in [
        (json!({ "reassignment_count": "abc", "knowledge": "maybe" }), "3", "true"),
        (json!({ "reassignment_count": "1,000", "knowledge": "yes" }), "3", "true"),
        (json!({ "reassignment_count": "4.5", "knowledge": "TRUE" }), "3", "true"),
        (json!({ "reassignment_count": " 007 ", "knowledge": "0" }), "7", "false"),
        (json!({ "reassignment_count": -2, "knowledge": true }), "-2", "true"),
        (json!({ "reassignment_count": "", "knowledge": "False" }), "", "false"),
    ] {
        let row = call(&simulator, "PATCH", &path, &given.to_string()).await;
        assert_eq!(row.status, 200, "{given}");
        let row = row.result();
        assert_eq!(
            (&row["reassignment_count"], &row["knowledge"]),
            (&json!(count), &json!(knowledge)),
            "{given}"
        );
    }
    let before = get(&simulator, &path).await.result();
    let after = call(&simulator, "PATCH", &path, r#"{"reassignment_count":"many"}"#).await.result();
    assert_eq!(before["sys_mod_count"], after["sys_mod_count"], "nothing changed");
    let made = call(&simulator, "POST", "/api/now/table/cmdb_ci", r#"{"cost":"12.50","fault_count":"x"}"#)
        .await
        .result();
    assert_eq!(
        (&made["cost"], &made["fault_count"]),
        (&json!("12.50"), &json!("0")),
        "a new record has the default"
    );
    let path = format!("/api/now/table/cmdb_ci/{}", made["sys_id"].as_str().unwrap());
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"cost":"12,50 EUR"}"#).await.result()["cost"], "12.50");
}

#[tokio::test]
pub(crate) async fn dates_are_read_leniently() {
    let simulator = builder().build().unwrap();
    let path = format!("/api/now/table/incident/{}", create(&simulator, "{}").await);
    for (given, stored) in [
        ("2026-01-31 12:30:05", "2026-01-31 12:30:05"),
        ("2026-01-31", "2026-01-31 00:00:00"),
        ("2026-01-31T12:30:05", "2026-01-31 12:30:05"),
        ("2026-01-31T12:30:05.123Z", "2026-01-31 12:30:05"),
        ("2026-02-30 00:00:00", "2026-03-02 00:00:00"),
        ("2026-13-01 25:00:00", "2027-01-02 01:00:00"),
        ("2026-01-31 12:30", "2026-01-31 00:00:00"),
        ("tomorrow", ""),
        ("31/12/2026", ""),
        ("99999-01-01", ""),
        ("", ""),
        ("2026-99999999999-01 00:00:00", ""),
        ("2026-01-01 99999999999999999999:00:00", "2026-01-01 00:00:00"),
    ] {
        call(&simulator, "PATCH", &path, r#"{"due_date":"2020-01-01 00:00:00"}"#).await;
        let row = call(&simulator, "PATCH", &path, &json!({ "due_date": given }).to_string()).await;
        assert_eq!((row.status.as_u16(), &row.result()["due_date"]), (200, &json!(stored)), "{given}");
    }
    for (given, stored) in [("2026-01-31 23:00:00", "2026-01-31"), ("2026-02-29", "2026-03-01"), ("soon", "")]
    {
        let body = json!({ "purchase_date": given }).to_string();
        let made = call(&simulator, "POST", "/api/now/table/cmdb_ci", &body).await.result();
        assert_eq!(made["purchase_date"], stored, "{given}");
    }
}

#[tokio::test]
async fn what_a_test_brings_is_kept_as_it_is() {
    let simulator = builder().build().unwrap();
    let id = simulator.insert("incident", [("due_date", "garbage"), ("knowledge", "maybe")]).unwrap();
    assert_eq!(simulator.stored("incident", &id, "due_date").as_deref(), Some("garbage"));
    assert_eq!(simulator.stored("incident", &id, "knowledge").as_deref(), Some("maybe"));
}
