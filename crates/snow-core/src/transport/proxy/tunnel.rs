//! A tunnel through an HTTP proxy: CONNECT, and the proxy's answer told apart.

use super::Proxy;
use crate::transport::stream::Stream;
use crate::{Error, Kind};
use http::StatusCode;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The longest answer of a proxy, in bytes.
const LIMIT: usize = 8 * 1024;

/// Asks for a tunnel to `target` (host and port) on a connection to the proxy.
pub(in crate::transport) async fn open(proxy: &Proxy, stream: Stream, target: &str) -> Result<Stream, Error> {
    let mut stream = TokioIo::new(stream);
    stream.write_all(&request(proxy, target)).await.map_err(|error| broken(proxy).with_source(error))?;
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"\r\n\r\n") {
        let read = stream.read_buf(&mut answer).await.map_err(|error| broken(proxy).with_source(error))?;
        if read == 0 {
            return Err(broken(proxy));
        }
        // The far end says nothing before we do, so what comes is the proxy's, and ends in a blank line.
        let over =
            answer.windows(4).position(|end| end == b"\r\n\r\n").is_some_and(|at| at + 4 < answer.len());
        let refusal = status(&answer).is_some_and(|status| !status.is_success());
        match (over, refusal) {
            (true, true) => break, // the rest is a page about it
            (true, false) => return Err(not_http(proxy)),
            (false, _) if answer.len() > LIMIT => return Err(not_http(proxy)),
            (false, _) => {}
        }
    }
    match status(&answer) {
        Some(status) if status.is_success() => Ok(stream.into_inner()),
        Some(status) => Err(refused(proxy, target, status)),
        None => Err(not_http(proxy)),
    }
}

fn request(proxy: &Proxy, target: &str) -> Vec<u8> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(authorization) = proxy.authorization() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// Of `HTTP/1.1 200 whatever`.
fn status(answer: &[u8]) -> Option<StatusCode> {
    let rest = answer.strip_prefix(b"HTTP/1.")?;
    let code = rest.get(1..5)?.strip_prefix(b" ")?;
    StatusCode::from_bytes(code).ok()
}

fn refused(proxy: &Proxy, target: &str, status: StatusCode) -> Error {
    let code = status.as_u16();
    // 401 is none of a proxy's answers, and tinyproxy gives it to wrong credentials.
    let wants_login = matches!(status, StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED);
    let why = match (wants_login, proxy.login()) {
        (true, None) => format!(
            "the proxy {proxy} wants credentials ({code}): give them by Proxy::credentials(), or in the proxy's URL"
        ),
        (true, Some(_)) => {
            format!("the proxy {proxy} does not take the credentials that it was given ({code})")
        }
        _ => format!(
            "the proxy {proxy} makes no tunnel to {target} and answers {status}: its administrators can say why, its log too"
        ),
    };
    Error::new(Kind::Connect, why)
}

fn broken(proxy: &Proxy) -> Error {
    let why =
        format!("the proxy {proxy} closed the connection in place of making a tunnel (is it an HTTP proxy?)");
    Error::new(Kind::Connect, why)
}

fn not_http(proxy: &Proxy) -> Error {
    let why = format!("what answers at {proxy} is no HTTP proxy: check the proxy's scheme, host and port");
    Error::new(Kind::Connect, why)
}
