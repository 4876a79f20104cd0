//! What an instance has and the simulator has not is 501, never an error or an empty list of an instance; a test can provide it.

use crate::{ADMIN, Got, READER, builder, call, create, get, get_as, send};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

#[tokio::test]
pub(crate) async fn every_api_of_an_instance_is_501_with_a_list() {
    let simulator = builder().build().unwrap();
    for path in [
        "/api/now/cmdb/instance/cmdb_ci_server",
        "/api/now/v1/cmdb/meta/cmdb_ci_server",
        "/api/now/identifyreconcile",
        "/api/now/email/x",
        "/api/now/pushinstallation",
        "/api/now/cilifecyclemgmt/statuses",
        "/api/now/graphql",
        "/api/now/oauth/jwks",
        "/api/now/scim/Users",
        "/api/now/pa/scorecards",
        "/api/sn_sc/servicecatalog/items",
        "/api/sn_sc/v1/servicecatalog/items/1/order_now",
        "/api/sn_km_api/knowledge/articles",
        "/api/sn_apptmnt_booking/appointment",
        "/api/sn_cicd/app_repo/install",
        "/api/sn_customerservice/case",
        "/api/global/user_role_inheritance",
        "/api/alarm/create",
        "/incident.do?JSONv2",
        "/sys_attachment.do?sys_id=1",
    ] {
        for method in ["GET", "POST"] {
            let (status, message, detail) = call(&simulator, method, path, "{}").await.error();
            assert_eq!((status, message.as_str()), (501, "Not simulated"), "{method} {path}");
            let detail = detail.as_str().unwrap();
            for api in ["/api/now/table", "/api/now/stats", "/api/sn_chg_rest/change", "Builder::scripted"] {
                assert!(detail.contains(api), "{detail}");
            }
        }
    }
    for path in ["/api/now/nothing", "/api/now", "/api/x_acme/orders", "/api/12345/orders", "/nothing"] {
        assert_eq!(get(&simulator, path).await.status, 400, "{path}: no instance has it");
    }
    let nobody = send(&simulator, Request::get("/api/sn_sc/servicecatalog/items"), "").await;
    assert_eq!(nobody.status, 401, "only those who have logged in hear of it");
}

#[tokio::test]
pub(crate) async fn xml_is_501_and_never_json() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, "{}").await;
    let file = simulator.attach("incident", &id, "a.xml", "application/xml", "<a/>").unwrap();
    let ask = async |path: &str, name: &str, value: &str| {
        send(&simulator, Request::get(path).header("authorization", ADMIN).header(name, value), "").await
    };
    let table = "/api/now/table/incident?sysparm_limit=1";
    for (path, accept) in [
        (table, "application/xml"),
        (table, "text/xml"),
        (table, "application/json;q=0.5, application/xml"),
        ("/api/now/table/none", "application/xml"),
        ("/api/now/stats/incident", "application/xml"),
        ("/api/sn_sc/servicecatalog/items", "text/xml"),
        (&format!("/api/now/attachment/{file}"), "application/xml"),
    ] {
        let got = ask(path, "accept", accept).await;
        assert_eq!(
            (got.status.as_u16(), got.header("content-type")),
            (501, "application/xml;charset=UTF-8"),
            "{path}"
        );
        assert!(
            got.text.starts_with("<?xml ") && got.text.contains("<detail>XML is not simulated"),
            "{}",
            got.text
        );
    }
    assert_eq!(ask(table, "content-type", "application/xml").await.status, 501, "nor is it read");
    let stranger = send(&simulator, Request::get(table).header("accept", "application/xml"), "").await;
    assert!(stranger.status == 501 && !stranger.text.contains('{'), "{}", stranger.text);
    for accept in ["*/*", "application/json, application/xml", "application/xml;q=0.1, */*"] {
        assert_eq!(ask(table, "accept", accept).await.status, 200, "{accept}");
    }
    let content = ask(&format!("/api/now/attachment/{file}/file"), "accept", "application/xml").await;
    assert_eq!((content.status.as_u16(), content.text.as_str()), (200, "<a/>"), "a file may be XML");

    let item = batch_item(table, &simulator).await;
    assert_eq!(item["status_code"], 501);
    let body = BASE64_STANDARD.decode(item["body"].as_str().unwrap()).unwrap();
    assert!(body.starts_with(b"<?xml "));
}

/// The item of a batch that asks for XML at a path.
async fn batch_item(url: &str, simulator: &snow_sim::Simulator) -> Value {
    let headers = json!([{ "name": "Accept", "value": "application/xml" }]);
    let item = json!({ "id": "1", "method": "GET", "url": url, "headers": headers });
    let batch = json!({ "batch_request_id": "b", "rest_requests": [item] }).to_string();
    let request = Request::post("/api/now/v1/batch").header("authorization", ADMIN);
    let got = send(simulator, request.header("content-type", "application/json"), &batch).await.json();
    got["serviced_requests"][0].clone()
}

/// A handler that says who it is.
fn named(name: &'static str) -> impl Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static {
    move |request| {
        let body = json!({ "result": { "by": name, "path": request.uri().path() } }).to_string();
        Response::builder().header("content-type", "application/json").body(body.into()).unwrap()
    }
}

#[tokio::test]
pub(crate) async fn a_test_provides_what_is_missing() {
    let simulator = builder()
        .scripted("/api/now/cmdb", named("cmdb"))
        .scripted("/api/now/cmdb/instance/", named("instance"))
        .scripted("/api/now/table/problem", named("problem"))
        .scripted("sn_sc", named("catalog"))
        .build()
        .unwrap();
    let by = async |path: &str| -> Value { get(&simulator, path).await.result()["by"].clone() };
    assert_eq!(by("/api/now/cmdb/meta/cmdb_ci").await, "cmdb");
    assert_eq!(by("/api/now/cmdb/instance/cmdb_ci").await, "instance", "the longest prefix");
    assert_eq!(by("/api/now/v1/cmdb/instance").await, "instance", "of any version");
    assert_eq!(by("/api/sn_sc/v1/servicecatalog/items").await, "catalog");
    assert_eq!(by("/api/now/table/problem/1").await, "problem", "before the API that is there");
    assert_eq!(get(&simulator, "/api/now/table/problem_of_mine").await.status, 400, "whole segments");
    assert_eq!(get(&simulator, "/api/now/table/incident").await.status, 200);
    assert_eq!(get_as(&simulator, "", "/api/now/cmdb/instance").await.status, 401);
    let xml = Request::get("/api/now/cmdb/x").header("authorization", READER).header("accept", "text/xml");
    assert_eq!(send(&simulator, xml, "").await.status, 200, "a handler answers as it likes");
    let item = batch_item("/api/now/cmdb/x", &simulator).await;
    assert_eq!(item["status_code"], 200, "in a batch, too: {item}");

    for (first, second) in [("x_acme", "/api/x_acme/"), ("/", "x_acme")] {
        let twice = builder().scripted(first, named("a")).scripted(second, named("b")).build();
        assert!(twice.is_err(), "{first} {second}");
    }
}

/// Statuses of GETs, in order.
async fn statuses(simulator: &snow_sim::Simulator, paths: &[&str]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in paths {
        let got: Got = get(simulator, path).await;
        statuses.push(got.status.as_u16());
    }
    statuses
}

#[tokio::test]
pub(crate) async fn faults_by_method_path_and_number() {
    use http::Method;
    use snow_sim::Fault;
    use std::time::Duration;
    let simulator = builder().build().unwrap();
    let (incident, problem) = ("/api/now/table/incident", "/api/now/v2/table/problem");
    simulator.fail(Fault::NoNode).on(Method::GET).at(incident).times(2);
    simulator.fail(Fault::Maintenance).at("/api/now/table/problem");
    let found = statuses(&simulator, &[problem, problem, incident, incident, incident]).await;
    assert_eq!(found, [503, 200, 502, 502, 200]);

    simulator.fail(Fault::Busy).on(Method::POST);
    assert_eq!(statuses(&simulator, &[incident]).await, [200], "another method");
    assert_eq!(call(&simulator, "POST", incident, "{}").await.status, 429);

    simulator.fail(Fault::NoNode).at(incident).always();
    simulator.fail_next(Fault::Maintenance);
    assert_eq!(
        statuses(&simulator, &[incident, problem, incident, problem]).await,
        [502, 503, 502, 200],
        "the first that fits"
    );

    let simulator = builder().build().unwrap();
    simulator.fail(Fault::RateLimited(Duration::from_secs(7)));
    assert_eq!(get(&simulator, incident).await.header("retry-after"), "7");
}
