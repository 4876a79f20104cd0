//! What spans are called and what they say of their requests, in OpenTelemetry's HTTP conventions: nothing of it is a secret, and
//! names have no ids in them, so that there are few.

use crate::api_version::is_version;
use http::{Method, Request, Uri};
use std::fmt;

/// `GET /api/now/table/incident/{sys_id}`, or the method alone where it is not known which parts of the path are ids.
pub(super) fn span<B>(request: &Request<B>) -> String {
    let method = known_method(request.method()).unwrap_or("HTTP");
    match template(request.uri().path()) {
        Some(template) => format!("{method} {template}"),
        None => method.to_owned(),
    }
}

/// Returns the method; `_OTHER` for one that HTTP does not define.
pub(super) fn method(method: &Method) -> &str {
    known_method(method).unwrap_or("_OTHER")
}

/// Returns the method as it is, if HTTP does not define it.
pub(super) fn original_method(method: &Method) -> Option<&str> {
    known_method(method).is_none().then(|| method.as_str())
}

fn known_method(method: &Method) -> Option<&str> {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    Some(method.as_str()).filter(|method| KNOWN.contains(method))
}

/// A URI that is displayed without query, user and password.
pub(super) struct Address<'a>(pub(super) &'a Uri);

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(scheme), Some(host)) = (self.0.scheme_str(), self.0.host()) {
            write!(f, "{scheme}://{host}")?;
        }
        if let Some(port) = self.0.port_u16() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

/// Returns the path with placeholders for everything that may be an id or belongs to one installation: of the documented APIs the
/// table is kept, of other APIs the name. Returns `None` for a path that belongs to no API.
pub(super) fn template(path: &str) -> Option<String> {
    let at = path.find("/api/");
    let (prefix, below) = path.split_at_checked(at.or_else(|| path.rfind('/'))?)?;
    let prefix = if prefix.is_empty() { "" } else { "/{prefix}" };
    if at.is_none() {
        let page = below.trim_start_matches('/');
        return page.strip_suffix(".do").is_some_and(is_word).then(|| format!("{prefix}/{page}"));
    }
    let below: Vec<&str> = below.split('/').filter(|segment| !segment.is_empty()).skip(1).collect();
    let (namespace, below) = below.split_first()?;
    if !namespace.bytes().all(is_of_word) || is_id(namespace) {
        return None;
    }
    let (version, below) = match below.split_first() {
        Some((version, below)) if is_version(version) => (format!("/{version}"), below),
        _ => (String::new(), below),
    };
    let Some((name, rest)) = below.split_first().filter(|(name, _)| is_word(name)) else {
        return Some(format!("{prefix}/api/{namespace}{version}{}", unknown(below)));
    };
    let rest = if *namespace == "now" { documented(name, rest) } else { unknown(rest) };
    Some(format!("{prefix}/api/{namespace}{version}/{name}{rest}"))
}

/// Returns the template of a path below one of the documented APIs.
fn documented(api: &str, rest: &[&str]) -> String {
    match (api, rest) {
        ("table" | "stats" | "import", [table, rest @ ..]) => {
            let table = if is_word(table) { table } else { "{table}" };
            match rest {
                [] => format!("/{table}"),
                ["insertMultiple"] if api == "import" => format!("/{table}/insertMultiple"),
                [_] => format!("/{table}/{{sys_id}}"),
                _ => format!("/{table}/{{sys_id}}/..."),
            }
        }
        ("attachment", [way @ ("file" | "upload")]) => format!("/{way}"),
        ("attachment", [_]) => "/{sys_id}".to_owned(),
        ("attachment", [_, "file"]) => "/{sys_id}/file".to_owned(),
        _ => unknown(rest),
    }
}

/// Returns the template of a path below any other API, whose segments may all be ids.
fn unknown(rest: &[&str]) -> String {
    match rest {
        [] => String::new(),
        [_] => "/{id}".to_owned(),
        _ => "/{id}/...".to_owned(),
    }
}

/// Returns whether a segment is the name of an API or a table.
fn is_word(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_alphabetic())
        && segment.bytes().all(is_of_word)
        && !is_id(segment)
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Returns whether a segment is a sys_id or a UUID.
fn is_id(segment: &str) -> bool {
    segment.len() >= 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "a9e30c7dc61122760116894de7bcc7bd";

    #[test]
    fn paths_are_named_without_ids() {
        for (path, named) in [
            ("/api/now/table/incident", Some("/api/now/table/incident")),
            ("/api/now/v2/table/incident/ID", Some("/api/now/v2/table/incident/{sys_id}")),
            ("/api/now/table/incident/INC0001", Some("/api/now/table/incident/{sys_id}")),
            ("/api/now/table/12", Some("/api/now/table/{table}")),
            ("/api/now/stats/incident", Some("/api/now/stats/incident")),
            ("/api/now/import/u_imp/insertMultiple", Some("/api/now/import/u_imp/insertMultiple")),
            ("/api/now/import/u_imp/ID", Some("/api/now/import/u_imp/{sys_id}")),
            ("/api/now/attachment", Some("/api/now/attachment")),
            ("/api/now/attachment/file", Some("/api/now/attachment/file")),
            ("/api/now/attachment/ID", Some("/api/now/attachment/{sys_id}")),
            ("/api/now/attachment/ID/file", Some("/api/now/attachment/{sys_id}/file")),
            ("/api/now/v1/batch", Some("/api/now/v1/batch")),
            ("/api/now/cmdb/instance/cmdb_ci", Some("/api/now/cmdb/{id}/...")),
            ("/api/x/order/12345", Some("/api/x/order/{id}")),
            ("/api/x/order/ada/lines/7", Some("/api/x/order/{id}/...")),
            ("/api/12345/v1/order", Some("/api/12345/v1/order")),
            ("/api/x/12345", Some("/api/x/{id}")),
            ("/api/x/ID", Some("/api/x/{id}")),
            ("/api/ID", None),
            ("/some/where/api/now/table/incident", Some("/{prefix}/api/now/table/incident")),
            ("/oauth_token.do", Some("/oauth_token.do")),
            ("/prefix/oauth_token.do", Some("/{prefix}/oauth_token.do")),
            ("/12345.do", None),
            ("/tenant/oauth2/token", None),
            ("/a", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(template(&path.replace("ID", ID)).as_deref(), named, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_id_is_in_a_name(
            api in "(now/table/incident|now/attachment|x_acme/v1/order|now/cmdb)",
            id in "[a-z]{0,6}[0-9a-f]{26,32}|[0-9]{1,20}|[a-z]{3,9}\\.[a-z]{3,9}|[A-Z]{3}[0-9]{7}",
            rest in "(|/lines|/lines/7|/)",
        ) {
            let named = template(&format!("/api/{api}/{id}{rest}")).unwrap_or_default();
            prop_assert!(!named.split('/').any(|segment| segment == id), "{named}");
        }

        #[test]
        fn any_path_has_a_name_or_none(path in "\\PC{0,60}") {
            template(&path);
            template(&format!("/api/{path}"));
        }
    }

    #[test]
    fn addresses_are_told_without_what_may_be_secret() {
        for (uri, told) in [
            (
                "https://ada:canary@dev1.service-now.com:8443/a?q=canary",
                "https://dev1.service-now.com:8443/a",
            ),
            ("https://dev1.service-now.com", "https://dev1.service-now.com/"),
            ("http://[::1]:80/a?canary", "http://[::1]:80/a"),
            ("/a?canary", "/a"),
        ] {
            assert_eq!(Address(&uri.parse().unwrap()).to_string(), told);
        }
    }
}
