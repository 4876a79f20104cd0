//! Encrypted connections, to servers with a certificate of an authority of one's own.

use super::process::seal;
use super::server::Server;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use snow_auth::{StoreWrite, Token, TokenStore};
use snow_client::Error;
use snow_store_postgres::PostgresStore;
use snow_store_redis::RedisStore;

/// A certificate for `localhost`, and who vouches for it. In PEM.
pub(super) struct Certificate {
    pub(super) authority: String,
    pub(super) chain: String,
    pub(super) key: String,
}

impl Certificate {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let (params, key) =
            (CertificateParams::new(["localhost".to_owned()]).unwrap(), KeyPair::generate().unwrap());
        let chain = params.signed_by(&key, &issuer).unwrap().pem();
        Self { authority, chain, key: key.serialize_pem() }
    }
}

/// Saves a token and loads it again.
async fn keeps_a_token(store: &impl TokenStore<Error = Error>) {
    let token = Token::new("over TLS");
    let lease = store.lease().await.unwrap();
    assert_eq!(store.save(&token, &lease).await.unwrap(), StoreWrite::Applied);
    assert_eq!(store.load().await.unwrap(), Some(token));
}

fn assert_untrusted(error: &Error) {
    let text = error.report();
    assert!(text.contains("UnknownIssuer") || text.contains("unknown issuer"), "{text}");
}

pub(super) async fn redis() {
    let certificate = Certificate::new();
    let server = Server::redis_with_tls(&certificate);
    let builder = || RedisStore::builder(format!("rediss://localhost:{}", server.port), "tls").seal(seal());
    let trusting = builder().add_root_certificates_pem(certificate.authority.as_str()).build().unwrap();
    keeps_a_token(&trusting).await;
    assert_untrusted(&builder().build().unwrap().load().await.unwrap_err());
}

pub(super) async fn postgres() {
    let certificate = Certificate::new();
    let server = Server::postgres_with_tls(&certificate);
    let url = format!("postgres://snow@localhost:{}/postgres?sslmode=require", server.port);
    let builder = || PostgresStore::builder(url.as_str(), "tls").seal(seal());
    let trusting = builder().add_root_certificates_pem(certificate.authority.as_str()).build().unwrap();
    keeps_a_token(&trusting).await;
    assert_untrusted(&builder().build().unwrap().load().await.unwrap_err());
}
