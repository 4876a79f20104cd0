//! Credentials from files, pasted text, browsers and redirects are used as they are, or refused with an error that says why.

use crate::loopback::{begin, client as public_client, open, simulator as with_redirect};
use crate::temp_folder::TempFolder;
use snow_auth::{ApiKeyLayer, BasicAuthLayer, BearerAuthLayer};
use snow_client::{
    Client, Error, ErrorKind, OAuthClient,
    oauth::{Algorithm, FileStore, Grant, JwtBearer, KeySigner, Loopback, StoreWrite, Token, TokenStore},
};
use snow_core::{Body, Instance};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn saved(store: &FileStore, token: &str) {
    let lease = store.lease().await.unwrap();
    assert_eq!(store.save(&Token::new(token), &lease).await.unwrap(), StoreWrite::Applied);
    drop(lease);
    assert_eq!(store.load().await.unwrap(), Some(Token::new(token)));
}

#[tokio::test]
async fn files_of_others_beside_the_token_stay() {
    let folder = TempFolder::new();
    let others =
        ["backup.new", "2024-1.new", "1-1.new", "snow-a-1.new", "snow-1-.new", "snow-1-1.new.bak", "new"];
    for name in others {
        fs::write(folder.file(format!("token.json.{name}")), "theirs").unwrap();
    }
    let store = FileStore::new(folder.file("token.json"));
    fs::write(folder.file("token.json.snow-1-1.new"), "{").unwrap();
    saved(&store, "a").await;
    for name in others {
        assert_eq!(fs::read_to_string(folder.file(format!("token.json.{name}"))).unwrap(), "theirs");
    }
    assert!(!folder.file("token.json.snow-1-1.new").exists(), "what a killed process began is cleared away");
}

#[tokio::test]
async fn an_empty_file_is_no_token_yet() {
    let folder = TempFolder::new();
    for content in ["", "\n", "  \r\n"] {
        let simulator = crate::simulator();
        fs::write(folder.file("token.json"), content).unwrap();
        let builder = crate::oauth_builder()
            .transport(simulator.clone())
            .token_store(FileStore::new(folder.file("token.json")));
        let without = builder.clone().build().unwrap();
        assert_eq!(without.table("incident").list().limit(1).await.unwrap_err().kind(), ErrorKind::NoToken);
        let client = builder.grant(Grant::password("admin", "secret")).build().unwrap();
        assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1);
        assert_eq!(simulator.token_requests(), 1);
    }
}

#[cfg(unix)]
fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).unwrap().is_symlink()
}

/// As a secret is mounted: `token.json -> ..data/token.json`, `..data -> ..v1`.
#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_is_written_through() {
    use std::os::unix::fs::symlink;
    let folder = TempFolder::new();
    fs::create_dir_all(folder.file("mount/..v1")).unwrap();
    symlink("..v1", folder.file("mount/..data")).unwrap();
    symlink("..data/token.json", folder.file("mount/token.json")).unwrap();
    symlink(folder.file("mount/token.json"), folder.file("link.json")).unwrap();
    let (through, direct) =
        (FileStore::new(folder.file("link.json")), FileStore::new(folder.file("mount/..v1/token.json")));
    assert_eq!(through.load().await.unwrap(), None, "a link to nothing is no token yet");
    for token in ["first", "second"] {
        saved(&through, token).await;
        assert_eq!(direct.load().await.unwrap(), Some(Token::new(token)));
    }
    assert!(is_link(&folder.file("link.json")) && is_link(&folder.file("mount/token.json")));
    assert!(!is_link(&folder.file("mount/..v1/token.json")));

    let lease = through.lease().await.unwrap();
    let impatient = direct.lease_wait(std::time::Duration::ZERO);
    assert!(impatient.lease().await.is_err(), "both lock the same file");
    drop(lease);
    let lease = through.lease().await.unwrap();
    assert_eq!(through.remove(&lease).await.unwrap(), StoreWrite::Applied);
    drop(lease);
    assert!(is_link(&folder.file("link.json")) && !folder.file("mount/..v1/token.json").exists());

    symlink("b.json", folder.file("a.json")).unwrap();
    symlink("a.json", folder.file("b.json")).unwrap();
    let error = FileStore::new(folder.file("a.json")).load().await.unwrap_err().to_string();
    assert!(error.contains("a.json") && error.contains("symbolic links"), "{error}");
}

/// Whatever stands at an end of the text and was not typed.
const UNTYPED: [(&str, &str, &str); 7] = [
    ("", "\n", "line end"),
    ("", "\r\n", "line end"),
    ("", "\r", "line end"),
    ("", "\0", "control character"),
    ("", "\u{1b}", "control character"),
    ("\t", "", "control character"),
    ("\u{feff}", "", "byte order mark"),
];

#[tokio::test]
async fn a_credential_with_what_nobody_typed_is_refused_before_anything_is_sent() {
    let simulator = crate::simulator();
    let origin = Instance::parse("dev12345").unwrap().origin().clone();
    let key = || KeySigner::from_pem(Algorithm::Rs256, include_str!("rsa_key.pem")).unwrap();
    let oauth = || OAuthClient::builder().instance("dev12345").transport(simulator.clone());
    let with_client = || oauth().client_id("my-id").client_secret("my-secret");
    let client = || Client::builder().instance("dev12345").transport(simulator.clone());
    let login = with_client().build().unwrap();
    for (before, after, cause) in UNTYPED {
        let odd = format!("{before}canary{after}");
        let odd = odd.as_str();
        let mut refused: Vec<(&str, Option<Error>)> = vec![
            ("user", client().user(odd).password("secret").build().err()),
            ("password", client().user("admin").password(odd).build().err()),
            ("user", BasicAuthLayer::new(&origin, odd, "secret").err()),
            ("password", BasicAuthLayer::new(&origin, "admin", odd).err()),
            ("client_id", oauth().client_id(odd).client_secret("my-secret").build().err()),
            ("client_secret", oauth().client_id("my-id").client_secret(odd).build().err()),
            ("scope", with_client().scope(odd).build().err()),
            ("user", with_client().grant(Grant::password(odd, "secret")).build().err()),
            ("password", with_client().grant(Grant::password("admin", odd)).build().err()),
            ("subject", with_client().grant(Grant::jwt_bearer(JwtBearer::new(odd, key()))).build().err()),
            (
                "issuer",
                with_client().grant(Grant::jwt_bearer(JwtBearer::new("a", key()).issuer(odd))).build().err(),
            ),
            ("shared secret", KeySigner::from_secret(Algorithm::Hs256, odd).err()),
            ("user", login.generate_token(odd, "secret").await.err()),
            ("password", login.generate_token("admin", odd).await.err()),
        ];
        let proxy = || snow_core::transport::Proxy::new("http://proxy.example.com:3128").unwrap();
        refused.push(("user", proxy().credentials(odd, "secret").err()));
        refused.push(("password", proxy().credentials("admin", odd).err()));
        if before.is_empty() {
            refused.push(("bearer token", BearerAuthLayer::new(&origin, odd).err()));
        }
        refused.push(("API key", ApiKeyLayer::new(&origin, odd).err()));
        for (what, error) in refused {
            let error = error.unwrap_or_else(|| panic!("the {what} {odd:?} was accepted"));
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
            assert!(text.contains(what) && text.contains(cause) && !text.contains("canary"), "{text}");
        }
    }
    assert_eq!(simulator.token_requests(), 0);
    assert!(simulator.journal().is_empty());
    // A space at the end may be meant so.
    assert!(client().user("admin").password("secret ").build().is_ok());
}

/// Where the browser is sent, with the state of this login.
fn answer(redirect: &str, url: &str) -> String {
    let state = url.split('&').find_map(|pair| pair.strip_prefix("state=")).unwrap();
    format!("{redirect}?code=anything&state={state}")
}

#[tokio::test]
async fn the_browser_is_told_what_became_of_the_exchange() {
    let refuses = r#"{"error":"invalid_grant","error_description":"<script>alert('x')</script>"}"#;
    let grants = r#"{"access_token":"abc","expires_in":1799}"#;
    for (status, body, shown) in [
        (400, refuses, "You are not logged in"),
        (503, "", "You are not logged in"),
        (200, grants, "You are logged in"),
    ] {
        let asked = Arc::new(tokio::sync::Notify::new());
        let release = Arc::new(tokio::sync::Notify::new());
        let (asks, waits) = (asked.clone(), release.clone());
        let endpoint = tower::service_fn(move |_: http::Request<Body>| {
            let (asks, waits) = (asks.clone(), waits.clone());
            async move {
                asks.notify_one();
                waits.notified().await;
                let response =
                    http::Response::builder().status(status).header("content-type", "application/json");
                response.body(Body::from(body))
            }
        });
        let client = OAuthClient::builder().instance("dev12345").transport(endpoint);
        let client = client.client_id("my-id").public_client(true).build().unwrap();
        let loopback = Loopback::bind(0, "/callback").await.unwrap();
        let redirect = loopback.redirect_uri().to_owned();
        let (url, login) = begin(loopback, &client).await;
        let address = answer(&redirect, &url);
        let page = tokio::spawn(async move { open(&address).await });
        asked.notified().await;
        // The exchange is under way: others are served, and nobody is told how it ends.
        assert_eq!(open(&redirect.replace("/callback", "/favicon.ico")).await.0, 404);
        assert!(!page.is_finished());
        release.notify_one();
        let (code, page) = page.await.unwrap();
        assert_eq!((code, page.contains(shown)), (200, true), "{page}");
        assert!(!page.contains("<script>"), "{page}");
        assert_eq!(page.contains("&lt;script&gt;"), status == 400, "{page}");
        assert_eq!(login.await.unwrap().is_ok(), status == 200);
    }
}

#[tokio::test]
async fn connections_that_ask_for_nothing_do_not_stop_a_login() {
    let loopback = Loopback::bind(0, "/callback").await.unwrap();
    let redirect = loopback.redirect_uri().to_owned();
    let simulator = with_redirect(&redirect);
    let client = public_client(&simulator);
    let (url, login) = begin(loopback, &client).await;
    let address = redirect.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let mut idle = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        if number % 2 == 0 {
            stream.write_all(b"GET /callb").await.unwrap(); // and no more
        }
        idle.push(stream);
    }
    let back = crate::browser::log_in(&simulator, &url, "admin", "secret").await;
    let (status, page) = open(&back).await;
    assert!(status == 200 && page.contains("You are logged in"), "{page}");
    login.await.unwrap().unwrap();
    // Those that made room were closed.
    let mut nothing = [0];
    assert!(
        idle[0].read(&mut nothing).await.is_ok_and(|read| read == 0)
            || idle[0].read(&mut nothing).await.is_err()
    );
}

/// A token endpoint that has moved is not a login page, whatever its own path is called.
#[tokio::test]
async fn a_redirect_of_the_token_endpoint_says_where_it_leads() {
    for (location, kind, shown) in [
        (
            "https://new.example.com/oauth_token.do?code=canary",
            ErrorKind::Redirected,
            "https://new.example.com/oauth_token.do",
        ),
        ("https://dev12345.service-now.com/oauth_token.do/", ErrorKind::Redirected, "/oauth_token.do/"),
        ("/oauth/token", ErrorKind::Redirected, "/oauth/token"),
        (
            "https://gateway.example.com/oauth2/authorize?x=canary",
            ErrorKind::Redirected,
            "gateway.example.com/oauth2/authorize",
        ),
        ("/login.do?canary=1", ErrorKind::LoginPage, "/login.do"),
        ("/saml_redirector.do;jsessionid=canary", ErrorKind::LoginPage, "/saml_redirector.do"),
        ("https://sso.example.com/start", ErrorKind::LoginPage, "https://sso.example.com/start"),
        ("https://developer.servicenow.com/dev.do?canary", ErrorKind::Hibernating, "hibernating"),
    ] {
        for status in [301, 302, 307, 308] {
            let asked = Arc::new(AtomicUsize::new(0));
            let counted = asked.clone();
            let endpoint = tower::service_fn(move |_: http::Request<Body>| {
                counted.fetch_add(1, Ordering::SeqCst);
                let response = http::Response::builder().status(status).header("location", location);
                std::future::ready(response.body(Body::empty()))
            });
            let client = crate::oauth_builder().transport(endpoint).build().unwrap();
            let error = client.generate_token("admin", "secret").await.unwrap_err();
            assert_eq!(error.kind(), kind, "{status} {location}: {error}");
            let text = error.to_string();
            assert!(text.contains(shown) && !text.contains("canary"), "{text}");
            assert_eq!(asked.load(Ordering::SeqCst), 1, "no redirect is followed");
        }
    }
}

#[tokio::test]
async fn a_number_in_place_of_a_sys_id_is_told() {
    let client = crate::client(&crate::simulator());
    let error = client.table("incident").get("INC0099999").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("looks like a number"), "{error}");
    for id in ["a9e30c7dc61122760116894de7bcc7b0", "A1", "INC", "0099999", "GLOBAL"] {
        let error = client.table("incident").get(id).await.unwrap_err();
        assert!(!error.to_string().contains("looks like a number"), "{error}");
    }
    let path = client.api("/api/x_acme/orders?y=1").get().record().await.unwrap_err();
    assert!(path.to_string().contains("has parameters"), "{path}");
}
