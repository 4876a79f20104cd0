//! Scheme, host and port, to which a credential belongs.

use http::Uri;
use http::uri::{Authority, Scheme};
use std::{fmt, sync::Arc};

/// The scheme, host and port of an instance. A credential belongs to an origin, and the layers of the credentials refuse a request to
/// another one.
///
/// ```
/// let origin = snow_client::Instance::parse("https://snow.example.com:8443/gateway")?.origin().clone();
/// assert_eq!(origin.to_string(), "https://snow.example.com:8443");
/// assert!(origin.covers(&"https://SNOW.example.com:8443/anything".parse().unwrap()));
/// assert!(origin.covers(&"/no/host/named".parse().unwrap()));
/// assert!(!origin.covers(&"https://evil.example.com/".parse().unwrap()));
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    /// `host` or `host:port`, the port only where it is not implied. Lower case; an IPv6 address in its brackets.
    authority: Arc<str>,
    port: u16,
}

impl Origin {
    pub(crate) fn new(https: bool, host: String, port: Option<u16>) -> Self {
        let port = port.unwrap_or(default_port(https));
        let authority = if port == default_port(https) { host } else { format!("{host}:{port}") };
        Self { https, authority: authority.into(), port }
    }

    /// Returns the origin of an absolute http or https URI; `None` for any other URI.
    pub fn of(uri: &Uri) -> Option<Self> {
        let https = is_https(uri)?;
        Some(Self::new(https, uri.host()?.to_ascii_lowercase(), uri.port_u16()))
    }

    /// Returns whether a request to this URI goes to this origin. A URI without a host does, because it is made absolute later.
    #[inline]
    pub fn covers(&self, uri: &Uri) -> bool {
        let same_scheme = uri.scheme() == Some(if self.https { &Scheme::HTTPS } else { &Scheme::HTTP });
        let authority = uri.authority().map(Authority::as_str);
        same_scheme && authority == Some(&self.authority) || self.covers_otherwise(uri)
    }

    /// Compares a URI that is not written like the origin, which is rare.
    #[cold]
    fn covers_otherwise(&self, uri: &Uri) -> bool {
        let (Some(https), Some(host)) = (is_https(uri), uri.host()) else {
            return uri.authority().is_none() && uri.scheme().is_none();
        };
        // Servers treat user info in a URI differently, so such a URI is never covered.
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        plain
            && https == self.https
            && host.eq_ignore_ascii_case(self.host())
            && uri.port_u16().unwrap_or(default_port(https)) == self.port
    }

    /// Returns the host, in lower case.
    pub fn host(&self) -> &str {
        let implied = self.port == default_port(self.https);
        let end = if implied { None } else { self.authority.rfind(':') };
        &self.authority[..end.unwrap_or(self.authority.len())]
    }

    /// Returns the port, explicit or implied by the scheme.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    pub(crate) fn scheme(&self) -> Scheme {
        if self.https { Scheme::HTTPS } else { Scheme::HTTP }
    }

    /// Returns `host` or `host:port`, the port only if it is not implied.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

fn is_https(uri: &Uri) -> Option<bool> {
    match uri.scheme_str()? {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

const fn default_port(https: bool) -> u16 {
    if https { 443 } else { 80 }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_scheme_port_host_or_user_info_is_not_covered() {
        let origin = Origin::new(true, "dev1.service-now.com".into(), None);
        for inside in ["https://dev1.service-now.com/x", "https://DEV1.service-now.com:443/", "/relative"] {
            assert!(origin.covers(&inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "http://dev1.service-now.com/",
            "https://dev1.service-now.com:8443/",
            "https://dev1.service-now.com.evil.com/",
            "https://dev1.service-now.com@evil.com/",
            "https://evil.com@dev1.service-now.com/",
            "ftp://dev1.service-now.com/",
            "dev1.service-now.com:443",
        ] {
            assert!(!origin.covers(&outside.parse().unwrap()), "{outside}");
        }
    }
}
