//! Where a redirect leads. None is ever followed.

use crate::error::execution::Responder;
use crate::{Error, ErrorKind, one_line};
use http::{HeaderMap, Uri, header};

/// The login pages of an instance (facts 3.6).
const LOGIN_PAGES: [&str; 2] = ["/login.do", "/login_with_sso.do"];

/// Where instances that sleep are woken.
const PORTAL: &str = "developer.servicenow.com";

/// Returns the error of a redirect. Only a redirect to a login page of the instance shows that the request was not executed;
/// words in any other address are for the reader of the message only.
pub(super) fn redirect_error(headers: &HeaderMap) -> Error {
    let target = headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    let (host, path) = split(target);
    if host.as_deref() == Some(PORTAL) {
        return Error::new(ErrorKind::Hibernating, "the instance is hibernating")
            .with_responder(Responder::DeveloperPortal);
    }
    let to = shown(target);
    let login = format!("the instance sent a redirect to a login page, {to}, instead of a response");
    if is_login_page(&path) {
        return Error::new(ErrorKind::LoginPage, login).with_responder(Responder::LoginPage(host));
    }
    if sounds_like_a_login(host.as_deref().unwrap_or_default(), &path) {
        return Error::new(ErrorKind::LoginPage, login);
    }
    Error::new(ErrorKind::Redirected, format!("the instance sent a redirect to {to} instead of a response"))
}

/// Returns host and path of an address, in lower case; a path alone has no host.
fn split(target: &str) -> (Option<Box<str>>, String) {
    let address = target.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let absolute = if address.starts_with("//") { format!("https:{address}") } else { address };
    match absolute.parse::<Uri>() {
        Ok(uri) => (uri.host().map(Box::from), uri.path().to_owned()),
        Err(_) => (Some(Box::default()), String::new()),
    }
}

/// Returns where a redirect leads, for the message: without query, fragment, path parameters (in which Java writes session ids)
/// and user.
fn shown(target: &str) -> String {
    let address = target.split(['?', '#', ';']).next().unwrap_or_default();
    let (scheme, rest) =
        address.split_once("//").map_or((None, address), |(scheme, rest)| (Some(scheme), rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let shown = match scheme {
        Some(scheme) => one_line(&format!("{scheme}//{host}{path}")),
        None => one_line(address),
    };
    if shown.is_empty() { "an address that cannot be read".to_owned() } else { shown }
}

fn is_login_page(path: &str) -> bool {
    LOGIN_PAGES.contains(&path) || path.starts_with("/saml")
}

fn sounds_like_a_login(host: &str, path: &str) -> bool {
    let mut words = host.split('.').chain(path.split(|c: char| !c.is_ascii_alphanumeric()));
    words.any(|word| ["login", "saml", "saml2", "sso", "signin"].contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Method, StatusCode};

    #[test]
    fn only_pages_of_the_instance_show_that_nothing_happened() {
        let uri: Uri = "https://dev1.service-now.com/api/now/table/incident".parse().unwrap();
        for (status, target, kind, open) in [
            (302, "/login.do", ErrorKind::LoginPage, false),
            (307, "/login_with_sso.do?glide_sso_id=1", ErrorKind::LoginPage, false),
            (302, "/saml_redirector.do?sysparm_uri=x", ErrorKind::LoginPage, false),
            (302, "https://DEV1.service-now.com/login.do", ErrorKind::LoginPage, false),
            (302, "//dev1.service-now.com/login.do", ErrorKind::LoginPage, false),
            (302, "https://developer.servicenow.com/dev.do#!/home?wu=true", ErrorKind::Hibernating, false),
            (303, "/login.do", ErrorKind::LoginPage, true),
            (303, "https://developer.servicenow.com/dev.do", ErrorKind::Hibernating, true),
            (302, "https://dev2.service-now.com/login.do", ErrorKind::LoginPage, true),
            (302, "https://idp.example.com/adfs/saml2", ErrorKind::LoginPage, true),
            (302, "https://login.example.com/x", ErrorKind::LoginPage, true),
            (302, "https://app.example.com/auth/done", ErrorKind::Redirected, true),
            (302, "https://example.com/oauth/x", ErrorKind::Redirected, true),
            (301, "https://other.example.com/?next=login", ErrorKind::Redirected, true),
            (301, "https://association.example.com/authority", ErrorKind::Redirected, true),
            (302, "https://evil.example.com/developer.servicenow.com", ErrorKind::Redirected, true),
            (302, "https://developer.servicenow.com.example.com/", ErrorKind::Redirected, true),
            (302, "login.do", ErrorKind::LoginPage, true),
            (302, "http://[", ErrorKind::Redirected, true),
            (302, "", ErrorKind::Redirected, true),
        ] {
            let headers = HeaderMap::from_iter([(header::LOCATION, target.parse().unwrap())]);
            let error = redirect_error(&headers).with_status(StatusCode::from_u16(status).unwrap());
            let error = error.with_request(&Method::POST, &uri);
            assert_eq!((error.kind(), error.may_have_executed()), (kind, open), "{status} {target}");
        }
    }

    #[test]
    fn the_target_is_shown_without_what_could_be_a_secret() {
        for (target, shown) in [
            ("https://new.example.com/oauth_token.do?code=canary", "https://new.example.com/oauth_token.do"),
            ("https://canary:canary@new.example.com/a#canary", "https://new.example.com/a"),
            ("//new.example.com/a;jsessionid=canary", "//new.example.com/a"),
            ("/login.do;jsessionid=canary?x=canary", "/login.do"),
            ("", "an address that cannot be read"),
        ] {
            let headers = HeaderMap::from_iter([(header::LOCATION, target.parse().unwrap())]);
            let error = redirect_error(&headers).to_string();
            assert!(error.contains(shown) && !error.contains("canary"), "{error}");
        }
    }
}
