//! A request of the API as HTTP, and its errors with what was called.

use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use http::{HeaderValue, Request, header};
use snow_core::{Body, Departure, Error, Params, RequestOptions};
use std::time::Duration;

impl ApiRequest {
    /// Makes the HTTP request. `attempts` and `elapsed`: how many attempts of this call were made before, and how long they took.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for parameters that cannot be sent, and for a URL that is too long.
    pub(crate) fn to_http(
        &self,
        client: &ClientInner,
        attempts: u32,
        elapsed: Duration,
    ) -> Result<Request<Body>, Error> {
        let mut http = Request::new(self.body.clone().map_or_else(Body::empty, Body::from));
        *http.method_mut() = self.method.clone();
        *http.uri_mut() = client.instance.uri(&self.path, &self.params.to_params()?)?;
        http.headers_mut().clone_from(&self.headers);
        if self.body.is_some() {
            let json = || HeaderValue::from_static("application/json");
            http.headers_mut().entry(header::CONTENT_TYPE).or_insert_with(json);
        }
        if client.tells_departures {
            http.extensions_mut().insert(Departure::new());
        }
        if attempts > 0 || self.options.is_some() {
            http.extensions_mut().insert(self.operation_after(client, attempts, elapsed));
        }
        Ok(http)
    }

    /// A later attempt gets the rest of the time.
    fn operation_after(&self, client: &ClientInner, attempts: u32, elapsed: Duration) -> RequestOptions {
        let options = self.options.clone().unwrap_or_default();
        let default = client.read_retry.as_ref().map(|retry| retry.deadline);
        match options.deadline_limit().or(default) {
            Some(limit) if attempts > 0 => {
                let left = options.time(limit).saturating_sub(elapsed);
                options.attempted(attempts).extendable().deadline(left)
            }
            _ => options,
        }
    }

    /// Adds the method, the URL and the login to an error of this request. The query is left out: it may hold what is secret.
    pub(crate) fn annotate(&self, client: &ClientInner, error: Error) -> Error {
        let hint = if error.request().is_none() { self.refusal_hint(&error) } else { None };
        let error = match hint {
            Some(hint) => error.with_context(&hint),
            None => error,
        };
        let error = client.login.into_iter().fold(error, Error::with_login);
        match client.instance.uri(&self.path, &Params::new()) {
            Ok(uri) => error.with_request(&self.method, &uri),
            Err(_) => error,
        }
    }
}
