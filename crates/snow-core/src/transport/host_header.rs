//! The `Host` header.

use http::header::{Entry, HOST};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Uri};
use std::borrow::Cow;

/// Sets the `Host` header if the caller did not: with the port if it is not the default of the scheme, and never with user info.
/// hyper-util would do it with a copy of the URI and a formatted string for each request.
#[inline]
pub(super) fn name_host(headers: &mut HeaderMap, uri: &Uri) {
    let Some(authority) = uri.authority() else { return };
    let Entry::Vacant(header) = headers.entry(HOST) else { return };
    // Every byte of an authority is valid in a header.
    if let Ok(host) = HeaderValue::from_str(&named(authority, uri.scheme())) {
        header.insert(host);
    }
}

fn named<'a>(authority: &'a Authority, scheme: Option<&Scheme>) -> Cow<'a, str> {
    let usual = if scheme == Some(&Scheme::HTTP) { 80 } else { 443 };
    let host = authority.host();
    match authority.port() {
        Some(port) if port.as_u16() == usual => host.into(),
        Some(port) if port.as_str().starts_with(|first: char| matches!(first, '1'..='9')) => {
            let whole = authority.as_str();
            whole.rsplit_once('@').map_or(whole, |(_, host)| host).into()
        }
        // Leading zeros are not part of the number.
        Some(port) => format!("{host}:{}", port.as_u16()).into(),
        None => host.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(uri: &str, given: Option<&'static str>) -> String {
        let mut headers = HeaderMap::new();
        given.map(|given| headers.insert(HOST, HeaderValue::from_static(given)));
        name_host(&mut headers, &uri.parse().unwrap());
        assert!(headers.len() <= 1);
        headers.get(HOST).map(|host| host.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn is_that_of_the_uri_with_a_port_where_it_is_not_the_usual_one() {
        for (uri, expected) in [
            ("https://dev1.service-now.com/api", "dev1.service-now.com"),
            ("https://dev1.service-now.com:443/api", "dev1.service-now.com"),
            ("https://dev1.service-now.com:80/api", "dev1.service-now.com:80"),
            ("http://127.0.0.1:80", "127.0.0.1"),
            ("http://127.0.0.1:8080/x?y=a@b:1", "127.0.0.1:8080"),
            ("http://127.0.0.1:08080/", "127.0.0.1:8080"),
            ("http://127.0.0.1:0080/", "127.0.0.1"),
            ("http://[::1]:8080/", "[::1]:8080"),
            ("https://[::1]", "[::1]"),
            ("https://me:secret@proxy:8443/", "proxy:8443"),
            ("https://me:secret@proxy/", "proxy"),
            ("https://proxy:/", "proxy"),
            ("/api", ""),
        ] {
            assert_eq!(host(uri, None), expected, "{uri}");
        }
        assert_eq!(host("https://dev1.service-now.com/", Some("other")), "other");
    }
}
