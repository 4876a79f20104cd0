//! The sessions that all clones of a layer share, and the one that a request has.

use super::jar::Jar;
use crate::{Error, Kind, Origin};
use http::{HeaderMap, Request, StatusCode, header};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The sessions that all clones share.
pub(super) struct Pool {
    origin: Origin,
    places: Arc<Semaphore>,
    sessions: usize,
    free: Mutex<Vec<Jar>>,
}

/// The longest that a request waits for a session.
const WAIT: Duration = Duration::from_secs(60);

impl Pool {
    pub(super) fn new(origin: &Origin, sessions: usize) -> Self {
        let sessions = sessions.clamp(1, Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(sessions));
        Self { origin: origin.clone(), places, sessions, free: Mutex::default() }
    }

    /// Whether a request is one of its sessions'.
    pub(super) fn serves<B>(&self, request: &Request<B>) -> bool {
        self.origin.covers(request.uri()) && !request.headers().contains_key(header::COOKIE)
    }

    pub(super) async fn wait(self: Arc<Self>) -> Result<OwnedSemaphorePermit, Error> {
        // The semaphore is never closed, so the inner error never is.
        match tokio::time::timeout(WAIT, self.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(self.taken()),
        }
    }

    fn taken(&self) -> Error {
        let why = format!(
            "no session was free for {WAIT:?}: all {} were taken by requests without an answer and by answers that nobody \
             has read to the end",
            self.sessions
        );
        Error::new(Kind::QueueTimeout, why)
    }

    /// Takes a session, and lets the request carry its cookies.
    pub(super) fn enter<B>(self: Arc<Self>, place: OwnedSemaphorePermit, request: &mut Request<B>) -> Taken {
        let mut session = self.take(place, request.headers());
        if let Some(cookies) = session.jar.as_mut().and_then(Jar::header) {
            request.headers_mut().insert(header::COOKIE, cookies);
        }
        session
    }

    /// A session, best one of whoever is logged in.
    fn take(self: Arc<Self>, place: OwnedSemaphorePermit, headers: &HeaderMap) -> Taken {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        // Where every place has a session of somebody, one of somebody else begins anew.
        let own = free.iter().position(|jar| jar.belongs_to(headers));
        let mut jar = match own {
            Some(index) => free.swap_remove(index),
            None if free.len() < self.places.available_permits() + 1 => Jar::default(),
            None => free.pop().unwrap_or_default(),
        };
        drop(free);
        jar.hand_to(headers);
        Taken { pool: self, jar: Some(jar), _place: place }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} free", self.places.available_permits(), self.sessions)
    }
}

/// A session in use. Dropped before it was given back, its cookies are lost.
pub(super) struct Taken {
    pool: Arc<Pool>,
    jar: Option<Jar>,
    _place: OwnedSemaphorePermit,
}

impl Taken {
    /// Takes note of an answer's head.
    pub(super) fn learn(&mut self, status: StatusCode, headers: &HeaderMap) {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::ACCEPTED => self.jar = None,
            _ => self.jar.iter_mut().for_each(|jar| jar.learn(headers)),
        }
    }
}

/// Frees the session, with its cookies.
pub(super) fn give_back(session: &mut Option<Box<Taken>>) {
    let Some(mut taken) = session.take() else { return };
    if let Some(jar) = taken.jar.take() {
        taken.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(jar);
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.jar.fmt(f)
    }
}
