//! A stack of your own in place of the default one: the layers that you choose, in your order, with tokens and a layer that counts.
//! `cargo run -p snow-client --example own_stack`

use http::Request;
use snow_client::layer::{DefaultHeadersLayer, RetryLayer, RetryPolicy, ThrottleLayer, TimeoutLayer};
use snow_client::oauth::{Grant, OAuth};
use snow_client::{Client, Instance, Transport, transport::Body};
use snow_sim::{Fault, Simulator};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulator =
        Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret").build()?;
    let listener = simulator.listen().await?;
    let instance = Instance::parse(&listener.url())?;

    // Data and token requests share the connections of one transport; any other HTTP service does as well.
    let transport = Transport::builder().no_proxy().build()?;
    let grant = Grant::password("admin", "secret");
    let oauth = OAuth::builder().client_id("my-id").client_secret("my-secret").grant(grant);
    let oauth = oauth.build(&instance, transport.clone())?;

    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let retry =
        RetryPolicy::new().max_attempts(3).backoff(Duration::from_millis(1), Duration::from_millis(5));
    let stack = ServiceBuilder::new()
        .layer(RetryLayer::new(retry))
        .layer(ThrottleLayer::new(2)) // below retries: a request that waits for its next attempt holds no permit
        .layer(oauth.layer()) // below the throttle: a request that waited has the current token
        .layer(TimeoutLayer::new())
        .layer(DefaultHeadersLayer::new())
        .map_request(move |request: Request<Body>| {
            counted.fetch_add(1, Ordering::Relaxed);
            request
        })
        .service(transport);
    let client = Client::builder().instance(instance).stack(stack).build()?;

    let incidents = client.table("incident").list().limit(3).await?;
    simulator.fail_next(Fault::NoNode); // the next response is that of a gateway whose node is down
    let again = client.table("incident").list().limit(3).await?;

    let (attempts, tokens) = (attempts.load(Ordering::Relaxed), simulator.token_requests());
    println!("{} incidents, {} again: {attempts} attempts, {tokens} token", incidents.len(), again.len());
    let is_right = incidents.len() == 3 && again.len() == 3 && attempts == 3 && tokens == 1;
    if is_right { Ok(()) } else { Err("the stack did not retry once, with one token".into()) }
}
