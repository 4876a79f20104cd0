//! Proxies, the hosts that they are used for, and their credentials.

mod environment;
mod no_proxy;
mod tunnel;

pub(super) use environment::from_environment;
pub(super) use tunnel::open as open_tunnel;

use crate::{Error, ErrorKind, Secret, check_credential};
use base64::Engine;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use no_proxy::NoProxy;
use percent_encoding::percent_decode_str;
use std::fmt;

/// A proxy: HTTP (`http://`, or `https://` for TLS to the proxy) or SOCKS 5 (`socks5://`).
///
/// Every connection is a tunnel through the proxy (CONNECT, for HTTP), including connections for plain `http://`: the proxy sees only the
/// instance's host and port, and no request contains the credentials of the proxy. The proxy resolves the host name, not this machine
/// (`socks5h://` means the same).
///
/// ```
/// use snow_client::{Transport, transport::Proxy};
///
/// let proxy = Proxy::new("http://proxy.example.com:3128")?
///     .credentials("integration", "secret")?
///     .no_proxy("localhost, .internal.example.com, 10.0.0.0/8")?;
/// assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy.example.com:3128)");
/// let transport = Transport::builder().proxy(proxy).build()?;
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Proxy {
    uri: Uri,
    scheme: ProxyScheme,
    credentials: Option<(String, Secret)>,
    headers: HeaderMap,
    no_proxy: NoProxy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyScheme {
    Http,
    Https,
    Socks5,
}

impl Proxy {
    /// Creates a proxy from its URL: `http://host:port`, `https://…` or `socks5://…`; without a scheme, `http`. The default ports are
    /// 80, 443 and 1080. A user and password in the URL are its [`credentials`](Self::credentials); special characters in them are
    /// percent-encoded.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for any other text. The error does not repeat it, because it may contain a password.
    pub fn new(url: &str) -> Result<Self, Error> {
        let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        // `Uri` would leave out what follows it: most likely the rest of a password, and the host.
        if whole.contains('#') {
            return Err(invalid("there is a '#' in it (in a user or password it is written %23)"));
        }
        let uri: Uri = whole.trim().parse().map_err(|error| {
            let why = "it cannot be read (in a user or password, characters like '@', ':', '/' and '#' are percent-encoded)";
            invalid(why).with_reason(error)
        })?;
        let (scheme, port) = match uri.scheme_str() {
            Some("http") => (ProxyScheme::Http, 80),
            Some("https") => (ProxyScheme::Https, 443),
            Some("socks5" | "socks5h") => (ProxyScheme::Socks5, 1080),
            _ => return Err(invalid("its scheme is not http, https or socks5")),
        };
        if uri.path_and_query().is_some_and(|rest| rest.as_str() != "/") {
            return Err(invalid("there is a path or query in it"));
        }
        let authority = uri.authority().ok_or_else(|| invalid("there is no host in it"))?;
        let (user_info, host) = split(authority);
        let host = format!("{host}:{}", uri.port_u16().unwrap_or(port));
        let proxy = Self {
            uri: address(scheme, &host)?,
            scheme,
            credentials: None,
            headers: HeaderMap::new(),
            no_proxy: NoProxy::default(),
        };
        match user_info {
            Some(user_info) => proxy.with_user_info(user_info),
            None => Ok(proxy),
        }
    }

    fn with_user_info(self, text: &str) -> Result<Self, Error> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |part| {
            percent_decode_str(part).decode_utf8().map_err(|_| invalid("its user or password is not UTF-8"))
        };
        let (user, password) = (decoded(user)?, decoded(password)?);
        self.credentials(&user, &*password)
    }

    /// Sets the credentials: `Proxy-Authorization: Basic` for HTTP, the user and password method for SOCKS 5.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a user with a colon, which would end it. For SOCKS 5, each of the two has to have 1 to 255 bytes.
    pub fn credentials(mut self, user: &str, password: impl Into<Secret>) -> Result<Self, Error> {
        let password = password.into();
        check_credential("proxy's user", user)?;
        check_credential("proxy's password", password.expose())?;
        if user.contains(':') && self.scheme != ProxyScheme::Socks5 {
            return Err(invalid("its user has a ':', which would end it"));
        }
        let fits = |text: &str| (1..=255).contains(&text.len());
        if self.scheme == ProxyScheme::Socks5 && !(fits(user) && fits(password.expose())) {
            return Err(invalid(
                "its user or password is empty or longer than 255 bytes, which SOCKS 5 cannot carry",
            ));
        }
        self.credentials = Some((user.to_owned(), password));
        Ok(self)
    }

    /// Adds a header to CONNECT requests to this proxy, or replaces one of the same name. It is sent in no request to the instance, and is
    /// not printed. The `User-Agent` is set by default: that of the first request of the transport.
    ///
    /// ```
    /// use http::{HeaderName, HeaderValue};
    /// use snow_client::transport::Proxy;
    ///
    /// let (name, value) = (HeaderName::from_static("x-proxy-client"), HeaderValue::from_static("integration-7"));
    /// let proxy = Proxy::new("http://proxy.example.com:3128")?.header(name, value)?;
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a SOCKS proxy, which gets no headers, and for the headers that the transport sets: `Host`,
    /// `Content-Length`, `Transfer-Encoding` and `Connection`.
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Result<Self, Error> {
        if self.scheme == ProxyScheme::Socks5 {
            return Err(invalid("a header is given for it, and SOCKS 5 has none"));
        }
        let own = [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION];
        if own.contains(&name) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("the proxy's header {name} is set by the transport"),
            ));
        }
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Sets the hosts that are connected to directly, separated by commas or spaces: hosts (`example.com`, `.example.com` and
    /// `*.example.com` all mean that host and everything below it) and addresses, each with an optional `:port`, and networks
    /// (`10.0.0.0/8`); `*` is everything. It replaces an earlier list.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an invalid network, or an entry with characters that no host has.
    pub fn no_proxy(mut self, list: &str) -> Result<Self, Error> {
        self.no_proxy = NoProxy::parse(list)?;
        Ok(self)
    }

    /// Returns whether a request to this address uses the proxy.
    pub(super) fn is_for(&self, uri: &Uri) -> bool {
        let port = uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 });
        !uri.host().is_some_and(|host| self.no_proxy.covers(host, port))
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// Returns the additional headers.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns user and password.
    pub(super) fn login(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.expose()))
    }

    /// Returns the value of `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.login()?;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Splits user info from host and port.
fn split(authority: &Authority) -> (Option<&str>, &str) {
    let whole = authority.as_str();
    let (user_info, host) = match whole.rsplit_once('@') {
        Some((user_info, host)) => (Some(user_info), host),
        None => (None, whole),
    };
    let host = match authority.port() {
        Some(port) => {
            host.strip_suffix(port.as_str()).and_then(|host| host.strip_suffix(':')).unwrap_or(host)
        }
        None => host,
    };
    (user_info, host)
}

/// Returns the proxy's own URI, whose scheme tells connectors how to connect to the proxy.
fn address(scheme: ProxyScheme, host: &str) -> Result<Uri, Error> {
    let scheme = if scheme == ProxyScheme::Https { Scheme::HTTPS } else { Scheme::HTTP };
    let builder =
        Uri::builder().scheme(scheme).authority(host).path_and_query(PathAndQuery::from_static("/"));
    builder.build().map_err(|error| invalid("its host is not valid").with_reason(error))
}

fn invalid(why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the proxy's URL: {why}; it should be like http://proxy.example.com:3128"),
    )
}

impl fmt::Display for Proxy {
    /// Writes scheme, host and port, never credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            ProxyScheme::Http => "http",
            ProxyScheme::Https => "https",
            ProxyScheme::Socks5 => "socks5",
        };
        write!(f, "{scheme}://{}", self.uri.authority().map_or("", Authority::as_str))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// The proxies, and what each is used for.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxies {
    pub(super) https: Option<Proxy>,
    pub(super) http: Option<Proxy>,
    /// Whether connections to this machine are direct, as with proxies of the environment.
    pub(super) spare_loopback: bool,
}

impl Proxies {
    pub(super) fn all(proxy: Proxy) -> Self {
        Self { https: Some(proxy.clone()), http: Some(proxy), spare_loopback: false }
    }

    pub(super) fn are_none(&self) -> bool {
        self.https.is_none() && self.http.is_none()
    }

    pub(super) fn choose(&self, uri: &Uri) -> Option<&Proxy> {
        if self.spare_loopback && uri.host().is_some_and(no_proxy::is_loopback) {
            return None;
        }
        let proxy = if uri.scheme() == Some(&Scheme::HTTP) { &self.http } else { &self.https };
        proxy.as_ref().filter(|proxy| proxy.is_for(uri))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_shown_without_credentials() {
        for (url, shown, login) in [
            ("http://proxy:3128", "http://proxy:3128", None),
            ("proxy.example.com:8080", "http://proxy.example.com:8080", None),
            ("proxy", "http://proxy:80", None),
            ("https://proxy/", "https://proxy:443", None),
            ("socks5://[::1]", "socks5://[::1]:1080", None),
            ("socks5h://u:p@10.0.0.1:9", "socks5://10.0.0.1:9", Some(("u", "p"))),
            ("http://user:p%40ss%3Aw%2Fd@proxy:3128", "http://proxy:3128", Some(("user", "p@ss:w/d"))),
            ("http://user@proxy", "http://proxy:80", Some(("user", ""))),
        ] {
            let proxy = Proxy::new(url).unwrap();
            assert_eq!((proxy.to_string().as_str(), proxy.login()), (shown, login), "{url}");
            assert_eq!(format!("{proxy:?}"), format!("Proxy({shown})"));
        }
        let proxy = Proxy::new("http://Aladdin:open%20sesame@proxy").unwrap();
        assert_eq!(proxy.authorization().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(proxy.authorization().unwrap().is_sensitive());
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_repeated() {
        for url in [
            "",
            "http://",
            "socks4://canary@proxy",
            "ftp://proxy",
            "http://proxy/canary",
            "http://proxy:99999",
            "http://canary:ca#nary@proxy",
            "http://canary:12#s3cret@proxy.example.com:3128",
            "canary:12#s3cret@proxy.example.com:3128",
            "http://canary#s3cret@proxy",
            "http://canary:12?s3cret@proxy.example.com:3128",
            "http://canary:12/s3cret@proxy.example.com:3128",
            "socks5://canary:12#s3cret@proxy",
            "http://proxy:3128#canary",
            "http://proxy:3128/#",
            "http://proxy:3128?canary",
            "http://canary:ca/nary@proxy:1",
            "http://canary:%ff@proxy",
            "socks5://canary@proxy",
            "two words",
        ] {
            let error = Proxy::new(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
            assert!(
                !error.to_string().contains("canary") && !error.to_string().contains("s3cret"),
                "{error}"
            );
        }
        assert!(Proxy::new("http://proxy").unwrap().credentials("a:b", "c").is_err());
        assert!(Proxy::new("socks5://proxy").unwrap().credentials("a", "c".repeat(256)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_shown_as_what_is_the_same_proxy(text in "(http|https|socks5)?(://)?[ -~]{0,20}(:[0-9]{0,5})?") {
            if let Ok(proxy) = Proxy::new(&text) {
                let again = Proxy::new(&proxy.to_string()).unwrap();
                proptest::prop_assert_eq!(again.uri(), proxy.uri());
                proptest::prop_assert!(again.scheme() == proxy.scheme() && again.login().is_none());
            }
        }

        #[test]
        fn any_list_is_refused_or_answers(list in "[ -~]{0,30}", host in "[ -~]{0,20}") {
            if let Ok(rules) = NoProxy::parse(&list) {
                rules.covers(&host, 443);
            }
        }
    }
}
