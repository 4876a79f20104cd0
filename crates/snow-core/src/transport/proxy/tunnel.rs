//! A tunnel through an HTTP proxy: CONNECT, and the proxy's response.

use super::Proxy;
use crate::layer::AGENT;
use crate::transport::stream::BoxedStream;
use crate::{Error, ErrorKind};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The maximum length of a proxy's response, in bytes.
const LIMIT: usize = 8 * 1024;

/// Requests a tunnel to `target` (host and port) on a connection to the proxy.
pub(in crate::transport) async fn open(
    proxy: &Proxy,
    stream: BoxedStream,
    target: &str,
    agent: Option<&HeaderValue>,
) -> Result<BoxedStream, Error> {
    let mut stream = TokioIo::new(stream);
    stream
        .write_all(&request(proxy, target, agent))
        .await
        .map_err(|error| broken(proxy).with_source(error))?;
    let mut response = Vec::with_capacity(256);
    while !response.ends_with(b"\r\n\r\n") {
        let read = stream.read_buf(&mut response).await.map_err(|error| broken(proxy).with_source(error))?;
        if read == 0 {
            return Err(broken(proxy));
        }
        // The target sends nothing before the client, so these bytes are the proxy's response, which ends with a blank line.
        let over =
            response.windows(4).position(|end| end == b"\r\n\r\n").is_some_and(|at| at + 4 < response.len());
        let refusal = status(&response).is_some_and(|status| !status.is_success());
        match (over, refusal) {
            (true, true) => break, // the rest is an error page
            (true, false) => return Err(not_http(proxy)),
            (false, _) if response.len() > LIMIT => return Err(not_http(proxy)),
            (false, _) => {}
        }
    }
    match status(&response) {
        Some(status) if status.is_success() => Ok(stream.into_inner()),
        Some(status) => Err(refused(proxy, target, status, &schemes(&response))),
        None => Err(not_http(proxy)),
    }
}

fn request(proxy: &Proxy, target: &str, agent: Option<&HeaderValue>) -> Vec<u8> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    let agent = agent.cloned().unwrap_or(HeaderValue::from_static(AGENT));
    let usual = [(header::USER_AGENT, Some(agent)), (header::PROXY_AUTHORIZATION, proxy.authorization())];
    let usual = usual.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut headers: HeaderMap = usual.collect();
    for (name, value) in proxy.headers() {
        headers.insert(name, value.clone());
    }
    for (name, value) in &headers {
        request.extend_from_slice(titled(name).as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// Parses the status of `HTTP/1.1 200 …`.
fn status(response: &[u8]) -> Option<StatusCode> {
    let rest = response.strip_prefix(b"HTTP/1.")?;
    let code = rest.get(1..5)?.strip_prefix(b" ")?;
    StatusCode::from_bytes(code).ok()
}

/// Returns `User-Agent` for `user-agent`, because some proxies are case-sensitive.
fn titled(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        first.to_ascii_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}

/// Returns the authentication schemes in the head of a 407, each once: the first words of its challenges (RFC 9110, 11.6.1).
fn schemes(response: &[u8]) -> Vec<String> {
    let head = String::from_utf8_lossy(response);
    let head = head.split("\r\n\r\n").next().unwrap_or_default();
    let offers = head.lines().filter_map(|line| line.split_once(':'));
    let offers = offers.filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authenticate"));
    let mut schemes = Vec::new();
    for part in offers.flat_map(|(_, value)| unquoted(value)) {
        let word = part.split_whitespace().next().unwrap_or_default();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        // A parameter of the challenge before it has a '=' in it.
        if !word.is_empty()
            && word.len() <= 32
            && word.chars().all(is_word)
            && !schemes.iter().any(|known| known == word)
        {
            schemes.push(word.to_owned());
        }
    }
    schemes
}

/// Splits a list at its commas, except those in quotes.
fn unquoted(list: &str) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in list.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(String::new()),
            _ => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    parts
}

fn refused(proxy: &Proxy, target: &str, status: StatusCode, schemes: &[String]) -> Error {
    let code = status.as_u16();
    // 401 is not meant for proxies, but tinyproxy sends it for wrong credentials.
    let wants_login = matches!(status, StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED);
    let takes_basic = schemes.is_empty() || schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic"));
    let why = match (wants_login, proxy.login()) {
        (true, _) if !takes_basic => format!(
            "the proxy {proxy} wants a login by {} ({code}), and only Basic is supported: ask its \
             administrators for an account with Basic or a way past it, or run a local proxy that logs in to it",
            schemes.join(" or ")
        ),
        (true, None) => format!(
            "the proxy {proxy} wants credentials ({code}): give them by Proxy::credentials(), or in the proxy's URL"
        ),
        (true, Some(_)) => {
            format!(
                "the proxy {proxy} did not accept the credentials ({code}): correct them where the proxy is set"
            )
        }
        _ => format!(
            "the proxy {proxy} refused a tunnel to {target} with status {status}: ask its administrators, or see its log"
        ),
    };
    Error::new(kind_of(status), why)
}

/// Returns [`ErrorKind::Connect`] if the refusal may be temporary (the proxy is busy, or cannot reach the target), and
/// [`ErrorKind::ProxyRefused`] if the proxy would refuse again.
fn kind_of(status: StatusCode) -> ErrorKind {
    let is_temporary = matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if status.is_client_error() && !is_temporary { ErrorKind::ProxyRefused } else { ErrorKind::Connect }
}

fn broken(proxy: &Proxy) -> Error {
    let why =
        format!("the proxy {proxy} closed the connection in place of making a tunnel (is it an HTTP proxy?)");
    Error::new(ErrorKind::Connect, why)
}

fn not_http(proxy: &Proxy) -> Error {
    let why = format!("{proxy} is not an HTTP proxy: check the proxy's scheme, host and port");
    Error::new(ErrorKind::Connect, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_log_in_are_read_from_every_form_of_challenges() {
        for (head, expected) in [
            ("", &[][..]),
            ("Proxy-Authenticate: NTLM\r\n", &["NTLM"]),
            (
                "proxy-authenticate: Negotiate\r\nPROXY-AUTHENTICATE:NTLM\r\nX: Basic\r\n",
                &["Negotiate", "NTLM"],
            ),
            (
                "Proxy-Authenticate: Digest realm=\"a, Basic b\", nonce=\"x\", NTLM TlRM==, Negotiate, NTLM\r\n",
                &["Digest", "NTLM", "Negotiate"],
            ),
            ("Proxy-Authenticate: Basic realm=\"x\"\r\n", &["Basic"]),
        ] {
            let response = format!("HTTP/1.1 407 No\r\n{head}\r\nProxy-Authenticate: Body\r\n\r\n");
            assert_eq!(schemes(response.as_bytes()), expected, "{head}");
        }
    }
}
