//! A response in which an array stands for an object is an error: serde alone would take its elements for the fields of a struct.

use http::{Request, Response};
use serde_json::json;
use snow_client::{Client, Error, ErrorKind};
use snow_core::Body;
use std::convert::Infallible;

/// A client to which every request has this response.
fn client(body: &'static str) -> Client {
    let service = tower::service_fn(move |_: Request<Body>| async move {
        let response =
            Response::builder().header("content-type", "application/json").header("x-transaction-id", "1");
        Ok::<_, Infallible>(response.body(Body::from(body)).unwrap())
    });
    let builder = Client::builder().instance("dev1").user("admin").password("secret").max_attempts(1);
    builder.transport(service).build().unwrap()
}

fn expect_unread<T: std::fmt::Debug>(outcome: Result<T, Error>, body: &str) {
    let error = outcome.expect_err(body);
    assert!(matches!(error.kind(), ErrorKind::Decode | ErrorKind::Malformed), "{body}: {error}");
}

#[tokio::test(start_paused = true)]
async fn an_array_in_place_of_the_envelope_is_not_read() {
    for body in ["[2]", "[]", "[{\"number\":\"INC1\"}]"] {
        let client = client(body);
        expect_unread(client.api("/api/x/y/z").get().result::<serde_json::Value>().await, body);
        expect_unread(client.table("incident").get("6816f79cc0a8016401c5a33be04be441").await, body);
        expect_unread(client.table("incident").list().limit(10).await, body);
    }
}

#[tokio::test(start_paused = true)]
async fn an_array_in_place_of_statistics_is_not_read() {
    let body = r#"{"result":[{"count":"7"}]}"#;
    expect_unread(client(body).aggregate("incident").count().await, body);
    let body = r#"{"result":[[{"count":"7"},[{"field":"state","value":"1"}]]]}"#;
    expect_unread(client(body).aggregate("incident").count().group_by(["state"]).await, body);
}

#[tokio::test(start_paused = true)]
async fn an_array_in_place_of_an_import_is_not_read() {
    for body in ["[]", r#"["ISET0001","u_staging",[]]"#] {
        expect_unread(client(body).import("u_staging").insert(&json!({ "u_a": "1" })).await, body);
    }
}

#[tokio::test(start_paused = true)]
async fn an_array_in_place_of_a_batch_or_its_items_is_not_read() {
    for body in
        ["[[],[\"0\"]]", r#"{"serviced_requests":[["0","e30=",200,[],null,null]],"unserviced_requests":[]}"#]
    {
        let client = client(body);
        let mut batch = client.batch();
        let item = batch.add(client.table("incident").delete("6816f79cc0a8016401c5a33be04be441"));
        expect_unread(batch.send().await.take(&item), body);
    }
}
