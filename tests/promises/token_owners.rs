//! A stored token names its instance and its client: two that were given one place do not send each other's token, nor replace it.

use crate::temp_folder::TempFolder;
use snow_client::{
    ErrorKind, OAuthClient,
    client::OAuthClientBuilder,
    oauth::{FileStore, Grant, MemoryStore, StorePolicy, Token, TokenStore},
};
use snow_sim::Simulator;

fn builder(simulator: &Simulator, instance: &str, client_id: &str) -> OAuthClientBuilder {
    let builder = OAuthClient::builder().instance(instance).client_id(client_id).client_secret("my-secret");
    builder.transport(simulator.clone())
}

async fn read(client: &OAuthClient) -> Result<(), snow_client::Error> {
    client.table("incident").list().limit(1).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_instance_or_client_is_neither_sent_nor_replaced() {
    let simulator = crate::simulator();
    let store = MemoryStore::new();
    let own = builder(&simulator, "dev12345", "my-id").token_store(store.clone()).build().unwrap();
    let token = own.generate_token("admin", "secret").await.unwrap();
    assert_eq!(
        (token.instance(), token.client_id()),
        (Some("https://dev12345.service-now.com"), Some("my-id"))
    );
    let _ = simulator.take_journal();
    let requests = simulator.token_requests();

    for (instance, client_id) in [("dev67890", "my-id"), ("dev12345", "other-id")] {
        for policy in [StorePolicy::Required, StorePolicy::BestEffort] {
            let other =
                builder(&simulator, instance, client_id).token_store(store.clone()).store_policy(policy);
            let other = other.grant(Grant::client_credentials()).build().unwrap();
            let error = read(&other).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TokenNotLoaded, "{error}");
            assert!(!error.may_have_executed());
            let text = error.to_string();
            assert!(text.contains("dev12345.service-now.com") && text.contains("my-id"), "{text}");
            assert!(
                text.contains("place of its own") && !text.contains(token.access_token().expose()),
                "{text}"
            );
            assert_eq!(other.set_token(token.clone()).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
    assert_eq!(
        (simulator.take_journal().len(), simulator.token_requests()),
        (0, requests),
        "nothing was sent"
    );

    let other = builder(&simulator, "dev67890", "my-id").token_store(store.clone()).build().unwrap();
    let error = other.generate_token("admin", "secret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved, "a login does not replace it either: {error}");
    let Ok(stored) = store.load().await;
    assert_eq!(stored, Some(token));
    read(&own).await.unwrap();
}

/// Such as one that pysnow stored.
#[tokio::test]
async fn a_token_without_a_name_is_adopted_and_named_by_the_next_refresh() {
    let simulator = crate::simulator();
    let folder = TempFolder::new();
    let file = folder.file("token.json");
    let store = FileStore::new(&file);
    let own = builder(&simulator, "dev12345", "my-id").token_store(store.clone()).build().unwrap();
    own.generate_token("admin", "secret").await.unwrap();
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for name in ["snow_instance", "snow_client_id"] {
        assert!(json.as_object_mut().unwrap().remove(name).is_some(), "{name}");
    }
    std::fs::write(&file, json.to_string()).unwrap();
    let next = builder(&simulator, "dev12345", "my-id").token_store(store.clone()).build().unwrap();
    read(&next).await.unwrap();
    simulator.revoke_access_tokens();
    read(&next).await.unwrap();
    let stored = store.load().await.unwrap().unwrap();
    assert_eq!(stored.instance(), Some("https://dev12345.service-now.com"));
    assert_eq!(next.set_token(Token::new("of somebody")).map_err(|error| error.kind()), Ok(()));
}
