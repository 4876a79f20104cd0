//! Tokens that pysnow stored can be read here, and tokens stored here can be read by pysnow.

use snow_client::oauth::Token;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// As `json.dump(client.token)` writes it.
const STORED: &str = r#"{"access_token": "abc", "refresh_token": "def", "scope": ["useraccount"], "token_type": "Bearer",
    "expires_in": 1799, "expires_at": 1767225600.7389}"#;

#[tokio::test]
async fn a_token_stored_by_pysnow_is_used_and_refreshed() {
    let token: Token = serde_json::from_str(STORED).unwrap();
    assert_eq!(token.access_token().expose(), "abc");
    assert_eq!(token.refresh_token().unwrap().expose(), "def");
    assert_eq!(
        token.expires_at().unwrap(),
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(1_767_225_600.738_9)
    );

    // The same token, with the refresh token of a session that the instance knows.
    let simulator = crate::simulator();
    let session = crate::oauth_client(&simulator).generate_token("admin", "secret").await.unwrap();
    simulator.revoke_access_tokens();
    let stored = STORED.replace("def", session.refresh_token().unwrap().expose());
    let token: Token = serde_json::from_str(&stored).unwrap();

    let updated: Arc<Mutex<Option<Token>>> = Arc::default();
    let saving = updated.clone();
    let client = crate::oauth_builder()
        .transport(simulator.clone())
        .token_updater(move |token: Token| {
            *saving.lock().unwrap() = Some(token);
            async { Ok::<_, std::io::Error>(()) }
        })
        .build()
        .unwrap();
    client.set_token(token).unwrap();
    assert!(client.table("incident").list().limit(1).await.is_ok());
    assert_eq!(simulator.token_requests(), 2);
    assert!(
        simulator.journal().iter().all(|entry| entry.status == 200),
        "it was refreshed before it was used"
    );
    let updated = serde_json::to_value(updated.lock().unwrap().as_ref().unwrap()).unwrap();
    for key in ["access_token", "refresh_token", "scope", "token_type", "expires_in", "expires_at"] {
        assert!(!updated[key].is_null(), "{key}");
    }
}

#[tokio::test]
async fn a_token_obtained_here_has_the_six_keys_that_pysnow_wants() {
    let token = crate::oauth_client(&crate::simulator()).generate_token("admin", "secret").await.unwrap();
    let written = serde_json::to_value(&token).unwrap();
    for key in ["access_token", "refresh_token", "scope", "token_type"] {
        assert!(!written[key].as_str().unwrap().is_empty(), "{key}");
    }
    assert_eq!(written["expires_in"], 1_800);
    let ends = written["expires_at"].as_f64().unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now + 1_700.0..now + 1_801.0).contains(&ends), "{ends} is not half an hour from {now}");
    assert_eq!(serde_json::from_value::<Token>(written).unwrap(), token);
}

#[test]
fn unknown_keys_are_kept() {
    let stored = r#"{"access_token":"a","token_type":"Bearer","format":{"x":[1,null]}}"#;
    let token: Token = serde_json::from_str(stored).unwrap();
    assert_eq!(serde_json::to_string(&token).unwrap(), stored);
}

#[test]
fn the_official_token_answers_are_tokens() {
    for name in ["oauth_token_response_1799.json", "oauth_token_response_1800.json"] {
        let Some(folder) = std::env::var_os("SNOW_SAMPLES") else { return };
        let sample = std::fs::read(std::path::Path::new(&folder).join(name)).unwrap();
        let token: Token = serde_json::from_slice(&sample).unwrap();
        assert!(token.access_token().expose().len() > 60 && token.refresh_token().is_some());
    }
}
