//! The sessions that all clones of a layer share, and the session of one request.

use super::cookie_jar::CookieJar;
use crate::{Error, ErrorKind, Origin, timer};
use http::{HeaderMap, Request, StatusCode, header};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The sessions that all clones share.
pub(super) struct SessionPool {
    origin: Origin,
    permits: Arc<Semaphore>,
    sessions: usize,
    free: Mutex<Vec<CookieJar>>,
}

/// The longest that a request waits for a session.
const WAIT: Duration = Duration::from_secs(60);

impl SessionPool {
    pub(super) fn new(origin: &Origin, sessions: usize) -> Self {
        let sessions = sessions.clamp(1, Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(sessions));
        Self { origin: origin.clone(), permits, sessions, free: Mutex::default() }
    }

    /// Returns whether a request gets one of these sessions.
    pub(super) fn serves<B>(&self, request: &Request<B>) -> bool {
        self.origin.covers(request.uri()) && !request.headers().contains_key(header::COOKIE)
    }

    pub(super) async fn acquire(self: Arc<Self>) -> Result<OwnedSemaphorePermit, Error> {
        let permit = timer::timeout(WAIT, self.permits.clone().acquire_owned()).await?;
        let permit = permit.ok_or_else(|| self.session_timeout())?;
        permit.map_err(|_closed| Error::internal("the semaphore of the sessions was closed"))
    }

    fn session_timeout(&self) -> Error {
        let why = format!(
            "no session was free for {WAIT:?}: all {} were taken by requests without a response and by responses that were not \
             read to the end",
            self.sessions
        );
        Error::new(ErrorKind::PermitTimeout, why)
    }

    /// Takes a session, and lets the request carry its cookies.
    pub(super) fn enter<B>(
        self: Arc<Self>,
        permit: OwnedSemaphorePermit,
        request: &mut Request<B>,
    ) -> SessionGuard {
        let mut session = self.take(permit, request.headers());
        if let Some(cookies) = session.jar.as_mut().and_then(CookieJar::header) {
            request.headers_mut().insert(header::COOKIE, cookies);
        }
        session
    }

    /// Returns a session, preferably one of the user of this request.
    fn take(self: Arc<Self>, permit: OwnedSemaphorePermit, headers: &HeaderMap) -> SessionGuard {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        // If every permit has a session of another user, one of those is replaced.
        let own = free.iter().position(|jar| jar.belongs_to(headers));
        let mut jar = match own {
            Some(index) => free.swap_remove(index),
            None if free.len() <= self.permits.available_permits() => CookieJar::default(),
            None => free.pop().unwrap_or_default(),
        };
        drop(free);
        jar.assign_to(headers);
        SessionGuard { pool: self, jar: Some(jar), _permit: permit }
    }
}

impl fmt::Debug for SessionPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} free", self.permits.available_permits(), self.sessions)
    }
}

/// A session in use. If it is dropped before it was released, its cookies are lost.
pub(super) struct SessionGuard {
    pool: Arc<SessionPool>,
    jar: Option<CookieJar>,
    _permit: OwnedSemaphorePermit,
}

impl SessionGuard {
    /// Updates the cookies from the head of a response.
    pub(super) fn update(&mut self, status: StatusCode, headers: &HeaderMap) {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::ACCEPTED => self.jar = None,
            _ => self.jar.iter_mut().for_each(|jar| jar.update(headers)),
        }
    }
}

/// Releases the session, with its cookies.
pub(super) fn release(session: &mut Option<Box<SessionGuard>>) {
    let Some(mut guard) = session.take() else { return };
    if let Some(jar) = guard.jar.take() {
        guard.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(jar);
    }
}

impl fmt::Debug for SessionGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.jar.fmt(f)
    }
}
