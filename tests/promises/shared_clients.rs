//! Clients of many users share connections and a limit, and nothing of their logins.

use crate::{client, simulator, slow_simulator};
use futures_util::future::join_all;
use snow_client::{Client, ErrorKind, OAuthClient};
use snow_sim::{Fault, Simulator, User};
use std::time::Duration;

async fn user_name(client: &Client) -> String {
    client.me().await.unwrap().user_name
}

#[tokio::test]
async fn each_client_logs_in_as_its_own_user_over_the_same_connections() {
    let simulator = Simulator::builder()
        .user("admin", "secret")
        .user_with(User::new("anna", "secret").role("itil"))
        .user_with(User::new("ben", "secret").role("itil"))
        .oauth_client("my-id", "my-secret")
        .build()
        .unwrap();
    let listener = simulator.listen().await.unwrap();
    let admin = Client::builder().instance(listener.url()).user("admin").password("secret").build().unwrap();
    let anna = Client::builder().shared_with(&admin).user("anna").password("secret").build().unwrap();
    let ben = OAuthClient::builder().shared_with(&anna).client_id("my-id").client_secret("my-secret");
    let ben = ben.build().unwrap();
    ben.generate_token("ben", "secret").await.unwrap();
    for _ in 0..3 {
        assert_eq!(user_name(&admin).await, "admin");
        assert_eq!(user_name(&anna).await, "anna");
        assert_eq!(user_name(&ben).await, "ben");
    }
    assert_eq!(simulator.connections(), 1, "one after the other, requests need one connection");
}

#[tokio::test(start_paused = true)]
async fn the_limit_counts_the_requests_of_all() {
    let simulator = slow_simulator();
    let builder = Client::builder().instance("dev1").user("admin").password("secret").concurrency(2);
    let first = builder.transport(simulator.clone()).build().unwrap();
    let second = Client::builder().shared_with(&first).user("admin").password("secret").build().unwrap();
    let begin = tokio::time::Instant::now();
    let calls =
        [&first, &second, &first, &second].map(|client| client.table("incident").list().limit(1).send());
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    // Each takes 100 ms, and two at a time may run.
    assert_eq!(begin.elapsed().as_millis() / 100, 2);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_of_one_user_does_not_pause_another() {
    let simulator = simulator();
    let first = client(&simulator);
    let second = Client::builder().shared_with(&first).user("admin").password("secret").max_attempts(1);
    let second = second.build().unwrap();
    simulator.fail(Fault::RateLimited(Duration::from_secs(30))).times(1);
    let error = second.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    let begin = tokio::time::Instant::now();
    first.table("incident").list().limit(1).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    second.table("incident").list().limit(1).await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 30);
}

#[test]
fn what_cannot_be_shared_is_refused() {
    let first = client(&simulator());
    let login = || Client::builder().user("admin").password("secret");
    let same = login().instance(first.instance().clone()).shared_with(&first);
    assert!(same.build().is_ok());
    let stack = Client::builder().instance("dev1").stack(simulator()).build().unwrap();
    for (builder, why) in [
        (login().shared_with(&first).instance("dev2"), "another instance"),
        (login().shared_with(&first).transport(simulator()), "both a transport and a client to share with"),
        (login().shared_with(&first).concurrency(3), "both a concurrency limit and a client to share with"),
        (login().shared_with(&stack), "a whole stack of its own"),
        (Client::builder().shared_with(&first), "no way to log in is given"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why), "{error}");
    }
}
