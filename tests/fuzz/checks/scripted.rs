//! Clients of a service whose responses somebody else makes up, and what holds for every error whatever they are.

use http::{Request, Response};
use snow_client::{Client, Error, OAuthClient};
use snow_core::Body;
use std::convert::Infallible;
use std::time::Duration;
use tower::Service;

/// Returns a service that gives these responses.
pub(crate) fn service(
    respond: impl Fn(&Request<Body>) -> Response<Body> + Clone + Send + Sync + 'static,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    tower::service_fn(move |request: Request<Body>| {
        let response = respond(&request);
        async move { Ok(response) }
    })
}

/// Returns a client that gets these responses, with all its defaults.
pub(crate) fn client(
    respond: impl Fn(&Request<Body>) -> Response<Body> + Clone + Send + Sync + 'static,
) -> Client {
    let builder = Client::builder().instance("dev1").user("admin").password(PASSWORD);
    builder.transport(service(respond)).build().expect("the settings are valid")
}

/// Returns an OAuth client that gets these responses, also to its token requests.
pub(crate) fn oauth_client(
    respond: impl Fn(&Request<Body>) -> Response<Body> + Clone + Send + Sync + 'static,
) -> OAuthClient {
    let builder = OAuthClient::builder().instance("dev1").client_id("my-id").client_secret(PASSWORD);
    builder.transport(service(respond)).build().expect("the settings are valid")
}

/// What no error may print.
pub(crate) const PASSWORD: &str = "canary-of-the-caller";

/// Whether an input has a text in it that is looked for as a secret: the service may say what it likes.
pub(crate) fn has(data: &[u8], secret: &str) -> bool {
    data.windows(secret.len()).any(|part| part == secret.as_bytes())
}

/// Drives a future on a clock that jumps to the next timer whenever everything waits. What waits for nothing at all fails.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime starts");
    let longest = Duration::from_secs(4 * 3_600);
    let ended = runtime.block_on(async { tokio::time::timeout(longest, future).await });
    ended.expect("every call ends within its limits")
}

/// Fails if an error is not one bounded line of printable text without secrets.
pub(crate) fn is_fit_to_print(error: &Error) {
    let line = error.to_string();
    assert!(line.len() < 6_000, "{} bytes: {line}", line.len());
    let hidden = |c: char| {
        c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    assert!(!line.contains(hidden), "{line:?}");
    for text in [line, format!("{error:?}")] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
}
