//! Files follow the access rules of their record and the limits of the instance (facts 5 and 3.2).

use crate::attachments::{download, sha256, upload, with_file};
use crate::{ADMIN, Got, READER, builder, call, create, get, get_as, send};
use http::Request;
use serde_json::json;
use snow_sim::{Rule, Simulator};
use std::time::Duration;

#[tokio::test(start_paused = true)]
pub(crate) async fn pending_until_it_was_scanned() {
    let simulator =
        builder().settings(|settings| settings.attachment_scan = Duration::from_secs(2)).build().unwrap();
    let (_, id) = with_file(&simulator, "x.txt").await;
    let state = async || {
        let record = get(&simulator, &format!("/api/now/attachment/{id}")).await.result();
        ["state", "sys_mod_count", "sys_updated_by"].map(|name| record[name].as_str().unwrap().to_owned())
    };
    assert_eq!(state().await, ["pending", "0", "admin"]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(state().await[0], "pending");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(state().await, ["available", "1", "system"]);
}

#[tokio::test]
pub(crate) async fn refusals() {
    let simulator = builder().build().unwrap();
    let incident = create(&simulator, "{}").await;
    let whole = format!("table_name=incident&table_sys_id={incident}&file_name=x.txt");
    for missing in ["table_name", "table_sys_id", "file_name"] {
        let query = whole.replace(missing, "other");
        let refused = upload(&simulator, &query, "text/plain", b"x").await;
        assert_eq!(refused.status, 400);
        assert!(refused.error().2.as_str().unwrap().contains(missing));
    }
    let typeless = Request::post(format!("/api/now/attachment/file?{whole}")).header("authorization", ADMIN);
    assert_eq!(send(&simulator, typeless, "x").await.status, 400, "the type is mandatory");
    let unknown = upload(&simulator, &whole.replace("incident", "no_table"), "text/plain", b"x").await;
    assert_eq!((unknown.status.as_u16(), unknown.error().1.as_str()), (400, "Invalid table no_table"));
    let lost = upload(&simulator, &whole.replace(&incident, "none"), "text/plain", b"x").await;
    assert_eq!((lost.status.as_u16(), lost.error().1.as_str()), (404, "No Record found"));
    assert_eq!(get(&simulator, "/api/now/attachment").await.rows().len(), 0);
    for (method, path, status) in [
        ("PUT", "/api/now/attachment/x", 405),
        ("POST", "/api/now/attachment", 405),
        ("GET", "/api/now/attachment/x/file/y", 400),
        ("GET", "/api/now/attachment/x/attributes/y/z", 400),
    ] {
        assert_eq!(call(&simulator, method, path, "{}").await.status, status, "{method} {path}");
    }
    simulator.settings(|settings| settings.write_lie = Some(snow_sim::WriteLie::Cancelled));
    assert_eq!(upload(&simulator, &whole, "text/plain", b"x").await.status, 500);
    simulator.settings(|settings| settings.write_lie = None);
    assert_eq!(get(&simulator, "/api/now/attachment").await.rows().len(), 1, "refused, and yet done");
}

#[tokio::test]
pub(crate) async fn what_a_record_allows_holds_for_its_files() {
    let simulator = builder()
        .rule(Rule::HideRows { table: "incident".into(), query: "short_description=secret".into() })
        .rule(Rule::DenyWrite { table: "problem".into() })
        .build()
        .unwrap();
    let hidden = create(&simulator, r#"{"short_description":"secret"}"#).await;
    let open = create(&simulator, "{}").await;
    let secret = simulator.attach("incident", &hidden, "secret.txt", "text/plain", "x").unwrap();
    simulator.attach("incident", &open, "open.txt", "text/plain", "x").unwrap();
    let seen = get_as(&simulator, READER, "/api/now/attachment").await;
    assert_eq!((seen.column("file_name"), seen.header("x-total-count")), (vec!["open.txt".into()], "2"));
    for path in [format!("/api/now/attachment/{secret}"), format!("/api/now/attachment/{secret}/file")] {
        assert_eq!(get_as(&simulator, READER, &path).await.status, 404);
    }
    let by_reader = async |method: &str, path: &str, body: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", READER).header("content-type", "text/plain");
        send(&simulator, request, body).await.status.as_u16()
    };
    let file = |table: &str, id: &str| {
        format!("/api/now/attachment/file?table_name={table}&table_sys_id={id}&file_name=x")
    };
    assert_eq!(by_reader("POST", &file("incident", &hidden), "x").await, 404, "as if it were not there");
    assert_eq!(by_reader("POST", &file("incident", &open), "x").await, 201);

    let problem = get(&simulator, "/api/now/table/problem?sysparm_limit=1").await.column("sys_id").remove(0);
    let guarded = simulator.attach("problem", &problem, "x.txt", "text/plain", "x").unwrap();
    let path = format!("/api/now/attachment/{guarded}");
    assert_eq!(by_reader("GET", &path, "").await, 200, "reading is not denied");
    assert_eq!(by_reader("POST", &file("problem", &problem), "x").await, 403);
    assert_eq!(by_reader("PATCH", &path, r#"{"file_name":"y"}"#).await, 403);
    assert_eq!(by_reader("POST", &format!("{path}/attributes"), r#"{"key":"a","value":"b"}"#).await, 403);
    assert_eq!(by_reader("DELETE", &path, "").await, 403);
    assert_eq!(call(&simulator, "DELETE", &path, "").await.status, 204);

    // Fields that are files have a table name of their own, and are in no list of the record's files.
    let image = upload(
        &simulator,
        &format!("table_name=ZZ_YYincident&table_sys_id={hidden}&file_name=photo"),
        "image/png",
        b"x",
    )
    .await;
    assert_eq!(image.result()["table_name"], "ZZ_YYincident");
    let own = format!("/api/now/attachment?sysparm_query=table_name=incident^table_sys_id={hidden}");
    assert_eq!(get(&simulator, &own).await.column("file_name"), ["secret.txt"]);
    assert_eq!(
        get_as(&simulator, READER, "/api/now/attachment?sysparm_query=file_name=photo").await.rows().len(),
        0
    );
}

#[tokio::test]
pub(crate) async fn limits_of_the_instance() {
    let simulator = builder()
        .settings(|settings| {
            settings.attachment_max_size = 10;
            settings.attachment_extensions = vec!["txt".into(), "png".into()];
            settings.body_limit = 5;
        })
        .build()
        .unwrap();
    let incident =
        get(&simulator, "/api/now/table/incident?sysparm_limit=1").await.column("sys_id").remove(0);
    let query = |name: &str| format!("table_name=incident&table_sys_id={incident}&file_name={name}");
    let made = upload(&simulator, &query("a.TXT"), "text/plain", b"0123456789").await;
    assert_eq!(made.status, 201, "files are not held to the limit of other bodies");
    let large = upload(&simulator, &query("a.txt"), "text/plain", b"0123456789a").await;
    assert_eq!((large.status.as_u16(), large.error().1.as_str()), (400, "Exception while reading request"));
    for name in ["a.exe", "txt"] {
        assert_eq!(upload(&simulator, &query(name), "text/plain", b"x").await.status, 403, "{name}");
    }
    simulator.settings(|settings| settings.body_limit = 1_000);
    let path = format!("/api/now/attachment/{}", made.result()["sys_id"].as_str().unwrap());
    assert_eq!(call(&simulator, "PATCH", &path, r#"{"file_name":"a.exe"}"#).await.status, 403);

    simulator.settings(|settings| settings.attachment_role = "uploader".into());
    let by_reader = Request::post(format!("/api/now/attachment/file?{}", query("b.txt")))
        .header("authorization", READER)
        .header("content-type", "text/plain");
    assert_eq!(send(&simulator, by_reader, "x").await.status, 403);
    simulator.settings(|settings| settings.attachment_role = "itil".into());
    let by_reader = Request::post(format!("/api/now/attachment/file?{}", query("b.txt")))
        .header("authorization", READER)
        .header("content-type", "text/plain");
    assert_eq!(send(&simulator, by_reader, "x").await.status, 201);

    simulator.settings(|settings| settings.attachments_kept = false);
    let made = upload(&simulator, &query("c.txt"), "text/plain", b"hello").await.result();
    assert_eq!((&made["hash"], &made["size_bytes"]), (&json!(sha256(b"hello")), &json!("5")));
    assert_eq!(download(&simulator, made["sys_id"].as_str().unwrap()).await.0, 501);
}

#[tokio::test]
pub(crate) async fn strangers_are_forbidden() {
    let simulator = builder().build().unwrap();
    let refused = get_as_nobody(&simulator).await;
    assert_eq!(
        refused.error(),
        (403, "User Not Authorized".into(), json!("Failed API level ACL Validation"))
    );
    assert_eq!(refused.header("www-authenticate"), "", "and no challenge");
    let wrong = get_as(&simulator, "Basic YWRtaW46d3Jvbmc=", "/api/now/attachment").await;
    assert_eq!(wrong.status, 401, "one who tries and fails gets the usual answer");
    simulator.settings(|settings| settings.release = snow_sim::Release::Y2021);
    assert_eq!(get_as_nobody(&simulator).await.status, 401);
}

async fn get_as_nobody(simulator: &Simulator) -> Got {
    send(simulator, Request::get("/api/now/attachment"), "").await
}
