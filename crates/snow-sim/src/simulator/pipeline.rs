//! The way of a request through the simulator: a gateway in front, the edge, the limits, the turn of its session, the pool of
//! the node, the API, and the journal.

use super::Simulator;
use super::http_response::http_response;
use crate::api::{self, HandledRequest, IncomingRequest};
use crate::gate::{Permit, QueueFull};
use crate::request_limits::{check_body, check_url};
use crate::response::{QueueTimes, SimResponse};
use crate::session::Session;
use crate::state::State;
use crate::upload::ReceivedBody;
use crate::{Body, Entry, Fault, Gateway, Guess, Settings, clock};
use http::{Response, StatusCode, request::Parts};
use std::time::Duration;

impl Simulator {
    /// Responds to a request. Whoever responds, it is counted and stands in the journal.
    pub(crate) async fn respond(
        &self,
        head: Parts,
        body: ReceivedBody,
        secure: bool,
        connection: u64,
    ) -> Response<Body> {
        let request = IncomingRequest { head: &head, body: &body, secure };
        let gateway = self.lock().next_gateway();
        let reached = gateway.as_ref().is_none_or(Gateway::asks_instance);
        let (HandledRequest { response, user, session }, times) = match reached {
            true => self.handle(request).await,
            false => without_queues(SimResponse::empty(StatusCode::BAD_GATEWAY)),
        };
        let state = &mut *self.lock();
        let language = state.settings.language;
        let response = match &gateway {
            Some(gateway) => gateway.response(),
            None => response.in_language(language).with_guess_headers(),
        };
        state.journal.push(Entry {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: without_api_key(head.uri.query().unwrap_or_default()),
            user: user.clone(),
            status: response.status,
            received: body.size,
            sent: usize::try_from(response.length()).unwrap_or(usize::MAX),
            session,
            connection,
            reached,
            guesses: response.guesses.clone(),
            body: Entry::kept_body(head.uri.path(), &body.body),
        });
        let transaction = state.database.transaction_id();
        let (release, now) = (state.settings.release, state.clock.timestamp());
        let response = match gateway {
            Some(_) => response,
            None => response.with_service_headers(release, &transaction, !user.is_empty(), times).dated(now),
        };
        let mut response = http_response(response, &head, &state.settings);
        if let Some(fault) = state.wire_faults.pop_front() {
            response.extensions_mut().insert(fault);
        }
        response
    }

    /// Lets the edge and then a node of the instance handle a request.
    async fn handle(&self, request: IncomingRequest<'_>) -> (HandledRequest, QueueTimes) {
        let arrived = self.now();
        let (refusal, ended, session, settings) = {
            let state = &mut *self.lock();
            let (now, timeout) = (state.clock.now(), state.settings.session_timeout);
            let refusal = refuse_at_edge(state, request);
            let headers = &request.head.headers;
            let ended = state.sessions.has_ended(headers, now, timeout);
            (refusal, ended, state.sessions.find(headers, now, timeout), state.settings.clone())
        };
        if let Err(refusal) = refusal.and_then(|()| check_body(request.body, &settings)) {
            return without_queues(*refusal);
        }
        let number = session.as_ref().map_or(0, |session| session.number);
        let Ok(turn) = enter_session(session.as_ref(), &settings).await else {
            let response = Fault::NotProcessed.response();
            let handled = HandledRequest { session: number, ..HandledRequest::anonymous(response) };
            return (handled, QueueTimes::default());
        };
        let in_session = self.now();
        let Ok(permit) = self.pool.enter(settings.semaphores, settings.queue).await else {
            return without_queues(Fault::Busy.response());
        };
        let times = QueueTimes { semaphore: self.now() - in_session, session: in_session - arrived };
        if !settings.latency.is_zero() {
            clock::sleep(settings.latency).await;
        }
        let slow = self.lock().slow_faults.pop_front();
        let mut handled = match slow {
            Some(fault) => HandledRequest::anonymous(fault.response()),
            None => {
                self.run_before_each();
                api::handle(&mut self.lock(), request, session)
            }
        };
        if ended {
            handled.response = handled.response.guess(Guess::SessionTimeout);
        }
        drop((permit, turn));
        (handled, times)
    }

    fn now(&self) -> Duration {
        self.lock().clock.now()
    }
}

/// The edge responds to some requests before any node hears of them.
fn refuse_at_edge(state: &mut State, request: IncomingRequest<'_>) -> Result<(), Box<SimResponse>> {
    match state.next_fault(request.head) {
        Some(fault) => Err(Box::new(fault.response())),
        None => check_url(&request.head.uri, &state.settings),
    }
}

/// One request at a time in a session; one too many waiting is 202 and not carried out (facts 3.5).
async fn enter_session(session: Option<&Session>, settings: &Settings) -> Result<Option<Permit>, QueueFull> {
    match session {
        Some(session) => session.gate.enter(1, settings.session_queue).await.map(Some),
        None => Ok(None),
    }
}

fn without_queues(response: SimResponse) -> (HandledRequest, QueueTimes) {
    (HandledRequest::anonymous(response), QueueTimes::default())
}

fn without_api_key(query: &str) -> String {
    if !query.contains("x-sn-apikey=") {
        return query.to_owned();
    }
    query.split('&').filter(|pair| !pair.starts_with("x-sn-apikey=")).collect::<Vec<_>>().join("&")
}
