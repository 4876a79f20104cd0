//! A batch runs its requests in order through the same APIs (facts 7.1).

use crate::{ADMIN, Got, READER, builder, create, get, send};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Request;
use serde_json::{Value, json};
use snow_sim::{AccessPolicy, LoginMethod, OAuthApplication, Rule, Simulator};
use std::time::Duration;

async fn post(simulator: &Simulator, user: &str, batch: &Value) -> Got {
    let request = Request::post("/api/now/v1/batch").header("authorization", user);
    send(simulator, request.header("content-type", "application/json"), &batch.to_string()).await
}

async fn run(simulator: &Simulator, items: Value) -> Value {
    let got = post(simulator, ADMIN, &json!({ "batch_request_id": "b", "rest_requests": items })).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got.json()
}

fn item(id: &str, method: &str, url: &str, body: &str) -> Value {
    json!({ "id": id, "method": method, "url": url, "body": BASE64_STANDARD.encode(body) })
}

/// The body of a serviced item.
fn body(answer: &Value, at: usize) -> Value {
    let encoded = answer["serviced_requests"][at]["body"].as_str().unwrap();
    serde_json::from_slice(&BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
}

fn statuses(answer: &Value) -> Vec<(String, u64)> {
    let items = answer["serviced_requests"].as_array().unwrap().iter();
    items
        .map(|item| (item["id"].as_str().unwrap().to_owned(), item["status_code"].as_u64().unwrap()))
        .collect()
}

#[tokio::test]
pub(crate) async fn items_run_in_order_for_the_user_of_the_whole() {
    let simulator = builder().rule(Rule::DenyWrite { table: "problem".into() }).build().unwrap();
    let id = create(&simulator, "{}").await;
    let path = format!("/api/now/table/incident/{id}");
    let answer = run(
        &simulator,
        json!([
            item("1", "PATCH", &path, r#"{"short_description":"changed"}"#),
            item("2", "GET", &format!("{path}?sysparm_fields=short_description"), ""),
            item("3", "DELETE", &path, ""),
            item("4", "GET", &path, ""),
            item("5", "GET", "/api/now/stats/incident?sysparm_count=true", ""),
        ]),
    )
    .await;
    let numbered = [200, 200, 204, 404, 200].into_iter().enumerate();
    assert_eq!(
        statuses(&answer),
        numbered.map(|(at, status)| ((at + 1).to_string(), status)).collect::<Vec<_>>()
    );
    assert_eq!(body(&answer, 1), json!({ "result": { "short_description": "changed" } }));
    assert_eq!(answer["unserviced_requests"], json!([]));
    assert_eq!(body(&answer, 4)["result"]["stats"]["count"], "8");

    let items = json!([
        item("1", "POST", "/api/now/table/problem", "{}"),
        {
            "id": "2", "method": "POST", "url": "/api/now/table/problem", "body": BASE64_STANDARD.encode("{}"),
            "headers": [{ "name": "Authorization", "value": ADMIN }],
        },
        item("3", "GET", "/api/now/table/problem?sysparm_limit=1", ""),
    ]);
    let by_reader =
        post(&simulator, READER, &json!({ "batch_request_id": "b", "rest_requests": items })).await.json();
    assert_eq!(
        statuses(&by_reader).into_iter().map(|(_, status)| status).collect::<Vec<_>>(),
        [403, 403, 200]
    );
    assert_eq!(simulator.journal().last().unwrap().user, "reader");

    // Nothing is rolled back, and a query that no URL could hold gets through.
    let long = format!("/api/now/table/incident?sysparm_query=numberIN{}", "INC0000001,".repeat(1_000));
    let answer = run(
        &simulator,
        json!([item("1", "POST", "/api/now/table/incident", "{}"), item("2", "GET", &long, "")]),
    )
    .await;
    assert_eq!(
        (
            body(&answer, 1)["result"].as_array().unwrap().len(),
            get(&simulator, "/api/now/table/incident").await.rows().len()
        ),
        (1, 9)
    );
}

#[tokio::test]
pub(crate) async fn ids_bodies_and_headers_of_items() {
    let simulator = builder().build().unwrap();
    let items = json!([
        { "id": 11, "method": "GET", "url": "/api/now/table/incident?sysparm_limit=1" },
        { "id": "12", "method": "GET", "url": "/api/now/table/incident?sysparm_limit=1", "exclude_response_headers": true },
        { "id": "13", "method": "POST", "url": "/api/now/table/incident", "body": "eyd1cmdlbmN5\n  JzonMSd9" },
        { "id": "14", "method": "HEAD", "url": "/api/now/table/incident" },
        { "id": "15", "method": "POST", "url": "/api/now/table/incident", "body": BASE64_STANDARD.encode("{}"),
          "headers": [{ "name": "X-no-response-body", "value": "true" }] },
    ]);
    let got = post(&simulator, ADMIN, &json!({ "batch_request_id": 7, "rest_requests": items })).await;
    let answer = got.json();
    assert_eq!(
        (&answer["batch_request_id"], &answer["serviced_requests"][0]["id"]),
        (&json!("7"), &json!("11"))
    );
    let first = &answer["serviced_requests"][0];
    assert_eq!((&first["status_text"], &first["execution_time"]), (&json!("OK"), &json!(0)));
    let header = |at: usize, name: &str| {
        let headers = answer["serviced_requests"][at]["headers"].as_array().unwrap();
        headers
            .iter()
            .find(|header| header["name"] == name)
            .map(|header| header["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(header(0, "Content-Type").unwrap(), "application/json; charset=UTF-8", "with a space");
    assert_eq!(header(0, "X-Total-Count").unwrap(), "8");
    let length = BASE64_STANDARD.decode(first["body"].as_str().unwrap()).unwrap().len();
    assert_eq!(header(0, "Content-Length").unwrap(), length.to_string());
    assert_eq!((header(0, "Set-Cookie"), header(0, "X-Transaction-Id")), (None, None));
    assert_eq!(answer["serviced_requests"][1]["headers"], json!([]));
    assert_eq!(body(&answer, 2)["result"]["urgency"], "1", "a body with line breaks in it");
    assert!(
        header(2, "Location").unwrap().starts_with("https://dev1.service-now.com/api/now/table/incident/")
    );
    assert_eq!(
        (&answer["serviced_requests"][3]["body"], header(3, "X-Total-Count").unwrap()),
        (&json!(""), "9".to_owned())
    );
    assert_eq!(answer["serviced_requests"][4]["body"], "");
    assert!(got.headers.contains_key("set-cookie"), "the whole has a session");

    let incident = create(&simulator, "{}").await;
    let file =
        format!("/api/now/attachment/file?table_name=incident&table_sys_id={incident}&file_name=x.bin");
    let mut upload = item("1", "POST", &file, "\u{1}\u{2}");
    upload["headers"] = json!([{ "name": "Content-Type", "value": "application/octet-stream" }]);
    let answer = run(&simulator, json!([upload])).await;
    let id = body(&answer, 0)["result"]["sys_id"].as_str().unwrap().to_owned();
    let answer = run(
        &simulator,
        json!([
            item("1", "GET", &format!("/api/now/attachment/{id}/file"), ""),
            item("2", "DELETE", &format!("/api/now/attachment/{id}"), "")
        ]),
    )
    .await;
    assert_eq!(answer["serviced_requests"][0]["body"], "AQI=");
    assert_eq!(answer["serviced_requests"][1].get("body"), None, "204");
}

#[tokio::test]
pub(crate) async fn what_a_limit_leaves_is_not_serviced() {
    let simulator = builder()
        .settings(|settings| {
            settings.batch_input_limit = 30;
            settings.batch_output_limit = 400;
        })
        .build()
        .unwrap();
    let small =
        |id: &str| item(id, "GET", "/api/now/table/incident?sysparm_limit=1&sysparm_fields=number", "");
    let unserviced = async |items: Value| {
        let answer = run(&simulator, items).await;
        (statuses(&answer).len(), answer["unserviced_requests"].clone())
    };
    let large =
        item("2", "POST", "/api/now/table/incident", &format!(r#"{{"description":"{}"}}"#, "x".repeat(30)));
    assert_eq!(unserviced(json!([small("1"), large, small("3")])).await, (1, json!(["2", "3"])));
    assert_eq!(get(&simulator, "/api/now/table/incident").await.rows().len(), 8, "not done");
    let long = item("2", "GET", "/api/now/table/incident", "");
    assert_eq!(unserviced(json!([small("1"), long, small("3")])).await, (1, json!(["2", "3"])));

    let batch = json!({ "batch_request_id": "b", "rest_requests": [small("1"), small("2")] });
    let lower = async |limit: &str| {
        let request = Request::post("/api/now/v1/batch")
            .header("authorization", ADMIN)
            .header("content-type", "application/json")
            .header("x-batchrequest-max-output-size", limit);
        send(&simulator, request, &batch.to_string()).await.json()["unserviced_requests"].clone()
    };
    assert_eq!(lower("10").await, json!(["1", "2"]), "a header may lower the limit");
    assert_eq!(lower("100000").await, json!([]));
    let long = json!({ "batch_request_id": "b", "rest_requests": [item("1", "GET", "/api/now/table/incident", "")] });
    let request = Request::post("/api/now/v1/batch")
        .header("authorization", ADMIN)
        .header("content-type", "application/json")
        .header("x-batchrequest-max-output-size", "100000");
    let raised = send(&simulator, request, &long.to_string()).await.json();
    assert_eq!(raised["unserviced_requests"], json!(["1"]), "and not raise it");

    // Thirty seconds for all of them, and nobody waits for it.
    simulator.settings(|settings| settings.batch_item_time = Duration::from_secs(10));
    let items = |count: u32| (1..=count).map(|id| small(&id.to_string())).collect::<Value>();
    assert_eq!(unserviced(items(5)).await, (3, json!(["4", "5"])));
    simulator.settings(|settings| settings.batch_item_time = Duration::from_secs(20));
    let answer =
        run(&simulator, json!([small("1"), item("2", "POST", "/api/now/table/incident", "{}"), small("3")]))
            .await;
    assert_eq!(statuses(&answer), [("1".to_owned(), 200), ("2".to_owned(), 500)]);
    assert_eq!(
        body(&answer, 1)["error"]["message"],
        "Transaction cancelled: maximum execution time exceeded"
    );
    assert_eq!(answer["serviced_requests"][0]["execution_time"], 20_000);
    assert_eq!(
        get(&simulator, "/api/now/table/incident").await.rows().len(),
        9,
        "cancelled, and done all the same"
    );
}

#[tokio::test]
pub(crate) async fn refusals() {
    let simulator = builder().settings(|settings| settings.body_limit = 2_000).build().unwrap();
    let json = "application/json";
    for (method, path, kind, body, status) in [
        ("POST", "/api/now/v2/batch", json, r#"{"rest_requests":[]}"#, 200),
        ("POST", "/api/now/batch", json, r#"{"rest_requests":[]}"#, 400),
        ("POST", "/api/now/v1/batch/x", json, r#"{"rest_requests":[]}"#, 400),
        ("GET", "/api/now/v1/batch", json, "", 405),
        ("POST", "/api/now/v1/batch", "text/plain", r#"{"rest_requests":[]}"#, 415),
        ("POST", "/api/now/v1/batch", json, "none", 400),
        ("POST", "/api/now/v1/batch", json, "{}", 400),
        ("POST", "/api/now/v1/batch", json, r#"{"rest_requests":[{"method":"GET","url":"/"}]}"#, 400),
    ] {
        let request = Request::builder().method(method).uri(path).header("authorization", ADMIN);
        let got = send(&simulator, request.header("content-type", kind), body).await;
        assert_eq!(got.status, status, "{method} {path} {body}: {}", got.text);
    }
    let mixed = Request::post("/api/now/v1/batch")
        .header("authorization", ADMIN)
        .header("content-type", json)
        .header("accept", "multipart/mixed");
    assert_eq!(send(&simulator, mixed, r#"{"rest_requests":[]}"#).await.status, 501);
    let nobody = Request::post("/api/now/v1/batch").header("content-type", json);
    assert_eq!(send(&simulator, nobody, r#"{"rest_requests":[]}"#).await.status, 401);
    let large = post(&simulator, ADMIN, &json!({ "rest_requests": [], "x": "x".repeat(2_000) })).await;
    assert_eq!((large.status.as_u16(), large.error().1.as_str()), (400, "Exception while reading request"));

    // What is wrong with one item is told of it alone.
    let items = json!([
        { "id": "1", "method": "GET", "url": "https://elsewhere.example/api/now/table/incident" },
        { "id": "2", "url": "/api/now/table/incident" },
        { "id": "3", "method": "POST", "url": "/api/now/table/incident", "body": "!" },
        { "id": "4", "method": "GET", "url": "/api/now/table/incident", "headers": [{ "name": "a b", "value": "c" }] },
        { "id": "5", "method": "GET", "url": "/api/now/table/no_table" },
        { "id": "6", "method": "GET", "url": "/oauth_token.do" },
        { "id": "7", "method": "POST", "url": "/api/now/v1/batch" },
        { "id": "8", "method": "GET", "url": "/api/now/table/incident?sysparm_limit=1&sysparm_fields=number" },
    ]);
    let answer = run(&simulator, items).await;
    let found: Vec<u64> = statuses(&answer).into_iter().map(|(_, status)| status).collect();
    assert_eq!(found, [400, 400, 400, 400, 400, 400, 501, 200]);
    assert!(answer["serviced_requests"][0]["error_message"].as_str().unwrap().contains("not relative"));
    assert_eq!(body(&answer, 4)["error"]["message"], "Invalid table no_table");
}

/// How the batch logged in is how each of its items did: policies and scopes hold for the path of each (facts 4.5 and 7.1).
#[tokio::test]
pub(crate) async fn policies_and_scopes_hold_for_each_item() {
    let table = AccessPolicy::new("/api/now/table").allow(LoginMethod::OAuth);
    let stats = AccessPolicy::new("/api/now/stats").allow(LoginMethod::Basic);
    let reports =
        OAuthApplication::new("my-id", "my-secret").scope("reports", ["/api/now/batch", "/api/now/stats"]);
    let builder = builder().access_policy(table).access_policy(stats).oauth_application(reports);
    let simulator = builder.oauth_client("all", "my-secret").api_key("my-key", "admin").build().unwrap();
    let incident = simulator.insert("incident", [("short_description", "one")]).unwrap();
    let items = json!([
        item("1", "GET", &format!("/api/now/v2/table/incident/{incident}"), ""),
        item("2", "DELETE", &format!("/api/now/table/incident/{incident}"), ""),
        item("3", "GET", "/api/now/stats/incident?sysparm_count=true", ""),
        item("4", "GET", "/api/now/attachment", ""),
    ]);
    let batch = json!({ "batch_request_id": "b", "rest_requests": items });
    let token = async |client: &str| {
        let form = format!(
            "client_id={client}&client_secret=my-secret&grant_type=password&username=admin&password=secret"
        );
        let issued = send(&simulator, Request::post("/oauth_token.do"), &form).await.json();
        format!("Bearer {}", issued["access_token"].as_str().unwrap())
    };
    let codes = async |user: &str| -> Vec<u64> {
        let answer = post(&simulator, user, &batch).await;
        assert_eq!(answer.status, 200, "the batch itself may be called");
        statuses(&answer.json()).into_iter().map(|(_, status)| status).collect()
    };
    assert_eq!(codes(ADMIN).await, [401, 401, 200, 200]);
    assert!(simulator.stored("incident", &incident, "number").is_some(), "what is refused is not done");
    assert_eq!(codes(&token("my-id").await).await, [403, 403, 401, 403]);
    let by_key = Request::post("/api/now/v1/batch").header("x-sn-apikey", "my-key");
    let by_key =
        send(&simulator, by_key.header("content-type", "application/json"), &batch.to_string()).await;
    assert_eq!(statuses(&by_key.json())[2].1, 401);
    let refused = post(&simulator, ADMIN, &batch).await.json();
    assert_eq!(body(&refused, 0)["error"]["message"], "User Not Authenticated");
    assert_eq!(codes(&token("all").await).await, [200, 204, 401, 200]);
}
