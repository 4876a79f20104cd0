//! `Client` and `OAuthClient` can be stored and shared anywhere, and their futures can be spawned.

use snow_client::{
    Client, Error, OAuthClient, Record, Table,
    oauth::Token,
    table::{GetRecord, Page},
};

fn anywhere<T: Clone + Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
fn sendable<T: Send + 'static>(_: &T) {}

#[test]
fn no_type_parameters_and_send_and_sync() {
    anywhere::<Client>();
    anywhere::<OAuthClient>();
    anywhere::<Table>();
    anywhere::<Record>();
    anywhere::<Page>();
    anywhere::<Token>();
    anywhere::<Error>();
    anywhere::<snow_auth::BasicAuthLayer>();
    anywhere::<snow_auth::OAuthLayer>();
    anywhere::<snow_core::Transport>();
    anywhere::<snow_core::HttpService>();
}

#[test]
fn futures_are_send() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let get: GetRecord<Record> = client.table("incident").get("global");
    sendable(&get.into_future());
    sendable(&client.table("incident").list().into_future());
    sendable(&client.table("incident").create(&serde_json::json!({})).into_future());
    let oauth: &'static OAuthClient = Box::leak(Box::new(crate::oauth_client(&simulator)));
    sendable(&oauth.generate_token("admin", "secret"));
}

#[test]
fn clients_are_built_without_a_runtime_and_small() {
    let simulator = crate::simulator();
    crate::client(&simulator);
    crate::oauth_client(&simulator);
    Client::builder().instance("http://127.0.0.1:1").user("a").password("b").build().unwrap();
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
    assert!(size_of::<Client>() <= 128, "{}", size_of::<Client>());
}
