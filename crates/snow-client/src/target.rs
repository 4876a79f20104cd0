//! Where calls go: what a client is inside.

use crate::row::Row;
use crate::schema;
use crate::settings::Settings;
use crate::stack::{self, Bottom, Limited};
use snow_core::layer::RetryPolicy;
use snow_core::{Clock, HttpService, Instance, Transport};
use std::sync::Arc;
use std::time::Duration;
use tower_layer::Layer;

#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) instance: Instance,
    pub(crate) http: HttpService,
    pub(crate) clock: Clock,
    /// The most bytes of an answer.
    pub(crate) limit: usize,
    /// How reads whose answers break off are sent again: by the policy of the stack's retry layer. Not in a stack of the
    /// user's own.
    pub(crate) resend: Option<Resend>,
    /// Whether a request may be left alone for a while: not where its session, or a limit that nobody knows of, waits for it.
    pub(crate) look_ahead: bool,
    /// What is known of the instance's tables.
    pub(crate) schema: schema::Cache,
    /// Whether fields are looked up before a request goes out.
    pub(crate) checks_fields: bool,
}

#[derive(Debug)]
pub(crate) struct Resend {
    pub(crate) policy: RetryPolicy,
    pub(crate) deadline: Duration,
}

impl Target {
    /// The default stack with this way to log in.
    pub(crate) fn new<A>(instance: Instance, settings: &Settings, auth: A, bottom: Bottom) -> Arc<Self>
    where
        A: Layer<Limited<Transport>, Service: Row> + Layer<Limited<HttpService>, Service: Row>,
    {
        let policy = settings.retry();
        let http = stack::default(&instance, settings, policy.clone(), auth, bottom);
        let limit = usize::try_from(settings.body_limit()).unwrap_or(usize::MAX);
        let resend = Some(Resend { policy, deadline: settings.deadline() });
        let look_ahead = settings.sessions.is_none();
        let (schema, checks_fields) = (schema::Cache::default(), settings.checks_fields);
        Arc::new(Self {
            instance,
            http,
            clock: Clock::new(),
            limit,
            resend,
            look_ahead,
            schema,
            checks_fields,
        })
    }

    /// A stack of the user's own.
    pub(crate) fn whole(instance: Instance, http: HttpService) -> Arc<Self> {
        let limit = usize::try_from(Settings::default().body_limit()).unwrap_or(usize::MAX);
        let schema = schema::Cache::default();
        Arc::new(Self {
            instance,
            http,
            clock: Clock::new(),
            limit,
            resend: None,
            look_ahead: false,
            schema,
            checks_fields: false,
        })
    }
}
