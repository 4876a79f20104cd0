//! An authority made for one listener, its certificates good and bad.

use crate::ConnectionFault;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

type Made<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

pub(super) struct Certificates {
    /// In PEM.
    pub(super) authority: String,
    good: TlsAcceptor,
    wrong_host: TlsAcceptor,
    expired: TlsAcceptor,
    unknown: TlsAcceptor,
}

impl Certificates {
    pub(super) fn make() -> Made<Self> {
        let (authority, issuer) = authority("snow-sim authority")?;
        let (_, stranger) = self::authority("nobody knows")?;
        let hosts = ["localhost", "127.0.0.1", "*.service-now.com"];
        Ok(Self {
            authority,
            good: acceptor(&issuer, &hosts, false)?,
            wrong_host: acceptor(&issuer, &["elsewhere.example.com"], false)?,
            expired: acceptor(&issuer, &hosts, true)?,
            unknown: acceptor(&stranger, &hosts, false)?,
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

fn authority(name: &str) -> Made<(String, Issuer<'static, KeyPair>)> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Issuer::new(params, key)))
}

fn acceptor(issuer: &Issuer<'static, KeyPair>, hosts: &[&str], expired: bool) -> Made<TlsAcceptor> {
    let mut params = CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "snow-sim instance");
    if expired {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
