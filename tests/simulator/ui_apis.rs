//! The undocumented endpoints of the platform's own pages are there (facts 7.5).

use crate::{READER, builder, call, get, get_as, send};
use http::Request;
use serde_json::json;
use snow_sim::Rule;

#[tokio::test]
pub(crate) async fn who_is_logged_in() {
    let simulator = builder().user("fred.luddy", "secret").without_demo_data().build().unwrap();
    let path = "/api/now/ui/user/current_user";
    let user = get_as(&simulator, READER, path).await.result();
    let record = get(&simulator, "/api/now/table/sys_user?user_name=reader").await.rows().remove(0);
    assert_eq!(user["user_sys_id"], record["sys_id"]);
    assert_eq!((&user["user_name"], &user["user_display_name"]), (&json!("reader"), &json!("reader")));
    assert_eq!((&user["user_initials"], &user["user_avatar"]), (&json!("R"), &json!("")));
    assert_eq!(user.get("sys_id"), None, "it is named otherwise");
    assert_eq!(send(&simulator, Request::get(path), "").await.status, 401);
    assert_eq!(call(&simulator, "POST", path, "{}").await.status, 405);
}

#[tokio::test]
pub(crate) async fn columns_of_a_table() {
    let hidden = Rule::HideField { table: "incident".into(), field: "caller_id".into() };
    let simulator = builder().rule(hidden).build().unwrap();
    let columns = get(&simulator, "/api/now/ui/meta/incident").await.result()["columns"].clone();
    let caller = json!({
        "name": "caller_id", "label": "Caller", "type": "reference", "reference": "sys_user", "max_length": 32,
        "mandatory": false, "read_only": false,
    });
    assert_eq!(columns["caller_id"], caller);
    assert_eq!((&columns["sys_id"]["type"], &columns["sys_id"]["read_only"]), (&json!("GUID"), &json!(true)));
    assert_eq!(columns["state"]["choices"][0], json!({ "value": "1", "label": "New" }), "the class's own");
    assert_eq!(columns["number"]["label"], "Number", "inherited");
    let some = get_as(&simulator, READER, "/api/now/ui/meta/incident").await.result()["columns"].clone();
    assert_eq!(some.get("caller_id"), None, "not for everybody");
    assert_eq!(
        get(&simulator, "/api/now/ui/meta/none").await.error(),
        (400, "Invalid table none".into(), json!(null))
    );
    assert_eq!(get_as(&simulator, READER, "/api/now/ui/meta/sys_db_object").await.status, 403);
    assert_eq!(get(&simulator, "/api/now/ui/other").await.status, 501);
}

#[tokio::test]
pub(crate) async fn tables_of_the_instance() {
    let simulator = builder().build().unwrap();
    let tables = get(&simulator, "/api/now/doc/table/schema").await.rows();
    let table = |name: &str| tables.iter().find(|table| table["value"] == name).cloned().unwrap();
    assert_eq!(table("sys_user"), json!({ "label": "User", "value": "sys_user", "reference": true }));
    assert_eq!(
        table("cmdb_rel_ci"),
        json!({ "label": "CI Relationship", "value": "cmdb_rel_ci", "reference": false })
    );
    let some = get_as(&simulator, READER, "/api/now/doc/table/schema").await.column("value");
    assert!(some.len() < tables.len() && !some.contains(&"sys_db_object".to_owned()));
    assert_eq!(
        get(&simulator, "/api/now/doc/table/schema/incident").await.status,
        501,
        "its form is unknown"
    );
}

#[tokio::test]
pub(crate) async fn a_tiny_url_stands_for_its_parameters() {
    let simulator = builder().build().unwrap();
    let url = "api/now/table/incident?sysparm_query=category%3Dhardware%5EORDERBYDESCnumber&sysparm_fields=number&sysparm_limit=2";
    let made = call(&simulator, "POST", "/api/now/tinyurl", &json!({ "url": url }).to_string()).await;
    assert_eq!(made.status, 200);
    let (page, id) = made
        .result()
        .as_str()
        .map(|url| url.split_once("?sysparm_tiny=").unwrap())
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!((page.as_str(), id.len()), ("api/now/table/incident", 32));

    let rows = get(&simulator, &format!("/{page}?sysparm_tiny={id}")).await;
    assert_eq!(rows.rows(), [json!({ "number": "INC0000008" }), json!({ "number": "INC0000006" })]);
    let more = get(&simulator, &format!("/{page}?sysparm_tiny={id}&sysparm_limit=10")).await;
    assert_eq!(more.column("number").len(), 3, "what is given again counts");
    let count =
        get(&simulator, &format!("/api/now/stats/incident?sysparm_tiny={id}&sysparm_count=true")).await;
    assert_eq!(count.result()["stats"]["count"], "3");
    let kept = get(&simulator, &format!("/api/now/table/sys_tiny_url?tiny_url={id}")).await.column("data");
    assert_eq!(kept, [url.split_once('?').unwrap().1]);
    assert_eq!(
        get(&simulator, "/api/now/table/incident?sysparm_tiny=none").await.rows().len(),
        8,
        "it stands for nothing"
    );
    assert_eq!(call(&simulator, "POST", "/api/now/tinyurl", "{}").await.status, 400);
    assert_eq!(get(&simulator, "/api/now/tinyurl").await.status, 405);
}
