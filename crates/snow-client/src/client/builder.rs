//! What a client is made of. Everything is checked in `build`, so that chains stay short.

use crate::client::login::Login;
use crate::request::client_inner::ClientInner;
use crate::stack::{BaseService, Settings};
use crate::{Client, Instance, Secret};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use snow_auth::Credentials;
use snow_core::layer::RetryPolicy;
use snow_core::{Body, BoxError, Error, ErrorKind, HttpService, Transport};
use std::fmt;
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// What both clients have.
#[derive(Clone, Default)]
pub(super) struct CommonSettings {
    pub(super) instance: Option<Result<Instance, Error>>,
    pub(super) host: Option<Result<Instance, Error>>,
    pub(super) transport: Option<BaseService>,
    pub(super) settings: Settings,
}

impl CommonSettings {
    pub(super) fn instance(&self) -> Result<Instance, Error> {
        if let Some(refused) = &self.settings.refused {
            return Err(refused.clone());
        }
        match (self.instance.clone(), self.host.clone()) {
            (Some(_), Some(_)) => Err(invalid("both instance and host are given: give one of them")),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Err(invalid("no instance is given: call instance(\"dev12345\") or host(\"…\")")),
        }
    }

    /// The caller's transport, or ours.
    pub(super) fn bottom(&self) -> Result<BaseService, Error> {
        match &self.transport {
            Some(given) => Ok(given.clone()),
            None => Ok(BaseService::Default(Transport::builder().build()?)),
        }
    }
}

fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
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
                    ErrorKind::InvalidInput,
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
            self.common.transport = Some(BaseService::new(service));
            self
        }

        /// The `User-Agent`; `snow/VERSION` by default.
        pub fn user_agent(mut self, agent: &str) -> Self {
            self.common.settings.user_agent(agent);
            self.given("a user agent")
        }

        /// Looks up the fields that queries name, in the instance's dictionary, and refuses a call that names one which does not
        /// exist: the service drops a condition on it, and the query widens to the whole table (facts 2.5). A table is looked
        /// up once; it takes a user who may read the dictionary.
        ///
        /// ```
        /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
        /// # let url = simulator.listen().await?;
        /// use snow_client::{Client, field};
        ///
        /// let client = Client::builder().instance(url.url()).user("admin").password("secret").validate_fields().build()?;
        /// let error = client.table("incident").list().query(field("sate").eq(1)).limit(1).await.unwrap_err();
        /// assert!(error.to_string().contains("did you mean \"state\"?"), "{error}");
        /// # Ok(()) }
        /// ```
        pub fn validate_fields(mut self) -> Self {
            self.common.settings.checks_fields = true;
            self.given("a check of fields")
        }

        /// Sets whether half of a surrogate pair in a text, which JSON allows (`"\ud83d"`) and no text of Rust can hold, is replaced
        /// by U+FFFD, the replacement character. `false` by default: reading such a value is an error that names the field, and
        /// ends a typed stream. It happens where a script has cut a text in the middle of an emoji.
        ///
        /// ```
        /// use http::Response;
        /// use snow_client::Client;
        /// use snow_core::Body;
        ///
        /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// let instance = tower::service_fn(async |_: http::Request<Body>| {
        ///     let body = Body::from(r#"{"result":{"name":"cut: \ud83d"}}"#);
        ///     Response::builder().header("content-type", "application/json").body(body)
        /// });
        /// let builder = Client::builder().instance("dev12345").user("admin").password("secret");
        /// let client = builder.transport(instance).lossy_text(true).build()?;
        /// let record = client.api("/api/x_acme/names").get().one().await?;
        /// assert_eq!(record.value("name")?, "cut: \u{fffd}");
        /// # Ok(()) }
        /// ```
        pub fn lossy_text(mut self, lossy: bool) -> Self {
            self.common.settings.lossy_text = lossy;
            self.given("a replacement for broken text")
        }

        /// A header for every request that does not bring it: what an API gateway asks for, say.
        pub fn default_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
            self.common.settings.headers = self.common.settings.headers.with(name, value);
            self.given("a default header")
        }

        /// How long a call may take, everything included: waiting for its turn, a token, every attempt, the pauses between
        /// them, and reading the answer. 5 minutes by default.
        pub fn deadline(mut self, limit: Duration) -> Self {
            self.common.settings.deadline = Some(limit);
            self.given("a deadline")
        }

        /// How often and when a request is sent again; see [`RetryLayer`](snow_core::layer::RetryLayer) for which are. One
        /// attempt for never.
        pub fn retry(mut self, policy: RetryPolicy) -> Self {
            self.common.settings.retry = Some(policy);
            self.given("a retry policy")
        }

        /// How many requests may be under way at once, over all clones; 32 by default. A node of an instance runs four
        /// requests of integrations at a time, keeps fifty waiting, and refuses more (facts 8.2).
        pub fn concurrency(mut self, most: usize) -> Self {
            self.common.settings.concurrency = Some(most);
            self.given("a concurrency")
        }

        /// Sets the longest that a 429 holds back the other requests of all clones, whatever it asks for; a minute by default. When
        /// a pause is over, one request goes out alone, and the others follow if it is let in. See
        /// [`ThrottleLayer`](snow_core::layer::ThrottleLayer).
        pub fn max_rate_limit_pause(mut self, max: Duration) -> Self {
            self.common.settings.rate_limit_pause = Some(max);
            self.given("a rate limit pause")
        }

        /// Keeps so many sessions with their cookies, each for one request at a time; none by default. See
        /// [`SessionLayer`](snow_core::layer::SessionLayer).
        pub fn sessions(mut self, number: usize) -> Self {
            self.common.settings.sessions = Some(number);
            self.given("sessions")
        }

        /// How many bytes an answer may have, unpacked; 64 MiB by default.
        pub fn body_limit(mut self, bytes: u64) -> Self {
            self.common.settings.body_limit = Some(bytes);
            self.given("a body limit")
        }

        /// How long an attempt may take until its answer begins; 90 seconds by default, which is above the 60 after which
        /// the service itself gives up (facts 3.4).
        pub fn response_timeout(mut self, limit: Duration) -> Self {
            self.common.settings.timeouts = self.common.settings.timeouts.response_timeout(limit);
            self.given("a head timeout")
        }

        /// How long an answer that has begun may stand still; 60 seconds by default.
        pub fn idle_timeout(mut self, limit: Duration) -> Self {
            self.common.settings.timeouts = self.common.settings.timeouts.idle(limit);
            self.given("an idle timeout")
        }

        /// A layer of your own around each call: above retry, below the deadline. The first one added is outermost.
        ///
        /// ```
        /// use snow_client::Client;
        /// use tower::util::MapRequestLayer;
        ///
        /// let layer = MapRequestLayer::new(|request: http::Request<snow_core::Body>| request);
        /// let client =
        ///     Client::builder().instance("dev12345").user("admin").password("secret").call_layer(layer).build()?;
        /// # Ok::<_, snow_client::Error>(())
        /// ```
        pub fn call_layer<L, R>(mut self, layer: L) -> Self
        where
            L: Layer<HttpService> + Send + Sync + 'static,
            L::Service: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
            <L::Service as Service<Request<Body>>>::Future: Send + 'static,
            <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
            R: http_body::Body<Data = Bytes> + Send + 'static,
            R::Error: Into<BoxError>,
        {
            self.common.settings.operation_layers.push(layer);
            self.given("a layer")
        }

        /// A layer of your own around each attempt: below retry, above authentication. The first one added is outermost.
        pub fn attempt_layer<L, R>(mut self, layer: L) -> Self
        where
            L: Layer<HttpService> + Send + Sync + 'static,
            L::Service: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
            <L::Service as Service<Request<Body>>>::Future: Send + 'static,
            <L::Service as Service<Request<Body>>>::Error: Into<BoxError>,
            R: http_body::Body<Data = Bytes> + Send + 'static,
            R::Error: Into<BoxError>,
        {
            self.common.settings.attempt_layers.push(layer);
            self.given("a layer")
        }

        fn given(mut self, what: &'static str) -> Self {
            self.common.settings.given.push(what);
            self
        }
    };
}

pub(crate) use common_settings;

/// Settings of a [`Client`].
#[derive(Clone, Default)]
#[must_use]
pub struct ClientBuilder {
    common: CommonSettings,
    login: Login,
    stack: Option<HttpService>,
}

impl ClientBuilder {
    common_settings!();

    /// The user to log in as.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.login.user = Some(user.into());
        self
    }

    /// The user's password.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.login.password = Some(password.into());
        self
    }

    /// A bearer token that somebody else keeps fresh, in place of user and password. For tokens that this client is to renew,
    /// see [`OAuthClient`](crate::OAuthClient).
    pub fn bearer_token(mut self, token: impl Into<Secret>) -> Self {
        self.login.bearer_token = Some(token.into());
        self
    }

    /// An API key (`x-sn-apikey`), in place of user and password. It works for the APIs whose access policy lists it; the
    /// others answer 401 (facts 4.5).
    pub fn api_key(mut self, key: impl Into<Secret>) -> Self {
        self.login.api_key = Some(key.into());
        self
    }

    /// A way to log in of your own, in place of user and password.
    pub fn credentials(mut self, credentials: impl Credentials) -> Self {
        self.login.own(credentials);
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
    /// [`ErrorKind::InvalidInput`], naming the setting that is missing, wrong, or at odds with another.
    pub fn build(self) -> Result<Client, Error> {
        let instance = self.common.instance()?;
        if let Some(stack) = &self.stack {
            return self.with_stack(instance, stack.clone());
        }
        let login = self.login.checked(instance.origin(), self.common.transport.is_some())?;
        let bottom = self.common.bottom()?;
        bottom.prepare(&instance)?;
        let settings = &self.common.settings;
        Ok(Client::with_dictionary(|dictionary| login.client(instance, settings, bottom, dictionary)))
    }

    fn with_stack(&self, instance: Instance, http: HttpService) -> Result<Client, Error> {
        if self.login.is_given() {
            let why = "a way to log in is given beside a whole stack, which would not use it: put a layer such as \
                       BasicAuthLayer into the stack, or use transport() in place of stack()";
            return Err(invalid(why));
        }
        if self.common.transport.is_some() {
            return Err(invalid("both a transport and a whole stack are given: give one of them"));
        }
        if let Some(given) = self.common.settings.given.first() {
            let why = format!("{given} is given beside a whole stack, which would not use it");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        Ok(Client::with_dictionary(|dictionary| ClientInner::of_stack(instance, http, dictionary)))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("instance", &self.common.instance)
            .field("user", &self.login.user)
            .finish_non_exhaustive()
    }
}
