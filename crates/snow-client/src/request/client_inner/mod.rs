//! The inner part of a client, to which calls are sent.

pub(crate) mod dictionary;
pub(crate) mod known_shapes;
pub(crate) mod time_proof;

use crate::request::stored_fields::StoredFields;
use crate::stack::Settings;
use crate::stack::stack_service::StackService;
use crate::stack::{self, BaseService, BelowAuth, DefaultTransport};
use dictionary::Dictionary;
use http::Request;
use known_shapes::KnownShapes;
use snow_core::layer::{RetryPolicy, ThrottleLayer};
use snow_core::{Body, Clock, Error, HttpFuture, HttpService, Instance, LoginUsed};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use time_proof::TimeProof;
use tower_layer::Layer;

#[derive(Debug)]
pub(crate) struct ClientInner {
    pub(crate) instance: Instance,
    pub(crate) http: HttpService,
    /// What clients of other users may share. `None` with a stack of the user's own.
    pub(crate) shareable: Option<Shareable>,
    /// How requests log in, for the advice of their errors. `None` if the client does not know.
    pub(crate) login: Option<LoginUsed>,
    pub(crate) clock: Clock,
    /// The maximum size of a response in bytes.
    pub(crate) limit: usize,
    /// How reads whose responses break off are sent again: by the policy of the stack's retry layer. `None` with a stack of the
    /// user's own.
    pub(crate) read_retry: Option<ReadRetryPolicy>,
    /// Whether a request may stay unpolled for a while: not if a session, or an unknown limit, would wait for it.
    pub(crate) look_ahead: bool,
    /// What is known of the instance's tables.
    pub(crate) dictionary: Arc<dyn Dictionary>,
    /// Whether the fields of a request are validated before it goes out.
    pub(crate) checks_fields: bool,
    /// Whether it is proven that a query with a time means what it says, before it goes out.
    pub(crate) checks_times: bool,
    /// Whether half a surrogate pair is replaced.
    pub(crate) lossy_text: bool,
    /// Whether the bottom of the stack reports when a request leaves. A user's own stack may not.
    pub(crate) tells_departures: bool,
    /// The fields that are known to be stored as they are sent.
    pub(crate) stored: StoredFields,
    /// Whether it was proven how the instance reads times in queries.
    pub(crate) times: TimeProof,
    /// The shapes of records that were read before.
    pub(crate) shapes: KnownShapes,
    #[cfg(feature = "blocking")]
    process: crate::blocking::HomeProcess,
}

/// The parts of a stack that know nothing of the user.
#[derive(Clone)]
pub(crate) struct Shareable {
    pub(crate) bottom: BaseService,
    pub(crate) throttle: ThrottleLayer,
}

impl fmt::Debug for Shareable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.throttle.fmt(f)
    }
}

#[derive(Debug)]
pub(crate) struct ReadRetryPolicy {
    pub(crate) policy: RetryPolicy,
    pub(crate) deadline: Duration,
}

impl ClientInner {
    /// Makes a client of the default stack, with this way to log in.
    pub(crate) fn new<A>(
        instance: Instance,
        settings: &Settings,
        login: Option<LoginUsed>,
        auth: A,
        bottom: BaseService,
        dictionary: Arc<dyn Dictionary>,
    ) -> Arc<Self>
    where
        A: Layer<BelowAuth<DefaultTransport>, Service: StackService>
            + Layer<BelowAuth<HttpService>, Service: StackService>,
    {
        let policy = settings.retry();
        let throttle = settings.throttle();
        let shareable = Shareable { bottom: bottom.clone(), throttle: throttle.clone() };
        let http = stack::default(&instance, settings, policy.clone(), throttle, auth, bottom);
        let limit = usize::try_from(settings.body_limit()).unwrap_or(usize::MAX);
        let read_retry = Some(ReadRetryPolicy { policy, deadline: settings.deadline() });
        let look_ahead = settings.sessions.is_none();
        Arc::new(Self {
            instance,
            http,
            shareable: Some(shareable),
            login,
            clock: Clock::new(),
            limit,
            read_retry,
            look_ahead,
            dictionary,
            checks_fields: settings.checks_fields,
            checks_times: !settings.trusts_times,
            lossy_text: settings.lossy_text,
            tells_departures: true,
            stored: StoredFields::default(),
            times: TimeProof::default(),
            shapes: KnownShapes::default(),
            #[cfg(feature = "blocking")]
            process: crate::blocking::HomeProcess::new(),
        })
    }

    /// Sends a request through the stack.
    ///
    /// # Errors
    ///
    /// Those of [`check_process`](Self::check_process).
    pub(crate) fn send(&self, request: Request<Body>) -> Result<HttpFuture, Error> {
        self.check_process()?;
        Ok(self.http.send(request))
    }

    /// Checks that a thread that waits for a call has a client of its own process.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a client that was made before a fork.
    pub(crate) fn check_process(&self) -> Result<(), Error> {
        #[cfg(feature = "blocking")]
        self.process.check_client()?;
        Ok(())
    }

    /// Makes a client of a stack of the user's own.
    pub(crate) fn of_stack(
        instance: Instance,
        http: HttpService,
        checks_times: bool,
        dictionary: Arc<dyn Dictionary>,
    ) -> Arc<Self> {
        let limit = usize::try_from(Settings::default().body_limit()).unwrap_or(usize::MAX);
        Arc::new(Self {
            instance,
            http,
            shareable: None,
            login: None,
            clock: Clock::new(),
            limit,
            read_retry: None,
            look_ahead: false,
            dictionary,
            checks_fields: false,
            checks_times,
            lossy_text: false,
            tells_departures: false,
            stored: StoredFields::default(),
            times: TimeProof::default(),
            shapes: KnownShapes::default(),
            #[cfg(feature = "blocking")]
            process: crate::blocking::HomeProcess::new(),
        })
    }
}

#[cfg(feature = "blocking")]
impl Drop for ClientInner {
    fn drop(&mut self) {
        if self.process.is_elsewhere() {
            // Closing the connections of the parent takes locks that one of its threads may have held when it was forked.
            std::mem::forget(self.http.clone());
        }
    }
}
