//! An error about a server's certificate says what is wrong with it, and who can do something about it. Over real handshakes.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use snow_client::{Client, Error, ErrorKind, Transport, layer::RetryPolicy};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// A certificate authority that the client trusts.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// Starts a server with a certificate for this host. `change` says what else is in the certificate.
    async fn serve(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> SocketAddr {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let chain = vec![params.signed_by(&key, &self.issuer).unwrap().der().clone()];
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(builder.with_single_cert(chain, key.into()).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(tokio_rustls::TlsAcceptor::from(config.clone()).accept(stream).await);
            }
        });
        address
    }

    /// Writes to a server, and returns the error.
    async fn refuse(&self, server: SocketAddr) -> Error {
        let transport = Transport::builder().bundled_roots(true).add_root_certificates_pem(&self.pem);
        let client = Client::builder()
            .instance(format!("https://localhost:{}", server.port()))
            .user("admin")
            .password("secret")
            .retry(RetryPolicy::new().max_attempts(1))
            .transport(transport.build().unwrap());
        let client = client.build().unwrap();
        client.table("incident").create(&serde_json::json!({"short_description": "a"})).await.unwrap_err()
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_with_what_to_do() {
    let authority = Authority::new();
    let expired = authority.serve("localhost", |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    });
    let early = authority.serve("localhost", |params| {
        (params.not_before, params.not_after) = (date_time_ymd(3000, 1, 1), date_time_ymd(3001, 1, 1));
    });
    let elsewhere = authority.serve("elsewhere.example.com", |_| {});
    let of_client = authority.serve("localhost", |params| {
        params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    });
    let why = [
        (expired.await, "the server's certificate has expired (whoever runs the server has to renew it"),
        (early.await, "the server's certificate is not valid yet (check the clock of this machine)"),
        (elsewhere.await, "the server's certificate is for another host (check the instance's name)"),
        (
            of_client.await,
            "the server's certificate is not valid (whoever runs the server, or a proxy on the way",
        ),
    ];
    for (server, wanted) in why {
        let error = authority.refuse(server).await;
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(!error.is_retryable() && !error.may_have_executed(), "{error}");
        let text = error.to_string();
        assert!(text.contains(wanted), "{text:?} does not say {wanted:?}");
        assert!(text.contains("localhost"), "{text:?} does not name the server");
        assert!(!text.contains("not trusted"), "{text:?} is about the authority, which is trusted");
    }
}
