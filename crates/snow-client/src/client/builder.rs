//! The settings of a client. Everything is checked in `build`, so that chains stay short.

use crate::client::login::{DirectLogin, LoginKind};
use crate::stack::{BaseService, Settings};
use crate::{Client, Error, ErrorKind, Instance};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use snow_core::layer::RetryPolicy;
use snow_core::{Body, BoxError, HttpService};
use std::fmt;
use std::time::Duration;
use tower_layer::Layer;
use tower_service::Service;

/// A builder of a [`Client`](crate::Client), or, as an [`OAuthClientBuilder`](super::OAuthClientBuilder), of an
/// [`OAuthClient`](crate::OAuthClient). `L` is how the client logs in.
///
/// ```
/// use snow_client::Client;
/// use std::time::Duration;
///
/// let client = Client::builder()
///     .instance("dev12345")
///     .user("admin")
///     .password("secret")
///     .deadline(Duration::from_secs(120))
///     .concurrency(8)
///     .build()?;
/// assert_eq!(client.instance().to_string(), "https://dev12345.service-now.com");
/// # Ok::<_, snow_client::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder<L: LoginKind = DirectLogin> {
    pub(super) instance: Option<Result<Instance, Error>>,
    pub(super) host: Option<Result<Instance, Error>>,
    pub(super) transport: Option<BaseService>,
    /// The instance and the bottom of the stack of a client that these are shared with.
    shared: Option<(Instance, BaseService)>,
    pub(super) settings: Settings,
    pub(super) login: L,
}

impl<L: LoginKind> ClientBuilder<L> {
    /// Sets the instance by its name (`dev12345`), its host or its URL: see [`Instance`]. Either this or [`host`](Self::host) is
    /// required.
    pub fn instance<I>(mut self, instance: I) -> Self
    where
        I: TryInto<Instance>,
        I::Error: Into<Error>,
    {
        self.instance = Some(instance.try_into().map_err(Into::into));
        self
    }

    /// Sets the host of an instance with a domain of its own (`support.example.com`). Either this or
    /// [`instance`](Self::instance) is required.
    pub fn host(mut self, host: &str) -> Self {
        let named = host.contains(['.', ':']) || host.is_empty();
        self.host = Some(match named {
            true => Instance::parse(host),
            false => Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "the host {host:?} is not a full name: give one, or instance({host:?}) if it is an instance"
                ),
            )),
        });
        self
    }

    /// Sends requests through your own service below the default stack, instead of through [`Transport`](crate::Transport). It receives requests with
    /// absolute URIs and all headers.
    ///
    /// ```
    /// # use http::{Request, Response};
    /// use snow_client::Client;
    /// use snow_client::transport::Body;
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
        self.transport = Some(BaseService::new(service));
        self
    }

    /// Shares the connections and the [`concurrency`](Self::concurrency) limit of another client of the same instance, for services
    /// that act for many users, each with a client of their own. The instance may be left out.
    ///
    /// Nothing about the login is shared: each client has its own credentials, token, cookies and caches. After a 429 only the client
    /// that got it pauses, because rate limit rules count the requests of each user ([facts 8.1]).
    ///
    /// ```
    /// use snow_client::Client;
    ///
    /// # let simulator = snow_sim::Simulator::builder().user("anna", "secret").user("ben", "secret").build().unwrap();
    /// let anna = Client::builder().instance("dev12345").user("anna").password("secret").concurrency(16);
    /// # let anna = anna.transport(simulator);
    /// let anna = anna.build()?;
    /// let ben = Client::builder().shared_with(&anna).user("ben").password("secret").build()?;
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `build` fails with [`ErrorKind::InvalidInput`] if this client has another instance, a [`transport`](Self::transport) or a
    /// [`concurrency`](Self::concurrency) limit of its own, or if the other client has a whole stack of its own.
    ///
    /// [facts 8.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#81-rate-rules
    pub fn shared_with(mut self, client: &Client) -> Self {
        match &client.inner.shareable {
            Some(shareable) => {
                self.shared = Some((client.instance().clone(), shareable.bottom.clone()));
                self.settings.shared_throttle = Some(shareable.throttle.clone());
            }
            None => self.settings.refuse(
                "shared_with() is given a client that has a whole stack of its own: nothing of it can be shared",
            ),
        }
        self.given("a client to share with")
    }

    /// Sets the `User-Agent` header; `snow/VERSION` by default.
    pub fn user_agent(mut self, agent: &str) -> Self {
        self.settings.user_agent(agent);
        self.given("a user agent")
    }

    /// Sets whether the fields that a call names are looked up in the instance's dictionary, and the call is refused if one does
    /// not exist. `false` by default: the service drops a condition on such a field, so that the query selects more records than
    /// meant ([facts 2.5]).
    ///
    /// The first call that names a table costs a few extra requests; the result is cached. The user must be allowed to read the
    /// dictionary.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let url = simulator.listen().await?;
    /// use snow_client::{Client, field};
    ///
    /// let client = Client::builder().instance(url.url()).user("admin").password("secret").validate_fields(true).build()?;
    /// let error = client.table("incident").list().query(field("sate").eq(1)).limit(1).await.unwrap_err();
    /// assert!(error.to_string().contains("did you mean \"state\"?"), "{error}");
    /// # Ok(()) }
    /// ```
    ///
    /// [facts 2.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#25-queries-that-are-wrong
    pub fn validate_fields(mut self, validate: bool) -> Self {
        self.settings.checks_fields = validate;
        self.given("a check of fields")
    }

    /// Sets whether it is proven, before the first query with a time or a date, that the instance reads that time as records show it: in
    /// UTC, and that its clock is that of its responses. `true` by default; a [feed](crate::changes) always proves it.
    ///
    /// The proof takes two small requests, once for all clones, and none for clients that never ask for a time: a record of the table,
    /// or that of the user, is looked for by the time at which it was created, and by its age in minutes. Where it is not found, queries
    /// with times fail with [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete), because they would select other records than they
    /// say. Where this user may read no such record, nothing can be proven: queries go out as they are, and each tries again.
    ///
    /// Set it to `false` for an API that is not an instance and only looks like one. [`DateTime`](crate::DateTime) says what a time in a
    /// query means.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let url = simulator.listen().await?;
    /// use snow_client::{Client, Date, field};
    ///
    /// let client = Client::builder().instance(url.url()).user("admin").password("secret").prove_times(false).build()?;
    /// let since = field("sys_created_on").ge(Date::new(2026, 6, 26)?.at(9, 30, 0)?);
    /// let page = client.table("incident").list().query(since).limit(1).await?;
    /// # let _ = page;
    /// # Ok(()) }
    /// ```
    pub fn prove_times(mut self, prove: bool) -> Self {
        self.settings.trusts_times = !prove;
        self
    }

    /// Sets whether half of a surrogate pair in a text, which JSON allows (`"\ud83d"`) and no Rust string can hold, is replaced by
    /// U+FFFD, the replacement character. `false` by default: reading such a value returns an error that names the field, and ends
    /// a typed stream. Such values exist where a script has cut a text in the middle of an emoji.
    ///
    /// ```
    /// use http::Response;
    /// use snow_client::Client;
    /// use snow_client::transport::Body;
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let instance = tower::service_fn(async |_: http::Request<Body>| {
    ///     let body = Body::from(r#"{"result":{"name":"cut: \ud83d"}}"#);
    ///     Response::builder().header("content-type", "application/json").body(body)
    /// });
    /// let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    /// let client = builder.transport(instance).lossy_text(true).build()?;
    /// let record = client.api("/api/x_acme/names").get().record().await?;
    /// assert_eq!(record.value("name")?, "cut: \u{fffd}");
    /// # Ok(()) }
    /// ```
    pub fn lossy_text(mut self, lossy: bool) -> Self {
        self.settings.lossy_text = lossy;
        self.given("a replacement for broken text")
    }

    /// Adds a header to every request that does not have it, such as one that an API gateway requires.
    pub fn default_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.settings.headers = self.settings.headers.with(name, value);
        self.given("a default header")
    }

    /// Sets how long a call may take in total: waiting for a concurrency permit and for a token, every attempt, the pauses between
    /// them, and reading the response. 5 minutes by default.
    #[doc(alias = "timeout")]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.settings.deadline = Some(limit);
        self.given("a deadline")
    }

    /// Sets how often and when a request is retried. [`RetryLayer`](crate::layer::RetryLayer) describes which requests are. A
    /// policy with one attempt turns retries off.
    #[doc(alias = "backoff")]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = Some(policy);
        self.given("a retry policy")
    }

    /// Sets how often a request is attempted at most; 4 by default, and `1` means that none is retried. The rest of the
    /// [`retry`](Self::retry) policy stays as it is.
    #[doc(alias = "retries")]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.settings.max_attempts = Some(attempts);
        self.given("a number of attempts")
    }

    /// Sets the maximum number of concurrent requests of all clones; 32 by default. A node of an instance executes four requests of
    /// integrations at a time, queues fifty more, and refuses the rest ([facts 8.2]).
    ///
    /// [facts 8.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#82-queues
    #[doc(alias = "rate_limit")]
    #[doc(alias = "throttle")]
    pub fn concurrency(mut self, most: usize) -> Self {
        self.settings.concurrency = Some(most);
        self.given("a concurrency")
    }

    /// Sets the longest time for which a 429 response holds back the other requests of all clones; one minute by default. After a
    /// pause, one request is sent alone, and the others follow if it is accepted. See
    /// [`ThrottleLayer`](crate::layer::ThrottleLayer).
    pub fn max_rate_limit_pause(mut self, max: Duration) -> Self {
        self.settings.rate_limit_pause = Some(max);
        self.given("a rate limit pause")
    }

    /// Sets the number of cookie sessions to keep, each for one request at a time; none by default. See
    /// [`SessionLayer`](crate::layer::SessionLayer).
    pub fn sessions(mut self, number: usize) -> Self {
        self.settings.sessions = Some(number);
        self.given("sessions")
    }

    /// Sets the maximum size of a response in bytes, after decompression; 64 MiB by default.
    pub fn body_limit(mut self, bytes: u64) -> Self {
        self.settings.body_limit = Some(bytes);
        self.given("a body limit")
    }

    /// Sets how long an attempt may take until its response begins; 90 seconds by default, which is longer than the 60 seconds
    /// after which the service itself cancels a request ([facts 3.4]).
    ///
    /// [facts 3.4]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#34-cancelled-while-responding
    pub fn response_timeout(mut self, limit: Duration) -> Self {
        self.settings.timeouts = self.settings.timeouts.response_timeout(limit);
        self.given("a response timeout")
    }

    /// Sets how long a response may pause between two chunks of its body; 60 seconds by default.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.settings.timeouts = self.settings.timeouts.idle(limit);
        self.given("an idle timeout")
    }

    /// Adds your own layer around each call: above retries, below the deadline. The first layer that is added is outermost.
    ///
    /// ```
    /// use snow_client::Client;
    /// use tower::util::MapRequestLayer;
    ///
    /// let layer = MapRequestLayer::new(|request: http::Request<snow_client::transport::Body>| request);
    /// let client =
    ///     Client::builder().instance("dev12345").user("admin").password("secret").call_layer(layer).build()?;
    /// # Ok::<_, snow_client::Error>(())
    /// ```
    pub fn call_layer<W, R>(mut self, layer: W) -> Self
    where
        W: Layer<HttpService> + Send + Sync + 'static,
        W::Service: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
        <W::Service as Service<Request<Body>>>::Future: Send + 'static,
        <W::Service as Service<Request<Body>>>::Error: Into<BoxError>,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        self.settings.call_layers.push(layer);
        self.given("a layer")
    }

    /// Adds your own layer around each attempt: below retries, above authentication. The first layer that is added is outermost.
    pub fn attempt_layer<W, R>(mut self, layer: W) -> Self
    where
        W: Layer<HttpService> + Send + Sync + 'static,
        W::Service: Service<Request<Body>, Response = Response<R>> + Clone + Send + Sync + 'static,
        <W::Service as Service<Request<Body>>>::Future: Send + 'static,
        <W::Service as Service<Request<Body>>>::Error: Into<BoxError>,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        self.settings.attempt_layers.push(layer);
        self.given("a layer")
    }

    fn given(mut self, what: &'static str) -> Self {
        self.settings.given.push(what);
        self
    }

    pub(super) fn checked_instance(&self) -> Result<Instance, Error> {
        if let Some(refused) = &self.settings.refused {
            return Err(refused.clone());
        }
        let given = match (self.instance.clone(), self.host.clone()) {
            (Some(_), Some(_)) => return Err(invalid("both instance and host are given: give one of them")),
            (Some(one), None) | (None, Some(one)) => Some(one?),
            (None, None) => None,
        };
        match (given, &self.shared) {
            (given, Some((shared, _))) => self.check_shared(given, shared),
            (Some(given), None) => Ok(given),
            (None, None) => Err(invalid("no instance is given: call instance(\"dev12345\") or host(\"…\")")),
        }
    }

    fn check_shared(&self, given: Option<Instance>, shared: &Instance) -> Result<Instance, Error> {
        if given.is_some_and(|given| given != *shared) {
            return Err(invalid("shared_with() is given a client of another instance"));
        }
        if self.transport.is_some() {
            return Err(invalid("both a transport and a client to share with are given: give one of them"));
        }
        if self.settings.concurrency.is_some() {
            return Err(invalid(
                "both a concurrency limit and a client to share with are given: give one of them",
            ));
        }
        Ok(shared.clone())
    }

    /// Returns the caller's transport, or ours.
    pub(super) fn bottom(&self) -> Result<BaseService, Error> {
        match (&self.transport, &self.shared) {
            (Some(bottom), _) | (None, Some((_, bottom))) => Ok(bottom.clone()),
            (None, None) => BaseService::ours(),
        }
    }
}

pub(super) fn invalid(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

impl<L: LoginKind> fmt::Debug for ClientBuilder<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("instance", &self.instance)
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}
