//! Import rows are staged and transformed, and each has the documented outcome (facts 7.2).

use crate::{ADMIN, Got, READER, builder, call, get, get_as, send};
use http::Request;
use serde_json::{Value, json};
use snow_sim::{ColumnType, RowDecision, Rule, Simulator, Table, TransformMap};
use std::time::Duration;

/// Sites, found by name, that may be skipped or refused by a script.
fn sites() -> snow_sim::Builder {
    let staging = Table::new("u_imp_site", "Site import")
        .extends("sys_import_set_row")
        .column("u_site", ColumnType::Text)
        .column("u_town", ColumnType::Text);
    let script = |row: &std::collections::BTreeMap<String, String>| match row["u_site"].as_str() {
        "skip" => RowDecision::Skip,
        "fail" => RowDecision::Fail("the site is closed".into()),
        _ => RowDecision::Transform,
    };
    let map = TransformMap::new("Site", "u_imp_site", "cmn_location")
        .field("u_site", "name")
        .field("u_town", "city")
        .coalesce("name")
        .script(script);
    builder().table(staging).transform_map(map)
}

async fn import(simulator: &Simulator, row: Value) -> Got {
    call(simulator, "POST", "/api/now/import/u_imp_site", &row.to_string()).await
}

async fn import_many(simulator: &Simulator, more: &str, records: Value) -> Value {
    let path = format!("/api/now/import/u_imp_site/insertMultiple{more}");
    let got = call(simulator, "POST", &path, &json!({ "records": records }).to_string()).await;
    assert_eq!(got.status, 201, "{}", got.text);
    got.json()
}

async fn set_state(simulator: &Simulator, answer: &Value) -> String {
    let id = answer["import_set_id"].as_str().unwrap();
    let set = get(simulator, &format!("/api/now/table/sys_import_set/{id}")).await.result();
    set["state"].as_str().unwrap().to_owned()
}

/// States of the rows of a set, in their order.
async fn row_states(simulator: &Simulator, answer: &Value) -> Vec<String> {
    let query = "/api/now/table/u_imp_site?sysparm_query=sys_import_set=ID^ORDERBYsys_import_row";
    get(simulator, &query.replace("ID", answer["import_set_id"].as_str().unwrap()))
        .await
        .column("sys_import_state")
}

#[tokio::test]
pub(crate) async fn one_row_is_transformed_at_once() {
    let simulator = sites().build().unwrap();
    let first = import(&simulator, json!({ "u_site": "Oslo", "u_town": "Oslo", "none": "x" })).await;
    assert_eq!(first.status, 201);
    let body = first.json();
    assert_eq!((&body["staging_table"], body.as_object().unwrap().len()), (&json!("u_imp_site"), 3));
    assert!(body["import_set"].as_str().unwrap().starts_with("ISET"), "beside the result, not in it");
    let result = &body["result"][0];
    let id = result["sys_id"].as_str().unwrap();
    let link = format!("https://dev1.service-now.com/api/now/table/cmn_location/{id}");
    let expected = json!({
        "transform_map": "Site", "table": "cmn_location", "display_name": "name", "display_value": "Oslo",
        "record_link": link, "status": "inserted", "sys_id": id,
    });
    assert_eq!(*result, expected);
    assert_eq!(get(&simulator, &format!("/api/now/table/cmn_location/{id}")).await.result()["city"], "Oslo");
    for (row, status) in [
        (json!({ "u_site": "Oslo", "u_town": "Bergen" }), "updated"),
        (json!({ "u_site": "Oslo", "u_town": "Bergen" }), "ignored"),
        (json!({ "u_site": "Oslo" }), "ignored"),
    ] {
        let again = import(&simulator, row).await.json();
        assert_eq!(
            (&again["result"][0]["status"], &again["result"][0]["sys_id"]),
            (&json!(status), &json!(id))
        );
        assert_ne!(again["import_set"], body["import_set"]);
    }

    let row = get(&simulator, "/api/now/table/u_imp_site?sysparm_query=sys_import_state=inserted")
        .await
        .rows()
        .remove(0);
    assert_eq!((&row["sys_target_table"], &row["sys_target_sys_id"]), (&json!("cmn_location"), &json!(id)));
    let path = format!("/api/now/v2/import/u_imp_site/{}", row["sys_id"].as_str().unwrap());
    let got = get(&simulator, &path).await;
    assert_eq!((got.status.as_u16(), &got.json()["import_set"]), (200, &body["import_set"]));
    assert!(got.json()["result"][0]["record_link"].as_str().unwrap().contains("/api/now/v2/table/"));

    // One entry for each map.
    let other = TransformMap::new("Company", "u_imp_site", "core_company").field("u_site", "name");
    let simulator = sites().transform_map(other).build().unwrap();
    let both = import(&simulator, json!({ "u_site": "Rome" })).await.json();
    let maps: Vec<&Value> =
        both["result"].as_array().unwrap().iter().map(|entry| &entry["transform_map"]).collect();
    assert_eq!(maps, ["Site", "Company"]);
}

#[tokio::test]
pub(crate) async fn a_row_that_fails_is_told_of_in_a_201() {
    let rule = Rule::Mandatory { table: "cmn_location".into(), field: "city".into() };
    let simulator = sites().rule(rule).build().unwrap();
    for (row, status, error) in [
        (json!({ "u_site": "skip" }), "skipped", Value::Null),
        (json!({ "u_site": "fail" }), "error", json!("the site is closed")),
        (
            json!({ "u_site": "Rome" }),
            "error",
            json!("Data Policy Exception: The following fields are mandatory: City"),
        ),
    ] {
        let got = import(&simulator, row).await;
        assert_eq!(got.status, 201);
        let entry = got.json()["result"][0].clone();
        assert_eq!(
            (&entry["status"], entry.get("error_message").unwrap_or(&Value::Null)),
            (&json!(status), &error)
        );
        assert_eq!((entry.get("sys_id"), &entry["table"]), (None, &json!("cmn_location")));
    }
    let failed = get(&simulator, "/api/now/table/u_imp_site?sysparm_query=sys_import_state=error").await;
    assert!(failed.column("sys_import_state_comment").contains(&"the site is closed".to_owned()));
    assert_eq!(get(&simulator, "/api/now/table/cmn_location").await.rows().len(), 1);

    let deny = Rule::DenyWrite { table: "cmn_location".into() };
    let hide = Rule::HideRows { table: "cmn_location".into(), query: "name=secret".into() };
    let stage = Rule::HideRows { table: "u_imp_site".into(), query: "u_site=unseen".into() };
    let by_reader = async |simulator: &Simulator, site: &str| {
        let request = Request::post("/api/now/import/u_imp_site").header("authorization", READER);
        send(simulator, request, &json!({ "u_site": site }).to_string()).await
    };
    let simulator = sites().rule(deny).build().unwrap();
    let denied = by_reader(&simulator, "Rome").await;
    assert_eq!(denied.status, 201);
    let message = "ACL Exception Insert Failed due to security constraints";
    assert_eq!(denied.json()["result"][0]["error_message"], message);
    let simulator = sites().rule(hide).rule(stage).build().unwrap();
    assert_eq!(by_reader(&simulator, "secret").await.json()["result"], json!([]), "done, and not to be seen");
    let unseen = by_reader(&simulator, "unseen").await;
    assert_eq!((unseen.status.as_u16(), unseen.text.as_str()), (201, ""));
    let sites = get(&simulator, "/api/now/table/cmn_location?sysparm_query=nameINsecret,unseen").await;
    assert_eq!(sites.rows().len(), 2);
}

#[tokio::test(start_paused = true)]
pub(crate) async fn many_rows_are_transformed_later() {
    let simulator =
        sites().settings(|settings| settings.import_delay = Duration::from_secs(5)).build().unwrap();
    let records = json!([
        { "u_site": "Rome", "u_town": "Rome" },
        { "u_site": "fail" },
        { "u_site": "skip", "none": "x" },
        { "u_site": "Rome", "u_town": "Roma" },
    ]);
    let answer = import_many(&simulator, "", records.clone()).await;
    assert_eq!(
        answer.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["import_set_id", "multi_import_set_id"]
    );
    assert_eq!(
        (set_state(&simulator, &answer).await, row_states(&simulator, &answer).await),
        ("loaded".into(), vec!["pending".to_owned(); 4])
    );
    let multi =
        format!("/api/now/table/sys_multi_import_set/{}", answer["multi_import_set_id"].as_str().unwrap());
    assert_eq!(get(&simulator, &multi).await.result()["state"], "loading");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(set_state(&simulator, &answer).await, "processed");
    assert_eq!(row_states(&simulator, &answer).await, ["inserted", "error", "skipped", "updated"]);
    assert_eq!(get(&simulator, &multi).await.result()["state"], "processed");
    let progress = format!(
        "/api/now/stats/u_imp_site?sysparm_count=true&sysparm_group_by=sys_import_state&sysparm_query=sys_import_set={}",
        answer["import_set_id"].as_str().unwrap()
    );
    assert_eq!(get(&simulator, &progress).await.rows().len(), 4, "progress by state");

    // Keys are labels: those of a table of one's own are like its names, those of a stock table are not.
    let path = "/api/now/import/imp_user/insertMultiple";
    let by_label =
        r#"{"records":[{"First name":"Ada","Last name":"Lovelace","User ID":"ada","user_id":"x"}]}"#;
    let by_name = r#"{"records":[{"first_name":"Grace","user_id":"grace","User ID":"x"}]}"#;
    call(&simulator, "POST", path, by_label).await;
    simulator.settings(|settings| settings.import_by_column_name = true);
    call(&simulator, "POST", path, by_name).await;
    tokio::time::advance(Duration::from_secs(5)).await;
    let users =
        get(&simulator, "/api/now/table/sys_user?sysparm_query=user_nameINada,grace,x^ORDERBYuser_name")
            .await;
    assert_eq!(
        (users.column("user_name"), users.column("name")),
        (vec!["ada".into(), "grace".into()], vec!["Ada Lovelace".into(), "Grace".into()])
    );
}

#[tokio::test(start_paused = true)]
pub(crate) async fn sets_wait_for_others() {
    let simulator =
        sites().settings(|settings| settings.import_delay = Duration::from_secs(5)).build().unwrap();
    let first = import_many(&simulator, "", json!([{ "u_site": "Rome", "u_town": "first" }])).await;
    simulator.settings(|settings| settings.import_delay = Duration::ZERO);
    let (set, multi) =
        (first["import_set_id"].as_str().unwrap(), first["multi_import_set_id"].as_str().unwrap());
    let behind = format!("?run_after={set}&multi_import_set_id={multi}");
    let second = import_many(&simulator, &behind, json!([{ "u_site": "Rome", "u_town": "second" }])).await;
    assert_eq!(second["multi_import_set_id"], multi, "in the same set of sets");
    assert_eq!(set_state(&simulator, &second).await, "loaded", "its time has come, but not its turn");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(
        (set_state(&simulator, &first).await, set_state(&simulator, &second).await),
        ("processed".into(), "processed".into())
    );
    let rome = get(&simulator, "/api/now/table/cmn_location?sysparm_query=name=Rome").await;
    assert_eq!(rome.column("city"), ["second"]);
    for parameter in ["run_after", "multi_import_set_id"] {
        let path = format!("/api/now/import/u_imp_site/insertMultiple?{parameter}=none");
        assert_eq!(call(&simulator, "POST", &path, r#"{"records":[]}"#).await.status, 400, "{parameter}");
    }
}

#[tokio::test]
pub(crate) async fn strings_only() {
    let simulator = sites().build().unwrap();
    let row = json!({ "u_site": { "a": { "b": 1 }, "c": [true, "x"] }, "u_town": r#"{"a":"b"}"# });
    import(&simulator, row).await;
    let staged = get(&simulator, "/api/now/table/u_imp_site").await;
    assert_eq!(
        (staged.column("u_site"), staged.column("u_town")),
        (vec!["{a={b=1}, c=[true, x]}".into()], vec![r#"{"a":"b"}"#.into()])
    );
    // No walks: a key with a point is no column.
    let walked = import(&simulator, json!({ "u_site.name": "x" })).await;
    assert_eq!(walked.status, 201);
    assert_eq!(get(&simulator, "/api/now/table/cmn_location?sysparm_query=name=x").await.rows().len(), 0);
}

#[tokio::test]
pub(crate) async fn refusals_and_purges() {
    let unmapped =
        Table::new("u_imp_none", "Unmapped").extends("sys_import_set_row").column("u_a", ColumnType::Text);
    let simulator =
        sites().table(unmapped).rule(Rule::DenyWrite { table: "u_imp_site".into() }).build().unwrap();
    let no_map = call(&simulator, "POST", "/api/now/import/u_imp_none", "{}").await;
    assert_eq!(no_map.error(), (500, "null value in entry: transform_map=null".into(), Value::Null));
    for (method, path, body, status) in [
        ("POST", "/api/now/import/no_table", "{}", 400),
        ("POST", "/api/now/import/incident", "{}", 400),
        ("POST", "/api/now/import", "{}", 400),
        ("POST", "/api/now/import/u_imp_site", "none", 400),
        ("POST", "/api/now/import/u_imp_site/insertMultiple", "none", 400),
        ("POST", "/api/now/import/u_imp_site/insertMultiple", "{}", 400),
        ("GET", "/api/now/import/u_imp_site/none", "", 404),
        ("PUT", "/api/now/import/u_imp_site/none", "{}", 405),
        ("GET", "/api/now/import/u_imp_site", "", 405),
    ] {
        assert_eq!(call(&simulator, method, path, body).await.status, status, "{method} {path} {body}");
    }
    for path in ["/api/now/import/u_imp_site", "/api/now/import/u_imp_site/insertMultiple"] {
        let request = Request::post(path).header("authorization", READER);
        assert_eq!(send(&simulator, request, r#"{"records":[]}"#).await.status, 403, "{path}");
    }
    import(&simulator, json!({ "u_site": "Oslo" })).await;
    let id = get(&simulator, "/api/now/table/u_imp_site").await.column("sys_id").remove(0);
    let path = format!("/api/now/import/u_imp_site/{id}");
    assert_eq!(get(&simulator, &path).await.status, 200);
    simulator.purge_imports();
    assert_eq!(get_as(&simulator, ADMIN, &path).await.error().1, "No Record found");
    assert_eq!(get(&simulator, "/api/now/table/cmn_location?sysparm_query=name=Oslo").await.rows().len(), 1);
}

#[test]
fn maps_are_checked() {
    let refused = |map| builder().transform_map(map).build().unwrap_err().to_string();
    let map = |staging: &str, target: &str| TransformMap::new("Map", staging, target);
    for (map, why) in [
        (map("no_table", "sys_user"), "the table \"no_table\", which does not exist"),
        (map("imp_user", "no_table"), "the table \"no_table\", which does not exist"),
        (map("incident", "sys_user"), "does not extend sys_import_set_row"),
        (
            map("imp_user", "sys_user").field("none", "name"),
            "\"none\", which is not a column of \"imp_user\"",
        ),
        (
            map("imp_user", "sys_user").field("email", "none"),
            "\"none\", which is not a column of \"sys_user\"",
        ),
        (map("imp_user", "sys_user").coalesce("email"), "coalesces on \"email\""),
    ] {
        let refused = refused(map);
        assert!(refused.starts_with("the transform map \"Map\"") && refused.contains(why), "{refused}");
    }
}
