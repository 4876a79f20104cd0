//! Users who are not administrators see and do only what the access rules allow (facts 1.9).

use crate::{ADMIN, READER, builder, get, get_as, send};
use http::Request;
use serde_json::json;
use snow_sim::Rule;

#[tokio::test]
pub(crate) async fn rows_fields_and_writes() {
    let hide = Rule::HideRows { table: "task".into(), query: "priority=1".into() };
    let field = Rule::HideField { table: "incident".into(), field: "short_description".into() };
    let deny = Rule::DenyWrite { table: "problem".into() };
    let lock = Rule::LockField { table: "incident".into(), field: "urgency".into() };
    let simulator = builder().rule(hide).rule(field).rule(deny).rule(lock).build().unwrap();
    let all = get_as(&simulator, ADMIN, "/api/now/table/incident?sysparm_query=ORDERBYnumber").await;
    let some = get_as(&simulator, READER, "/api/now/table/incident?sysparm_query=ORDERBYnumber").await;
    assert_eq!((all.rows().len(), some.rows().len()), (8, 4));
    assert_eq!(some.header("x-total-count"), "8", "the count knows nothing of access rules");
    assert!(
        some.rows()[0].get("short_description").is_none() && all.rows()[0].get("short_description").is_some()
    );
    let id = all.column("sys_id").remove(0);
    let hidden = get_as(&simulator, READER, &format!("/api/now/table/incident/{id}")).await;
    assert_eq!(hidden.error().2, json!("Record doesn't exist or ACL restricts the record retrieval"));
    let probe =
        get_as(&simulator, READER, "/api/now/table/incident?sysparm_limit=1&sysparm_query=number=INC0000001")
            .await;
    assert_eq!((probe.rows().len(), probe.header("x-total-count")), (0, "1"), "denied, not empty");
    let denied =
        send(&simulator, Request::post("/api/now/table/problem").header("authorization", READER), "{}").await;
    assert_eq!(
        denied.error(),
        (403, "Operation Failed".into(), json!("ACL Exception Insert Failed due to security constraints"))
    );
    let locked = send(
        &simulator,
        Request::post("/api/now/table/incident").header("authorization", READER),
        r#"{"urgency":"1","impact":"3"}"#,
    )
    .await;
    assert_eq!(
        (locked.status.as_u16(), &locked.result()["urgency"]),
        (201, &json!("3")),
        "ignored without a trace"
    );
}

#[tokio::test]
async fn a_record_that_may_not_be_read_back_is_refused_although_it_is_there() {
    let rule = Rule::HideRows { table: "incident".into(), query: "priority=1".into() };
    let simulator = builder().rule(rule).build().unwrap();
    let body = r#"{"impact":"1","urgency":"1","short_description":"unseen"}"#;
    let refused =
        send(&simulator, Request::post("/api/now/table/incident").header("authorization", READER), body)
            .await;
    let detail = json!("ACL Exception Insert Failed due to security constraints");
    assert_eq!(refused.error(), (403, "Operation Failed".into(), detail));
    assert_eq!(get(&simulator, "/api/now/table/incident?short_description=unseen").await.rows().len(), 1);
}

#[tokio::test]
async fn a_hidden_field_leaves_no_key_behind_an_empty_reference() {
    let rule = Rule::HideField { table: "sys_user".into(), field: "phone".into() };
    let simulator = builder().rule(rule).build().unwrap();
    let path = "/api/now/table/incident?sysparm_fields=assigned_to.phone,assigned_to.name&sysparm_limit=3";
    let walk = get_as(&simulator, READER, path).await;
    assert!(
        walk.rows().iter().all(|row| row.get("assigned_to.phone").is_none() && row["assigned_to.name"] == "")
    );
}

#[tokio::test]
pub(crate) async fn a_query_on_a_hidden_field() {
    let rule = Rule::HideField { table: "sys_user".into(), field: "email".into() };
    let simulator = builder().rule(rule).build().unwrap();
    let detail = json!("Field(s) present in the query do not have permission to be read");
    for path in [
        "/api/now/table/sys_user?sysparm_query=emailISNOTEMPTY",
        "/api/now/table/incident?sysparm_query=caller_id.emailISNOTEMPTY",
        "/api/now/table/sys_user?sysparm_query=ORDERBYemail",
        "/api/now/table/sys_user?sysparm_query=nameSAMEASemail",
        "/api/now/table/incident?sysparm_query=JOINincident.caller_id=sys_user.sys_id!emailSTARTSWITHa",
        "/api/now/table/sys_user?sysparm_query=RLQUERYsys_user.manager,>=1^emailISNOTEMPTY^ENDRLQUERY",
    ] {
        let refused = get_as(&simulator, READER, path).await.error();
        assert_eq!(refused, (403, "Insufficient rights to query records".into(), detail.clone()), "{path}");
        assert_eq!(get(&simulator, path).await.status, 200);
    }
    simulator.settings(|settings| settings.query_acls = false);
    assert_eq!(
        get_as(&simulator, READER, "/api/now/table/sys_user?sysparm_query=emailISNOTEMPTY").await.status,
        200
    );
}

#[tokio::test]
pub(crate) async fn a_dictionary_may_be_hidden_in_part() {
    let hide = |table: &str, query: &str| Rule::HideRows { table: table.into(), query: query.into() };
    let simulator = builder()
        .settings(|settings| settings.platform_acls = false)
        .rule(hide("sys_dictionary", "name=incident^element!=caller_id"))
        .rule(hide("sys_db_object", "nameSTARTSWITHcmdb"))
        .rule(hide("sys_choice", "name=task^element=priority^value=1"))
        .build()
        .unwrap();
    for (table, query, column, shown) in [
        ("sys_dictionary", "name=incident^elementISNOTEMPTY", "element", Some("caller_id")),
        ("sys_db_object", "nameSTARTSWITHcmdb", "name", None),
        ("sys_choice", "name=task^element=priority", "value", Some("2")),
    ] {
        let path = format!("/api/now/table/{table}?sysparm_query={query}^ORDERBY{column}");
        let (all, some) = (get(&simulator, &path).await, get_as(&simulator, READER, &path).await);
        assert!(some.rows().len() < all.rows().len(), "{table}");
        assert_eq!(some.column(column).first().map(String::as_str), shown, "{table}");
        assert_eq!(
            some.header("x-total-count"),
            all.rows().len().to_string(),
            "counted and not shown: {table}"
        );
    }
}
