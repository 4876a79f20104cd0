//! An authority made for one listener, its certificates good and bad.

use crate::ConnectionFault;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls::{RootCertStore, ServerConfig, version};
use std::fmt;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

type TlsResult<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What a listener asks of those who connect with TLS: see
/// [`Simulator::listen_tls_with`](crate::Simulator::listen_tls_with).
///
/// ```
/// let options = snow_sim::TlsOptions::new().require_client_certificate();
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct TlsOptions {
    client_certificate: bool,
    only_tls12: bool,
}

impl TlsOptions {
    /// Accepts TLS 1.2 and 1.3, and asks for no certificate of the client.
    pub fn new() -> Self {
        Self::default()
    }

    /// Talks only to clients with a certificate that the listener's own authority signed, like
    /// [`Listener::client_certificate`](crate::Listener::client_certificate).
    pub fn require_client_certificate(mut self) -> Self {
        self.client_certificate = true;
        self
    }

    /// Speaks no TLS 1.3.
    pub fn only_tls12(mut self) -> Self {
        self.only_tls12 = true;
        self
    }
}

/// A certificate for a client, with its key.
#[derive(Clone)]
pub struct ClientCertificate {
    /// In PEM.
    pub certificate: String,
    /// In PEM (PKCS #8).
    pub key: String,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate")
    }
}

pub(super) struct Certificates {
    /// In PEM.
    pub(super) authority: String,
    pub(super) client: ClientCertificate,
    good: TlsAcceptor,
    wrong_host: TlsAcceptor,
    expired: TlsAcceptor,
    unknown: TlsAcceptor,
}

impl Certificates {
    pub(super) fn make(options: TlsOptions) -> TlsResult<Self> {
        let (authority, issuer) = authority("snow-sim authority")?;
        let (_, stranger) = self::authority("nobody knows")?;
        let server = Server { options, authority: authority.der().clone() };
        let hosts = ["localhost", "127.0.0.1", "*.service-now.com"];
        Ok(Self {
            authority: authority.pem(),
            client: client(&issuer)?,
            good: server.acceptor(&issuer, &hosts, false)?,
            wrong_host: server.acceptor(&issuer, &["elsewhere.example.com"], false)?,
            expired: server.acceptor(&issuer, &hosts, true)?,
            unknown: server.acceptor(&stranger, &hosts, false)?,
        })
    }

    pub(super) fn acceptor(&self, fault: Option<ConnectionFault>) -> &TlsAcceptor {
        match fault {
            Some(ConnectionFault::WrongHost) => &self.wrong_host,
            Some(ConnectionFault::Expired) => &self.expired,
            Some(ConnectionFault::UnknownAuthority) => &self.unknown,
            _ => &self.good,
        }
    }
}

fn authority(name: &str) -> TlsResult<(Certificate, Issuer<'static, KeyPair>)> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate, Issuer::new(params, key)))
}

fn client(issuer: &Issuer<'static, KeyPair>) -> TlsResult<ClientCertificate> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "snow-sim client");
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?.pem();
    Ok(ClientCertificate { certificate, key: key.serialize_pem() })
}

/// What all the certificates of a listener are used for.
struct Server {
    options: TlsOptions,
    /// Whose clients are let in, where one needs a certificate.
    authority: CertificateDer<'static>,
}

impl Server {
    fn acceptor(
        &self,
        issuer: &Issuer<'static, KeyPair>,
        hosts: &[&str],
        expired: bool,
    ) -> TlsResult<TlsAcceptor> {
        let mut params =
            CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, "snow-sim instance");
        if expired {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, issuer)?.der().clone();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = self.config(vec![certificate], key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn config(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key: PrivatePkcs8KeyDer<'static>,
    ) -> TlsResult<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = if self.options.only_tls12 { &[&version::TLS12] } else { rustls::DEFAULT_VERSIONS };
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions)?;
        let builder = match self.options.client_certificate {
            true => builder.with_client_cert_verifier(self.clients(provider)?),
            false => builder.with_no_client_auth(),
        };
        Ok(builder.with_single_cert(chain, key.into())?)
    }

    fn clients(&self, provider: Arc<CryptoProvider>) -> TlsResult<Arc<dyn ClientCertVerifier>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone())?;
        Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
    }
}
