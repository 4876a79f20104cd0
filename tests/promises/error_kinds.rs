//! Every failure has an error of its own kind, whose one-line message says what to do.

use serde_json::json;
use snow_client::{Client, Error, ErrorKind, Transport, field, layer::RetryPolicy};
use snow_core::Body;
use snow_sim::{Fault, Simulator};

/// One line, with what was called and what to do, and without the query.
fn line(error: &Error, parts: &[&str]) {
    let line = error.to_string();
    assert!(!line.contains('\n') && !line.contains("sysparm"), "{line}");
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in: {line}");
    }
}

/// What one attempt says.
fn client(simulator: &Simulator) -> Client {
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(simulator.clone()).retry(once()).build().unwrap()
}

fn once() -> RetryPolicy {
    RetryPolicy::new().max_attempts(1)
}

async fn read(client: &Client, table: &str) -> Error {
    client.table(table).list().query(field("active").eq(true)).limit(1).await.unwrap_err()
}

#[tokio::test]
async fn what_the_instance_says_no_to() {
    let simulator = crate::simulator();
    let client = client(&simulator);
    let error = client.table("incident").get("0123456789abcdef0123456789abcdef").await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::NotFound, 404));
    assert!(error.is_not_found() && !client.table("no_such").list().await.unwrap_err().is_not_found());
    line(
        &error,
        &[
            "GET /api/now/table/incident/0123456789abcdef0123456789abcdef on dev12345",
            "404",
            "check the sys_id",
        ],
    );
    assert_eq!(error.service_message().unwrap().message, "No Record found");
    assert_eq!(error.transaction_id().unwrap().len(), 12);

    let error = read(&client, "incdent").await;
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::UnknownTable, 400));
    line(&error, &["Invalid table incdent", "check the table's name"]);

    simulator.lock_out("admin", true);
    let error = read(&client, "incident").await;
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Unauthenticated, 401));
    line(&error, &["401", "cannot be told apart", "check the user and the password"]);
    assert!(!error.is_retryable());
}

/// Restricted basic authentication, a second factor and a token that is over look alike to whoever reads only the status.
#[tokio::test]
async fn what_a_401_shows_of_its_cause() {
    let bearer = "BEARER realm=\"Service-now\"";
    let over = "BEARER realm=\"Service-now\",error=\"invalid_token\"";
    const ROLE: &str = "snc_basic_auth_api_access";
    for (name, value, told, advice) in [
        ("www-authenticate", bearer, "the instance takes tokens here and no passwords", ROLE),
        ("x-mfa_token", "invalid", "asks for a second factor", "append a one-time password to the password"),
        ("www-authenticate", over, "the token has expired or was revoked", ROLE),
        ("www-authenticate", "BASIC realm=\"Service-now\"", "did not accept the credentials", ROLE),
    ] {
        let refuses = tower::service_fn(move |_: http::Request<Body>| async move {
            http::Response::builder().status(401).header(name, value).body(Body::empty())
        });
        let builder = Client::builder().instance("dev12345").user("admin").password("secret");
        let client = builder.transport(refuses).build().unwrap();
        let error = read(&client, "incident").await;
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unauthenticated, false));
        line(&error, &["401", told, advice]);
        let error = client.table("incident").create(&json!({})).await.unwrap_err();
        assert!(!error.may_have_executed(), "{error}");
    }
}

#[tokio::test]
async fn what_stands_in_place_of_an_answer() {
    let simulator = crate::simulator();
    for (fault, kind, retryable, advice) in [
        (Fault::Hibernating, ErrorKind::Hibernating, false, "wake the instance"),
        (Fault::NotProcessed, ErrorKind::NotProcessed, true, "send fewer at once"),
        (Fault::NoNode, ErrorKind::Unavailable, true, "try again later"),
        (Fault::LoginRedirect, ErrorKind::LoginPage, false, "check host, path and credentials"),
        (Fault::Busy, ErrorKind::InstanceBusy, true, "send fewer requests at once"),
        (Fault::RATE_LIMITED, ErrorKind::RateLimited, true, "wait 1800 s before the next attempt"),
        (Fault::CancelledInStream, ErrorKind::TransactionCancelled, true, "fewer records or fields"),
        (Fault::Cancelled, ErrorKind::TransactionCancelled, true, "fewer records or fields"),
    ] {
        let client = client(&simulator);
        simulator.fail_next(fault);
        let error = read(&client, "incident").await;
        assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{error}");
        line(&error, &["GET /api/now/table/incident on dev12345.service-now.com", advice]);
        assert!(!error.may_have_executed(), "a read changes nothing");
    }
}

#[tokio::test]
async fn whether_a_write_may_have_happened() {
    let simulator = crate::simulator();
    for (fault, doubt) in [
        (Fault::NotProcessed, false),
        (Fault::Busy, false),
        (Fault::RATE_LIMITED, false),
        // Whoever answers 200 does not say that nothing happened, and that a page is about sleep only its text tells.
        (Fault::Hibernating, true),
        (Fault::NoNode, true),
        (Fault::Cancelled, true),
        (Fault::CancelledInStream, true),
    ] {
        let client = client(&simulator);
        simulator.fail_next(fault);
        let error = client.table("incident").create(&json!({ "short_description": "x" })).await.unwrap_err();
        assert_eq!(error.may_have_executed(), doubt, "{error}");
        assert!(!(doubt && error.is_retryable()), "{error}");
    }
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let simulator = crate::simulator();
    simulator.fail_next(Fault::RATE_LIMITED);
    let error = read(&client(&simulator), "incident").await;
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(1_800)));
}

#[tokio::test]
async fn the_token_endpoint_is_told_apart_too() {
    let simulator = crate::simulator();
    let client = crate::oauth_client(&simulator);
    let error = client.generate_token("admin", "wrong").await.unwrap_err();
    assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::TokenRefused, 401));
    line(
        &error,
        &[
            "POST /oauth_token.do on dev12345",
            "server_error",
            "access_denied",
            "check user, password, client id",
        ],
    );
    for (fault, kind) in [
        (Fault::Hibernating, ErrorKind::Hibernating),
        (Fault::NotProcessed, ErrorKind::NotProcessed),
        (Fault::NoNode, ErrorKind::Unavailable),
        (Fault::LoginRedirect, ErrorKind::LoginPage),
        (Fault::CancelledInStream, ErrorKind::Decode),
    ] {
        simulator.fail_next(fault);
        let error = client.generate_token("admin", "secret").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!error.may_have_executed());
        line(&error, &["POST /oauth_token.do"]);
    }
}

#[tokio::test]
async fn a_queue_in_front_of_the_token_endpoint_is_no_refusal() {
    let answers =
        [(429, ErrorKind::RateLimited), (503, ErrorKind::Unavailable), (401, ErrorKind::TokenRefused)];
    for (status, kind) in answers {
        let queue = tower::service_fn(move |_: http::Request<Body>| async move {
            let builder = http::Response::builder().status(status).header("content-type", "application/json");
            let body = r#"{"error":"too many requests","status":"failure"}"#;
            builder
                .header("retry-after", "7")
                .header("x-transaction-id", "0123456789ab")
                .body(Body::from(body))
        });
        let client = snow_client::OAuthClient::builder().instance("dev1").client_id("a").client_secret("b");
        let error =
            client.transport(queue).build().unwrap().generate_token("admin", "secret").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        if status != 401 {
            assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(7)));
            assert_eq!(error.transaction_id(), Some("0123456789ab"));
        }
    }
}

#[tokio::test]
async fn a_refusal_whose_body_breaks_is_still_that_refusal() {
    let broken = tower::service_fn(|_: http::Request<Body>| async move {
        let frames = futures_util::stream::iter([Err::<hyper::body::Frame<bytes::Bytes>, _>(
            std::io::Error::other("cut"),
        )]);
        let builder = http::Response::builder().status(429).header("retry-after", "9");
        builder.body(Body::stream(http_body_util::StreamBody::new(frames)))
    });
    let client = Client::builder()
        .instance("dev1")
        .user("a")
        .password("b")
        .retry(once())
        .transport(broken)
        .build()
        .unwrap();
    let error = client.table("incident").create(&json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::RateLimited, false));
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(9)));
}

#[tokio::test]
async fn a_connection_that_breaks_behind_the_handshake_is_no_failed_handshake() {
    let simulator = crate::simulator();
    let listener = simulator.listen_tls().await.unwrap();
    let transport = Transport::builder().danger_accept_invalid_certificates(true).build().unwrap();
    let client = Client::builder()
        .instance(listener.url())
        .user("admin")
        .password("secret")
        .retry(once())
        .transport(transport);
    let client = client.build().unwrap();
    for fault in
        [snow_sim::WireFault::ResetAt(0), snow_sim::WireFault::CutAt(0), snow_sim::WireFault::CutAt(100)]
    {
        simulator.break_next(fault);
        let error = client.table("incident").create(&json!({})).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.may_have_executed()),
            (ErrorKind::ConnectionClosed, true),
            "{fault:?}: {error}"
        );
    }
}

#[tokio::test]
async fn a_transport_of_ones_own_stack_tells_reads_and_writes_apart() {
    let transport = Transport::builder().build().unwrap();
    for uri in ["/no/host", "ftp://dev1.service-now.com/"] {
        let request = http::Request::get(uri).body(Body::empty()).unwrap();
        let error = tower::ServiceExt::oneshot(transport.clone(), request).await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_executed()), (ErrorKind::InvalidInput, false), "{uri}");
    }
}

#[tokio::test]
async fn a_connection_that_is_refused() {
    // A port that was free a moment ago: nobody listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let client =
        Client::builder().instance(url).user("admin").password("secret").retry(once()).build().unwrap();
    let error = read(&client, "incident").await;
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Connect, true));
    line(&error, &["no connection could be made", "refused", "check the instance's name"]);
    let error = client.table("incident").create(&json!({})).await.unwrap_err();
    assert!(!error.may_have_executed());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_and_a_server_without_tls() {
    let simulator = crate::simulator();
    let secure = simulator.listen_tls().await.unwrap();
    let plain = simulator.listen().await.unwrap();
    let no_tls = plain.url().replace("http://127.0.0.1", "https://localhost");
    for (url, reason, advice) in [
        (secure.url(), "UnknownIssuer", "add_root_certificates_pem()"),
        (no_tls, "corrupt message", "does the server speak TLS"),
    ] {
        let client =
            match Client::builder().instance(&url).user("admin").password("secret").retry(once()).build() {
                Ok(client) => client,
                // A machine without any certificates says so when the client is built.
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Tls);
                    line(&error, &["ca-certificates", "bundled-roots", "add_root_certificates_pem()"]);
                    return;
                }
            };
        let error = read(&client, "incident").await;
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Tls, false), "{error}");
        line(&error, &["no encrypted connection", advice]);
        assert!(error.report().contains(reason), "{error:?}");
    }
    assert_eq!(simulator.journal(), [], "no request got there");
}

#[tokio::test]
async fn a_connection_that_breaks_half_way() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let answers = std::thread::spawn(move || {
        for answer in
            ["HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"resu", ""]
        {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request).unwrap();
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
        }
    });
    let client =
        Client::builder().instance(url).user("admin").password("secret").retry(once()).build().unwrap();
    let error = read(&client, "incident").await;
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ConnectionClosed, true), "{error}");
    let error = client.table("incident").create(&json!({})).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed(), error.is_retryable()),
        (ErrorKind::ConnectionClosed, true, false),
        "{error}"
    );
    answers.join().unwrap();
}

#[tokio::test]
async fn a_body_of_the_callers_own_that_fails_is_not_the_connections_fault() {
    let listener = crate::simulator().listen().await.unwrap();
    let frames = futures_util::stream::iter([Err::<hyper::body::Frame<bytes::Bytes>, _>(
        std::io::Error::other("no such file"),
    )]);
    let body = Body::stream(http_body_util::StreamBody::new(frames));
    let request = http::Request::post(format!("{}/x", listener.url())).body(body).unwrap();
    let transport = Transport::builder().build().unwrap();
    let error = tower::ServiceExt::oneshot(transport, request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    assert!(error.report().contains("no such file"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_past_the_clients_limit_is_an_error() {
    let simulator = Simulator::builder().user("admin", "secret").incidents(50).build().unwrap();
    let builder = Client::builder().instance("dev1").user("admin").password("secret").transport(simulator);
    let client = builder.body_limit(10_000).build().unwrap();
    let error = client.table("incident").list().limit(50).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseTooLarge, "{error}");
    line(&error, &["10000 bytes"]);
    assert_eq!(client.table("incident").list().fields(["sys_id"]).limit(50).await.unwrap().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_client_with_two_sessions_uses_two() {
    let builder = Simulator::builder().user("admin", "secret").incidents(5);
    let builder = builder.settings(|settings| settings.latency = std::time::Duration::from_millis(50));
    let simulator = builder.build().unwrap();
    let builder =
        Client::builder().instance("dev1").user("admin").password("secret").transport(simulator.clone());
    let client = builder.sessions(2).build().unwrap();
    let calls = (0..20).map(|_| client.table("incident").list().limit(1).into_future());
    futures_util::future::try_join_all(calls).await.unwrap();
    let journal = simulator.take_journal();
    let sessions: std::collections::BTreeSet<u64> = journal.iter().map(|entry| entry.session).collect();
    assert_eq!((journal.len(), sessions.len()), (20, 2));
    assert!(journal.iter().all(|entry| entry.status == 200));
}
