//! Which instance: a validated origin, with a path prefix where a gateway stands in front.

use crate::{ApiPath, Error, Kind, Origin, Params};
use bytes::Bytes;
use http::{Uri, uri::Authority, uri::PathAndQuery};
use std::{convert::Infallible, fmt, net::Ipv4Addr, net::Ipv6Addr, str::FromStr};

/// A ServiceNow instance, told by its name, its host or its URL.
///
/// | text | requests go to |
/// |---|---|
/// | `dev12345` | `https://dev12345.service-now.com` |
/// | `dev12345.service-now.com`, `support.example.com:8443` | that host, by https |
/// | `https://gateway.example.com/servicenow` | that host, every path below `/servicenow` |
/// | `http://127.0.0.1:8080` | that host; plain http only to this machine, unless [`allow_http`](Self::allow_http) |
///
/// Text that could name another host than the one a reader sees is refused: user info, fragments, queries, spaces,
/// backslashes, letters outside ASCII, numbers that are almost an address.
///
/// ```
/// use snow_core::Instance;
///
/// assert_eq!(Instance::parse("dev12345")?.to_string(), "https://dev12345.service-now.com");
/// let error = Instance::parse("x.evil.com#").unwrap_err();
/// assert!(error.to_string().contains("contains '#'"), "{error}");
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    origin: Origin,
    authority: Authority,
    /// Empty, or `/a/b`.
    prefix: String,
}

impl Instance {
    /// Reads a bare name, a host or a URL.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`], naming the text and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text, false).map_err(|why| refusal(text, &why))
    }

    /// Like [`parse`](Self::parse), and takes plain `http://` to any host: **credentials then cross the network
    /// readable by anybody**. For a proxy on a trusted network that adds the encryption.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`], naming the text and what is wrong with it.
    pub fn allow_http(text: &str) -> Result<Self, Error> {
        Self::read(text, true).map_err(|why| refusal(text, &why))
    }

    fn read(text: &str, http_anywhere: bool) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty: give a name such as \"dev12345\", a host or an https URL".into());
        }
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic() || "#?@\\%\"'<>^`{|}*".contains(*c)) {
            return Err(odd_character(odd));
        }
        let (https, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, _)) => return Err(format!("has the scheme {scheme:?}: only https is spoken")),
            None if text.contains('/') => {
                return Err("has a path: with a path, write the whole https URL".into());
            }
            None => return Self::from_host(text),
        };
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let host = check_host(host)?;
        if !https && !http_anywhere && !is_loopback(&host) {
            return Err("is plain http to another machine, where credentials can be read on the way: \
                        use https, or Instance::allow_http if that is meant"
                .into());
        }
        Self::assemble(https, host, port, check_prefix(prefix)?)
    }

    fn from_host(text: &str) -> Result<Self, String> {
        if text.contains(['.', ':']) {
            let (host, port) = split_port(text)?;
            if !text.contains('.') && !host.starts_with('[') {
                let why = "is a bare name with a port: write the whole URL of the host, or the instance's name alone";
                return Err(why.into());
            }
            return Self::assemble(true, check_host(host)?, port, String::new());
        }
        if text.eq_ignore_ascii_case("localhost") {
            return Err("is this machine, not an instance's name: write \"http://localhost:PORT\"".into());
        }
        let name = check_label(text)?;
        Self::assemble(true, format!("{name}.service-now.com"), None, String::new())
    }

    fn assemble(https: bool, host: String, port: Option<u16>, prefix: String) -> Result<Self, String> {
        let origin = Origin::new(https, host, port);
        let authority = Authority::try_from(origin.authority()).map_err(|e| format!("is not a host: {e}"))?;
        Ok(Self { origin, authority, prefix })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path in front of every path: empty, or like `/servicenow`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How many bytes of URI an instance takes: what was seen to pass. 8,347 were refused (facts 1.10).
    pub const MAX_URI: usize = 8_182;

    /// The absolute URI of a path with parameters.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] if the parameters cannot be sent, [`Kind::UriTooLong`] beyond 65,534 bytes. The service takes
    /// no more than [`MAX_URI`](Self::MAX_URI).
    pub fn uri(&self, path: &ApiPath, params: &Params) -> Result<Uri, Error> {
        let params = params.encoded()?;
        let mut text = String::with_capacity(self.prefix.len() + path.as_str().len() + 1 + params.len());
        text.push_str(&self.prefix);
        text.push_str(path.as_str());
        if !params.is_empty() {
            text.push('?');
            text.push_str(params);
        }
        self.absolute(PathAndQuery::from_maybe_shared(Bytes::from(text)).map_err(too_long)?)
    }

    /// Where a link in an answer leads, on this instance: of the link's text only path and query are taken, never scheme,
    /// host or port, which may be anybody's (facts 1.5, 10.3).
    ///
    /// ```
    /// use snow_core::Instance;
    ///
    /// let instance = Instance::parse("https://gateway.example.com/snow")?;
    /// let there = instance.follow("https://dev1.service-now.com/api/now/table/incident?sysparm_offset=10")?;
    /// assert_eq!(there, "https://gateway.example.com/snow/api/now/table/incident?sysparm_offset=10");
    /// assert!(instance.follow("https://dev1.service-now.com/../admin").is_err());
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] for text that is no link, or whose path has steps to other paths.
    pub fn follow(&self, link: &str) -> Result<Uri, Error> {
        let refuse = |why: &str| Error::new(Kind::InvalidInput, format!("the link of an answer {why}"));
        let uri: Uri = link.parse().map_err(|e| refuse("cannot be read").with_source(e))?;
        let target = match uri.path_and_query() {
            Some(target) if uri.authority().is_none() || uri.scheme().is_some() => target,
            _ => return Err(refuse("has no path")),
        };
        let path = target.path();
        let below = path.strip_prefix(&self.prefix).filter(|rest| rest.starts_with('/')).unwrap_or(path);
        ApiPath::check_received(below).map_err(refuse)?;
        let target = format!(
            "{below}{}{}",
            if target.query().is_some() { "?" } else { "" },
            target.query().unwrap_or_default()
        );
        self.place(&PathAndQuery::from_maybe_shared(Bytes::from(target)).map_err(too_long)?)
    }

    /// The same path and query on this instance, below its prefix.
    pub(crate) fn place(&self, target: &PathAndQuery) -> Result<Uri, Error> {
        if self.prefix.is_empty() {
            return self.absolute(target.clone());
        }
        let text = format!("{}{target}", self.prefix);
        self.absolute(PathAndQuery::from_maybe_shared(Bytes::from(text)).map_err(too_long)?)
    }

    fn absolute(&self, target: PathAndQuery) -> Result<Uri, Error> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.origin.scheme());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(target);
        Uri::from_parts(parts).map_err(too_long)
    }
}

/// An ApiPath and Params hold nothing but what a URI may hold: all that is left to go wrong is the length.
fn too_long(error: impl Into<crate::BoxError>) -> Error {
    let why = "the URI is longer than 65,534 bytes: ask for less in one request";
    Error::new(Kind::UriTooLong, why).with_source(error)
}

fn refusal(text: &str, why: &str) -> Error {
    // User info may be a password: what stands before an @ is not repeated.
    let shown = match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    };
    Error::new(Kind::InvalidInput, format!("the instance {shown:?} {why}"))
}

fn odd_character(odd: char) -> String {
    match odd {
        '@' => {
            "contains '@': credentials do not belong in the address, give user and password separately".into()
        }
        c if !c.is_ascii() => format!("contains {c:?}: write a name outside ASCII in its xn-- form"),
        c => format!("contains {c:?}, which no host or path prefix has"),
    }
}

/// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    if authority.starts_with('[') && !authority.contains(']') {
        return Err("has an IPv6 address whose bracket is not closed".into());
    }
    let end = authority.find(']').map_or(0, |at| at + 1);
    let Some((_, port)) = authority[end..].split_once(':') else { return Ok((authority, None)) };
    let host = &authority[..authority.len() - port.len() - 1];
    match port.parse() {
        Ok(number) if number > 0 && port.bytes().all(|b| b.is_ascii_digit()) => Ok((host, Some(number))),
        _ => Err(format!("has the port {port:?}: a port is a number from 1 to 65535")),
    }
}

fn check_host(host: &str) -> Result<String, String> {
    if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr =
            inner.parse().map_err(|_| format!("has {host:?}, which is no IPv6 address"))?;
        return Ok(format!("[{address}]"));
    }
    if host.is_empty() || host.len() > 253 {
        return Err("names no host, or a longer one than can exist".into());
    }
    let labels = host.split('.').map(check_label).collect::<Result<Vec<_>, _>>()?;
    let last = labels.last().map_or("", String::as_str);
    // Resolvers read 127.1 and 0x7f.1 as addresses; only the plain form says what it means.
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err("ends in a number but is no IPv4 address of four numbers".into());
    }
    Ok(labels.join("."))
}

fn check_label(label: &str) -> Result<String, String> {
    if let Some(odd) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
        return Err(odd_character(odd));
    }
    if label.is_empty() || label.len() > 63 || label.starts_with('-') || label.ends_with('-') {
        return Err(format!("has {label:?} as a part of its name, which no host can have"));
    }
    Ok(label.to_ascii_lowercase())
}

fn check_prefix(path: &str) -> Result<String, String> {
    let path = path.strip_suffix('/').unwrap_or(path);
    for segment in path.split('/').skip(1) {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
        if segment.is_empty() || segment.bytes().all(|b| b == b'.') || !segment.bytes().all(plain) {
            return Err(format!(
                "has {segment:?} in its path: a prefix is made of letters, digits, '-', '_', '.', '~'"
            ));
        }
    }
    Ok(path.to_owned())
}

fn is_loopback(host: &str) -> bool {
    let v6 =
        host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).and_then(|h| h.parse::<Ipv6Addr>().ok());
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || v6.is_some_and(|address| address.is_loopback())
}

impl FromStr for Instance {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Instance {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl TryFrom<&String> for Instance {
    type Error = Error;

    fn try_from(text: &String) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Instance {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Infallible> for Error {
    /// So that an [`Instance`] can be given wherever text for one can.
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.prefix)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instance({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_hosts_and_urls() {
        for (text, url) in [
            ("dev12345", "https://dev12345.service-now.com"),
            ("DEV12345", "https://dev12345.service-now.com"),
            ("dev12345.service-now.com", "https://dev12345.service-now.com"),
            ("support.example.com:8443", "https://support.example.com:8443"),
            ("https://support.example.com/", "https://support.example.com"),
            ("https://support.example.com:443", "https://support.example.com"),
            ("https://gw.example.com/service/now/", "https://gw.example.com/service/now"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost", "http://localhost"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(Instance::parse(text).unwrap().to_string(), url);
        }
    }

    #[test]
    fn what_could_reach_another_host_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "empty"),
            ("x.evil.com#", "'#'"),
            ("a b", "' '"),
            ("user@host", "'@'"),
            ("https://user:pw@dev1.service-now.com", "'@'"),
            ("http://dev1.service-now.com", "plain http"),
            ("ftp://dev1.service-now.com", "scheme"),
            ("https:dev1", "port"),
            ("//evil.com", "path"),
            ("dev1/../x", "path"),
            ("https://dev1.service-now.com/a/../b", "in its path"),
            ("https://dev1.service-now.com//a", "in its path"),
            ("https://dev1.service-now.com?x=1", "'?'"),
            ("https://dev1.service-now.com\\@evil.com", "'\\\\'"),
            ("https://", "no host"),
            ("https:///x", "no host"),
            ("localhost", "this machine"),
            ("127.1", "number"),
            ("https://0x7f.1/", "number"),
            ("1.2.3.0x4", "number"),
            ("dev1.service-now.com.", "part of its name"),
            ("-dev1", "part of its name"),
            ("dev1:443", "bare name"),
            ("dev1.x:0", "port"),
            ("dev1.x:+80", "port"),
            ("dev1.x:99999", "port"),
            ("https://[::1", "bracket"),
            ("https://[::1]x", "'['"),
            ("https://[zz]/", "IPv6"),
            ("dév1", "xn--"),
            ("dev1\n", "'\\n'"),
        ] {
            let error = Instance::parse(text).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidInput);
            assert!(error.to_string().contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_not_repeated() {
        let error = Instance::parse("https://admin:hunter2@dev1.service-now.com").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn a_link_leads_nowhere_else() {
        let instance = Instance::parse("https://gw.example.com/snow").unwrap();
        for (link, there) in [
            ("https://evil.com/api/now/table/x?a=b", "https://gw.example.com/snow/api/now/table/x?a=b"),
            ("http://user:pw@evil.com:1/api/x", "https://gw.example.com/snow/api/x"),
            ("https://gw.example.com/snow/api/x?", "https://gw.example.com/snow/api/x?"),
            ("/snow/api/x", "https://gw.example.com/snow/api/x"),
            ("/snowy/api/x", "https://gw.example.com/snow/snowy/api/x"),
            ("/api/a%20b", "https://gw.example.com/snow/api/a%20b"),
        ] {
            assert_eq!(instance.follow(link).unwrap().to_string(), there, "{link}");
        }
        for link in [
            "",
            "evil.com",
            "//evil.com/x",
            "https://evil.com/",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a//b",
            "/a%2fb",
            "/a\\b",
            "/a\nb",
        ] {
            assert_eq!(instance.follow(link).unwrap_err().kind(), Kind::InvalidInput, "{link}");
        }
    }

    #[test]
    fn plain_http_has_to_be_asked_for() {
        assert!(Instance::allow_http("http://10.0.0.1").is_ok());
        assert!(Instance::allow_http("http://10.0.0.1#").is_err());
    }

    /// Host and port as a reader sees them: what stands between `://` and the next slash.
    fn plainly_named(text: &str) -> (String, Option<u16>) {
        let (scheme, rest) =
            text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let authority = rest.split('/').next().unwrap().to_ascii_lowercase();
        let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => format!("[{address}]"),
            None => authority.split(':').next().unwrap().to_owned(),
        };
        let port = authority[host.len()..].strip_prefix(':').map(|port| port.parse().unwrap());
        let implied = if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http")) { 80 } else { 443 };
        let bare = scheme.is_none() && !host.contains(['.', '[']);
        (if bare { format!("{host}.service-now.com") } else { host }, port.or(Some(implied)))
    }

    /// URLs and what looks like one, with something odd in the middle of some.
    fn text() -> impl Strategy<Value = String> {
        const SCHEMES: &[&str] = &["", "https://", "http://", "HTTP://", "//", "https:", "https://x://"];
        const HOSTS: &[&str] = &[
            "dev1",
            "EVIL",
            "evil.com",
            ".example.com",
            "localhost",
            "127.0.0.1",
            "127.1",
            "0x7f",
            "xn--a",
            ".",
        ];
        const ADDRESSES: &[&str] = &["[::1]", "[::ffff:10.0.0.1]", "[0:0::1]", "[", "]", "[::1%25a]"];
        const ODD: &[&str] = &[
            "",
            "@",
            "\\",
            "/",
            "//",
            ":",
            "?",
            "#",
            ";",
            "%2e",
            "%00",
            " ",
            "\t",
            "\n",
            "é",
            "。",
            "user:pw@",
            "@evil.com",
        ];
        const PORTS: &[&str] = &["", ":80", ":443", ":8443", ":0", ":+80", ":443:80"];
        const PATHS: &[&str] =
            &["", "/", "/snow", "/snow/now/", "/evil.com", "/../x", "//evil.com", "/@evil.com"];
        let one = |pieces: &'static [&'static str]| prop::sample::select(pieces);
        let name = prop::collection::vec(one(HOSTS), 1..3).prop_map(|pieces| pieces.concat());
        let host = prop_oneof![4 => name, 1 => one(ADDRESSES).prop_map(str::to_owned)];
        let odd = prop_oneof![2 => Just(""), 1 => one(ODD)];
        let url = (one(SCHEMES), host, odd, one(PORTS), one(PATHS));
        let url = url.prop_map(|(scheme, host, odd, port, path)| [scheme, &host, odd, port, path].concat());
        prop_oneof![4 => url, 1 => "[ -~é]{0,40}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_accepted_names_its_host_plainly(text in text()) {
            if let Ok(instance) = Instance::allow_http(&text) {
                let uri = instance.uri(&ApiPath::table("incident").unwrap(), &Params::new()).unwrap();
                // As whoever connects reads it.
                let uri: Uri = uri.to_string().parse().unwrap();
                let (host, port) = plainly_named(&text);
                let address = |host: &str| host.trim_matches(['[', ']']).parse::<Ipv6Addr>().ok();
                prop_assert_eq!(address(uri.host().unwrap()), address(&host));
                prop_assert!(address(&host).is_some() || uri.host() == Some(&host), "{} from {:?}", uri, text);
                prop_assert_eq!(Some(instance.origin().port()), port);
                prop_assert_eq!(uri.port_u16().or(uri.scheme_str().map(|s| if s == "http" { 80 } else { 443 })), port);
                prop_assert!(instance.origin().covers(&uri) && !uri.authority().unwrap().as_str().contains('@'));
                // Without being asked for, plain http goes to this machine alone.
                let this_machine = ["localhost", "127.0.0.1", "[::1]"].contains(&instance.origin().host());
                prop_assert!(instance.origin().is_https() || Instance::parse(&text).is_ok() == this_machine);
            }
        }
    }
}
