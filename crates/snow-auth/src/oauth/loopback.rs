//! Where the browser comes back to, for programs without a web server of their own (RFC 8252).

use super::{AuthorizationRequest, OAuth, Token};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use snow_core::{Error, Kind};
use std::convert::Infallible;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long a person may take, unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many connections a browser may have open here.
const CONNECTIONS: usize = 16;

/// A listener on 127.0.0.1 that the browser comes back to after a login: for command-line and desktop programs.
///
/// ```no_run
/// # async fn example(oauth: snow_auth::OAuth) -> Result<(), snow_core::Error> {
/// use snow_auth::Loopback;
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
    /// Listens on a port of this machine, 0 for any that is free; `path` is that of the redirect URI. The instance takes
    /// only a redirect URI that its registry has for the client (facts 4.3).
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] if the path does not begin with `/`, [`Kind::Foreign`] if the port cannot be had.
    pub async fn bind(port: u16, path: &str) -> Result<Self, Error> {
        if !path.starts_with('/') || path.contains(['?', '#']) {
            let why = format!("the path of the redirect URI, {path:?}, is not a path that begins with '/'");
            return Err(Error::new(Kind::InvalidInput, why));
        }
        let failed = |e| {
            Error::new(Kind::Foreign, format!("port {port} of this machine cannot be listened on"))
                .with_source(e)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let redirect_uri = format!("http://127.0.0.1:{port}{path}");
        Ok(Self { listener, redirect_uri, path: path.to_owned(), patience: PATIENCE })
    }

    /// How long the person may take; 5 minutes by default.
    #[must_use]
    pub fn patience(mut self, most: Duration) -> Self {
        self.patience = most;
        self
    }

    /// Where the browser comes back to.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Logs a person in: shows them where, waits for the browser, exchanges the code for a token, saves it, and uses it from
    /// then on. The browser is answered with a small page.
    ///
    /// # Errors
    /// [`Kind::TimedOut`] if nobody came back in time, or as [`OAuth::exchange_code`].
    pub async fn log_in(self, oauth: &OAuth, show: impl FnOnce(&str)) -> Result<Token, Error> {
        let request = oauth.authorization(&self.redirect_uri)?;
        show(request.url());
        let answer = self.answer(&request).await?;
        oauth.exchange_code(&request, &answer).await
    }

    /// The query that the browser comes back with. Anything that is not the answer to this request is told so and passed
    /// over: it may be anybody's.
    async fn answer(&self, request: &AuthorizationRequest) -> Result<String, Error> {
        let found: Found = Arc::default();
        tokio::time::timeout(self.patience, self.serve(request, &found)).await.map_err(|_| {
            let why = format!("nobody came back from the login in the browser within {:?}", self.patience);
            Error::new(Kind::TimedOut, why).before_sending()
        })
    }

    /// Answers whoever connects, until one of them has brought the answer and was told so.
    async fn serve(&self, request: &AuthorizationRequest, found: &Found) -> String {
        let mut connections = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => {
                    if let Ok((stream, _)) = accepted {
                        connections.push(self.connection(stream, request, found));
                    }
                }
                Some(()) = connections.next(), if !connections.is_empty() => {
                    let answer = found.lock().unwrap_or_else(PoisonError::into_inner).take();
                    if let Some(answer) = answer {
                        return answer;
                    }
                }
            }
        }
    }

    /// One connection, which ends with its first answer.
    async fn connection(&self, stream: TcpStream, request: &AuthorizationRequest, found: &Found) {
        let service =
            service_fn(|asked| std::future::ready(Ok::<_, Infallible>(self.page(&asked, request, found))));
        let connection =
            http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
        let _ = connection.await; // a browser that went away asks again
    }

    fn page(
        &self,
        asked: &Request<Incoming>,
        request: &AuthorizationRequest,
        found: &Found,
    ) -> Response<Full<Bytes>> {
        if asked.method() != Method::GET || asked.uri().path() != self.path {
            return page(StatusCode::NOT_FOUND, "Not found", "There is nothing here.");
        }
        let query = asked.uri().query().unwrap_or_default();
        let (status, title, text) = match request.code(query) {
            Ok(_) => {
                (StatusCode::OK, "You are logged in", "You can close this window and go back to the program.")
            }
            Err(error) if error.kind() == Kind::InvalidInput => {
                let text = "This does not belong to the login that the program waits for. Begin it again from there.";
                return page(StatusCode::BAD_REQUEST, "Not this login", text);
            }
            Err(_) => (
                StatusCode::OK,
                "You are not logged in",
                "The login was not completed. Go back to the program.",
            ),
        };
        *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(query.to_owned());
        page(status, title, text)
    }
}

type Found = Arc<Mutex<Option<String>>>;

/// A page of ours; nothing in it came from outside.
fn page(status: StatusCode, title: &str, text: &str) -> Response<Full<Bytes>> {
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

impl fmt::Debug for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loopback").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}
