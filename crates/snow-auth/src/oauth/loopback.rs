//! The address that the browser returns to, for programs without a web server of their own (RFC 8252).

use super::{AuthorizationRequest, OAuth, Token};
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use snow_core::{Error, ErrorKind, timer};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

/// How long a person may take by default.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a browser may take to read the last page.
const GOODBYE: Duration = Duration::from_secs(5);
/// How many connections may be open.
const CONNECTIONS: usize = 16;

/// A listener on 127.0.0.1 that the browser returns to after a login, for command-line and desktop programs.
///
/// ```no_run
/// # async fn example(oauth: snow_auth::OAuth) -> Result<(), snow_core::Error> {
/// use snow_client::oauth::Loopback;
///
/// let loopback = Loopback::bind(8400, "/callback").await?; // http://127.0.0.1:8400/callback is in the registry
/// let token = loopback
///     .log_in(&oauth, |url| println!("Log in here: {url}")) // or open a browser
///     .await?;
/// # let _ = token;
/// # Ok(()) }
/// ```
pub struct Loopback {
    listener: TcpListener,
    redirect_uri: String,
    path: String,
    patience: Duration,
}

impl Loopback {
    /// Listens on a port of this machine, or on any free one if `port` is 0. `path` is the path of the redirect URI, which the
    /// instance's registry must have for the client ([facts 4.3]).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the path does not begin with `/`, [`ErrorKind::Other`] if the port is not available.
    ///
    /// [facts 4.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#43-authorization-code
    pub async fn bind(port: u16, path: &str) -> Result<Self, Error> {
        if !path.starts_with('/') || path.contains(['?', '#']) {
            let why = format!("the path of the redirect URI, {path:?}, is not a path that begins with '/'");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let failed = |e| {
            Error::new(ErrorKind::Other, format!("port {port} of this machine cannot be listened on"))
                .with_reason(e)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let redirect_uri = format!("http://127.0.0.1:{port}{path}");
        Ok(Self { listener, redirect_uri, path: path.to_owned(), patience: PATIENCE })
    }

    /// Sets how long the person may take; 5 minutes by default.
    #[must_use]
    pub fn patience(mut self, most: Duration) -> Self {
        self.patience = most;
        self
    }

    /// Returns the address that the browser returns to.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Logs a person in. It calls `show` with the address of the login, waits until the browser returns, exchanges the code for a
    /// token, saves it, and uses it from then on. The browser is then shown whether that succeeded.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] if the browser did not return in time, and those of [`OAuth::exchange_code`].
    pub async fn log_in(self, oauth: &OAuth, show: impl FnOnce(&str)) -> Result<Token, Error> {
        let login = Login::new(oauth.authorization(&self.redirect_uri)?, &self.path);
        show(login.request.url());
        let mut server = Server::new(&self.listener, &login);
        let returned = async {
            tokio::select! {
                query = login.query() => query,
                never = server.serve() => match never {},
            }
        };
        let query = timer::timeout(self.patience, returned).await?.ok_or_else(|| {
            let why = format!("the browser did not return from the login within {:?}", self.patience);
            Error::new(ErrorKind::TimedOut, why).before_sending()
        })?;
        let outcome = tokio::select! {
            outcome = oauth.exchange_code(&login.request, &query) => outcome,
            never = server.serve() => match never {},
        };
        login.outcome.send_replace(Some(Page::of(&outcome)));
        let shown = async {
            tokio::select! {
                () = login.every_browser_shown() => {}
                never = server.serve() => match never {},
            }
        };
        let _ = timer::timeout(GOODBYE, shown).await; // the login has succeeded, even if the browser does not read the page
        outcome
    }
}

/// The login that the browser is expected to return from.
struct Login {
    request: AuthorizationRequest,
    path: String,
    /// The first query that the browser returned with.
    query: watch::Sender<Option<String>>,
    /// The page that it is shown in the end.
    outcome: watch::Sender<Option<Page>>,
    /// How many connections wait to be shown that.
    waiting: watch::Sender<usize>,
}

impl Login {
    fn new(request: AuthorizationRequest, path: &str) -> Self {
        Self {
            request,
            path: path.to_owned(),
            query: watch::Sender::new(None),
            outcome: watch::Sender::new(None),
            waiting: watch::Sender::new(0),
        }
    }

    /// Waits for the query that the browser returns with.
    async fn query(&self) -> String {
        wait_for_value(&self.query).await
    }

    /// Waits until every waiting connection has its page.
    async fn every_browser_shown(&self) {
        let _ = self.waiting.subscribe().wait_for(|waiting| *waiting == 0).await;
    }

    /// Responds to one request. One that does not belong to this login gets an error page and changes nothing, because anybody can
    /// send it.
    async fn respond(&self, asked: Request<Incoming>, waits: &AtomicBool) -> Response<Full<Bytes>> {
        if asked.method() != Method::GET || asked.uri().path() != self.path {
            return Page::new("Not found", "There is no page at this address.")
                .response(StatusCode::NOT_FOUND);
        }
        let query = asked.uri().query().unwrap_or_default();
        if self.request.code(query).is_err_and(|error| error.kind() == ErrorKind::InvalidInput) {
            let text = "This does not belong to the login that the program waits for. Begin the login again from the program.";
            return Page::new("Not this login", text).response(StatusCode::BAD_REQUEST);
        }
        if !waits.swap(true, Ordering::Relaxed) {
            self.waiting.send_modify(|waiting| *waiting = waiting.saturating_add(1));
        }
        self.query.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert_with(|| query.to_owned());
            is_first
        });
        wait_for_value(&self.outcome).await.response(StatusCode::OK)
    }
}

/// Waits until there is a value, and returns it.
async fn wait_for_value<T: Clone>(sender: &watch::Sender<Option<T>>) -> T {
    let mut receiver = sender.subscribe();
    match receiver.wait_for(Option::is_some).await.ok().and_then(|value| value.clone()) {
        Some(value) => value,
        None => std::future::pending().await, // its sender is borrowed, and stays
    }
}

/// The connections of a browser, and of anybody else on this machine.
struct Server<'a> {
    listener: &'a TcpListener,
    login: &'a Login,
    connections: FuturesUnordered<BoxFuture<'a, ()>>,
    /// How to close each of them, the oldest first.
    closers: VecDeque<oneshot::Sender<()>>,
}

impl<'a> Server<'a> {
    fn new(listener: &'a TcpListener, login: &'a Login) -> Self {
        Self { listener, login, connections: FuturesUnordered::new(), closers: VecDeque::new() }
    }

    /// Serves every connection.
    async fn serve(&mut self) -> Infallible {
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        self.take(stream);
                    }
                }
                Some(()) = self.connections.next(), if !self.connections.is_empty() => {}
            }
        }
    }

    /// Adds a connection. If there are too many, the oldest one without a request is closed: browsers open some ahead of time.
    fn take(&mut self, stream: TcpStream) {
        self.closers.retain(|closer| !closer.is_closed());
        while self.closers.len() >= CONNECTIONS {
            self.closers.pop_front().map(|closer| closer.send(()));
        }
        let (closer, closed) = oneshot::channel();
        self.closers.push_back(closer);
        self.connections.push(connection(stream, self.login, closed).boxed());
    }
}

/// Serves one connection, which ends with its first response.
async fn connection(stream: TcpStream, login: &Login, closed: oneshot::Receiver<()>) {
    let waits = AtomicBool::new(false);
    let service = service_fn(|asked| async { Ok::<_, Infallible>(login.respond(asked, &waits).await) });
    let serving = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    let closed = async {
        // A connection that waits for the outcome stays open.
        if closed.await.is_err() || waits.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = serving => {} // a browser that went away connects again
        () = closed => {}
    }
    if waits.load(Ordering::Relaxed) {
        login.waiting.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

/// A page that the browser is shown.
#[derive(Clone)]
struct Page {
    title: &'static str,
    /// HTML.
    text: String,
}

impl Page {
    fn new(title: &'static str, text: &str) -> Self {
        Self { title, text: escaped(text) }
    }

    fn of(outcome: &Result<Token, Error>) -> Self {
        match outcome {
            Ok(_) => Self::new("You are logged in", "You can close this window and go back to the program."),
            Err(error) => {
                let text = format!("The login failed. Go back to the program, which has this error: {error}");
                Self::new("You are not logged in", &text)
            }
        }
    }

    fn response(&self, status: StatusCode) -> Response<Full<Bytes>> {
        let Self { title, text } = self;
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;\
         color:#222;background:#fff}}@media(prefers-color-scheme:dark){{body{{color:#eee;background:#1b1b1b}}}}</style>\
         <h1>{title}</h1><p>{text}</p></html>"
        );
        let mut response = Response::new(Full::new(Bytes::from(html)));
        *response.status_mut() = status;
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html;charset=UTF-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Escapes text for HTML.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loopback").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}
