//! Ends a token on the instance.

use super::form::percent_encoded;
use super::{Endpoint, MAX_RESPONSE, within};
use http::{Method, Request, Uri};
use snow_core::decode::{self, ApiResponse};
use snow_core::{Body, Error, ErrorKind, Secret};

/// Where tokens are revoked.
#[derive(Clone)]
pub(in crate::oauth) enum Revocation {
    /// The service's own way: the token in the query (facts 4.4).
    Query(Uri),
    /// RFC 7009: the token in a form, with the client's credentials.
    Form(Uri),
}

impl Revocation {
    fn uri(&self) -> &Uri {
        match self {
            Self::Query(uri) | Self::Form(uri) => uri,
        }
    }
}

impl Endpoint {
    /// Ends a token on the instance.
    pub(in crate::oauth) async fn revoke(&self, token: &Secret) -> Result<(), Error> {
        let mut request = match &self.revoke {
            Revocation::Query(uri) => query_request(uri, token)?,
            Revocation::Form(uri) => {
                let form = self.form(uri, vec![("token", token.expose())]);
                form.map(|form| Body::from(form.expose().to_owned()))
            }
        };
        *request.method_mut() = Method::POST;
        let exchange = async {
            let response = self.service.send(request).await?;
            let (head, body) = decode::receive(response, MAX_RESPONSE).await?;
            // It is 200 with an empty or a small body (facts 4.4); a page in its place is not a response to this.
            ApiResponse::new(head, body).map(drop)
        };
        let done = within(self.timeouts.token_request, exchange).await;
        done.map_err(|error| error.with_request(&Method::POST, self.revoke.uri()))
    }
}

fn query_request(uri: &Uri, token: &Secret) -> Result<Request<Body>, Error> {
    let with_token = Secret::from(format!("{uri}?token={}", percent_encoded(token.expose()).expose()));
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = with_token.expose().parse().map_err(|e: http::uri::InvalidUri| {
        Error::new(ErrorKind::InvalidInput, "the token does not fit a URL").with_reason(e)
    })?;
    Ok(request)
}
