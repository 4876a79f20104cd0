//! The instance as a service, and what a test does to it.

use crate::clock::Clock;
use crate::data::Database;
use crate::tokens::{Lifetimes, Tokens};
use crate::{Body, Builder, Entry, Fault, answer::Answer, api};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response, StatusCode, request::Parts};
use http_body_util::BodyExt;
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// A ServiceNow instance. Clones are the same instance.
///
/// It is a tower `Service` for requests with any body, and [`listen`](Self::listen) puts it on a socket.
#[derive(Clone)]
pub struct Simulator {
    state: Arc<Mutex<State>>,
}

pub(crate) struct State {
    pub(crate) users: HashMap<String, Account>,
    pub(crate) clients: HashMap<String, String>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    /// For the next requests, one each.
    pub(crate) faults: VecDeque<Fault>,
    /// For every request.
    pub(crate) fault: Option<Fault>,
    pub(crate) journal: Vec<Entry>,
}

pub(crate) struct Account {
    pub(crate) password: String,
    pub(crate) locked: bool,
}

impl Simulator {
    /// An instance to be configured.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn new(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request, whatever it is, is answered like this. Several calls queue up.
    pub fn fail_next(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Every request is answered like this, until `None` is given.
    pub fn fail_always(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
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

    /// Locks a user out, or lets them in again: whatever they come with is answered with 401.
    pub fn lock_out(&self, user_name: &str, locked: bool) {
        if let Some(account) = self.lock().users.get_mut(user_name) {
            account.locked = locked;
        }
    }

    /// Everything that arrived so far, in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.lock().journal.clone()
    }

    /// How many requests arrived at the token endpoint.
    pub fn token_requests(&self) -> usize {
        self.lock().journal.iter().filter(|entry| entry.path == "/oauth_token.do").count()
    }

    pub(crate) fn answer(&self, head: &Parts, body: &Bytes, secure: bool) -> Response<Body> {
        let state = &mut *self.lock();
        let (answer, user) = match state.faults.pop_front().or(state.fault) {
            Some(fault) => (fault.answer(), String::new()),
            None => api::answer(state, head, body, secure),
        };
        state.journal.push(Entry {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            user: user.clone(),
            status: answer.status(),
        });
        let transaction = state.database.transaction_id();
        answer.into_response(&transaction, !user.is_empty(), head.method == Method::HEAD)
    }
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
    B::Error: fmt::Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = SimulatorFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> SimulatorFuture {
        let simulator = self.clone();
        SimulatorFuture(Box::pin(async move {
            let (head, body) = request.into_parts();
            let secure = head.uri.scheme_str() == Some("https");
            match body.collect().await {
                Ok(body) => simulator.answer(&head, &body.to_bytes(), secure),
                Err(error) => {
                    let detail = error.to_string();
                    let answer =
                        Answer::fault(StatusCode::BAD_REQUEST, "Exception while reading request", &detail);
                    answer.into_response("", false, false)
                }
            }
        }))
    }
}

/// The future of [`Simulator`].
#[must_use = "futures do nothing unless awaited"]
pub struct SimulatorFuture(BoxFuture<'static, Response<Body>>);

impl Future for SimulatorFuture {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for SimulatorFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatorFuture")
    }
}
