//! Facts 3: errors, and answers that only look like some.

use crate::{builder, call, get};
use serde_json::{Value, json};
use snow_sim::{Cut, Node, Quota, Rule, WriteLie};

#[tokio::test]
pub(crate) async fn one_envelope() {
    let simulator = builder().build().unwrap();
    let refused = get(&simulator, "/api/now/table/none").await;
    assert_eq!(
        refused.json(),
        json!({ "error": { "message": "Invalid table none", "detail": null }, "status": "failure" })
    );
    assert_eq!(refused.header("content-type"), "application/json;charset=UTF-8");
}

#[tokio::test]
pub(crate) async fn refusals_of_writes() {
    let abort = Rule::Abort { table: "incident".into(), rule: "No incidents".into() };
    let simulator = builder().rule(abort).build().unwrap();
    let (status, message, detail) = call(&simulator, "POST", "/api/now/table/incident", "{}").await.error();
    assert_eq!((status, message.as_str()), (403, "Operation Failed"));
    let detail = detail.as_str().unwrap();
    assert!(
        detail.starts_with("Operation against file 'incident' was aborted by Business Rule 'No incidents^"),
        "{detail}"
    );
    assert!(detail.ends_with("'. Business Rule Stack:No incidents"), "{detail}");

    let mandatory = Rule::Mandatory { table: "incident".into(), field: "close_code".into() };
    let simulator = builder().rule(mandatory).build().unwrap();
    let refused = call(&simulator, "POST", "/api/now/table/incident", "{}").await.error();
    assert_eq!(
        refused.2,
        json!("Data Policy Exception: The following fields are mandatory: Resolution code"),
        "by its label"
    );
    assert_eq!(
        call(&simulator, "POST", "/api/now/table/incident", r#"{"close_code":"x"}"#).await.status,
        201
    );
}

#[tokio::test]
pub(crate) async fn a_write_may_lie() {
    let simulator = builder().build().unwrap();
    for (lie, status) in [(WriteLie::Forbidden, 403), (WriteLie::Cancelled, 500)] {
        simulator.settings(|settings| settings.write_lie = Some(lie));
        let text = format!(r#"{{"short_description":"{lie:?}"}}"#);
        assert_eq!(call(&simulator, "POST", "/api/now/table/incident", &text).await.status, status);
        let there = get(&simulator, &format!("/api/now/table/incident?short_description={lie:?}")).await;
        assert_eq!(there.rows().len(), 1, "it was done all the same");
    }
    simulator.settings(|settings| settings.write_lie = Some(WriteLie::Forbidden));
    let id = get(&simulator, "/api/now/table/incident?short_description=Forbidden")
        .await
        .column("sys_id")
        .remove(0);
    let path = format!("/api/now/table/incident/{id}");
    for (method, verb) in [("PATCH", "Update"), ("DELETE", "Delete")] {
        let detail = json!(format!("ACL Exception {verb} Failed due to security constraints"));
        assert_eq!(call(&simulator, method, &path, "{}").await.error().2, detail);
    }
    assert_eq!(get(&simulator, &path).await.status, 404, "it is gone all the same");
}

#[tokio::test]
pub(crate) async fn cancelled_in_every_shape() {
    let simulator = builder().build().unwrap();
    let cancelled = |shape| simulator.settings(|settings| settings.quota = Some(Quota { rows: 2, shape }));
    let list = "/api/now/table/incident?sysparm_fields=number";
    cancelled(Cut::Before);
    let (status, message, _) = get(&simulator, list).await.error();
    assert_eq!((status, message.as_str()), (500, "Transaction cancelled: maximum execution time exceeded"));
    assert_eq!(get(&simulator, list).await.header("x-total-count"), "", "nothing had begun");

    cancelled(Cut::Beside);
    let got = get(&simulator, list).await;
    assert_eq!((got.status.as_u16(), got.rows().len(), got.header("x-total-count")), (200, 2, "8"));
    assert_eq!(got.json()["status"], "failure");
    assert!(got.json()["error"]["detail"].as_str().unwrap().contains("Check logs for error trace"));

    cancelled(Cut::EmptyRow);
    assert_eq!(get(&simulator, list).await.rows()[2], json!(""));

    cancelled(Cut::Malformed);
    let got = get(&simulator, list).await;
    assert!(
        got.status == 200
            && serde_json::from_str::<Value>(&got.text).is_err()
            && got.text.contains("\"\"\"\"]")
    );

    cancelled(Cut::Truncated);
    let request = http::Request::get(list).header("authorization", crate::ADMIN);
    let answer = tower::ServiceExt::oneshot(
        simulator.clone(),
        request.body(http_body_util::Full::<bytes::Bytes>::default()).unwrap(),
    );
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(http_body_util::BodyExt::collect(answer.into_body()).await.is_err(), "the connection breaks");
    simulator.settings(|settings| settings.quota = Some(Quota { rows: 8, shape: Cut::Beside }));
    assert_eq!(get(&simulator, list).await.json().get("error"), None, "in time after all");
}

#[tokio::test]
pub(crate) async fn an_instance_that_does_not_answer() {
    let simulator = builder().build().unwrap();
    for (node, status) in
        [(Node::Hibernating, 200), (Node::None, 502), (Node::Maintenance, 503), (Node::LoginRedirect, 302)]
    {
        simulator.settings(|settings| settings.node = node);
        for path in ["/api/now/table/incident", "/oauth_token.do", "/anything"] {
            let got = call(&simulator, "POST", path, "{}").await;
            assert_eq!(got.status.as_u16(), status, "{node:?}");
            assert!(got.header("x-transaction-id").is_empty() && got.headers.get("set-cookie").is_none());
            assert!(!got.header("content-type").contains("json"));
        }
    }
    simulator.settings(|settings| settings.node = Node::Hibernating);
    assert!(get(&simulator, "/").await.text.contains("Instance Hibernating page"));
    simulator.settings(|settings| settings.node = Node::Up);
    assert_eq!(get(&simulator, "/api/now/table/incident").await.status, 200);
}
