//! Faults below HTTP, compression and chunks appear on sockets as planned (facts 11).

use crate::{ADMIN, builder};
use snow_sim::{ClientCertificate, ConnectionFault, Listener, Simulator, TlsOptions, WireFault};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Sends one request over a socket of its own and reads all that comes.
async fn raw(simulator: &Simulator) -> (Vec<u8>, std::io::Result<usize>) {
    let listener = simulator.listen().await.unwrap();
    let address = listener.address();
    let read = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let request = format!(
            "GET /api/now/table/incident?sysparm_limit=1 HTTP/1.1\r\nhost: x\r\nauthorization: {ADMIN}\r\nconnection: close\r\n\r\n"
        );
        let _ = stream.write_all(request.as_bytes());
        let mut all = Vec::new();
        let end = stream.read_to_end(&mut all);
        (all, end)
    });
    read.await.unwrap()
}

#[tokio::test]
pub(crate) async fn faults_of_an_answer() {
    let simulator = builder().build().unwrap();
    let (whole, end) = raw(&simulator).await;
    assert!(end.is_ok() && whole.starts_with(b"HTTP/1.1 200 OK\r\n") && whole.ends_with(b"0\r\n\r\n"));

    simulator.break_next(WireFault::CutAt(100));
    let (cut, end) = raw(&simulator).await;
    assert!(end.is_ok() && cut.len() == 100, "closed in order after {} bytes", cut.len());

    simulator.break_next(WireFault::ResetAt(100));
    let (reset, end) = raw(&simulator).await;
    assert!(reset.len() <= 100);
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);

    simulator.break_next(WireFault::StallAt(50));
    let (stalled, end) = raw(&simulator).await;
    assert_eq!(stalled.len(), 50);
    let end = end.unwrap_err().kind();
    assert!(
        matches!(end, std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
        "still open: {end:?}"
    );

    simulator.break_next(WireFault::Trickle(Duration::from_micros(10)));
    let (slow, _) = raw(&simulator).await;
    assert_eq!(slow[..17], whole[..17]);

    simulator.break_next(WireFault::LongLength(10));
    let (short, _) = raw(&simulator).await;
    let text = String::from_utf8_lossy(&short);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let promised: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert_eq!(promised, body.len() + 10);

    simulator.break_next(WireFault::ShortLength(10));
    let (long, _) = raw(&simulator).await;
    let text = String::from_utf8_lossy(&long);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len() - 10)), "{text}");
    assert!(body.starts_with(r#"{"result""#) && body.ends_with('}'), "{text}");
    assert_eq!(simulator.journal().len(), 7, "each was carried out");
}

#[tokio::test]
async fn a_request_that_names_no_host_or_two_is_none() {
    let simulator = builder().build().unwrap();
    let listener = simulator.listen().await.unwrap();
    let address = listener.address();
    for hosts in ["", "host: x\r\nhost: y\r\n"] {
        let request = format!(
            "GET /api/now/table/incident HTTP/1.1\r\n{hosts}authorization: {ADMIN}\r\nconnection: close\r\n\r\n"
        );
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        assert!(answer.await.unwrap().starts_with("HTTP/1.1 400 "));
    }
    assert!(simulator.journal().is_empty());
}

#[tokio::test]
pub(crate) async fn faults_of_a_connection() {
    let simulator = builder().build().unwrap();
    simulator.break_next_connection(ConnectionFault::Refuse);
    let (nothing, end) = raw(&simulator).await;
    assert!(nothing.is_empty(), "{end:?}");
    simulator.break_next_connection(ConnectionFault::Garbage);
    let (garbage, _) = raw(&simulator).await;
    assert!(garbage.starts_with(b"\x00\xff"));
    assert_eq!((simulator.journal().len(), simulator.connections()), (0, 2));

    let listener = simulator.listen_tls().await.unwrap();
    assert!(listener.authority_pem().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    for fault in [
        None,
        Some(ConnectionFault::WrongHost),
        Some(ConnectionFault::Expired),
        Some(ConnectionFault::UnknownAuthority),
    ] {
        fault.into_iter().for_each(|fault| simulator.break_next_connection(fault));
        let shaken = handshake(&listener, None).await;
        assert_eq!(shaken.is_ok(), fault.is_none(), "{fault:?}: {shaken:?}");
        let reason = shaken.err().unwrap_or_default();
        let expected = match fault {
            Some(ConnectionFault::WrongHost) => "not valid for name",
            Some(ConnectionFault::Expired) => "expired",
            Some(_) => "UnknownIssuer",
            None => "",
        };
        assert!(reason.contains(expected), "{fault:?}: {reason}");
    }
}

#[tokio::test]
async fn clients_with_and_without_a_certificate() {
    let simulator = builder().build().unwrap();
    let listen =
        async |options| simulator.listen_tls_with(([127, 0, 0, 1], 0).into(), options).await.unwrap();
    // With TLS 1.2 the client hears of it in the handshake.
    let required = TlsOptions::new().require_client_certificate().only_tls12();
    let (listener, stranger) = (listen(required).await, listen(required).await);
    handshake(&listener, listener.client_certificate()).await.unwrap();
    assert!(handshake(&listener, None).await.unwrap_err().contains("CertificateRequired"));
    assert!(handshake(&listener, stranger.client_certificate()).await.unwrap_err().contains("alert"));
    handshake(&listen(TlsOptions::new()).await, None).await.unwrap();
}

/// A TLS handshake that trusts the listener's authority alone.
async fn handshake(listener: &Listener, own: Option<&ClientCertificate>) -> Result<(), String> {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(listener.authority_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = match own {
        Some(own) => {
            let certificate = CertificateDer::from_pem_slice(own.certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
            config.with_client_auth_cert(vec![certificate], key).unwrap()
        }
        None => config.with_no_client_auth(),
    };
    let stream = tokio::net::TcpStream::connect(listener.address()).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    connector.connect(name, stream).await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
pub(crate) async fn compression_and_chunks() {
    use http_body_util::BodyExt;
    let simulator = builder().settings(|settings| settings.chunk = 100).build().unwrap();
    let request =
        || http::Request::get("/api/now/table/incident?sysparm_limit=1").header("authorization", ADMIN);
    let send = |request: http::request::Builder| {
        let request = request.body(http_body_util::Full::<bytes::Bytes>::default()).unwrap();
        tower::ServiceExt::oneshot(simulator.clone(), request)
    };
    let mut plain = send(request()).await.unwrap();
    assert_eq!(plain.body_mut().frame().await.unwrap().unwrap().into_data().unwrap().len(), 100);
    let packed = send(request().header("accept-encoding", "gzip, deflate")).await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed = packed.into_body().collect().await.unwrap().to_bytes();
    assert!(packed.starts_with(&[0x1f, 0x8b]));
}
