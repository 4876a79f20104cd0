//! Proxies, certificates, TLS versions, connectors and timeouts are as configured, for data and for tokens, and each failure on the way
//! has its own error. The tests use real sockets of this machine and need nothing installed.

use crate::proxy_server::{Manner, ProxyServer};
use futures_util::{FutureExt, future::BoxFuture};
use http::Request;
use http_body_util::BodyExt;
use serde_json::json;
use snow_client::{
    Client, Error, ErrorKind, OAuthClient, Transport,
    layer::RetryPolicy,
    transport::{Proxy, TlsVersion},
};
use snow_core::transport::TransportBuilder;
use snow_core::{Body, Instance};
use snow_sim::{ConnectionFault, Listener, Simulator, TlsOptions};
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

const LOCAL: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// Trusts the listener, and nobody the machine trusts: those may be missing.
fn trusting(listener: &Listener) -> TransportBuilder {
    Transport::builder().bundled_roots(true).add_root_certificates_pem(listener.authority_pem().unwrap())
}

fn client(instance: impl AsRef<str>, transport: TransportBuilder) -> Client {
    let instance = Instance::parse_insecure(instance.as_ref()).unwrap();
    let builder = Client::builder()
        .instance(instance)
        .user("admin")
        .password("secret")
        .retry(RetryPolicy::new().max_attempts(1));
    builder.transport(transport.build().unwrap()).build().unwrap()
}

async fn read(client: &Client) -> Result<(), Error> {
    client.table("incident").list().limit(1).await.map(drop)
}

/// A write that fails on the way, and surely was not carried out.
async fn unsent(client: &Client) -> Error {
    let error = client.table("incident").create(&json!({})).await.unwrap_err();
    assert!(!error.may_have_executed(), "{error}");
    error
}

fn says(error: &Error, kind: ErrorKind, parts: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    let line = error.report();
    parts.iter().for_each(|part| assert!(line.contains(part), "{part:?} is not in: {line}"));
    assert!(!line.contains("canary") && !line.contains('\n'), "{line}");
}

#[tokio::test]
async fn data_and_tokens_go_through_the_proxy() {
    let simulator = crate::simulator();
    let listener = simulator.listen_tls().await.unwrap();
    let tunnel = "CONNECT dev12345.service-now.com:443 HTTP/1.1".to_owned();
    for (manner, scheme, login, asked) in [
        (Manner::Http(None), "http", None, tunnel.clone()),
        (Manner::Http(Some(("user", "canary"))), "http", Some(("user", "canary")), tunnel),
        (Manner::Socks(None), "socks5", None, "dev12345.service-now.com:443".into()),
        (
            Manner::Socks(Some(("user", "canary"))),
            "socks5h",
            Some(("user", "canary")),
            "dev12345.service-now.com:443".into(),
        ),
    ] {
        let server = ProxyServer::start(manner, listener.address()).await;
        let proxy = Proxy::new(&format!("{scheme}://{}", server.address)).unwrap();
        let proxy = match login {
            Some((user, password)) => proxy.credentials(user, password).unwrap(),
            None => proxy,
        };
        // Nothing is kept, so that each request has to find the way by itself.
        let transport = trusting(&listener).proxy(proxy).pool_max_idle_per_host(0).build().unwrap();
        let client = crate::oauth_builder().transport(transport).build().unwrap();
        client.generate_token("admin", "secret").await.unwrap();
        client.table("incident").list().limit(1).await.unwrap();
        assert_eq!(server.asked(), [asked.as_str(), &asked], "one for the token, one for the data");
    }
}

#[tokio::test]
async fn plain_http_goes_through_a_tunnel_too() {
    let listener = crate::simulator().listen().await.unwrap();
    let server = ProxyServer::start(Manner::Http(None), listener.address()).await;
    let proxy = Proxy::new(&server.address.to_string()).unwrap();
    read(&client("http://snow.example.com", Transport::builder().proxy(proxy))).await.unwrap();
    assert_eq!(server.asked(), ["CONNECT snow.example.com:80 HTTP/1.1"]);
    let server = ProxyServer::start(Manner::Socks(None), listener.address()).await;
    let proxy = Proxy::new(&format!("socks5://{}", server.address)).unwrap();
    read(&client("http://snow.example.com", Transport::builder().proxy(proxy))).await.unwrap();
    assert_eq!(server.asked(), ["snow.example.com:80"]);
}

/// The heads that come to a server, which answers with nothing.
async fn heads(count: usize) -> (std::net::SocketAddr, tokio::task::JoinHandle<Vec<String>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = tokio::spawn(async move {
        let mut heads = Vec::new();
        while heads.len() < count {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut head, mut buffer) = (Vec::new(), [0; 1_024]);
            while !head.ends_with(b"\r\n\r\n") {
                let read = stream.read(&mut buffer).await.unwrap();
                head.extend_from_slice(&buffer[..read]);
            }
            heads.push(String::from_utf8(head).unwrap());
            stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await.unwrap();
        }
        heads
    });
    (address, heads)
}

/// Of the server that the request is for, whatever is between; and the caller's own where there is one.
#[tokio::test]
async fn every_request_names_its_host_once() {
    let (address, heads) = heads(3).await;
    let send = async |transport: TransportBuilder, request: http::request::Builder| {
        let answer = transport.build().unwrap().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 204);
    };
    let here = format!("http://{address}/");
    send(Transport::builder().no_proxy(), Request::get(&here)).await;
    send(Transport::builder().no_proxy(), Request::get(&here).header("host", "gateway.example.com")).await;
    let proxy = ProxyServer::start(Manner::Http(None), address).await;
    let through = Proxy::new(&format!("http://{}", proxy.address)).unwrap();
    send(Transport::builder().proxy(through), Request::get("http://dev1.example.com:8080/x")).await;
    let hosts: Vec<Vec<String>> = heads.await.unwrap().iter().map(|head| hosts(head)).collect();
    assert_eq!(
        hosts,
        [[address.to_string()], ["gateway.example.com".into()], ["dev1.example.com:8080".into()]]
    );
}

fn hosts(head: &str) -> Vec<String> {
    head.lines().filter_map(|line| line.strip_prefix("host: ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_proxy_that_is_spoken_to_over_tls() {
    let listener = crate::simulator().listen_tls().await.unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let manner = Manner::Http(Some(("user", "canary")));
    let server = ProxyServer::start_tls(manner, listener.address(), Some(Arc::new(tls))).await;
    let url = format!("https://user:canary@localhost:{}", server.address.port());
    let through = |transport: TransportBuilder| {
        client("https://dev12345.service-now.com", transport.proxy(Proxy::new(&url).unwrap()))
    };
    let error = unsent(&through(trusting(&listener))).await;
    says(&error, ErrorKind::Tls, &["the proxy https://localhost:", "UnknownIssuer"]);
    assert_eq!(server.asked(), [""; 0]);
    read(&through(trusting(&listener).add_root_certificates_pem(made.cert.pem()))).await.unwrap();
    assert_eq!(server.asked(), ["CONNECT dev12345.service-now.com:443 HTTP/1.1"]);
}

#[tokio::test]
async fn the_proxy_is_chosen_by_variables_and_by_the_list() {
    let listener = crate::simulator().listen_tls().await.unwrap();
    let server = ProxyServer::start(Manner::Http(None), listener.address()).await;
    let variables = |name: &str| (name == "HTTPS_PROXY").then(|| format!("http://{}", server.address));
    let by_name = || client("dev12345", trusting(&listener).proxy_variables(variables));
    read(&by_name()).await.unwrap();
    assert_eq!(server.asked().len(), 1);
    // This machine, whatever the environment says; and what the list names.
    read(&client(listener.url(), trusting(&listener).proxy_variables(variables))).await.unwrap();
    let proxy = || Proxy::new(&format!("http://{}", server.address)).unwrap();
    let spared = trusting(&listener).proxy(proxy().no_proxy("localhost").unwrap());
    read(&client(listener.url(), spared)).await.unwrap();
    assert_eq!(server.asked().len(), 1);
    read(&client(listener.url(), trusting(&listener).proxy(proxy()))).await.unwrap();
    assert_eq!(server.asked().len(), 2);
    let error = Transport::builder().proxy_variables(|_| Some("no proxy".into())).build().unwrap_err();
    says(&error, ErrorKind::InvalidInput, &["https_proxy", "no_proxy()"]);
}

#[tokio::test]
async fn a_proxy_in_the_way_is_told_apart() {
    let listener = crate::simulator().listen_tls().await.unwrap();
    let try_it = async |manner: Manner, url: &str| {
        let server = ProxyServer::start(manner, listener.address()).await;
        let at = server.address.to_string();
        let proxy = Proxy::new(&url.replace("AT", &at)).unwrap();
        let error = unsent(&client("dev12345", trusting(&listener).proxy(proxy))).await;
        says(&error, error.kind(), &[&at, "POST /api/now/table/incident on dev12345"]);
        assert_eq!(error.is_retryable(), error.kind() == ErrorKind::Connect, "{error}");
        error
    };
    let (refused, failed) = (ErrorKind::ProxyRefused, ErrorKind::Connect);
    let locked = || Manner::Http(Some(("user", "canary")));
    let socks = || Manner::Socks(Some(("user", "canary")));
    for (manner, url, kind, part) in [
        (locked(), "http://AT", refused, "wants credentials (407)"),
        (
            locked(),
            "http://user:wrong-canary@AT",
            refused,
            "did not accept the credentials (407): correct them",
        ),
        (
            Manner::Says("HTTP/1.0 401 canary\r\n\r\n"),
            "http://user:canary@AT",
            refused,
            "did not accept the credentials",
        ),
        (
            Manner::Says("HTTP/1.1 403 Forbidden\r\n\r\n<html>"),
            "http://AT",
            refused,
            "with status 403 Forbidden",
        ),
        (
            Manner::Says("HTTP/1.1 429 canary\r\n\r\n"),
            "http://AT",
            failed,
            "with status 429 Too Many Requests",
        ),
        (
            Manner::Says("HTTP/1.0 503 canary\r\n\r\n"),
            "http://AT",
            failed,
            "with status 503 Service Unavailable",
        ),
        (Manner::Says(""), "http://AT", failed, "closed the connection"),
        (Manner::Says("SSH-2.0-canary\r\n\r\n"), "http://AT", failed, "is not an HTTP proxy"),
        (Manner::Says("HTTP/1.1 200 OK\r\n\r\nto early"), "http://AT", failed, "is not an HTTP proxy"),
        (socks(), "socks5://AT", refused, "SOCKS error"),
        (socks(), "socks5://user:wrong-canary@AT", refused, "credentials not accepted"),
        (Manner::SocksReply(2), "socks5://AT", refused, "connection not allowed"),
        (Manner::SocksReply(4), "socks5://AT", failed, "host unreachable"),
        (Manner::Says("HTTP/1.1 400 canary\r\n\r\n"), "socks5://AT", failed, "SOCKS error"),
    ] {
        says(&try_it(manner, url).await, kind, &[part]);
    }
    // A port that was free a moment ago: nobody listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let proxy = Proxy::new(&format!("http://user:canary@127.0.0.1:{port}")).unwrap();
    let error = unsent(&client("dev12345", trusting(&listener).proxy(proxy))).await;
    says(
        &error,
        ErrorKind::Connect,
        &[&format!("the proxy http://127.0.0.1:{port} cannot be reached"), "refused"],
    );
}

async fn listen(simulator: &Simulator, options: TlsOptions) -> Listener {
    simulator.listen_tls_with(LOCAL.into(), options).await.unwrap()
}

#[tokio::test]
async fn servers_that_want_a_client_certificate() {
    let simulator = crate::simulator();
    let required = TlsOptions::new().require_client_certificate();
    for options in [required, required.only_tls12()] {
        let (listener, stranger) = (listen(&simulator, options).await, listen(&simulator, options).await);
        let shown = |own: &Listener| {
            let identity = own.client_certificate().unwrap().clone();
            trusting(&listener).client_certificate_pem(identity.certificate, identity.key)
        };
        let transport = shown(&listener).build().unwrap();
        let client =
            OAuthClient::builder().instance(listener.url()).client_id("my-id").client_secret("my-secret");
        let client = client.transport(transport).build().unwrap();
        client.generate_token("admin", "secret").await.unwrap();
        client.table("incident").list().limit(1).await.unwrap();

        let before = simulator.journal().len();
        for transport in [trusting(&listener), shown(&stranger)] {
            let error = unsent(&self::client(listener.url(), transport)).await;
            says(&error, ErrorKind::Tls, &["client certificate", "client_certificate_pem()"]);
            assert!(!error.is_retryable());
        }
        assert_eq!(simulator.journal().len(), before);
    }
}

#[tokio::test]
async fn a_server_that_is_not_who_it_should_be() {
    let simulator = crate::simulator();
    let listener = simulator.listen_tls().await.unwrap();
    for (fault, reason) in [
        (ConnectionFault::WrongHost, "not valid for name"),
        (ConnectionFault::Expired, "expired"),
        (ConnectionFault::UnknownAuthority, "UnknownIssuer"),
    ] {
        simulator.break_next_connection(fault);
        says(&unsent(&client(listener.url(), trusting(&listener))).await, ErrorKind::Tls, &[reason]);
        simulator.break_next_connection(fault);
        let careless = Transport::builder().danger_accept_invalid_certificates(true);
        read(&client(listener.url(), careless)).await.unwrap();
    }
    let off = Transport::builder().bundled_roots(true).danger_accept_invalid_certificates(true);
    let off = off.danger_accept_invalid_certificates(false).bundled_roots(true).bundled_roots(false);
    let off = off.add_root_certificates_pem(listener.authority_pem().unwrap());
    simulator.break_next_connection(ConnectionFault::Expired);
    says(&unsent(&client(listener.url(), off)).await, ErrorKind::Tls, &["expired"]);
    let error = unsent(&client(listener.url(), Transport::builder().bundled_roots(true))).await;
    says(&error, ErrorKind::Tls, &["UnknownIssuer", "add_root_certificates_pem()"]);
    read(&client(listener.url(), trusting(&listener))).await.unwrap();
}

#[tokio::test]
async fn the_authority_is_trusted_beside_those_of_the_machine() {
    let listener = crate::simulator().listen_tls().await.unwrap();
    let transport = Transport::builder().add_root_certificates_pem(listener.authority_pem().unwrap());
    read(&client(listener.url(), transport)).await.unwrap();
}

#[tokio::test]
async fn an_old_version_of_tls_is_refused_where_it_is_not_wanted() {
    let listener = listen(&crate::simulator(), TlsOptions::new().only_tls12()).await;
    read(&client(listener.url(), trusting(&listener).min_tls_version(TlsVersion::Tls12))).await.unwrap();
    let error = unsent(&client(listener.url(), trusting(&listener).min_tls_version(TlsVersion::Tls13))).await;
    says(&error, ErrorKind::Tls, &["min_tls_version()"]);
}

#[tokio::test]
async fn a_rustls_configuration_of_ones_own() {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let listener = crate::simulator().listen_tls().await.unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(listener.authority_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let mut config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    read(&client(listener.url(), Transport::builder().rustls_config(config.clone()))).await.unwrap();
    let both = Transport::builder().rustls_config(config).min_tls_version(TlsVersion::Tls13);
    says(&both.build().unwrap_err(), ErrorKind::InvalidInput, &["min_tls_version()", "rustls_config()"]);
}

#[tokio::test]
async fn what_cannot_be_a_certificate_is_refused_by_name() {
    let simulator = crate::simulator();
    let (listener, other) = (simulator.listen_tls().await.unwrap(), simulator.listen_tls().await.unwrap());
    let authority = listener.authority_pem().unwrap();
    let own = listener.client_certificate().unwrap();
    let of_other = other.client_certificate().unwrap();
    let (ca, chain, key) = (
        "add_root_certificates_pem()",
        "client_certificate_pem(), the chain",
        "client_certificate_pem(), the key",
    );
    let builder = Transport::builder;
    for (settings, parts) in [
        (builder().add_root_certificates_pem("canary"), [ca, "no certificate"]),
        (builder().add_root_certificates_pem(&own.key), [ca, "no certificate"]),
        (
            builder().add_root_certificates_pem(authority.split("-----END").next().unwrap()),
            [ca, "has no end"],
        ),
        (
            builder().add_root_certificates_pem(format!(
                "{authority}-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n"
            )),
            [ca, "certificate 2"],
        ),
        (
            builder()
                .add_root_certificates_pem("-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n"),
            [ca, "base64"],
        ),
        (builder().client_certificate_pem("canary", own.key.as_str()), [chain, "no certificate"]),
        (builder().client_certificate_pem(&own.certificate, "canary"), [key, "no private key"]),
        (
            builder()
                .client_certificate_pem(&own.certificate, own.key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
            [key, "not encrypted"],
        ),
        (
            builder().client_certificate_pem(&own.certificate, own.key.split("-----END").next().unwrap()),
            [key, "broken"],
        ),
        (
            builder().client_certificate_pem(&own.certificate, of_other.key.as_str()),
            ["client_certificate_pem()", "belongs to another certificate"],
        ),
        (
            builder().danger_accept_invalid_certificates(true).add_root_certificates_pem(authority),
            [ca, "danger_accept_invalid_certificates(true)"],
        ),
        (builder().connect_timeout(Duration::ZERO), ["connect timeout", "zero"]),
    ] {
        let error = settings.no_proxy().build().unwrap_err();
        says(&error, ErrorKind::InvalidInput, &parts);
        let secret = own.key.lines().nth(1).unwrap();
        assert!(!error.to_string().contains(secret) && !format!("{error:?}").contains(secret));
    }
}

#[test]
fn settings_show_no_secret() {
    let proxy = Proxy::new("http://canary-user:canary-password@proxy:3128").unwrap();
    let builder = Transport::builder().client_certificate_pem("canary", "canary-key").proxy(proxy.clone());
    let shown = format!("{proxy} {proxy:?} {builder:?} {builder:#?}");
    assert!(shown.contains("proxy:3128") && !shown.contains("canary"), "{shown}");
}

type Stream = hyper_util::rt::TokioIo<tokio::net::TcpStream>;

/// Connections to somebody who never says anything; each takes a while to make.
async fn silent(
    takes: Duration,
) -> (std::net::TcpListener, impl Fn(http::Uri) -> BoxFuture<'static, std::io::Result<Stream>> + Clone) {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = tokio::net::TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
    let only = Arc::new(Mutex::new(Some(Stream::new(stream))));
    let connect = move |_| {
        let stream = only.lock().unwrap().take().unwrap();
        async move {
            tokio::time::sleep(takes).await;
            Ok(stream)
        }
        .boxed()
    };
    (server, connect)
}

#[tokio::test]
async fn one_limit_covers_every_step_to_a_connection() {
    let (secure, plain) = ("https://dev12345.service-now.com", "http://snow.example.com");
    let (http, socks) = ("http://canary:canary@proxy.example.com:3128", "socks5://proxy.example.com");
    for (takes, instance, proxy, step) in [
        (60, secure, None, "at this step: connecting to dev12345.service-now.com:443"),
        (60, plain, None, "at this step: connecting to snow.example.com:80"),
        (6, secure, None, "at this step: the TLS handshake with dev12345.service-now.com:443"),
        (60, secure, Some(http), "at this step: connecting to the proxy http://proxy.example.com:3128"),
        (
            6,
            secure,
            Some(http),
            "at this step: asking the proxy http://proxy.example.com:3128 for a connection to dev12345",
        ),
        (
            6,
            plain,
            Some(socks),
            "at this step: asking the proxy socks5://proxy.example.com:1080 for a connection to snow",
        ),
        (
            6,
            secure,
            Some("https://proxy.example.com"),
            "at this step: the TLS handshake with the proxy https://proxy",
        ),
    ] {
        let (_server, connect) = silent(Duration::from_secs(takes)).await;
        let transport = Transport::builder().bundled_roots(true).connector(tower::service_fn(connect));
        let transport = match proxy {
            Some(proxy) => transport.proxy(Proxy::new(proxy).unwrap()),
            None => transport.no_proxy(),
        };
        let client = client(instance, transport);
        tokio::time::pause();
        let begin = tokio::time::Instant::now();
        let error = unsent(&client).await;
        assert_eq!(begin.elapsed().as_secs(), 10, "{error}");
        tokio::time::resume();
        says(&error, ErrorKind::Connect, &["no connection within 10s: it timed out", step]);
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_connector_of_ones_own() {
    let listener = crate::simulator().listen_tls().await.unwrap();
    let (asked, address) = (Arc::new(Mutex::new(Vec::new())), listener.address());
    let noted = asked.clone();
    let connector = tower::service_fn(move |uri: http::Uri| {
        noted.lock().unwrap().push(uri.to_string());
        async move { tokio::net::TcpStream::connect(address).await.map(Stream::new) }
    });
    let transport = trusting(&listener).no_proxy().connector(connector);
    read(&client("dev12345", transport)).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), ["https://dev12345.service-now.com/"]);

    let broken = tower::service_fn(|_: http::Uri| ready(Err::<Stream, _>(std::io::Error::other("no line"))));
    let transport = Transport::builder().bundled_roots(true).no_proxy().connector(broken);
    says(
        &unsent(&client("dev12345", transport)).await,
        ErrorKind::Connect,
        &["no connection could be made", "no line"],
    );
}

#[tokio::test]
async fn a_request_that_found_its_connection_closed_never_left() {
    let server = Arc::new(std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let closed = tower::service_fn(move |_: http::Uri| {
        let stream = std::net::TcpStream::connect(server.local_addr().unwrap()).unwrap();
        drop(server.accept().unwrap());
        stream.set_nonblocking(true).unwrap();
        ready(tokio::net::TcpStream::from_std(stream).map(Stream::new))
    });
    let transport = Transport::builder().no_proxy().connector(closed);
    says(
        &unsent(&client("http://snow.example.com", transport)).await,
        ErrorKind::Connect,
        &["before the request was sent"],
    );
}

#[tokio::test]
async fn connections_are_kept_as_long_and_as_many_as_wanted() {
    let reads = async |settings: TransportBuilder, idle: Duration| {
        let simulator = crate::simulator();
        let listener = simulator.listen().await.unwrap();
        let client = client(listener.url(), settings.no_proxy());
        read(&client).await.unwrap();
        for _ in 0..16 {
            tokio::task::yield_now().await; // the connection goes back to the pool
        }
        tokio::time::pause();
        tokio::time::advance(idle).await;
        tokio::time::resume();
        read(&client).await.unwrap();
        simulator.connections()
    };
    let (builder, second) = (Transport::builder, Duration::from_secs(1));
    assert_eq!(reads(builder(), second).await, 1);
    assert_eq!(reads(builder(), 19 * second).await, 1);
    assert_eq!(reads(builder(), 21 * second).await, 2, "closed after 20 s by default");
    assert_eq!(reads(builder().pool_idle_timeout(60 * second), 59 * second).await, 1);
    assert_eq!(reads(builder().pool_idle_timeout(Duration::ZERO), Duration::ZERO).await, 2);
    assert_eq!(reads(builder().pool_max_idle_per_host(0), Duration::ZERO).await, 2);
}

#[tokio::test]
async fn a_transport_is_one_word_and_gives_bodies_of_its_own_type() {
    assert_eq!(size_of::<Transport>(), size_of::<usize>());
    let listener = crate::simulator().listen().await.unwrap();
    let transport = Transport::builder().no_proxy().build().unwrap();
    let request = Request::get(listener.url()).body(Body::empty()).unwrap();
    let answer: http::Response<snow_core::transport::TransportBody> =
        transport.oneshot(request).await.unwrap();
    assert!(!answer.into_body().collect().await.unwrap().to_bytes().is_empty());
}
