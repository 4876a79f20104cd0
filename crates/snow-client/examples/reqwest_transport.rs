//! reqwest as the transport, below the default stack: `cargo run -p snow-client --example reqwest_transport`
//!
//! Connections, proxies and TLS are those of your `reqwest::Client`. Login, retries, limits and timeouts stay the client's.

use reqwest::redirect::Policy;
use serde_json::json;
use snow_client::attachment::Content;
use snow_client::{Client, Error, ErrorKind, layer::RetryPolicy, transport::Body};
use snow_sim::{Fault, Simulator};

/// Sends one request of the stack.
async fn send(
    http: reqwest::Client,
    request: http::Request<Body>,
) -> Result<http::Response<reqwest::Body>, Error> {
    let request = request.map(reqwest::Body::wrap).try_into().map_err(told)?;
    http.execute(request).await.map(Into::into).map_err(told)
}

/// Says what an error of reqwest is, so that the stack knows what it may send again. Any other error is never sent again.
fn told(error: reqwest::Error) -> Error {
    let kind = match &error {
        error if error.is_connect() => ErrorKind::Connect, // nothing was sent
        error if error.is_timeout() => ErrorKind::TimedOut,
        error if error.is_request() => ErrorKind::ConnectionClosed,
        _ => ErrorKind::Other,
    };
    Error::new(kind, "reqwest could not send the request").with_source(error)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator = Simulator::builder().user("admin", "secret").build()?;
    let listener = simulator.listen().await?;

    // The client follows no redirect, and sends again by itself what may be sent again.
    let http = || reqwest::Client::builder().redirect(Policy::none()).retry(reqwest::retry::never());
    let client = |http: reqwest::Client| {
        let transport = tower::service_fn(move |request| send(http.clone(), request));
        let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
        builder.transport(transport).retry(RetryPolicy::new().max_attempts(2)).build()
    };
    let (used, unused) = (client(http().build()?)?, client(http().build()?)?);

    simulator.fail_next(Fault::NoNode); // a gateway whose node is down: the stack sends the read again
    let incident = used.table("incident").list().first().await?.sys_id()?;
    let log = "the printer is on fire\n".repeat(10_000);
    let content = Content::reader(std::io::Cursor::new(log.clone().into_bytes())); // streamed, in both directions
    let file = used.attachments().upload("incident", incident, "printer.log", content).await?;
    let came_back = used.attachments().download(file.sys_id).bytes(1 << 20).await? == log;
    let responses = simulator.journal().iter().map(|entry| entry.status.as_u16()).collect::<Vec<_>>();
    println!("responses {responses:?}; the file came back as it was sent: {came_back}");

    drop(listener);
    let created = unused.table("incident").create(&json!({ "short_description": "No wifi" })).await;
    let refused = created.err().ok_or("nobody listens, and something answered")?;
    println!("{refused}");
    let is_certain = refused.kind() == ErrorKind::Connect && !refused.may_have_executed();
    let is_right = came_back && responses.starts_with(&[502, 200]) && is_certain;
    if is_right { Ok(()) } else { Err("requests over reqwest went otherwise".into()) }
}
