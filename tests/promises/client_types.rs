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

/// The methods of a type, from the list of the public API.
fn methods<'a>(api: &'a str, of: &str) -> std::collections::BTreeSet<&'a str> {
    let starts = ["pub fn", "pub async fn"].map(|start| format!("{start} snow_client::{of}::"));
    let all =
        api.lines().filter_map(|line| starts.iter().find_map(|start| line.strip_prefix(start.as_str())));
    let methods = all.filter(|rest| rest.contains("(&self") || rest.contains("(self"));
    methods.filter_map(|rest| rest.split(['(', '<']).next()).collect()
}

#[test]
fn an_oauth_client_hides_no_method_of_the_client_that_it_derefs_to() {
    let api = include_str!("../api/snow-client.txt");
    let (client, oauth) = (methods(api, "client::Client"), methods(api, "OAuthClient"));
    assert!(client.contains("table") && client.contains("batch_all") && oauth.contains("set_token"));
    let both: Vec<_> = client.intersection(&oauth).collect();
    assert_eq!(both, [&"clone", &"fmt"], "every type has these");
}

#[tokio::test]
async fn an_oauth_client_is_a_client_for_whoever_takes_one() {
    async fn first(client: &Client) -> Result<Record, Error> {
        client.table("incident").list().first().await
    }
    let simulator = crate::simulator();
    let oauth = crate::oauth_client(&simulator);
    oauth.generate_token("admin", "secret").await.unwrap();
    first(&oauth).await.unwrap();
    first(oauth.as_ref()).await.unwrap();
    simulator.revoke_access_tokens();
    let client = Client::from(oauth.clone());
    first(&client).await.unwrap();
    let token = oauth.token().unwrap();
    first(&client).await.unwrap();
    assert_eq!(
        format!("{:?}", oauth.token().unwrap().expires_at()),
        format!("{:?}", token.expires_at()),
        "they share the refreshed token"
    );
}
