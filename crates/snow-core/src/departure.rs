//! Whether a request was sent: a typed extension of the request.

use crate::{Error, clock};
use http::Request;
#[cfg(feature = "transport")]
use hyper_util::client::legacy::connect::CaptureConnection;
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Tracks whether a request was sent, so that the error of a request that is given up before says that it was not executed.
///
/// Put one into the extensions of a request, above a [`DeadlineLayer`](crate::layer::DeadlineLayer) or a
/// [`TimeoutLayer`](crate::layer::TimeoutLayer). **The service at the bottom of the stack has to call [`leave`](Self::leave)** when
/// it sends the request; [`Transport`](crate::Transport) does so as soon as there is a connection. Clones share the state. A request
/// that is sent again keeps it: once an attempt was sent, the request counts as sent.
///
/// ```
/// use snow_client::layer::Departure;
///
/// let mut request = http::Request::post("https://dev1.service-now.com/api/now/table/incident").body(()).unwrap();
/// request.extensions_mut().insert(Departure::new());
/// let departure = Departure::of(&request).unwrap();
/// assert!(!departure.has_left());
/// departure.leave();
/// assert!(departure.has_left());
/// ```
#[derive(Clone, Default)]
pub struct Departure(Arc<DepartureState>);

#[derive(Default)]
struct DepartureState {
    has_left: AtomicBool,
    /// Whether an attempt was sent whose outcome is not known yet.
    is_under_way: AtomicBool,
    /// How often the request was sent, if a layer counts.
    attempts: AtomicU32,
    /// What the request waits for before it is sent.
    waits_for: Mutex<Option<Wait>>,
    /// How much of the body was sent, if it is watched.
    body_progress: Mutex<Option<BodyProgress>>,
    /// The connection of the last attempt, if the transport sets it.
    #[cfg(feature = "transport")]
    connection: Mutex<Option<CaptureConnection>>,
}

impl Departure {
    /// Creates the departure of a request that has not been sent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the departure of a request, if it has one.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        request.extensions().get()
    }

    /// Marks the request as sent.
    pub fn leave(&self) {
        self.0.has_left.store(true, Ordering::Release);
        self.0.is_under_way.store(true, Ordering::Release);
    }

    /// Returns whether the request was sent.
    pub fn has_left(&self) -> bool {
        self.0.has_left.load(Ordering::Acquire)
    }

    /// Counts an attempt, and returns how many there were before.
    pub(crate) fn count_attempt(&self) -> u32 {
        self.0.attempts.fetch_add(1, Ordering::Relaxed)
    }

    /// Marks the request as not sent: it was rejected before anything was executed, and will be sent again. Call it only for a request
    /// that had not been sent before that attempt.
    pub fn come_back(&self) {
        self.0.has_left.store(false, Ordering::Release);
        self.end_attempt();
    }

    /// Marks the current attempt as ended: the request waits to be sent again. Called by a layer that retries.
    pub fn end_attempt(&self) {
        self.0.is_under_way.store(false, Ordering::Release);
    }

    /// Returns whether an attempt has left and has not [ended](Self::end_attempt). Between two attempts this is false, although the
    /// request [has left](Self::has_left): dropping it then interrupts nothing.
    ///
    /// ```
    /// let departure = snow_client::layer::Departure::new();
    /// departure.leave();
    /// assert!(departure.is_under_way());
    /// departure.end_attempt();
    /// assert!(departure.has_left() && !departure.is_under_way());
    /// ```
    pub fn is_under_way(&self) -> bool {
        self.0.is_under_way.load(Ordering::Acquire)
    }

    /// Notes what the request waits for before it is sent, until the returned guard is dropped. The error of a layer that gives up the
    /// request says so.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::{Request, Response};
    /// use snow_client::{Error, layer::{DeadlineLayer, Departure}, transport::Body};
    /// use std::time::Duration;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// let waits = service_fn(|request: Request<()>| async move {
    ///     let _waiting = Departure::of(&request).map(|departure| departure.wait_for("a token"));
    ///     std::future::pending::<Result<Response<Body>, Error>>().await
    /// });
    /// let mut request = Request::new(());
    /// request.extensions_mut().insert(Departure::new());
    /// let error = DeadlineLayer::new(Duration::from_secs(2)).layer(waits).oneshot(request).await.unwrap_err();
    /// assert!(error.to_string().contains("waited 2s for a token"));
    /// # Ok(()) }
    /// ```
    pub fn wait_for(&self, what: impl Into<Cow<'static, str>>) -> WaitGuard {
        *self.waits() = Some(Wait { what: what.into(), since: clock::now() });
        WaitGuard(self.clone())
    }

    /// Returns what the request waits for, and since when.
    pub(crate) fn waited(&self) -> Option<String> {
        let waits = self.waits();
        let Wait { what, since } = waits.as_ref()?;
        Some(format!("it waited {:?} for {what}", rounded(clock::now().saturating_duration_since(*since))))
    }

    fn waits(&self) -> std::sync::MutexGuard<'_, Option<Wait>> {
        self.0.waits_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how much of the body was sent; `None` if it is not watched.
    pub(crate) fn body_progress(&self) -> Option<BodyProgress> {
        *self.0.body_progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn update_body_progress(&self, change: impl FnOnce(&mut BodyProgress)) {
        let mut progress = self.0.body_progress.lock().unwrap_or_else(PoisonError::into_inner);
        change(progress.get_or_insert_default());
    }

    /// Marks an error as one from before sending, if the departure says that the request was not sent. Without a departure that is not
    /// known.
    pub(crate) fn mark_unsent(departure: Option<&Self>, error: Error) -> Error {
        match departure {
            Some(departure) if !departure.has_left() => error.before_sending(),
            _ => error,
        }
    }

    /// Sets the connection over which the request is sent.
    #[cfg(feature = "transport")]
    pub(crate) fn set_connection(&self, connection: CaptureConnection) {
        *self.0.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }

    /// Closes the connection of the last attempt to further requests, even if it is back in the pool: for responses that show that a
    /// connection is out of step with its requests. It has no effect on a transport other than
    /// [`Transport`](crate::Transport).
    #[doc(hidden)]
    pub fn retire_connection(&self) {
        #[cfg(feature = "transport")]
        {
            let connection = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(connection) = &*connection
                && let Some(connected) = connection.connection_metadata().as_ref()
            {
                connected.poison();
            }
        }
    }
}

impl fmt::Debug for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Departure(has_left: {})", self.has_left())
    }
}

/// How much of a watched body was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BodyProgress {
    /// How many bytes were sent so far.
    pub(crate) bytes: u64,
    /// When the last piece was sent, and how many bytes it has.
    pub(crate) last: Option<(Instant, u64)>,
    /// Whether the body waits for its own source.
    pub(crate) waits_for_content: bool,
    pub(crate) is_over: bool,
}

struct Wait {
    what: Cow<'static, str>,
    since: Instant,
}

/// Rounds to milliseconds.
fn rounded(time: Duration) -> Duration {
    time - Duration::from_nanos(u64::from(time.subsec_nanos() % 1_000_000))
}

/// The guard of [`Departure::wait_for`]: the request counts as waiting until it is dropped.
#[derive(Debug)]
#[must_use = "the request counts as waiting until this is dropped"]
pub struct WaitGuard(Departure);

impl Drop for WaitGuard {
    fn drop(&mut self) {
        *self.0.waits() = None;
    }
}
