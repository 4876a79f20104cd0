//! TLS: trusted certificates and the client's certificate. rustls gets ring explicitly: nothing is installed for the whole process.

mod any_certificate;
mod pem;

use crate::{Error, ErrorKind, Secret};
use any_certificate::AnyCertificate;
use rustls::client::{WantsClientCert, danger::ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider};
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, ConfigBuilder, DEFAULT_VERSIONS, SupportedProtocolVersion, WantsVerifier};
use std::sync::{Arc, OnceLock};

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2, the oldest that is supported.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

static TLS13_ONLY: &[&SupportedProtocolVersion] = &[&TLS13];

impl TlsVersion {
    /// Returns this version and every later one.
    fn and_later(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::Tls12 => DEFAULT_VERSIONS,
            Self::Tls13 => TLS13_ONLY,
        }
    }
}

/// The trusted root certificates, in addition to those that the user added.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Roots {
    #[default]
    Platform,
    #[cfg(feature = "bundled-roots")]
    Bundled,
    /// Any certificate: nothing is checked.
    Anything,
}

/// The TLS settings as the user gave them, before they are parsed.
#[derive(Clone, Default)]
pub(super) struct TlsSettings {
    pub(super) roots: Roots,
    /// PEM texts.
    pub(super) authorities: Vec<Vec<u8>>,
    /// A chain in PEM, and its key.
    pub(super) identity: Option<(Vec<u8>, Secret)>,
    pub(super) min_version: Option<TlsVersion>,
    /// Replaces all others.
    #[cfg(feature = "rustls-0_23")]
    pub(super) config: Option<ClientConfig>,
}

impl TlsSettings {
    /// Parses the settings, and refuses those that contradict each other.
    pub(super) fn read(self) -> Result<Tls, Error> {
        if let Some(why) = self.contradiction() {
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        #[cfg(feature = "rustls-0_23")]
        if let Some(mut config) = self.config {
            config.alpn_protocols.clear(); // a server that is offered h2 may choose it, but only HTTP/1.1 is supported
            return Ok(Tls::Given(Arc::new(config)));
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let mut authorities = Vec::new();
        for text in &self.authorities {
            authorities.extend(pem::authorities(text)?);
        }
        let identity = match &self.identity {
            Some((chain, key)) => Some(Arc::new(pem::identity(chain, key, &provider)?)),
            None => None,
        };
        let min_version = self.min_version.unwrap_or_default();
        let parts = TlsConfigParts { provider, roots: self.roots, authorities, identity, min_version };
        Ok(Tls::Lazy { parts, made: OnceLock::new() })
    }

    /// Trusts these roots if `on` is true; otherwise stops trusting them, and leaves other roots as they are.
    pub(super) fn switch_roots(&mut self, roots: Roots, on: bool) {
        if on {
            self.roots = roots;
        } else if self.roots == roots {
            self.roots = Roots::Platform;
        }
    }

    fn contradiction(&self) -> Option<String> {
        let (roots, anybody) = ("add_root_certificates_pem()", "danger_accept_invalid_certificates(true)");
        if self.roots == Roots::Anything && !self.authorities.is_empty() {
            return Some(format!(
                "{roots} is given in addition to {anybody}, which trusts anyone: give one of them"
            ));
        }
        #[cfg(feature = "rustls-0_23")]
        if self.config.is_some() {
            let set = [
                (self.roots == Roots::Anything, anybody),
                (self.roots != Roots::Platform, "bundled_roots(true)"),
                (!self.authorities.is_empty(), roots),
                (self.identity.is_some(), "client_certificate_pem()"),
                (self.min_version.is_some(), "min_tls_version()"),
            ];
            let (_, other) = set.into_iter().find(|(set, _)| *set)?;
            return Some(format!(
                "{other} is given in addition to rustls_config(), which does not use it: give one of them"
            ));
        }
        None
    }
}

/// Returns the configuration of a connection to something else than an instance, such as a database: it trusts the platform's
/// certificates, and these authorities in PEM.
///
/// # Errors
/// Those of a transport with the same settings.
#[cfg(feature = "tls")]
pub fn client_config(authorities: Vec<Vec<u8>>) -> Result<Arc<ClientConfig>, Error> {
    TlsSettings { authorities, ..TlsSettings::default() }.read()?.config()
}

/// The TLS configuration.
pub(super) enum Tls {
    /// Made with the first https connection, because it takes tens of milliseconds and can fail.
    Lazy { parts: TlsConfigParts, made: OnceLock<Result<Arc<ClientConfig>, Error>> },
    #[cfg(feature = "rustls-0_23")]
    Given(Arc<ClientConfig>),
}

impl Tls {
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        match self {
            Self::Lazy { parts, made } => made.get_or_init(|| parts.make().map(Arc::new)).clone(),
            #[cfg(feature = "rustls-0_23")]
            Self::Given(config) => Ok(config.clone()),
        }
    }
}

/// The parsed TLS settings.
pub(super) struct TlsConfigParts {
    provider: Arc<CryptoProvider>,
    roots: Roots,
    authorities: Vec<CertificateDer<'static>>,
    identity: Option<Arc<CertifiedKey>>,
    min_version: TlsVersion,
}

impl TlsConfigParts {
    fn make(&self) -> Result<ClientConfig, Error> {
        let builder: ConfigBuilder<ClientConfig, WantsVerifier> =
            ClientConfig::builder_with_provider(self.provider.clone())
                .with_protocol_versions(self.min_version.and_later())
                .map_err(|error| Error::new(ErrorKind::Tls, "TLS cannot be set up").with_reason(error))?;
        let builder: ConfigBuilder<ClientConfig, WantsClientCert> =
            builder.dangerous().with_custom_certificate_verifier(self.verifier()?);
        Ok(match &self.identity {
            Some(identity) => {
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.clone())))
            }
            None => builder.with_no_client_auth(),
        })
    }

    fn verifier(&self) -> VerifierResult {
        match self.roots {
            Roots::Platform => platform(&self.authorities, self.provider.clone()),
            #[cfg(feature = "bundled-roots")]
            Roots::Bundled => bundled(&self.authorities, self.provider.clone()),
            Roots::Anything => Ok(Arc::new(AnyCertificate { provider: self.provider.clone() })),
        }
    }
}

type VerifierResult = Result<Arc<dyn ServerCertVerifier>, Error>;

#[cfg(feature = "tls")]
fn platform(authorities: &[CertificateDer<'static>], provider: Arc<CryptoProvider>) -> VerifierResult {
    use rustls_platform_verifier::Verifier;
    let verifier = match authorities.is_empty() {
        true => Verifier::new(provider),
        false => Verifier::new_with_extra_roots(authorities.iter().cloned(), provider),
    };
    Ok(Arc::new(verifier.map_err(no_roots)?))
}

#[cfg(not(feature = "tls"))]
fn platform(_: &[CertificateDer<'static>], _: Arc<CryptoProvider>) -> VerifierResult {
    let why = "https with the certificates that this machine trusts needs the feature `tls` of snow-core (or \
               snow-client), which this build is without; with the feature `bundled-roots`, call bundled_roots(true)";
    Err(Error::new(ErrorKind::Tls, why))
}

#[cfg(feature = "bundled-roots")]
fn bundled(authorities: &[CertificateDer<'static>], provider: Arc<CryptoProvider>) -> VerifierResult {
    use crate::BoxError;
    use rustls::{RootCertStore, client::WebPkiServerVerifier};
    let unusable = |error: BoxError| {
        Error::new(ErrorKind::Tls, "the bundled certificates cannot be used").with_reason(error)
    };
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for authority in authorities {
        roots.add(authority.clone()).map_err(|error| unusable(error.into()))?;
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    let verifier = builder.build().map_err(|error| unusable(error.into()))?;
    Ok(verifier)
}

#[cfg(feature = "tls")]
fn no_roots(error: rustls::Error) -> Error {
    let why = "the certificates that this machine trusts cannot be loaded (slim containers have none: install the \
               package ca-certificates, or build with the feature `bundled-roots` and call bundled_roots(true) of the \
               transport's builder, or name the instance's authority by add_root_certificates_pem())";
    Error::new(ErrorKind::Tls, why).with_source(error)
}
