//! The Table API has the service's paths, parameters, statuses and headers (facts 1.1 to 1.4, 1.7, 1.8 and 7.3).

use crate::{ADMIN, builder, call, create, get, send};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use snow_sim::Table;

#[tokio::test]
pub(crate) async fn paths_versions_and_statuses() {
    let simulator = builder().build().unwrap();
    for base in ["/api/now/table", "/api/now/v1/table", "/api/now/v2/table"] {
        let made = call(&simulator, "POST", &format!("{base}/incident"), r#"{"caller_id":"x"}"#).await;
        assert_eq!(made.status, 201);
        let record = made.result();
        let (id, link) = (record["sys_id"].as_str().unwrap(), record["caller_id"]["link"].as_str().unwrap());
        assert!(link.contains(&format!("{base}/sys_user/")), "links repeat the version: {link}");
        let path = format!("{base}/incident/{id}");
        assert_eq!(made.header("location"), format!("https://dev1.service-now.com{path}"));
        assert_eq!(get(&simulator, &path).await.status, 200);
        assert_eq!(call(&simulator, "PUT", &path, r#"{"urgency":"1"}"#).await.status, 200);
        assert_eq!(call(&simulator, "PATCH", &path, r#"{"urgency":"2"}"#).await.status, 200);
        let gone = call(&simulator, "DELETE", &path, "").await;
        assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
        assert_eq!(get(&simulator, &path).await.status, 404);
    }
    let audit = get(&simulator, "/api/now/table/sys_audit_delete").await;
    assert_eq!(audit.column("tablename"), ["incident"; 3]);
}

#[tokio::test]
pub(crate) async fn put_and_patch_change_only_what_is_given() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, r#"{"short_description":"kept","urgency":"1"}"#).await;
    for method in ["PUT", "PATCH"] {
        let changed =
            call(&simulator, method, &format!("/api/now/table/incident/{id}"), r#"{"urgency":"2"}"#).await;
        assert_eq!(
            (&changed.result()["short_description"], &changed.result()["urgency"]),
            (&json!("kept"), &json!("2"))
        );
        let missing = call(&simulator, method, "/api/now/table/incident/0123", r#"{"urgency":"2"}"#).await;
        assert_eq!(missing.status, 404, "never an upsert");
    }
}

#[tokio::test]
pub(crate) async fn bodies_are_read_leniently() {
    let simulator = builder().build().unwrap();
    let made =
        call(&simulator, "POST", "/api/now/table/incident", "{'urgency':'1','short_description':'single'}")
            .await;
    assert_eq!(made.result()["short_description"], "single");
    let made =
        call(&simulator, "POST", "/api/now/table/incident", r#"[{"short_description":"first"},{"x":"y"}]"#)
            .await;
    assert_eq!(made.result()["short_description"], "first");
    let made = call(
        &simulator,
        "POST",
        "/api/now/table/incident",
        r#"{"urgency":1,"made_sla":false,"description":null}"#,
    )
    .await;
    let made = made.result();
    assert_eq!(
        (&made["urgency"], &made["made_sla"], &made["description"]),
        (&json!("1"), &json!("false"), &json!(""))
    );
    let broken = call(&simulator, "POST", "/api/now/table/incident", "{\"a\":").await;
    assert_eq!(broken.error().1, "Exception while reading request");
}

#[tokio::test]
pub(crate) async fn a_post_may_stand_for_another_method() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, "{}").await;
    let request = Request::post(format!("/api/now/table/incident/{id}")).header("authorization", ADMIN);
    let changed =
        send(&simulator, request.header("x-http-method-override", "PATCH"), r#"{"urgency":"1"}"#).await;
    assert_eq!((changed.status.as_u16(), &changed.result()["urgency"]), (200, &json!("1")));
}

#[tokio::test]
pub(crate) async fn fields_limit_and_offset() {
    let simulator = builder().build().unwrap();
    let page = get(&simulator, "/api/now/table/incident?sysparm_query=ORDERBYnumber&sysparm_fields=number,nothing,caller_id.name,caller_id.department,parent.number&sysparm_limit=2&sysparm_offset=1").await;
    assert_eq!(page.column("number"), ["INC0000002", "INC0000003"]);
    let row = &page.rows()[0];
    assert!(row.get("nothing").is_none(), "unknown fields leave no key");
    assert_eq!(row["caller_id.name"], "Beth Anglin");
    assert!(row["caller_id.department"]["link"].as_str().unwrap().contains("/cmn_department/"));
    assert_eq!(row["parent.number"], "", "a walk through an empty reference");
    let plain =
        get(&simulator, "/api/now/table/incident?sysparm_exclude_reference_link=true&sysparm_limit=1").await;
    assert!(plain.rows()[0]["opened_by"].is_string());
    let no_count = get(&simulator, "/api/now/table/incident?sysparm_no_count=true&sysparm_limit=1").await;
    assert_eq!((no_count.header("x-total-count"), no_count.header("link")), ("", ""));
    let odd = get(&simulator, "/api/now/table/incident?limit=1&sysparm_display_value=1").await;
    assert_eq!(odd.rows().len(), 8, "limit is no parameter, and only the word true is true");
}

#[tokio::test]
pub(crate) async fn names_and_values_are_filters() {
    let simulator = builder().build().unwrap();
    assert_eq!(get(&simulator, "/api/now/table/incident?number=INC0000003").await.rows().len(), 1);
    assert_eq!(get(&simulator, "/api/now/table/incident?state=closed").await.rows().len(), 2);
    assert_eq!(get(&simulator, "/api/now/table/incident?caller_id=Fred Luddy").await.rows().len(), 2);
    assert_eq!(get(&simulator, "/api/now/table/incident?caller_id=fred.luddy").await.rows().len(), 2);
}

#[tokio::test]
pub(crate) async fn sys_fields_may_be_given_on_request() {
    let simulator = builder().build().unwrap();
    let body = r#"{"sys_id":"0123456789abcdef0123456789abcdef","sys_created_on":"2001-02-03 04:05:06"}"#;
    let other = body.replace("0123456789", "9876543210");
    let ignored = call(&simulator, "POST", "/api/now/table/incident", &other).await.result();
    assert_ne!(ignored["sys_created_on"], "2001-02-03 04:05:06", "the sys_id alone needs no parameter");
    let taken =
        call(&simulator, "POST", "/api/now/table/incident?sysparm_suppress_auto_sys_field=true", body)
            .await
            .result();
    assert_eq!(taken["sys_id"], "0123456789abcdef0123456789abcdef");
    assert_eq!(taken["sys_created_on"], "2001-02-03 04:05:06");
    let twice =
        call(&simulator, "POST", "/api/now/table/problem?sysparm_suppress_auto_sys_field=true", body).await;
    assert_eq!(
        (twice.status.as_u16(), twice.error().1.as_str()),
        (403, "Operation Failed"),
        "an id is there once"
    );
    let path =
        "/api/now/table/incident/0123456789abcdef0123456789abcdef?sysparm_suppress_auto_sys_field=true";
    let body =
        r#"{"sys_id":"x","sys_updated_on":"2002-03-04 05:06:07","sys_mod_count":"4294967295","urgency":"1"}"#;
    let changed = call(&simulator, "PATCH", path, body).await.result();
    assert_eq!(
        (&changed["sys_id"], &changed["sys_updated_on"]),
        (&taken["sys_id"], &json!("2002-03-04 05:06:07"))
    );
    assert_eq!(call(&simulator, "PATCH", path, r#"{"urgency":"2"}"#).await.status, 200);
}

#[tokio::test]
pub(crate) async fn statuses_by_case() {
    let simulator = builder().build().unwrap();
    let nothing = "sysparm_query=number=none";
    for base in ["/api/now", "/api/now/v2"] {
        let empty = get(&simulator, &format!("{base}/table/incident?{nothing}")).await;
        assert_eq!((empty.status.as_u16(), empty.text.as_str()), (200, r#"{"result":[]}"#));
    }
    let v1 = get(&simulator, &format!("/api/now/v1/table/incident?{nothing}")).await.error();
    assert_eq!(
        v1,
        (
            404,
            "No Record found".into(),
            json!("Records matching query not found. Check query parameter or offset parameter")
        )
    );
    let missing = get(&simulator, "/api/now/table/incident/not-even-hex").await.error();
    assert_eq!(
        missing,
        (404, "No Record found".into(), json!("Record doesn't exist or ACL restricts the record retrieval"))
    );
    assert_eq!(
        get(&simulator, "/api/now/table/incdent").await.error(),
        (400, "Invalid table incdent".into(), json!(null))
    );
    let no_api = (400, "Requested URI does not represent any resource".to_owned(), json!(null));
    for path in [
        "/api/now/table/incident/",
        "/api/now/v9/table/incident",
        "/api/nowhere/x",
        "/api/now/table/incident/a/b",
        "/nowhere",
    ] {
        assert_eq!(get(&simulator, path).await.error(), no_api, "{path}");
    }
    assert_eq!(call(&simulator, "POST", "/api/now/table/incident/x", "{}").await.error(), no_api);
    assert_eq!(call(&simulator, "DELETE", "/api/now/table/incident", "").await.status, 405);
    assert_eq!(get(&simulator, "/api/now/email/x").await.status, 501, "not simulated, and says so");
}

#[tokio::test]
pub(crate) async fn headers_of_a_list() {
    let simulator = builder().build().unwrap();
    let list = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    assert_eq!(list.header("content-type"), "application/json;charset=UTF-8");
    assert_eq!(
        (list.header("server"), list.header("x-is-logged-in"), list.header("x-total-count")),
        ("snow_adc", "true", "8")
    );
    assert_eq!(list.header("x-transaction-id").len(), 12);
    assert!(list.header("server-timing").contains(list.header("x-transaction-id")));
    assert_eq!(list.header("content-length"), "", "JSON comes in chunks without a length");
    simulator.settings(|settings| settings.release = snow_sim::Release::Y2021);
    let old = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    assert_eq!((old.header("server"), old.header("server-timing")), ("ServiceNow", ""));
}

#[tokio::test]
pub(crate) async fn ids_come_from_one_generator() {
    let simulator = builder().build().unwrap();
    let ids = get(&simulator, "/api/now/table/incident").await.column("sys_id");
    for id in &ids {
        assert!(
            id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
            "{id}"
        );
        assert_eq!(id[12..], ids[0][12..], "the tail is the instance's");
    }
}

#[tokio::test]
pub(crate) async fn what_may_not_be_written_is_ignored() {
    let simulator = builder().build().unwrap();
    let made = call(
        &simulator,
        "POST",
        "/api/now/table/incident",
        r#"{"no_such":"x","sys_mod_count":"9","impact":"99"}"#,
    )
    .await;
    assert_eq!(made.status, 201);
    let made = made.result();
    assert_eq!(
        (made.get("no_such"), &made["sys_mod_count"], &made["impact"]),
        (None, &json!("0"), &json!("3"))
    );
    let user = call(
        &simulator,
        "POST",
        "/api/now/table/sys_user",
        r#"{"user_name":"new","user_password":"secret"}"#,
    )
    .await;
    assert_eq!(user.result()["user_password"], "", "a password is ignored without a word");
    assert_eq!(made["number"].as_str().unwrap().len(), 10, "the answer is the record behind the rules");
}

#[tokio::test]
pub(crate) async fn a_change_that_changes_nothing_leaves_no_trace() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, r#"{"urgency":"1"}"#).await;
    let path = format!("/api/now/table/incident/{id}");
    simulator.advance(std::time::Duration::from_secs(60));
    let before = get(&simulator, &path).await.result();
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"urgency":"1"}"#).await.result(), before);
    let after = call(&simulator, "PATCH", &path, r#"{"urgency":"2"}"#).await.result();
    assert_eq!((&before["sys_mod_count"], &after["sys_mod_count"]), (&json!("0"), &json!("1")));
    assert_ne!(before["sys_updated_on"], after["sys_updated_on"]);
}

#[tokio::test]
pub(crate) async fn head_is_get_without_a_body() {
    let simulator = builder().build().unwrap();
    let head = call(&simulator, "HEAD", "/api/now/table/incident?sysparm_limit=1", "").await;
    assert_eq!((head.status.as_u16(), head.text.as_str(), head.header("x-total-count")), (200, "", "8"));
}

#[tokio::test]
pub(crate) async fn scripted_apis_answer_as_they_like() {
    let scripted = |request: Request<Bytes>| {
        let body =
            Bytes::from(format!(r#"{{"result":{{"status":400,"message":"{}"}}}}"#, request.uri().path()));
        Response::builder().status(200).header("content-type", "application/json").body(body).unwrap()
    };
    let simulator = builder().scripted("x_acme_app", scripted).build().unwrap();
    let got = get(&simulator, "/api/x_acme_app/v1/orders").await;
    assert_eq!(got.result(), json!({ "status": 400, "message": "/api/x_acme_app/v1/orders" }));
    let nobody = send(&simulator, Request::get("/api/x_acme_app/v1/orders"), "").await;
    assert_eq!(nobody.status, 401);
}

#[tokio::test]
pub(crate) async fn string_columns_keep_as_many_characters_as_they_have() {
    let order = Table::new("u_order", "Order").text_column("u_key", 10).text_column("u_note", 300);
    let builder = builder().table(order).max_length("incident", "correlation_id", 12);
    let simulator = builder.row("u_order", [("u_key", "given from the start")]).build().unwrap();
    let long = "ä".repeat(400);
    let body = json!({ "u_key": "0123456789abcdefg", "u_note": long }).to_string();
    let made = call(&simulator, "POST", "/api/now/table/u_order", &body).await;
    assert_eq!((made.status.as_u16(), &made.result()["u_key"]), (201, &json!("0123456789")), "cut, and 201");
    assert_eq!(
        made.result()["u_note"],
        json!(long),
        "no varchar has more than 255: longer ones are unbounded"
    );
    let path = format!("/api/now/table/u_order/{}", made.result()["sys_id"].as_str().unwrap());
    let changed = call(&simulator, "PATCH", &path, r#"{"u_key":"ääääääääääää"}"#).await;
    assert_eq!(changed.result()["u_key"], json!("ä".repeat(10)), "characters, not bytes");
    let found = async |query: &str| {
        get(&simulator, &format!("/api/now/table/u_order?sysparm_query={query}")).await.rows().len()
    };
    assert_eq!((found("u_key=given from").await, found("u_key=given from the start").await), (1, 0));

    let incident = create(&simulator, r#"{"correlation_id":"12345678901234567"}"#).await;
    assert_eq!(simulator.stored("incident", &incident, "correlation_id").unwrap(), "123456789012");
    let entry = async |query: &str| {
        let path = format!("/api/now/table/sys_dictionary?sysparm_query={query}");
        get(&simulator, &path).await.column("max_length")
    };
    assert_eq!(entry("name=u_order^elementINu_key,u_note^ORDERBYelement").await, ["10", "300"]);
    assert_eq!(entry("name=task^element=correlation_id").await, ["12"], "a column of the table above");

    for (table, column, length) in
        [("incident", "none", 1), ("none", "u_key", 1), ("incident", "state", 1), ("incident", "number", 0)]
    {
        let refused = super::builder().max_length(table, column, length).build().unwrap_err().to_string();
        assert!(refused.starts_with("the length of"), "{refused}");
    }
}
