//! The kinds of the transport's failures, decided here, where their types are known.

use crate::{BoxError, Error, ErrorKind};
use rustls::{AlertDescription, CertificateError};
use std::error::Error as StdError;
use std::io;

/// Converts a failure before the head of the response. Errors of the connector are returned as they are.
pub(super) fn of_client(error: hyper_util::client::legacy::Error) -> Error {
    if error.is_connect() && find::<Error>(&error).is_none() {
        return of_dial("no connection could be made", error.into());
    }
    broken(error.into())
}

/// Creates the error of a host that cannot be connected to. `what` says which connection failed.
pub(super) fn of_dial(what: &str, error: BoxError) -> Error {
    let why = match diagnosis_of_dial(&*error) {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    };
    Error::new(ErrorKind::Connect, why).with_source(error)
}

fn diagnosis_of_dial(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    // The connector of hyper-util has no question for this; its words decide over ours and over nothing else.
    if chain(error).any(|cause| cause.to_string() == "dns error") {
        return Some("the name of the host was not found");
    }
    find::<io::Error>(error).and_then(diagnosis_of_io)
}

/// Returns what happened to a connection, in words that are not those of the operating system, which the cause has.
fn diagnosis_of_io(error: &io::Error) -> Option<&'static str> {
    use io::ErrorKind as E;
    match error.kind() {
        E::ConnectionRefused => {
            Some("the host refused it (nothing listens on this port, or a firewall rejects it)")
        }
        E::ConnectionReset | E::ConnectionAborted | E::BrokenPipe => Some("the other side reset it"),
        E::UnexpectedEof => Some("the other side closed it without a response"),
        E::TimedOut => Some("the other side did not respond"),
        E::HostUnreachable | E::NetworkUnreachable | E::NetworkDown => Some("there is no route to the host"),
        E::AddrNotAvailable => Some("this machine has no address to connect from"),
        E::PermissionDenied => Some("this machine does not permit it"),
        _ => None,
    }
}

/// Converts a failure of an established connection.
pub(super) fn broken(error: BoxError) -> Error {
    if let Some(own) = find::<Error>(&*error) {
        return own.clone(); // an error of the connector, or of the request's body
    }
    // With TLS 1.3 the server checks the client's certificate after the client has finished the handshake.
    if let Some(rustls::Error::AlertReceived(alert)) = find(&*error)
        && is_about_certificates(*alert)
    {
        return of_tls(error);
    }
    // hyper reports this only for a request that it has not begun to send.
    if find::<hyper::Error>(&*error).is_some_and(hyper::Error::is_canceled) {
        let why = "the connection closed before the request was sent";
        return Error::new(ErrorKind::Connect, why).with_source(error);
    }
    if let Some(why) = unreadable(&*error) {
        return Error::new(ErrorKind::InvalidHttp, why).with_source(error);
    }
    let what = "the connection broke before the response was complete";
    let why = match find::<io::Error>(&*error).and_then(diagnosis_of_io) {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    };
    Error::new(ErrorKind::ConnectionClosed, why).with_source(error)
}

/// Returns what is wrong with a response that is not HTTP. A retry would get the same response.
fn unreadable(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let hyper = find::<hyper::Error>(error).filter(|hyper| !hyper.is_user())?;
    if hyper.is_parse() {
        // hyper has no method for this in its client. Its text decides about our text and nothing else.
        return Some(match hyper.to_string().contains("too large") {
            true => "the head of the response has more headers or more bytes than the transport allows",
            false => "the response is not HTTP/1.1",
        });
    }
    // hyper has no method for malformed chunks, and errors of rustls look alike.
    let is_bad =
        |io: &io::Error| matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
    let is_framing = find::<io::Error>(error).is_some_and(is_bad) && find::<rustls::Error>(error).is_none();
    is_framing.then_some("the chunks of the response's body are not HTTP/1.1")
}

/// Converts a failure of the TLS handshake.
pub(super) fn of_handshake(error: BoxError) -> Error {
    // A peer that does not use TLS may cause plain I/O errors.
    let not_tls = |io: &io::Error| io.kind() == io::ErrorKind::InvalidData;
    let is_tls = find::<rustls::Error>(&*error).is_some() || find::<io::Error>(&*error).is_none_or(not_tls);
    if is_tls {
        return of_tls(error);
    }
    of_dial("the connection broke in the TLS handshake", error)
}

fn of_tls(error: BoxError) -> Error {
    use CertificateError as E;
    use rustls::Error::{AlertReceived, InvalidCertificate, PeerIncompatible};
    let why = match find::<rustls::Error>(&*error) {
        Some(InvalidCertificate(E::UnknownIssuer)) => {
            "no encrypted connection could be made: the issuer of the certificate is not trusted (if it is your \
             own, add it by add_root_certificates_pem(), or to the certificates this machine trusts)"
        }
        Some(InvalidCertificate(why)) => of_certificate(why),
        Some(AlertReceived(AlertDescription::ProtocolVersion) | PeerIncompatible(_)) => {
            "no encrypted connection could be made: the server speaks no version of TLS that is allowed here (see \
             min_tls_version())"
        }
        Some(AlertReceived(alert)) if is_about_certificates(*alert) => {
            "the server wants a client certificate that it trusts (see client_certificate_pem())"
        }
        Some(AlertReceived(_)) => {
            "no encrypted connection could be made: the server broke off the handshake (some do when they want a client \
             certificate, see client_certificate_pem())"
        }
        _ => "no encrypted connection could be made (does the server speak TLS on this port?)",
    };
    Error::new(ErrorKind::Tls, why).with_source(error)
}

/// Returns what is wrong with a server's certificate, and who can fix it.
fn of_certificate(why: &CertificateError) -> &'static str {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        Revoked,
    };
    match why {
        Expired | ExpiredContext { .. } => {
            "no encrypted connection could be made: the server's certificate has expired (whoever runs the server has to renew \
             it, unless the clock of this machine is wrong)"
        }
        NotValidYet | NotValidYetContext { .. } => {
            "no encrypted connection could be made: the server's certificate is not valid yet (check the clock of this machine)"
        }
        NotValidForName | NotValidForNameContext { .. } => {
            "no encrypted connection could be made: the server's certificate is for another host (check the instance's name)"
        }
        Revoked => {
            "no encrypted connection could be made: the server's certificate was revoked (whoever runs the server has to replace it)"
        }
        _ => {
            "no encrypted connection could be made: the server's certificate is not valid (whoever runs the server, or a proxy on \
             the way, has to replace it)"
        }
    }
}

/// Returns what a server says about a client's certificate.
fn is_about_certificates(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    matches!(
        alert,
        Alert::CertificateRequired
            | Alert::DecryptError // a signature of an authority with the same name
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
    )
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// Returns the error and those that caused it, with those that an `io::Error` hides from `source`.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inside.map(|inside| inside as &dyn StdError).or_else(|| error.source());
        Some(error)
    })
}
