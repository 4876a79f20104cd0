//! Assertions on what arrived choose requests, fail with a list of what arrived, and know whether anything else did.

use crate::{READER, builder, call, create, get, get_as, send};
use http::{Method, Request};
use snow_sim::Simulator;
use std::panic::{AssertUnwindSafe, catch_unwind};

async fn busy() -> Simulator {
    let simulator = builder().oauth_client("my-id", "my-secret").build().unwrap();
    let id = create(&simulator, r#"{"short_description":"one"}"#).await;
    create(&simulator, r#"{"short_description":"two"}"#).await;
    call(&simulator, "PATCH", &format!("/api/now/v2/table/incident/{id}"), r#"{"state":"2"}"#).await;
    get_as(&simulator, READER, "/api/now/table/problem?sysparm_query=active=true^ORDERBYnumber").await;
    send(&simulator, Request::post("/oauth_token.do"), "grant_type=password&password=secret").await;
    simulator
}

/// The message with which an assertion fails.
fn failure<T>(assertion: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(assertion)).err().expect("it should have failed");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[tokio::test]
async fn requests_are_chosen_by_target_method_user_and_parameter() {
    let simulator = busy().await;
    let requests = simulator.requests();
    let counts = [
        requests.count(),
        requests.to("incident").count(),
        requests.to("incident").posted().count(),
        requests.to("incident").patched().count(),
        requests.to("/api/now/table").count(),
        requests.to("/oauth_token.do").posted().count(),
        requests.by("reader").got().count(),
        requests.with_param("sysparm_query", "active=true^ORDERBYnumber").count(),
        requests.with_method(Method::DELETE).count() + requests.deleted().count() + requests.put().count(),
        requests.to("incid").count(),
    ];
    assert_eq!(counts, [5, 3, 2, 1, 4, 1, 1, 1, 0, 0]);
    let bodies: Vec<_> = requests.to("incident").posted().entries().map(|entry| entry.json()).collect();
    assert_eq!(
        (&bodies[0]["short_description"], &bodies[1]["short_description"]),
        (&"one".into(), &"two".into())
    );
    assert_eq!(requests.to("incident").patched().once().json()["state"], "2");
    let token = requests.to("/oauth_token.do").once();
    assert!(token.body.is_empty(), "its body holds credentials");
    get(&simulator, "/api/now/table/incident").await;
    assert_eq!(requests.count(), 5, "later ones are not in it");
}

#[tokio::test]
async fn a_failure_says_what_was_expected_and_what_arrived() {
    let simulator = busy().await;
    let requests = simulator.requests();
    let message = failure(|| requests.to("incident").posted().once());
    let begins = "expected 1 POST request to the table \"incident\", found 2:\n  POST /api/now/table/incident by admin: 201, with \
                  the body {\"short_description\":\"one\"}\n  POST";
    assert!(message.starts_with(begins), "{message}");
    assert!(message.contains("Other requests:\n  PATCH /api/now/v2/table/incident/"), "{message}");
    assert!(!message.contains("secret"), "{message}");
    let message = failure(|| requests.to("problem").by("reader").never());
    assert!(
        message.starts_with("expected no requests to the table \"problem\" by \"reader\", found 1:\n  GET"),
        "{message}"
    );
    let message = failure(|| builder().build().unwrap().requests().to("incident").times(2));
    assert_eq!(message, "expected 2 requests to the table \"incident\", found 0\nNothing else arrived.");
}

#[tokio::test]
async fn nothing_else_means_what_no_assertion_expected() {
    let simulator = busy().await;
    let requests = simulator.requests();
    requests.to("incident").posted().times(2);
    requests.to("problem").got().once();
    let message = failure(|| requests.nothing_else());
    assert!(message.starts_with("expected no other requests, found 2:\n  PATCH /api/now/v2"), "{message}");
    let message = failure(|| requests.to("incident").nothing_else());
    assert!(
        message.starts_with("expected no other requests to the table \"incident\", found 1:"),
        "{message}"
    );
    requests.to("incident").patched().once();
    requests.to("/oauth_token.do").once();
    requests.nothing_else();
    assert!(!failure(|| simulator.requests().nothing_else()).is_empty(), "another view begins anew");
}
