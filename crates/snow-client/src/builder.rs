//! What a client is made of. Everything is checked in `build`, so that chains stay short.

use crate::call::Target;
use crate::{Client, Instance, OAuthClient, Secret, Token, stack};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use snow_auth::{BasicAuthLayer, OAuthBuilder};
use snow_core::layer::DefaultHeadersLayer;
use snow_core::{Body, BoxError, Error, HttpService, Kind, Transport};
use std::fmt;
use std::future::Future;
use tower_layer::Identity;
use tower_service::Service;

/// What both clients have.
#[derive(Clone, Default)]
struct Common {
    instance: Option<Result<Instance, Error>>,
    host: Option<Result<Instance, Error>>,
    transport: Option<HttpService>,
    user_agent: Option<String>,
}

impl Common {
    fn instance(&self) -> Result<Instance, Error> {
        match (self.instance.clone(), self.host.clone()) {
            (Some(_), Some(_)) => Err(invalid("both instance and host are given: give one of them")),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Err(invalid("no instance is given: call instance(\"dev12345\") or host(\"…\")")),
        }
    }

    fn headers(&self) -> Result<DefaultHeadersLayer, Error> {
        let headers = DefaultHeadersLayer::new();
        let Some(agent) = &self.user_agent else { return Ok(headers) };
        let agent = HeaderValue::from_str(agent)
            .map_err(|_| invalid("the user agent has characters that no header may have"))?;
        Ok(headers.with(header::USER_AGENT, agent))
    }

    /// The caller's transport, or ours; and what is left to do when all input has been checked: to load certificates.
    fn transport(&self) -> Result<(HttpService, Option<Transport>), Error> {
        if let Some(own) = &self.transport {
            return Ok((own.clone(), None));
        }
        let transport = Transport::builder().build()?;
        Ok((HttpService::new(transport.clone()), Some(transport)))
    }
}

fn invalid(why: &'static str) -> Error {
    Error::new(Kind::InvalidInput, why)
}

macro_rules! common_settings {
    () => {
        /// The instance: its name (`dev12345`), its host or its URL; see [`Instance`]. This or [`host`](Self::host).
        pub fn instance<I>(mut self, instance: I) -> Self
        where
            I: TryInto<Instance>,
            I::Error: Into<Error>,
        {
            self.common.instance = Some(instance.try_into().map_err(Into::into));
            self
        }

        /// The host of an instance with a name of its own (`support.example.com`). This or
        /// [`instance`](Self::instance).
        pub fn host(mut self, host: &str) -> Self {
            let named = host.contains(['.', ':']) || host.is_empty();
            self.common.host = Some(match named {
                true => Instance::parse(host),
                false => Err(Error::new(
                    Kind::InvalidInput,
                    format!("the host {host:?} is not a full name: give one, or instance({host:?}) if it is an instance"),
                )),
            });
            self
        }

        /// A service of your own under the default stack, in place of our [`Transport`]: it gets requests with absolute
        /// URIs and every header set.
        ///
        /// ```
        /// # use http::{Request, Response};
        /// use snow_client::Client;
        /// use snow_core::Body;
        ///
        /// let own = tower::service_fn(|request: Request<Body>| async move {
        ///     assert!(request.headers().contains_key("authorization"));
        ///     Ok::<_, std::io::Error>(Response::new(Body::empty()))
        /// });
        /// let client = Client::builder().instance("dev12345").user("admin").password("secret").transport(own).build()?;
        /// # Ok::<_, snow_client::Error>(())
        /// ```
        pub fn transport<S, R>(mut self, service: S) -> Self
        where
            S: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
            S::Future: Send + 'static,
            S::Error: Into<BoxError>,
            R: http_body::Body<Data = Bytes> + Send + 'static,
            R::Error: Into<BoxError>,
        {
            self.common.transport = Some(HttpService::new(service));
            self
        }

        /// The `User-Agent`; `snow/VERSION` by default.
        pub fn user_agent(mut self, agent: &str) -> Self {
            self.common.user_agent = Some(agent.to_owned());
            self
        }
    };
}

/// Settings of a [`Client`].
#[derive(Clone, Default)]
#[must_use]
pub struct ClientBuilder {
    common: Common,
    user: Option<String>,
    password: Option<Secret>,
    stack: Option<HttpService>,
}

impl ClientBuilder {
    common_settings!();

    /// The user to log in as.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The user's password.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// A service of your own as the whole stack, used as it is: credentials, timeouts and everything else are its
    /// business. It gets requests with absolute URIs.
    pub fn stack<S, R>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        self.stack = Some(HttpService::new(service));
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`], naming the setting that is missing, wrong, or at odds with another.
    pub fn build(self) -> Result<Client, Error> {
        let instance = self.common.instance()?;
        let http = match (&self.stack, &self.user, &self.password) {
            (Some(stack), None, None) => self.whole(stack)?,
            (Some(_), ..) => {
                let why = "user and password are given beside a whole stack, which would not use them: \
                           put a BasicAuthLayer into the stack, or use transport() in place of stack()";
                return Err(invalid(why));
            }
            (None, Some(user), Some(password)) => {
                let auth = BasicAuthLayer::new(instance.origin(), user, password.clone())?;
                let (headers, (transport, ours)) = (self.common.headers()?, self.common.transport()?);
                ours.map_or(Ok(()), |ours| ours.prepare(instance.origin()))?;
                stack::default(instance.clone(), auth, headers, transport)
            }
            (None, None, None) if self.common.transport.is_some() => {
                let (transport, _) = self.common.transport()?;
                stack::default(instance.clone(), Identity::new(), self.common.headers()?, transport)
            }
            (None, None, None) => {
                return Err(invalid("no way to log in is given: call user() and password()"));
            }
            (None, Some(_), None) => return Err(invalid("a user is given without a password")),
            (None, None, Some(_)) => return Err(invalid("a password is given without a user")),
        };
        Ok(Client { target: Target { instance, http } })
    }

    fn whole(&self, stack: &HttpService) -> Result<HttpService, Error> {
        match (&self.common.transport, &self.common.user_agent) {
            (None, None) => Ok(stack.clone()),
            (Some(_), _) => Err(invalid("both a transport and a whole stack are given: give one of them")),
            (None, Some(_)) => {
                Err(invalid("a user agent is given beside a whole stack, which would not use it"))
            }
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("instance", &self.common.instance)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Settings of an [`OAuthClient`].
#[derive(Clone, Default)]
#[must_use]
pub struct OAuthClientBuilder {
    common: Common,
    oauth: OAuthBuilder,
}

impl OAuthClientBuilder {
    common_settings!();

    /// The id of the OAuth client, from the instance's application registry.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.oauth = self.oauth.client_id(id);
        self
    }

    /// The OAuth client's secret.
    pub fn client_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.oauth = self.oauth.client_secret(secret);
        self
    }

    /// Called with every new token that this client obtains, and waited for before any call goes out with it. If it
    /// fails, so does the call; the token is kept and given to it again with the next one.
    ///
    /// It must not call the client whose token it saves: such a call is refused, because it would wait for itself.
    pub fn token_updater<F, Fut, E>(mut self, save: F) -> Self
    where
        F: Fn(Token) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.oauth = self.oauth.token_updater(save);
        self
    }

    /// The client. It has no token yet: see [`OAuthClient::generate_token`] and [`OAuthClient::set_token`].
    ///
    /// # Errors
    /// [`Kind::InvalidInput`], naming the setting that is missing, wrong, or at odds with another.
    pub fn build(self) -> Result<OAuthClient, Error> {
        let instance = self.common.instance()?;
        let (headers, (transport, ours)) = (self.common.headers()?, self.common.transport()?);
        let oauth = self.oauth.build(&instance, stack::token(headers.clone(), transport.clone()))?;
        ours.map_or(Ok(()), |ours| ours.prepare(instance.origin()))?;
        let http = stack::default(instance.clone(), oauth.layer(), headers, transport);
        Ok(OAuthClient { client: Client { target: Target { instance, http } }, oauth })
    }
}

impl fmt::Debug for OAuthClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClientBuilder")
            .field("instance", &self.common.instance)
            .field("oauth", &self.oauth)
            .finish_non_exhaustive()
    }
}
