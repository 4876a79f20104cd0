//! A person's browser, driven through a login of a desktop program: headless Chromium by chromedriver.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use snow_client::{OAuthClient, Transport, oauth::Loopback};
use std::env::var;
use tokio::sync::oneshot;

/// A session of chromedriver.
struct Driver {
    http: Client<HttpConnector, Full<Bytes>>,
    base: String,
}

impl Driver {
    async fn start(driver: &str) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        let mut session = Self { http, base: format!("{driver}/session") };
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=900,700",
        ];
        let options = json!({ "goog:chromeOptions": { "args": arguments } });
        let made =
            session.call(Method::POST, "", json!({ "capabilities": { "alwaysMatch": options } })).await;
        session.base = format!("{driver}/session/{}", made["sessionId"].as_str().unwrap());
        session
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let body = if method == Method::GET { Bytes::new() } else { body.to_string().into() };
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json").body(Full::new(body)).unwrap();
        let answer = self.http.request(request).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let mut answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(status.is_success(), "{path}: {answer}");
        answer["value"].take()
    }

    async fn element(&self, css: &str) -> String {
        let found =
            self.call(Method::POST, "/element", json!({ "using": "css selector", "value": css })).await;
        let id = found.as_object().unwrap().values().next().unwrap().as_str().unwrap();
        format!("/element/{id}")
    }

    async fn write(&self, css: &str, text: &str) {
        let element = self.element(css).await;
        self.call(Method::POST, &format!("{element}/value"), json!({ "text": text })).await;
    }

    async fn click(&self, css: &str) {
        let element = self.element(css).await;
        self.call(Method::POST, &format!("{element}/click"), json!({})).await;
    }

    async fn text(&self) -> String {
        let body = self.element("body").await;
        self.call(Method::GET, &format!("{body}/text"), Value::Null).await.as_str().unwrap().to_owned()
    }

    /// A picture of what the person sees, for a person to look at.
    async fn picture(&self, name: &str) {
        use base64::Engine;
        let encoded = self.call(Method::GET, "/screenshot", Value::Null).await;
        let png = base64::prelude::BASE64_STANDARD.decode(encoded.as_str().unwrap()).unwrap();
        std::fs::write(format!("{}/{name}.png", var("SNOW_INTEROP_PICTURES").unwrap()), png).unwrap();
    }
}

#[tokio::test]
#[ignore = "cargo xtask interop runs it"]
async fn a_person_logs_a_desktop_program_in() {
    let url = var("SNOW_INTEROP_URL").expect("SNOW_INTEROP_URL is set: cargo xtask interop does it");
    let transport = Transport::builder().no_proxy().build().unwrap();
    let builder = OAuthClient::builder().instance(url).client_id("desktop").public_client(true);
    let client = builder.transport(transport).build().unwrap();
    let loopback = Loopback::bind(0, "/callback").await.unwrap();
    let (show, shown) = oneshot::channel();
    let program = client.clone();
    let login = tokio::spawn(async move {
        loopback.log_in(program.oauth(), |url| show.send(url.to_owned()).unwrap()).await
    });

    let browser = Driver::start(&var("SNOW_INTEROP_DRIVER").unwrap()).await;
    browser.call(Method::POST, "/url", json!({ "url": shown.await.unwrap() })).await;
    browser.picture("1-login").await;
    browser.write("#user_name", "myusername").await;
    browser.write("#user_password", "wrong").await;
    browser.click("button[type=submit]").await;
    browser.picture("2-refused").await;
    browser.write("#user_password", "mypassword").await;
    if browser
        .call(Method::GET, &format!("{}/property/value", browser.element("#user_name").await), Value::Null)
        .await
        == ""
    {
        browser.write("#user_name", "myusername").await;
    }
    browser.click("button[type=submit]").await;
    browser.picture("3-consent").await;
    assert!(browser.text().await.contains("desktop"), "the page names the program");
    browser.click("button[value=allow]").await;
    browser.picture("4-back").await;
    assert!(browser.text().await.contains("You are logged in"));
    browser.call(Method::DELETE, "", json!({})).await;

    let token = login.await.unwrap().unwrap();
    assert_eq!(client.token(), Some(token));
    assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1);
}
