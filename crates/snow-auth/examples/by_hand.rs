//! Every way to log in, as a layer in a stack of your own: over a hyper-util client, and over a service in memory.
//!
//! ```sh
//! cargo run -p snow-auth --example by_hand
//! ```

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header, request};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use snow_auth::{
    ApiKeyLayer, BasicAuthLayer, BearerAuthLayer, Credentials, CredentialsLayer, Grant, MemoryStore, OAuth,
    RequestSigner, SigningLayer,
};
use snow_core::layer::BaseUriLayer;
use snow_core::{Body, Instance};
use snow_sim::Simulator;
use std::convert::Infallible;
use tower::{Layer, ServiceBuilder, ServiceExt};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// A way to log in that only this program knows.
#[derive(Clone)]
struct Session(&'static str);

impl Credentials for Session {
    type Error = header::InvalidHeaderValue;

    async fn apply(&self, head: &mut request::Parts) -> Result<(), Self::Error> {
        head.headers.insert("x-sn-apikey", self.0.parse()?);
        Ok(())
    }
}

/// Signs each request, here without a key: `signed_requests` of snow-client has a real HMAC.
struct Signed;

impl RequestSigner for Signed {
    type Error = header::InvalidHeaderValue;

    async fn sign(&self, head: &request::Parts, body: &[u8]) -> Result<HeaderMap, Self::Error> {
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", format!("{} {}", head.method, body.len()).parse()?);
        Ok(headers)
    }
}

fn list() -> Request<Full<Bytes>> {
    let request = Request::get("/api/now/table/incident?sysparm_limit=1");
    request.body(Full::default()).unwrap_or_default()
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let simulator = Simulator::builder()
        .user("admin", "secret")
        .oauth_client("my-id", "my-secret")
        .api_key("now_key", "admin")
        .login_script(|head, _| (head.headers.get("x-signature")? == "GET 0").then(|| "admin".to_owned()))
        .build()?;
    let listener = simulator.listen().await?;
    let instance = Instance::parse(&listener.url())?;
    let origin = instance.origin();

    // An OAuth client requests tokens over any service, here a hyper client.
    let tokens: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    let oauth = OAuth::builder()
        .client_id("my-id")
        .client_secret("my-secret")
        .token_store(MemoryStore::new())
        .grant(Grant::password("admin", "secret"))
        .build(&instance, tokens)?;

    over_hyper("basic", &instance, BasicAuthLayer::new(origin, "admin", "secret")?).await?;
    over_hyper("API key", &instance, ApiKeyLayer::new(origin, "now_key")?).await?;
    over_hyper("OAuth", &instance, oauth.layer()).await?;
    over_hyper("credentials", &instance, CredentialsLayer::new(origin, Session("now_key"))).await?;
    over_hyper("signature", &instance, SigningLayer::new(origin, Signed)).await?;
    let token = oauth.token().ok_or("the OAuth layer got a token")?;
    over_hyper("bearer", &instance, BearerAuthLayer::new(origin, token.access_token().clone())?).await?;

    // The same layers over anything else that is a service.
    let in_memory = tower::service_fn(|request: Request<Full<Bytes>>| async move {
        Ok::<_, Infallible>(Response::new(request.headers().contains_key(header::AUTHORIZATION)))
    });
    let response = oauth.layer().layer(in_memory).oneshot(list()).await?;
    println!("in memory    the request came with a token: {}", response.body());
    if !response.into_body() {
        return Err("the request came without a token".into());
    }
    oauth.revoke().await?;
    println!("revoked      {} token requests in all", simulator.token_requests());
    Ok(())
}

/// Sends one request through a layer, over a hyper-util client.
async fn over_hyper<L>(name: &str, instance: &Instance, layer: L) -> Result<(), AnyError>
where
    L: Layer<Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>>,
    L::Service: tower::Service<Request<Full<Bytes>>, Response = Response<hyper::body::Incoming>>,
    <L::Service as tower::Service<Request<Full<Bytes>>>>::Error: Into<AnyError>,
{
    let hyper = Client::builder(TokioExecutor::new()).build_http();
    let stack = ServiceBuilder::new().layer(BaseUriLayer::new(instance.clone())).layer(layer).service(hyper);
    let response = stack.oneshot(list()).await.map_err(AnyError::from)?;
    println!("{name:12} {}", response.status());
    if response.status().is_success() { Ok(()) } else { Err(format!("{name} did not get in").into()) }
}
