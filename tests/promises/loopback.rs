//! A program without a web server can log in a person: it listens on 127.0.0.1, and the browser returns there.

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use snow_client::{
    Error, ErrorKind, OAuthClient,
    oauth::{Loopback, Token},
};
use snow_sim::{OAuthApplication, Simulator};
use std::time::Duration;
use tokio::sync::oneshot;

pub(crate) fn simulator(redirect: &str) -> Simulator {
    let application = OAuthApplication::public("my-id").redirect_uri(redirect);
    Simulator::builder().user("admin", "secret").oauth_application(application).build().unwrap()
}

pub(crate) fn client(simulator: &Simulator) -> OAuthClient {
    let builder = OAuthClient::builder().instance("dev12345").transport(simulator.clone());
    builder.client_id("my-id").public_client(true).build().unwrap()
}

pub(crate) async fn open(url: &str) -> (u16, String) {
    let browser: Client<_, Empty<bytes::Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let answer = browser.get(url.parse().unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let page = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(page.to_vec()).unwrap())
}

/// The login under way: where the person is sent, and what becomes of it.
pub(crate) async fn begin(
    loopback: Loopback,
    client: &OAuthClient,
) -> (String, tokio::task::JoinHandle<Result<Token, Error>>) {
    let (show, shown) = oneshot::channel();
    let client = client.clone();
    let login = tokio::spawn(async move {
        loopback.log_in(client.oauth(), |url| show.send(url.to_owned()).unwrap()).await
    });
    (shown.await.unwrap(), login)
}

#[tokio::test]
async fn the_browser_is_told_and_the_program_goes_on() {
    let loopback = Loopback::bind(0, "/callback").await.unwrap();
    let redirect = loopback.redirect_uri().to_owned();
    let simulator = simulator(&redirect);
    let client = client(&simulator);
    let (url, login) = begin(loopback, &client).await;

    // Others who knock there are told so, and the login goes on.
    assert_eq!(open(&redirect.replace("/callback", "/favicon.ico")).await.0, 404);
    let (status, page) = open(&format!("{redirect}?code=stolen&state=another")).await;
    assert!(status == 400 && page.contains("Not this login"), "{page}");

    let address = crate::browser::log_in(&simulator, &url, "admin", "secret").await;
    assert!(address.starts_with(&redirect), "{address}");
    let (status, page) = open(&address).await;
    assert!(status == 200 && page.contains("You are logged in"), "{page}");
    let token = login.await.unwrap().unwrap();
    assert_eq!(client.token(), Some(token));
    assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_person_who_says_no_is_an_error_that_says_so() {
    let loopback = Loopback::bind(0, "/callback").await.unwrap();
    let redirect = loopback.redirect_uri().to_owned();
    let simulator = simulator(&redirect);
    let client = client(&simulator);
    let (url, login) = begin(loopback, &client).await;
    let state = url.split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap().to_owned();
    let (status, page) = open(&format!("{redirect}?error=access_denied&state={state}")).await;
    assert!(status == 200 && page.contains("You are not logged in"), "{page}");
    let error = login.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenRefused);
    assert!(error.to_string().contains("access_denied"), "{error}");
    assert_eq!(simulator.token_requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_for_ever_and_a_port_that_is_taken_is_named() {
    let loopback = Loopback::bind(0, "/callback").await.unwrap();
    let port = loopback.redirect_uri().rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
    let taken = Loopback::bind(port.parse().unwrap(), "/callback").await.unwrap_err();
    assert!(taken.to_string().contains(&port), "{taken}");
    assert_eq!(Loopback::bind(0, "callback").await.unwrap_err().kind(), ErrorKind::InvalidInput);

    let client = client(&simulator(loopback.redirect_uri()));
    let loopback = loopback.patience(Duration::from_secs(60));
    let error = loopback.log_in(client.oauth(), |_| {}).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("60s"), "{error}");
}
