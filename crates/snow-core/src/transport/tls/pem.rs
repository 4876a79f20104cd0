//! Parses certificates and keys in PEM, and refuses unusable ones.

use crate::{Error, ErrorKind, Secret};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::sign::CertifiedKey;

/// Parses all certificates in a text, at least one.
fn certificates(text: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let found = found
        .map_err(|error| invalid(format!("{what}: the PEM text is broken")).with_reason(reason(error)))?;
    match found.is_empty() {
        true => {
            Err(invalid(format!("{what}: there is no certificate (\"-----BEGIN CERTIFICATE-----\") in it")))
        }
        false => Ok(found),
    }
}

/// Parses the certificates of authorities.
pub(super) fn authorities(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let what = "add_root_certificates_pem()";
    let found = certificates(text, what)?;
    for (index, certificate) in found.iter().enumerate() {
        RootCertStore::empty().add(certificate.clone()).map_err(|error| {
            invalid(format!("{what}: certificate {} cannot be read", index + 1)).with_reason(error)
        })?;
    }
    Ok(found)
}

/// Parses a certificate chain, with the client's own first, and the key of that one.
pub(super) fn identity(chain: &[u8], key: &Secret, provider: &CryptoProvider) -> Result<CertifiedKey, Error> {
    let what = "client_certificate_pem()";
    let chain = certificates(chain, &format!("{what}, the chain"))?;
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|error| match error {
        pem::Error::NoItemsFound => invalid(format!(
            "{what}, the key: there is no private key in it that is not encrypted (\"-----BEGIN PRIVATE KEY-----\")"
        )),
        // The text of the error could repeat a line of the key.
        _ => invalid(format!("{what}, the key: the PEM text is broken")),
    })?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let why = match error {
            rustls::Error::InconsistentKeys(_) => {
                "the key belongs to another certificate than the chain's first"
            }
            _ => "the certificate or its key cannot be used",
        };
        invalid(format!("{what}: {why}")).with_reason(error)
    })
}

fn reason(error: pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end".into(),
        pem::Error::IllegalSectionStart { .. } => "a section has no proper beginning".into(),
        pem::Error::Base64Decode(_) => "a section is not base64".into(),
        other => other.to_string(),
    }
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}
