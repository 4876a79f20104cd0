//! Requests of our own, with the client's credentials in a form.

use super::Endpoint;
use http::{HeaderValue, Method, Request, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use snow_core::Secret;

impl Endpoint {
    /// Makes a form of these fields and the client's credentials.
    pub(super) fn form<'a>(&'a self, uri: &Uri, mut fields: Vec<(&'a str, &'a str)>) -> Request<Secret> {
        fields.push(("client_id", &self.client_id));
        fields.extend(self.client_secret.as_ref().map(|secret| ("client_secret", secret.expose())));
        form_request(uri, &fields)
    }
}

/// Makes a form of these fields alone.
pub(super) fn form_request(uri: &Uri, fields: &[(&str, &str)]) -> Request<Secret> {
    let mut form = String::new();
    for (name, value) in fields {
        let separator = if form.is_empty() { "" } else { "&" };
        form.extend([separator, name, "=", percent_encoded(value).expose()]);
    }
    let mut request = Request::new(Secret::from(form));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, content_type);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    request
}

/// Encodes text as a form and a query take it.
pub(super) fn percent_encoded(text: &str) -> Secret {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().into()
}
