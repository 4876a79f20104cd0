//! APIs without a type of their own are called with the same methods, parameters, headers and errors as all others.

use http::{Request, Response};
use serde::Deserialize;
use serde_json::json;
use snow_client::{
    Client, Error, ErrorKind, Record, Transport,
    api::{Api, ReadResponse},
};
use snow_sim::{Fault, Simulator};

/// Orders that a script serves: it tells what it was asked, in results of its own shape.
fn simulator() -> Simulator {
    let script = |request: Request<bytes::Bytes>| {
        let json = |status: u16, body: serde_json::Value| {
            let answer = Response::builder().status(status).header("content-type", "application/json");
            answer.body(bytes::Bytes::from(body.to_string())).unwrap()
        };
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        match request.uri().path() {
            "/api/x_acme/v1/orders/soft" => {
                json(200, json!({ "result": [], "error": { "message": "half" }, "status": "failure" }))
            }
            "/api/x_acme/v1/orders/none" => {
                json(404, json!({ "error": { "message": "no such order", "detail": "" } }))
            }
            "/api/x_acme/v1/orders/accepted" => json(202, json!({ "result": { "state": "queued" } })),
            path => json(
                200,
                json!({ "top": true, "result": {
                "method": request.method().as_str(), "path": path, "query": request.uri().query(), "count": 7,
                "body": body, "type": header("content-type"), "own": header("x-own"), "sys_id": "c1" } }),
            ),
        }
    };
    Simulator::builder().user("admin", "secret").scripted("x_acme", script).build().unwrap()
}

async fn client(simulator: &Simulator) -> (Client, snow_sim::Listener) {
    let listener = simulator.listen().await.unwrap();
    let transport = Transport::builder().no_proxy().build().unwrap();
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    (builder.transport(transport).build().unwrap(), listener)
}

fn kind(error: Error) -> ErrorKind {
    error.kind()
}

/// What a scripted API gives back.
#[derive(Debug, Deserialize, PartialEq)]
struct Echo {
    method: String,
    path: String,
    query: Option<String>,
    count: u32,
    body: String,
    #[serde(rename = "type")]
    content_type: Option<String>,
    own: Option<String>,
}

/// An API area of a user's own.
struct Orders(Api);

impl Orders {
    fn of(client: &Client) -> Self {
        Self(client.api("/api/x_acme/v1/orders"))
    }

    fn echo(&self, segment: &str) -> ReadResponse<Echo> {
        self.0.path(segment).get().result()
    }
}

#[tokio::test]
async fn methods_paths_parameters_headers_and_bodies_arrive() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator).await;
    let orders = client.api("/api/x_acme/v1/orders");
    let got =
        orders.path("a b/c?d").get().param("q", "x&y=z").header("X-Own", "1").result::<Echo>().await.unwrap();
    assert_eq!((&*got.method, &*got.path), ("GET", "/api/x_acme/v1/orders/a%20b%2Fc%3Fd"));
    assert_eq!((got.query.as_deref(), got.own.as_deref(), got.count), (Some("q=x%26y%3Dz"), Some("1"), 7));
    for (call, method) in [
        (orders.post(&json!({ "a": 1 })), "POST"),
        (orders.put(&json!({ "a": 1 })), "PUT"),
        (orders.patch(&json!({ "a": 1 })), "PATCH"),
    ] {
        let got = call.result::<Echo>().await.unwrap();
        assert_eq!(
            (&*got.method, &*got.body, got.content_type.as_deref()),
            (method, "{\"a\":1}", Some("application/json"))
        );
    }
    let text = orders.request(http::Method::POST).body("text/csv", "a;b").result::<Echo>().await.unwrap();
    assert_eq!((&*text.body, text.content_type.as_deref()), ("a;b", Some("text/csv")));
    let answer = orders.delete().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.record().unwrap().value("method").unwrap().as_ref()),
        (200, "DELETE")
    );
    #[derive(Deserialize)]
    struct Top {
        top: bool,
    }
    assert!(orders.get().json::<Top>().await.unwrap().top);
    let own = Orders::of(&client);
    let mut batch = client.batch();
    let (first, second) = (batch.add(own.echo("1")), batch.add(client.table("incident").list().limit(1)));
    let mut answers = batch.send().await;
    assert_eq!(answers.take(&first).unwrap().path, "/api/x_acme/v1/orders/1");
    assert_eq!(answers.take(&second).unwrap().len(), 1);
}

#[tokio::test]
async fn errors_are_those_of_all_calls() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator).await;
    let orders = client.api("/api/x_acme/v1/orders");
    let error = orders.path("none").get().await.unwrap_err();
    assert_eq!(
        (error.kind(), &*error.service_message().unwrap().message),
        (ErrorKind::NotFound, "no such order")
    );
    let soft = orders.path("soft").get().records().await;
    assert_eq!(soft.map_err(kind).unwrap_err(), ErrorKind::TransactionCancelled);
    let accepted = orders.path("accepted").post(&json!({})).record().await.unwrap();
    assert_eq!(accepted.value("state").unwrap(), "queued", "a 202 of a script is a success");
    let other = orders.get().result::<Vec<String>>().await.unwrap_err();
    assert!(other.kind() == ErrorKind::Decode && other.request().is_some(), "{other}");
    simulator.fail_next(Fault::Hibernating);
    assert_eq!(orders.get().await.map_err(kind).unwrap_err(), ErrorKind::Hibernating);
    assert_eq!(client.api("/api/x_other/y").get().await.map_err(kind).unwrap_err(), ErrorKind::NoSuchApi);
    simulator.take_journal();
    for refused in [
        client.api("api/x").get().await.map(drop),
        client.api("/api/../x").get().await.map(drop),
        orders.path("..").get().await.map(drop),
        orders.path("").get().await.map(drop),
        orders.get().header("bad name", "x").await.map(drop),
        orders.get().header("x-own", "a\nb").await.map(drop),
        orders.get().header("Content-Length", "5").await.map(drop),
        orders.get().header("host", "evil.example.com").await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert!(simulator.take_journal().is_empty());
}

#[tokio::test]
async fn change_management_is_one_file_on_public_types() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator).await;
    let changes = client.api("/api/sn_chg_rest/change");
    let change: Record =
        changes.path("normal").post(&json!({ "short_description": "disks" })).record().await.unwrap();
    let id = change.sys_id().unwrap();
    assert!(change.field("state").unwrap().display_value().unwrap().is_some(), "every field has both");
    #[derive(Deserialize)]
    struct Next {
        available_states: Vec<String>,
    }
    let next = changes.path(id).path("nextstates").get().result::<Next>().await.unwrap();
    assert!(!next.available_states.is_empty());
    changes.path(id).delete().discard().await.unwrap();
    assert_eq!(changes.path(id).get().record().await.map_err(kind).unwrap_err(), ErrorKind::NotFound);
}
