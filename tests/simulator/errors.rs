//! Errors have the service's envelopes, statuses and bodies, and some responses only look like errors (facts 3).

use crate::{Got, READER, builder, call, get};
use http::{Request, StatusCode, header};
use serde_json::{Value, json};
use snow_sim::{Cut, Gateway, Language, Node, Quota, Rule, WriteLie};
use std::collections::BTreeSet;

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
    for (code, status) in [("Solved (Permanently)", 201), ("no choice: dropped before the policy looks", 403)]
    {
        let body = json!({ "close_code": code }).to_string();
        assert_eq!(call(&simulator, "POST", "/api/now/table/incident", &body).await.status, status, "{code}");
    }
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

    cancelled(Cut::ErrorAfterRows);
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
    let request = Request::get(list).header("authorization", crate::ADMIN);
    let answer = tower::ServiceExt::oneshot(
        simulator.clone(),
        request.body(http_body_util::Full::<bytes::Bytes>::default()).unwrap(),
    );
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(http_body_util::BodyExt::collect(answer.into_body()).await.is_err(), "the connection breaks");
    simulator.settings(|settings| settings.quota = Some(Quota { rows: 8, shape: Cut::ErrorAfterRows }));
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

#[tokio::test]
pub(crate) async fn a_gateway_responds_in_place_of_the_instance() {
    let simulator = builder().build().unwrap();
    let page = "<html><h1>404 Not Found</h1></html>";
    let gateway =
        Gateway::new(StatusCode::NOT_FOUND).body("text/html", page).header(header::VIA, "1.1 proxy");
    let path = format!("/api/now/table/incident/{}", crate::create(&simulator, "{}").await);
    simulator.take_journal();

    simulator.gateway_next(gateway.clone());
    simulator.gateway_at(3, gateway.clone().after_the_instance());
    let answers = [
        call(&simulator, "DELETE", &path, "").await,
        get(&simulator, &path).await,
        call(&simulator, "DELETE", &path, "").await,
        get(&simulator, &path).await,
    ];
    assert_eq!(answers.iter().map(|got| got.status.as_u16()).collect::<Vec<_>>(), [404, 200, 404, 404]);
    for got in [&answers[0], &answers[2]] {
        let names: Vec<_> = got.headers.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["content-type", "via"], "nothing that the instance would have sent");
        assert_eq!(got.text, page);
    }
    assert_eq!(answers[3].error().1, "No Record found", "the second deletion was carried out");
    let reached: Vec<_> = simulator.take_journal().iter().map(|entry| entry.reached).collect();
    assert_eq!(reached, [false, true, true, true]);

    // Several queue up, around one that has its place already.
    let status = |code: u16| Gateway::new(StatusCode::from_u16(code).unwrap());
    simulator.gateway_at(2, status(502));
    simulator.gateway_next(status(403));
    simulator.gateway_next(status(504));
    simulator.gateway_always(Some(status(407)));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(get(&simulator, "/api/now/table/incident").await.status.as_u16());
    }
    simulator.gateway_always(None);
    seen.push(get(&simulator, "/api/now/table/incident").await.status.as_u16());
    assert_eq!(seen, [403, 502, 504, 407, 200]);
}

#[tokio::test]
pub(crate) async fn messages_may_come_in_another_language() {
    let abort = Rule::Abort { table: "problem".into(), rule: "Keine".into() };
    let denied = Rule::DenyWrite { table: "incident".into() };
    let simulator = builder().rule(abort).rule(denied).build().unwrap();
    let id = crate::create(&simulator, "{}").await;
    let hide = Rule::HideField { table: "incident".into(), field: "priority".into() };
    simulator.add_rule(hide);
    let one = format!("/api/now/table/incident/{id}");
    let cases = [
        ("GET", "/api/now/table/none", READER),
        ("GET", "/api/now/v1/table/incident?sysparm_query=number=none", READER),
        ("GET", "/api/now/table/incident/none", READER),
        ("GET", "/api/now/nothing", READER),
        ("GET", "/api/now/table/incident?sysparm_query=priority=1", READER),
        ("GET", "/api/now/table/sys_db_object", READER),
        ("POST", "/api/now/table/incident", READER),
        ("POST", "/api/now/table/problem", READER),
        ("PATCH", &one, READER),
        ("DELETE", &one, READER),
        ("PURGE", &one, READER),
        ("GET", "/api/now/table/incident", "Basic bm9uZTpub25l"),
    ];
    let ask = async |(method, path, user): (&str, &str, &str)| {
        let request =
            Request::builder().method(method).uri(crate::encode(path)).header("authorization", user);
        crate::send(&simulator, request, "{}").await
    };
    let words = |got: &Got| -> BTreeSet<String> {
        let (_, message, detail) = got.error();
        let text = format!("{message} {}", detail.as_str().unwrap_or_default());
        text.split(|c: char| !c.is_alphabetic()).filter(|word| word.len() > 3).map(str::to_owned).collect()
    };
    let names = ["none", "incident", "problem", "Keine"].map(str::to_owned);
    for case in cases {
        simulator.settings(|settings| settings.language = Language::English);
        let english = ask(case).await;
        simulator.settings(|settings| settings.language = Language::German);
        let german = ask(case).await;
        assert_eq!(english.status, german.status, "{case:?}");
        // The translations are the simulator's own, which it says.
        let real = |name: &&http::HeaderName| name.as_str() != "x-sim-guess";
        let keys = |got: &Got| got.headers.keys().filter(real).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(keys(&english), keys(&german), "{case:?}");
        let shape = |got: &Got| got.json()["error"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(shape(&english), shape(&german), "{case:?}");
        let (english, german) = (words(&english), words(&german));
        let both: Vec<_> = english.intersection(&german).filter(|word| !names.contains(word)).collect();
        assert!(both.is_empty() && !german.is_empty(), "{case:?}: {both:?}");
    }

    // Rows in front of an error keep their values; faults and items of a batch speak it, too.
    let text = "Transaction cancelled: maximum execution time exceeded";
    call(&simulator, "POST", "/api/now/table/sys_user", &json!({ "first_name": text }).to_string()).await;
    simulator.settings(|settings| settings.quota = Some(Quota { rows: 1, shape: Cut::ErrorAfterRows }));
    let cut = get(
        &simulator,
        &format!(
            "/api/now/table/sys_user?sysparm_query=first_name={text}^NQnameISNOTEMPTY^ORDERBYDESCfirst_name"
        ),
    )
    .await;
    assert_eq!(cut.rows()[0]["first_name"], json!(text));
    assert!(cut.json()["error"]["message"].as_str().unwrap().starts_with("Transaktion abgebrochen"));
    simulator.fail_next(snow_sim::Fault::Busy);
    assert_eq!(get(&simulator, "/api/now/table/incident").await.error().1, "Zu viele Anforderungen");
}
