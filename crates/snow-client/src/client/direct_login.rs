//! The settings of a client that logs in without OAuth.

use crate::client::builder::{ClientBuilder, invalid};
use crate::request::client_inner::ClientInner;
use crate::{Client, Error, ErrorKind, Instance};
use bytes::Bytes;
use http::{Request, Response};
use snow_auth::{Credentials, RequestSigner};
use snow_core::{Body, BoxError, HttpService, Secret};
use tower_service::Service;

impl ClientBuilder {
    /// Sets the user to log in as.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.login.login.user = Some(user.into());
        self
    }

    /// Sets the user's password.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.login.login.password = Some(password.into());
        self
    }

    /// Sets a bearer token, instead of user and password. The client does not refresh it; use
    /// [`OAuthClient`](crate::OAuthClient) for that.
    pub fn bearer_token(mut self, token: impl Into<Secret>) -> Self {
        self.login.login.bearer_token = Some(token.into());
        self
    }

    /// Sets an API key (`x-sn-apikey`), instead of user and password. It works for the APIs whose access policy lists it; other
    /// APIs respond with 401 ([facts 4.5]).
    ///
    /// [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.login.login.api_key = Some(key.into());
        self
    }

    /// Sets your own way to log in, instead of user and password. [`BasicWithOneTimePassword`](super::BasicWithOneTimePassword) is one:
    /// it appends a one-time password to the password of each request.
    pub fn credentials(mut self, credentials: impl Credentials) -> Self {
        self.login.login.own(credentials);
        self
    }

    /// Sets a signer of requests, instead of user and password: for an instance that verifies an HMAC over each request with a script of
    /// its own ([facts 4.5]). `cargo run -p snow-client --example signed_requests` is an example.
    ///
    /// The body of a request is read into memory to be signed, so uploads have a limit: see [`RequestSigner::body_limit`].
    ///
    /// [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
    pub fn request_signer(mut self, signer: impl RequestSigner) -> Self {
        self.login.login.sign_with(signer);
        self
    }

    /// Sets your own service as the whole stack. It is responsible for authentication, timeouts and everything else, and receives
    /// requests with absolute URIs.
    pub fn stack<S, R>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        self.login.stack = Some(HttpService::new(service));
        self
    }

    /// Creates the client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`], naming the setting that is missing, wrong, or in conflict with another.
    pub fn build(self) -> Result<Client, Error> {
        let instance = self.checked_instance()?;
        if let Some(stack) = &self.login.stack {
            return self.with_stack(instance, stack.clone());
        }
        let login = self.login.login.checked(instance.origin(), self.transport.is_some())?;
        let bottom = self.bottom()?;
        bottom.prepare(&instance)?;
        let settings = &self.settings;
        Ok(Client::with_dictionary(|dictionary| login.client(instance, settings, bottom, dictionary)))
    }

    fn with_stack(&self, instance: Instance, http: HttpService) -> Result<Client, Error> {
        if self.login.login.is_given() {
            let why = "a way to log in is given in addition to a whole stack, which would not use it: put a layer such as \
                       BasicAuthLayer into the stack, or use transport() instead of stack()";
            return Err(invalid(why));
        }
        if self.transport.is_some() {
            return Err(invalid("both a transport and a whole stack are given: give one of them"));
        }
        if let Some(given) = self.settings.given.first() {
            let why = format!("{given} is given in addition to a whole stack, which would not use it");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let checks_times = !self.settings.trusts_times;
        Ok(Client::with_dictionary(|dictionary| {
            ClientInner::of_stack(instance, http, checks_times, dictionary)
        }))
    }
}
