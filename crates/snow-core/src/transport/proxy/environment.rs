//! The proxies of the environment.

use super::{NoProxy, Proxies, Proxy};
use crate::{Error, ErrorKind};
use std::ffi::OsString;

/// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each in lower case first, as most programs do. A proxy that
/// cannot be used is an error that names the variable, and so is any of them that is not UTF-8: passed over, it would let requests
/// go another way than they should. Entries of `NO_PROXY` that cannot be used are passed over.
pub(in crate::transport) fn from_environment(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Proxies, Error> {
    let set = |name: &str| -> Result<Option<Variable>, Error> {
        let Some(value) = variable(name) else { return Ok(None) };
        let not_utf8 =
            |_| Error::new(ErrorKind::InvalidInput, "its value is not UTF-8").with_context(&context(name));
        let value = value.into_string().map_err(not_utf8)?;
        Ok((!value.trim().is_empty()).then(|| Variable { name: name.to_owned(), value }))
    };
    let either = |name: &str| match set(&name.to_ascii_lowercase())? {
        Some(lower) => Ok::<_, Error>(Some(lower)),
        None => set(name),
    };
    // In a CGI program, `HTTP_PROXY` is the header `Proxy` of the caller.
    let is_cgi = variable("REQUEST_METHOD").is_some_and(|method| !method.is_empty());
    let http = if is_cgi { set("http_proxy")? } else { either("HTTP_PROXY")? };
    let (https, all, spared) = (either("HTTPS_PROXY")?, either("ALL_PROXY")?, either("NO_PROXY")?);
    let no_proxy = spared.map(|list| NoProxy::of_others(&list.value)).unwrap_or_default();
    let read = |named: Option<Variable>| -> Result<Option<Proxy>, Error> {
        let Some(named) = named.or_else(|| all.clone()) else { return Ok(None) };
        let proxy = Proxy::new(&named.value).map_err(|error| error.with_context(&context(&named.name)))?;
        Ok(Some(Proxy { no_proxy: no_proxy.clone(), ..proxy }))
    };
    Ok(Proxies { https: read(https)?, http: read(http)?, spare_loopback: true })
}

#[derive(Clone)]
struct Variable {
    name: String,
    value: String,
}

fn context(name: &str) -> String {
    format!("the environment variable {name} (correct it, or call no_proxy() of the transport's builder)")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which proxy a URL goes through under some variables.
    fn chosen(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let find = |name: &str| {
            variables.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(*value))
        };
        let proxies = from_environment(find).unwrap();
        proxies.choose(&url.parse().unwrap()).map(ToString::to_string)
    }

    #[test]
    fn the_usual_rules() {
        let (https, http) = ("https://dev1.service-now.com/x", "http://snow.example.com/x");
        for (variables, url, expected) in [
            (&[][..], https, None),
            (&[("HTTPS_PROXY", "http://a:1")], https, Some("http://a:1")),
            (&[("https_proxy", "a:1")], https, Some("http://a:1")),
            (&[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:2")], https, Some("http://b:2")),
            (&[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "")], https, Some("http://a:1")),
            (&[("HTTPS_PROXY", "http://a:1")], http, None),
            (&[("HTTP_PROXY", "http://a:1")], http, Some("http://a:1")),
            (&[("HTTP_PROXY", "http://a:1")], https, None),
            (&[("ALL_PROXY", "socks5://a:1")], https, Some("socks5://a:1")),
            (&[("all_proxy", "socks5://a:1")], http, Some("socks5://a:1")),
            (&[("ALL_PROXY", "socks5://a:1"), ("HTTPS_PROXY", "http://b:2")], https, Some("http://b:2")),
            (&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "service-now.com")], https, None),
            (&[("HTTPS_PROXY", "http://a:1"), ("no_proxy", "x.com,.service-now.com")], https, None),
            (&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "*")], https, None),
            (
                &[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "dev2.service-now.com")],
                https,
                Some("http://a:1"),
            ),
            (&[("ALL_PROXY", "http://a:1"), ("NO_PROXY", "example.com")], http, None),
            (&[("ALL_PROXY", "http://a:1"), ("NO_PROXY", "169.254/16,<local>,example.com")], http, None),
            // A CGI program: `HTTP_PROXY` may be what a stranger sent.
            (&[("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")], http, None),
            (&[("http_proxy", "http://a:1"), ("REQUEST_METHOD", "GET")], http, Some("http://a:1")),
            (&[("HTTPS_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], https, Some("http://a:1")),
            // Connections to this machine never use a proxy of the environment.
            (&[("ALL_PROXY", "http://a:1")], "https://localhost:8443/", None),
            (&[("ALL_PROXY", "http://a:1")], "http://127.0.0.1:8080/", None),
            (&[("ALL_PROXY", "http://a:1")], "http://[::1]/", None),
        ] {
            assert_eq!(chosen(variables, url).as_deref(), expected, "{variables:?} {url}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (name, value) in
            [("HTTPS_PROXY", "socks4://canary:1"), ("all_proxy", "a b"), ("http_proxy", "http://u:canary#@a")]
        {
            let error = from_environment(|asked| (asked == name).then(|| value.into())).unwrap_err();
            let line = error.to_string();
            assert!(line.contains(name) && line.contains("no_proxy()") && !line.contains("canary"), "{line}");
        }
    }
}
