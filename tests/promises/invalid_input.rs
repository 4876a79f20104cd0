//! Invalid input is refused with an error that names the problem, before anything is sent.

use serde_json::json;
use snow_client::{Client, Error, ErrorKind, OAuthClient, Transport};

fn refused<T: std::fmt::Debug>(result: Result<T, Error>, why: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().contains(why), "{error}");
    assert!(!error.may_have_executed() && !error.is_retryable());
}

#[test]
fn instances() {
    let build = |instance: &str| Client::builder().instance(instance).user("a").password("b").build();
    for (instance, why) in [
        ("x.evil.com#", "'#'"),
        ("a b", "' '"),
        ("user@host", "'@'"),
        ("", "empty"),
        ("http://dev1.service-now.com", "plain http"),
        ("https://dev1.service-now.com/a?b", "'?'"),
    ] {
        refused(build(instance), why);
    }
    assert!(build("http://127.0.0.1:8080").is_ok());
}

#[test]
fn clients() {
    let new = Client::builder;
    refused(
        new().instance("dev1").host("dev1.example.com").user("a").password("b").build(),
        "both instance and host",
    );
    refused(new().user("a").password("b").build(), "no instance");
    refused(new().host("dev1").user("a").password("b").build(), "not a full name");
    refused(new().instance("dev1").user("").password("b").build(), "user is empty");
    refused(new().instance("dev1").user("a").password("").build(), "password is empty");
    refused(new().instance("dev1").user("a").build(), "without a password");
    refused(new().instance("dev1").password("b").build(), "without a user");
    refused(new().instance("dev1").build(), "no way to log in");
    refused(new().instance("dev1").user("a").password("b").user_agent("a\nb").build(), "user agent");
    refused(new().instance("dev1").user("a").password("b").stack(crate::simulator()).build(), "whole stack");
    refused(
        new().instance("dev1").transport(crate::simulator()).stack(crate::simulator()).build(),
        "both a transport",
    );
    refused(OAuthClient::builder().instance("dev1").client_secret("b").build(), "client_id");
    refused(OAuthClient::builder().instance("dev1").client_id("a").build(), "client_secret");
    refused(Transport::builder().connect_timeout(std::time::Duration::ZERO).build(), "zero");
}

#[tokio::test]
async fn calls() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    refused(client.table("inc/ident").list().await, "'/'");
    refused(client.table("").list().await, "empty");
    refused(client.table("incident").get("../sys_user").await, "'/'");
    refused(client.table("incident").update("", &json!({})).await, "empty");
    refused(client.table("incident").delete("..").await, "step");
    refused(client.table("incident").create(&["a list"]).await, "not an object");
    refused(client.table("incident").list().param("", "x").await, "no name");
    assert_eq!(simulator.journal(), []);
}

#[tokio::test]
async fn an_oauth_client_without_a_token_says_what_to_call() {
    let simulator = crate::simulator();
    let client = crate::oauth_client(&simulator);
    let error = client.table("incident").list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoToken);
    assert!(
        error.to_string().contains(
            "log in with generate_token(user, password), log_in(grant) or a browser (authorization()), or set a stored token with \
             set_token(token)"
        ),
        "{error}"
    );
    refused(client.generate_token("", "b").await, "user is empty");
    refused(client.generate_token("a", "").await, "password is empty");
    assert_eq!(simulator.journal(), []);
}
