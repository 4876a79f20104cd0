//! The texts of errors: `Display` is one line with the diagnosis and what to do, and a program that prints the chain of causes, as
//! anyhow does, prints no text twice. `report()` and `Debug` have the causes, too.

use crate::temp_folder::TempFolder;
use serde_json::json;
use snow_client::{
    Client, Error, ErrorKind, Transport,
    layer::RetryPolicy,
    oauth::{Lease, StoreWrite, Token, TokenStore},
    transport::Proxy,
};
use snow_core::Body;
use snow_sim::{ConnectionFault, Fault, Listener, Simulator, WireFault};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn client(url: &str, transport: Transport) -> Client {
    let builder = Client::builder().instance(url).user("admin").password("secret");
    builder.transport(transport).retry(RetryPolicy::new().max_attempts(1)).build().unwrap()
}

fn plain() -> Transport {
    Transport::builder().no_proxy().build().unwrap()
}

fn trusting(listener: &Listener) -> Transport {
    let authority = listener.authority_pem().unwrap();
    Transport::builder().no_proxy().bundled_roots(true).add_root_certificates_pem(authority).build().unwrap()
}

/// A client whose every response has this head and body.
fn always(status: u16, content_type: &'static str, body: &'static str) -> Client {
    let service = tower::service_fn(move |_: http::Request<Body>| {
        let response = http::Response::builder().status(status).header("content-type", content_type);
        std::future::ready(response.header("x-transaction-id", "0123456789ab").body(Body::from(body)))
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(service).retry(RetryPolicy::new().max_attempts(1)).build().unwrap()
}

async fn read(client: &Client) -> Error {
    client.table("incident").list().limit(1).await.unwrap_err()
}

fn chain(error: &Error) -> Vec<String> {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| (*cause).source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect()
}

/// What is written between colons, semicolons and brackets.
fn parts(line: &str) -> Vec<String> {
    let parts = line.split([';', ':', '(', ')']).map(|part| part.trim().to_lowercase());
    parts.filter(|part| part.len() > 3).collect()
}

fn assert_each_once(line: &str) {
    let mut parts = parts(line);
    let all = parts.len();
    parts.sort();
    parts.dedup();
    assert_eq!(parts.len(), all, "a text appears twice: {line}");
}

/// `diagnosis` is part of `Display`; nothing appears twice in any form.
pub(crate) fn assert_text(error: &Error, kind: ErrorKind, diagnosis: &str) {
    let (line, report, chain) = (error.to_string(), error.report(), chain(error));
    assert_eq!(error.kind(), kind, "{report}");
    assert!(line.contains(diagnosis), "{diagnosis:?} is not in: {line}");
    for (at, text) in chain.iter().enumerate() {
        let earlier = chain[..at].join(": ").to_lowercase();
        assert!(!earlier.contains(&text.to_lowercase()), "{text:?} appears twice: {}", chain.join(": "));
        assert!(at == 0 || report.contains(text.as_str()), "{text:?} is not in the report: {report}");
    }
    assert_each_once(&chain.join(": "));
    assert_each_once(&report);
    assert!(error.advice().is_none_or(|advice| line.contains(advice) && report.contains(advice)), "{line}");
    assert_eq!(format!("{error:?}"), format!("Error({report})"));
    for line in [&line, &report] {
        assert!(!line.contains('\n') && !line.contains("sysparm"), "{line}");
    }
}

#[tokio::test]
async fn connections_that_cannot_be_made() {
    // A port that was free a moment ago: nobody listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = read(&client(&format!("http://127.0.0.1:{port}"), plain())).await;
    assert_text(&error, ErrorKind::Connect, "no connection could be made: the host refused it");
    assert_text(&error, ErrorKind::Connect, &format!(" on 127.0.0.1:{port}: "));
    let proxy = Proxy::new(&format!("http://127.0.0.1:{port}")).unwrap();
    let proxied = Transport::builder().proxy(proxy).build().unwrap();
    let error = read(&client("https://dev12345.service-now.com", proxied)).await;
    assert_text(&error, ErrorKind::Connect, "cannot be reached: the host refused it");
    assert!(error.to_string().ends_with("no_proxy()"), "{error}");
    // No name has a label of 64 characters, so that no server is asked for it.
    let request =
        http::Request::get(format!("http://{}.invalid/", "a".repeat(64))).body(Body::empty()).unwrap();
    let error = tower::ServiceExt::oneshot(plain(), request).await.unwrap_err();
    assert_text(
        &error,
        ErrorKind::Connect,
        "no connection could be made: the name of the host was not found",
    );
}

#[tokio::test]
async fn encrypted_connections_that_cannot_be_made() {
    let simulator = crate::simulator();
    let listener = simulator.listen_tls().await.unwrap();
    for (fault, diagnosis) in [
        (ConnectionFault::Expired, "the server's certificate has expired"),
        (ConnectionFault::WrongHost, "the server's certificate is for another host"),
        (ConnectionFault::UnknownAuthority, "the issuer of the certificate is not trusted"),
        (ConnectionFault::Garbage, "does the server speak TLS on this port?"),
    ] {
        simulator.break_next_connection(fault);
        let error = read(&client(&listener.url(), trusting(&listener))).await;
        assert_text(&error, ErrorKind::Tls, diagnosis);
    }
}

#[tokio::test]
async fn responses_that_break_off() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    for (fault, diagnosis) in [
        (WireFault::CutAt(400), "the connection broke before the response was complete"),
        (WireFault::ResetAt(400), "the connection broke before the response was complete"),
    ] {
        simulator.break_next(fault);
        let error = read(&client(&listener.url(), plain())).await;
        assert_text(&error, ErrorKind::ConnectionClosed, diagnosis);
    }
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let answers = async {
        let (mut stream, _) = server.accept().await.unwrap();
        let _read = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(b"220 mail.example.com\r\n").await.unwrap();
        stream
    };
    let client = client(&url, plain());
    let (error, _stream) = tokio::join!(read(&client), answers);
    assert_text(&error, ErrorKind::InvalidHttp, "the response is not HTTP/1.1");
}

#[tokio::test]
async fn responses_that_cannot_be_read() {
    const JSON: &str = "application/json";
    for (content_type, body, kind, diagnosis) in [
        (JSON, r#"{"result":[{"number":"#, ErrorKind::Truncated, "the response breaks off"),
        (JSON, r#"{"result":[{"number":]}"#, ErrorKind::Malformed, "malformed at byte"),
        (JSON, r#"{"result":7}"#, ErrorKind::Decode, "is not a list"),
        (JSON, "", ErrorKind::EmptyResponse, "the response has no body"),
        (
            JSON,
            r#"{"result":[{"number":"1"}],"error":{"message":"Transaction cancelled","detail":"Check logs"},"status":"failure"}"#,
            ErrorKind::TransactionCancelled,
            "the response began with a result and ended in an error: \"Transaction cancelled\" (Check logs)",
        ),
        (
            JSON,
            r#"{"error":{"message":"Transaction cancelled"}}"#,
            ErrorKind::TransactionCancelled,
            "the response has the status of a success and contains an error",
        ),
        ("text/html", "<html>no</html>", ErrorKind::NotJson, "the response is an HTML page, not JSON"),
    ] {
        assert_text(&read(&always(200, content_type, body)).await, kind, diagnosis);
    }
    let body = r#"{"result":{"number":"INC0000001"}}"#;
    let number = always(200, JSON, body).api("/api/x_acme/orders").get().result::<u8>().await.unwrap_err();
    assert_text(&number, ErrorKind::Decode, "does not fit the requested type: invalid type");
}

#[tokio::test(start_paused = true)]
async fn refusals_of_the_instance() {
    let simulator = crate::simulator();
    let in_memory = |user: &str| {
        let builder = Client::builder().instance("dev12345").user(user).password("secret");
        let builder = builder.transport(simulator.clone()).retry(RetryPolicy::new().max_attempts(1));
        builder.build().unwrap()
    };
    let (client, stranger) = (in_memory("admin"), in_memory("nobody"));
    let error = client.table("incident").get("0".repeat(32)).await.unwrap_err();
    assert_text(&error, ErrorKind::NotFound, "there is no such record");
    assert!(!error.to_string().contains("transaction"), "{error}");
    let id = error.transaction_id().unwrap();
    assert!(error.report().ends_with(&format!(" [NotFound, transaction {id}]")), "{}", error.report());
    assert_text(
        &client.table("incdent").list().limit(1).await.unwrap_err(),
        ErrorKind::UnknownTable,
        "incdent",
    );
    assert_text(&read(&stranger).await, ErrorKind::Unauthenticated, "did not accept the credentials");
    for (fault, kind, diagnosis) in [
        (Fault::RATE_LIMITED, ErrorKind::RateLimited, "wait 1800 s before the next attempt"),
        (Fault::Busy, ErrorKind::InstanceBusy, "the instance's queue is full"),
        (Fault::Hibernating, ErrorKind::Hibernating, "the instance is hibernating"),
        (Fault::LoginRedirect, ErrorKind::LoginPage, ""),
        (Fault::NoNode, ErrorKind::Unavailable, "no node of the instance responded"),
        (Fault::Cancelled, ErrorKind::TransactionCancelled, "it ran out of time"),
    ] {
        simulator.fail_next(fault);
        assert_text(&read(&client).await, kind, diagnosis);
    }
}

#[tokio::test(start_paused = true)]
async fn the_attempts_are_part_of_the_line() {
    let simulator = crate::simulator();
    simulator.fail_always(Some(Fault::NoNode));
    let error = read(&crate::client(&simulator)).await;
    assert_text(&error, ErrorKind::Unavailable, "(after 4 attempts, the maximum)");
}

#[tokio::test]
async fn input_that_cannot_be_sent() {
    let client = crate::client(&crate::simulator());
    let unfit = std::collections::HashMap::from([((1, 2), "a key is no string")]);
    let error = client.table("incident").create(&unfit).await.unwrap_err();
    assert_text(&error, ErrorKind::InvalidInput, "the fields cannot be sent: key must be a string");
    let error = client.api("/api/x_acme/orders").post(&unfit).await.unwrap_err();
    assert_text(&error, ErrorKind::InvalidInput, "the body cannot be sent: key must be a string");
    let folder = TempFolder::new();
    let missing = folder.file("missing.txt");
    let error = client.attachments().upload_file("incident", "0".repeat(32), &missing).await.unwrap_err();
    assert_text(&error, ErrorKind::Io, "missing.txt cannot be read: there is no such file or folder");
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA";
    let error = Transport::builder().add_root_certificates_pem(broken).build().unwrap_err();
    assert_text(&error, ErrorKind::InvalidInput, "the PEM text is broken: a section has no end");
}

#[tokio::test]
async fn a_service_that_is_not_ours_keeps_its_error_as_the_cause() {
    let service = tower::service_fn(|_: http::Request<Body>| async move {
        Err::<http::Response<Body>, _>(io::Error::other("their words"))
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let error = read(&builder.transport(service).build().unwrap()).await;
    assert_text(&error, ErrorKind::Other, "a layer or service below the client failed");
    assert!(std::error::Error::source(&error).unwrap().is::<io::Error>(), "{error:?}");
    assert!(
        !error.to_string().contains("their words") && error.report().contains("their words"),
        "{error:?}"
    );
}

/// A token store that never works.
struct Broken;

impl TokenStore for Broken {
    type Error = io::Error;

    async fn load(&self) -> io::Result<Option<Token>> {
        Ok(None)
    }

    async fn save(&self, _: &Token, _: &Lease) -> io::Result<StoreWrite> {
        Err(io::Error::other("the disk is full"))
    }

    async fn remove(&self, _: &Lease) -> io::Result<StoreWrite> {
        Ok(StoreWrite::Applied)
    }
}

#[tokio::test]
async fn tokens_that_are_not_obtained() {
    let simulator = crate::simulator();
    let client = crate::oauth_client(&simulator);
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_text(&error, ErrorKind::NoToken, "generate_token(user, password)");
    let error = client.generate_token("admin", "wrong").await.unwrap_err();
    assert_text(&error, ErrorKind::TokenRefused, "POST /oauth_token.do on dev12345.service-now.com");
    let full = crate::oauth_builder().transport(simulator.clone()).token_store(Broken).build().unwrap();
    let error = full.generate_token("admin", "secret").await.unwrap_err();
    assert_text(
        &error,
        ErrorKind::TokenNotSaved,
        "the token store could not save the new token: the disk is full",
    );
    assert!(error.reason().unwrap().is::<io::Error>(), "{error:?}");
}

/// A read changes nothing, so nobody has to look what became of it.
#[tokio::test]
async fn only_writes_are_advised_to_read_back() {
    let body = r#"{"error":{"message":"Insufficient rights","detail":null},"status":"failure"}"#;
    let client = always(403, "application/json", body);
    let incidents = client.table("incident");
    let id = "0".repeat(32);
    let attachments = client.attachments();
    let reads = [
        incidents.get(&id).await.unwrap_err(),
        incidents.list().limit(1).await.unwrap_err(),
        incidents.list().count().await.unwrap_err(),
        incidents.list().stream().next().await.unwrap().unwrap_err(),
        client.aggregate("incident").count().await.unwrap_err(),
        client.schema().table("incident").await.unwrap_err(),
        attachments.download(&id).bytes(10).await.unwrap_err(),
        client.api("/api/x_acme/orders").get().await.unwrap_err(),
    ];
    for error in reads {
        assert_text(&error, ErrorKind::Forbidden, "the user lacks a role or a rule of the instance refused");
        assert!(!error.report().contains("read back"), "{error}");
    }
    let write = incidents.create(&json!({ "a": "b" })).await.unwrap_err();
    assert_text(&write, ErrorKind::Forbidden, "read back before trying again");
}

/// The same in a batch, of which each item is a request of its own.
#[tokio::test]
async fn items_of_a_batch() {
    let simulator: Simulator = crate::simulator();
    let client = crate::client(&simulator);
    let calls = [client.table("incident").get("0".repeat(32))];
    let error = client.batch_all(calls).await.remove(0).unwrap_err();
    assert_text(&error, ErrorKind::NotFound, "there is no such record");
}

/// With the validation of fields, a read begins with reads of the dictionary.
#[tokio::test]
async fn a_dictionary_that_may_not_be_read_is_a_refused_read() {
    let service = tower::service_fn(move |request: http::Request<Body>| {
        assert_eq!(request.method(), "GET", "nothing is written");
        let body = r#"{"error":{"message":"Insufficient rights","detail":null},"status":"failure"}"#;
        let response = http::Response::builder().status(403).header("content-type", "application/json");
        std::future::ready(response.header("x-transaction-id", "1").body(Body::from(body)))
    });
    let builder =
        Client::builder().instance("dev12345").user("admin").password("secret").validate_fields(true);
    let client = builder.transport(service).build().unwrap();
    let error = client.table("incident").list().fields(["number"]).limit(1).await.unwrap_err();
    assert_text(&error, ErrorKind::Forbidden, "the user lacks a role or a rule of the instance refused");
    assert!(!error.may_have_executed() && !error.report().contains("read back"), "{error}");
}
