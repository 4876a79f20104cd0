//! The instance as a service, and what a test does to it.

use crate::answer::{Answer, gzipped};
use crate::body::End;
use crate::clock::Clock;
use crate::data::Database;
use crate::gate::Gate;
use crate::imports::Imports;
use crate::session::Sessions;
use crate::tokens::{Code, Tokens};
use crate::upload::Received;
use crate::{
    Body, Builder, ConnectionFault, Entry, Fault, OAuthApplication, Rule, Settings, User, WireFault, api,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response, StatusCode, header, request::Parts};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fmt, io};
use tower_service::Service;

/// A ServiceNow instance. Clones are the same instance.
///
/// It is a tower `Service` for requests with any body, and [`listen`](Self::listen) puts it on a socket.
#[derive(Clone)]
pub struct Simulator {
    state: Arc<Mutex<State>>,
    pool: Gate,
}

/// A scripted API: whatever it answers goes out as it is.
pub(crate) type Script = Arc<dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync>;

pub(crate) struct State {
    pub(crate) users: HashMap<String, User>,
    pub(crate) clients: HashMap<String, Arc<OAuthApplication>>,
    pub(crate) api_keys: HashMap<String, String>,
    pub(crate) scripts: HashMap<String, Script>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) imports: Imports,
    /// Requests of each user in the current hour, for the rate rule.
    pub(crate) counted: HashMap<String, (u64, u32)>,
    /// For the next requests, one each.
    pub(crate) faults: VecDeque<Fault>,
    pub(crate) slow_faults: VecDeque<Fault>,
    /// For every request.
    pub(crate) fault: Option<Fault>,
    pub(crate) wire_faults: VecDeque<WireFault>,
    pub(crate) connection_faults: VecDeque<ConnectionFault>,
    pub(crate) connections: u64,
    pub(crate) journal: Vec<Entry>,
}

impl Simulator {
    /// How long an authorization code is good.
    pub(crate) const CODE_LIFETIME: Duration = Duration::from_secs(600);

    /// An instance to be configured.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)), pool: Gate::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns the knobs.
    ///
    /// ```
    /// # let simulator = snow_sim::Simulator::builder().build().unwrap();
    /// simulator.settings(|settings| settings.node = snow_sim::Node::Hibernating);
    /// ```
    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.lock().settings);
    }

    /// Adds a rule.
    pub fn add_rule(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// The next request, whatever it is, is answered like this. Several calls queue up.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Like [`fail_next`](Self::fail_next), after the latency of the settings: others may arrive meanwhile.
    pub fn fail_next_slowly(&self, fault: Fault) {
        self.lock().slow_faults.push_back(fault);
    }

    /// Every request is answered like this, until `None` is given.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// The next answer breaks on the wire like this. The request has been carried out. Several calls queue up.
    pub fn break_next(&self, fault: WireFault) {
        self.lock().wire_faults.push_back(fault);
    }

    /// The next connection of a listener breaks like this. Several calls queue up.
    pub fn break_next_connection(&self, fault: ConnectionFault) {
        self.lock().connection_faults.push_back(fault);
    }

    /// Moves the instance's time on.
    pub fn advance(&self, by: Duration) {
        self.lock().clock.advance(by);
    }

    /// Ends every access token, as an administrator can; refresh tokens live on.
    pub fn revoke_access_tokens(&self) {
        self.lock().tokens.revoke_access();
    }

    /// Ends every refresh token.
    pub fn revoke_refresh_tokens(&self) {
        self.lock().tokens.revoke_refresh();
    }

    /// Locks a user out, or lets them in again: whatever their calls come with is answered with 401, and so is a login. A refresh
    /// grant gives them the same token as before.
    pub fn lock_out(&self, user_name: &str, locked: bool) {
        if let Some(user) = self.lock().users.get_mut(user_name) {
            user.locked = locked;
        }
    }

    /// An authorization code, as a user's consent would have given it; good once, for ten minutes.
    pub fn authorization_code(
        &self,
        client_id: &str,
        user_name: &str,
        redirect_uri: &str,
        challenge: Option<&str>,
    ) -> String {
        let state = &mut *self.lock();
        let end = state.clock.now() + Self::CODE_LIFETIME;
        state.tokens.issue_code(Code {
            client: client_id.into(),
            user: user_name.into(),
            redirect: redirect_uri.into(),
            challenge: challenge.map(str::to_owned),
            end,
        })
    }

    /// Everything that arrived so far, in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.lock().journal.clone()
    }

    /// What arrived since this was last called, in order, and forgets it: for runs that are so long that a journal of all
    /// would fill the memory.
    pub fn take_journal(&self) -> Vec<Entry> {
        std::mem::take(&mut self.lock().journal)
    }

    /// How many requests arrived at the token endpoint.
    pub fn token_requests(&self) -> usize {
        self.lock().journal.iter().filter(|entry| entry.path == "/oauth_token.do").count()
    }

    /// How many access tokens were issued; the same one given again counts once.
    pub fn tokens_issued(&self) -> u64 {
        self.lock().tokens.access_tokens
    }

    /// How many connections listeners took.
    pub fn connections(&self) -> u64 {
        self.lock().connections
    }

    /// How many sessions were opened.
    pub fn sessions(&self) -> u64 {
        self.lock().sessions.made()
    }

    /// Adds incidents that look like real ones, the same ones every time: see the crate's documentation for what a
    /// million of them takes.
    pub fn generate_incidents(&self, count: u32) {
        let state = &mut *self.lock();
        let now = state.clock.timestamp();
        state.database.generate_incidents(count, now);
    }

    pub(crate) async fn answer(
        &self,
        head: Parts,
        body: Received,
        secure: bool,
        connection: u64,
    ) -> Response<Body> {
        let ((answer, user, session), waits) = self.decide(&head, &body, secure).await;
        let state = &mut *self.lock();
        let query = head.uri.query().unwrap_or_default();
        state.journal.push(Entry {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: query
                .split('&')
                .filter(|pair| !pair.starts_with("x-sn-apikey="))
                .collect::<Vec<_>>()
                .join("&"),
            user: user.clone(),
            status: answer.status,
            received: body.size,
            sent: usize::try_from(answer.length()).unwrap_or(usize::MAX),
            session,
            connection,
        });
        let transaction = state.database.transaction_id();
        let answer = answer.dressed(state.settings.release, &transaction, !user.is_empty(), waits);
        let gzip = state.settings.gzip && answer.by_node && accepts_gzip(&head);
        let headless = head.method == Method::HEAD;
        let body = if headless { Bytes::new() } else { answer.body };
        let compressed = gzip && !body.is_empty();
        let bytes = if compressed { gzipped(&body) } else { body };
        let whole = match answer.generated.filter(|_| !headless) {
            Some(size) => Body::generated(size, state.settings.chunk),
            None => Body::new(bytes, state.settings.chunk),
        };
        let mut response =
            Response::new(if answer.truncated { whole.cut(usize::MAX, End::Broken) } else { whole });
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        if compressed {
            response.headers_mut().insert(header::CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
        }
        if let Some(fault) = state.wire_faults.pop_front() {
            response.extensions_mut().insert(fault);
        }
        response
    }

    /// What is answered, for whom, in which session; and the milliseconds waited for a place and for the session.
    async fn decide(
        &self,
        head: &Parts,
        body: &Received,
        secure: bool,
    ) -> ((Answer, String, u64), (u128, u128)) {
        let start = self.now();
        let (edge, session, settings) = {
            let state = &mut *self.lock();
            let (now, timeout) = (state.clock.now(), state.settings.session_timeout);
            (edge(state, head), state.sessions.of(&head.headers, now, timeout), state.settings.clone())
        };
        if let Some(answer) = edge {
            return ((answer, String::new(), 0), (0, 0));
        }
        // Files have a limit of their own (facts 5).
        if body.size > settings.body_limit && body.upload.is_none() {
            let (size, limit) = (body.size, settings.body_limit);
            let detail = format!(
                "Rejected large REST payload with content-length = {size} bytes. Max allowed: {limit} bytes."
            );
            let answer = Answer::fault(StatusCode::BAD_REQUEST, "Exception while reading request", &detail);
            return ((answer, String::new(), 0), (0, 0));
        }
        // One request at a time in a session; one too many waiting is 202 and not carried out (facts 3.5).
        let mut turn = None;
        if let Some((_, session)) = &session {
            match session.gate.enter(1, settings.session_queue).await {
                Ok(permit) => turn = Some(permit),
                Err(crate::gate::Full) => {
                    return ((Fault::NotProcessed.answer(), String::new(), session.number), (0, 0));
                }
            }
        }
        let in_session = self.now();
        let Ok(place) = self.pool.enter(settings.semaphores, settings.queue).await else {
            return ((Fault::Busy.answer(), String::new(), 0), (0, 0));
        };
        let waits = ((self.now() - in_session).as_millis(), (in_session - start).as_millis());
        if !settings.latency.is_zero() {
            tokio::time::sleep(settings.latency).await;
        }
        let slow = self.lock().slow_faults.pop_front();
        let answer = match slow {
            Some(fault) => (fault.answer(), String::new(), 0),
            None => api::answer(&mut self.lock(), head, body, secure, session),
        };
        drop((place, turn));
        (answer, waits)
    }

    fn now(&self) -> Duration {
        self.lock().clock.now()
    }
}

/// What the edge answers before any node hears of it.
fn edge(state: &mut State, head: &Parts) -> Option<Answer> {
    let length = head.uri.path_and_query().map_or(0, |target| target.as_str().len());
    if let Some(fault) = state.faults.pop_front().or(state.fault).or(Fault::of(state.settings.node)) {
        return Some(fault.answer());
    }
    (length > state.settings.url_limit)
        .then(|| Answer::edge(StatusCode::URI_TOO_LONG, "<html>414 URI Too Long</html>"))
}

fn accepts_gzip(head: &Parts) -> bool {
    let accepted =
        head.headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| coding.trim().starts_with("gzip"))
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulator")
    }
}

impl<B> Service<Request<B>> for Simulator
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: fmt::Display + Send,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = SimulatorFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> SimulatorFuture {
        let simulator = self.clone();
        SimulatorFuture(Box::pin(async move {
            let (head, body) = request.into_parts();
            let secure = head.uri.scheme_str() != Some("http");
            let settings = simulator.lock().settings.clone();
            let body = Received::read(&settings, &head, body).await;
            let body = body.map_err(|error| io::Error::other(error.to_string()))?;
            Ok(in_memory(simulator.answer(head, body, secure, 0).await))
        }))
    }
}

/// Where there is no wire, its faults end the body.
fn in_memory(mut response: Response<Body>) -> Response<Body> {
    let fault = response.extensions_mut().remove::<WireFault>();
    response.map(|body| match fault {
        None => body,
        Some(WireFault::ResetAt(at) | WireFault::CutAt(at)) => body.cut(at, End::Broken),
        Some(WireFault::StallAt(at)) => body.cut(at, End::Never),
        Some(WireFault::LongLength(_)) => body.cut(usize::MAX, End::Broken),
        Some(WireFault::ShortLength(fewer)) => {
            let length = body.len().saturating_sub(fewer);
            body.cut(length, End::Whole)
        }
        Some(WireFault::Trickle(pause)) => body.slow(pause),
    })
}

/// The future of [`Simulator`].
#[must_use = "futures do nothing unless awaited"]
pub struct SimulatorFuture(BoxFuture<'static, io::Result<Response<Body>>>);

impl Future for SimulatorFuture {
    type Output = io::Result<Response<Body>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for SimulatorFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatorFuture")
    }
}
