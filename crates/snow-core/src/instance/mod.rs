//! The address of an instance: a validated origin, and the path prefix of a gateway.

mod host;
mod page_url;
mod serialization;
#[cfg(test)]
mod tests;

use crate::{ApiPath, Error, ErrorKind, Origin, Params};
use bytes::Bytes;
use host::{check_host, check_label, check_prefix, invalid_char_message, is_loopback, split_port};
use http::{Uri, uri::Authority, uri::PathAndQuery};
use std::{convert::Infallible, fmt, str::FromStr};

/// A ServiceNow instance, given by its name, its host or its URL.
///
/// | text | requests go to |
/// |---|---|
/// | `dev12345` | `https://dev12345.service-now.com` |
/// | `dev12345.service-now.com`, `support.example.com:8443` | that host, by https |
/// | `https://gateway.example.com/servicenow` | that host, every path below `/servicenow` |
/// | `http://127.0.0.1:8080` | that host; plain http only to this machine, unless [`parse_insecure`](Self::parse_insecure) |
/// | `https://dev12345.service-now.com/incident_list.do?sysparm_query=active%3Dtrue` | that host: an address as a browser shows it |
/// | `https://gateway.example.com/servicenow/api/now/table/incident` | as above, every path below `/servicenow` |
///
/// In the address of a page or an API, everything from the page or the API on is ignored, including query and fragment. A page or an API
/// begins at the first segment of the path that ends in `.do`, at `/api/now`, `/api/sn_…` and `/api/x_…`, and at `/now/nav`,
/// `/now/workspace`, `/now/sow` and `/now/cwf`. The path before it is the prefix. On hosts below `service-now.com` and
/// `servicenowservices.com` there is no prefix, and the whole path is ignored; with a query also that of the portals `/sp`, `/esc` and
/// `/csm`. Any other path is a prefix, and has neither query nor fragment.
///
/// Text that could name another host than the one that a reader sees is refused: user info, fragments, queries, spaces, backslashes,
/// letters outside ASCII, and numbers that are almost an address.
///
/// ```
/// use snow_client::Instance;
///
/// assert_eq!(Instance::parse("dev12345")?.to_string(), "https://dev12345.service-now.com");
/// let error = Instance::parse("x.evil.com#").unwrap_err();
/// assert!(error.to_string().contains("contains '#'"), "{error}");
/// # Ok::<_, snow_core::Error>(())
/// ```
///
/// With serde an instance is a string: it is deserialized by [`parse`](Self::parse), and serialized as its URL.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    origin: Origin,
    authority: Authority,
    /// Empty, or `/a/b`.
    prefix: String,
}

impl Instance {
    /// Parses a bare name, a host or a URL.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], naming the text and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let address = page_url::without_page(text).unwrap_or(text);
        Self::parse_address(address, false).map_err(|why| invalid(text, &why))
    }

    /// Parses like [`parse`](Self::parse), but takes the whole path as the prefix, even if it names a page or an API: for addresses
    /// that are not of an instance, such as another issuer's token endpoint.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], naming the text and what is wrong with it.
    pub fn parse_verbatim(text: &str) -> Result<Self, Error> {
        Self::parse_address(text, false).map_err(|why| invalid(text, &why))
    }

    /// Parses like [`parse`](Self::parse), but accepts plain `http://` to any host. **Credentials then cross the network
    /// unencrypted.** Use it only for a proxy on a trusted network that adds the encryption.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], naming the text and what is wrong with it.
    pub fn parse_insecure(text: &str) -> Result<Self, Error> {
        let address = page_url::without_page(text).unwrap_or(text);
        Self::parse_address(address, true).map_err(|why| invalid(text, &why))
    }

    fn parse_address(text: &str, http_anywhere: bool) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty: give a name such as \"dev12345\", a host or an https URL".into());
        }
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic() || "#?@\\%\"'<>^`{|}*".contains(*c)) {
            return Err(invalid_char_message(odd));
        }
        let (https, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, _)) => return Err(format!("has the scheme {scheme:?}: only https is supported")),
            None if text.contains('/') => {
                return Err("has a path: with a path, write the whole https URL".into());
            }
            None => return Self::parse_host(text),
        };
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let host = check_host(host)?;
        if !https && !http_anywhere && !is_loopback(&host) {
            return Err("is plain http to another machine, where credentials can be read on the way: \
                        use https, or Instance::parse_insecure if that is meant"
                .into());
        }
        Self::assemble(https, host, port, check_prefix(prefix)?)
    }

    fn parse_host(text: &str) -> Result<Self, String> {
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
        if name.contains('_') {
            let why = "contains '_', which no instance's name has: for a host of your own network, write \"https://HOST\"";
            return Err(why.into());
        }
        Self::assemble(true, format!("{name}.service-now.com"), None, String::new())
    }

    fn assemble(https: bool, host: String, port: Option<u16>, prefix: String) -> Result<Self, String> {
        let origin = Origin::new(https, host, port);
        let authority = Authority::try_from(origin.authority()).map_err(|e| format!("is not a host: {e}"))?;
        Ok(Self { origin, authority, prefix })
    }

    /// Returns scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the prefix of every path: empty, or like `/servicenow`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The maximum length of a URI, in bytes, that an instance was seen to accept. It rejected 8,347 bytes.
    pub const MAX_URI: usize = 8_182;

    /// Returns the absolute URI of a path with parameters.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the parameters cannot be sent, [`ErrorKind::UriTooLong`] if the URI is longer than 65,534 bytes.
    /// The service accepts no more than [`MAX_URI`](Self::MAX_URI).
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

    /// Returns the URI to which a link in a response leads on this instance. Only path and query of the link are used, never scheme,
    /// host or port, which may be of anyone ([facts 1.5], 10.3).
    ///
    /// ```
    /// use snow_client::Instance;
    ///
    /// let instance = Instance::parse("https://gateway.example.com/snow")?;
    /// let there = instance.follow("https://dev1.service-now.com/api/now/table/incident?sysparm_offset=10")?;
    /// assert_eq!(there, "https://gateway.example.com/snow/api/now/table/incident?sysparm_offset=10");
    /// assert!(instance.follow("https://dev1.service-now.com/../admin").is_err());
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] for text that is not a link, or whose path contains `.` or `..`.
    ///
    /// [facts 1.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#15-the-link-header
    #[doc(hidden)]
    pub fn follow(&self, link: &str) -> Result<Uri, Error> {
        let refuse = |why: &str| Error::new(ErrorKind::Decode, format!("the link in a response {why}"));
        let uri: Uri = link.parse().map_err(|e| refuse("cannot be read").with_reason(e))?;
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
        self.resolve(&PathAndQuery::from_maybe_shared(Bytes::from(target)).map_err(too_long)?)
    }

    /// Returns the URI of a path and query on this instance, below its prefix.
    pub(crate) fn resolve(&self, target: &PathAndQuery) -> Result<Uri, Error> {
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

/// `ApiPath` and `Params` contain only characters that are valid in a URI, so the length is the only possible cause.
fn too_long(error: impl Into<crate::BoxError>) -> Error {
    let why = "the URI is longer than 65,534 bytes: ask for less in one request";
    Error::new(ErrorKind::UriTooLong, why).with_source(error)
}

fn invalid(text: &str, why: &str) -> Error {
    // User info may be a password, so the text before an @ is not repeated.
    let shown = match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    };
    Error::new(ErrorKind::InvalidInput, format!("the instance {shown:?} {why}"))
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
    /// Allows functions to take an [`Instance`] as well as text, by `TryInto`.
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
