//! The error of a login names the policy that may have refused it, and what to do: restricted basic logins, keys and tokens that a policy
//! does not allow, roles that a token needs. And whoever has to log in again is told to do it as before.

use snow_client::{
    Client, Error, ErrorKind, OAuthClient,
    client::{ClientBuilder, OAuthClientBuilder},
    error::LoginUsed,
    oauth::{Grant, Token},
};
use snow_core::decode::ApiResponse;
use snow_sim::{AccessPolicy, BasicRestriction, LoginMethod, OAuthApplication, Simulator, User};
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(1_800);
const THREE_WAYS: [&str; 4] =
    ["cannot be told apart", "web service access only", "snc_basic_auth_api_access", "a login with OAuth"];

async fn read(client: &Client) -> Result<usize, Error> {
    client.table("incident").list().limit(1).await.map(|page| page.len())
}

fn advises(error: &Error, parts: &[&str]) {
    let advice = error.advice().unwrap_or_default();
    for part in parts {
        assert!(advice.contains(part), "{part:?} is not in the advice of {error}");
    }
    assert!(error.to_string().ends_with(advice), "{error}");
}

fn client(simulator: &Simulator) -> ClientBuilder {
    Client::builder().instance("dev12345").transport(simulator.clone())
}

fn oauth(simulator: &Simulator) -> OAuthClientBuilder {
    crate::oauth_builder().transport(simulator.clone())
}

#[tokio::test]
async fn a_password_and_a_restricted_login_of_every_kind_of_account() {
    let user = |name: &str| User::new(name, "secret").role("itil");
    let simulator = Simulator::builder()
        .user("admin", "secret")
        .user_with(user("integration").web_service_access_only())
        .user_with(user("granted").role("snc_basic_auth_api_access"))
        .user_with(user("mid").role("mid_server"))
        .user_with(user("partner").role("snc_external"))
        .user_with(user("named"))
        .settings(|settings| {
            settings.basic_restriction = Some(BasicRestriction::enforced().allow_user("named"));
        })
        .build()
        .unwrap();
    for (user, password, good) in [
        ("admin", "secret", false),
        ("partner", "secret", false),
        ("admin", "not-that-one", false),
        ("nobody", "secret", false),
        ("integration", "secret", true),
        ("granted", "secret", true),
        ("mid", "secret", true),
        ("named", "secret", true),
    ] {
        let client = client(&simulator).user(user).password(password).build().unwrap();
        match read(&client).await {
            Ok(records) => assert!(good && records == 1, "{user}"),
            Err(error) => {
                assert_eq!((error.kind(), good), (ErrorKind::Unauthenticated, false), "{user} {error}");
                advises(&error, &THREE_WAYS);
                assert!(!error.to_string().contains(password), "{error}");
            }
        }
    }
    // What is advised helps, without any change on the instance.
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.basic_restriction = Some(BasicRestriction::enforced()));
    advises(&read(&crate::client(&simulator)).await.unwrap_err(), &THREE_WAYS);
    let client = oauth(&simulator).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    assert_eq!(read(&client).await.unwrap(), 1);
}

/// The scope of an OAuth application, and access policies of APIs.
fn policies() -> Simulator {
    let reports = OAuthApplication::new("my-id", "my-secret")
        .scope("reports", ["/api/now/stats", "/api/now/table/incident", "/api/now/table/problem"]);
    Simulator::builder()
        .user("admin", "secret")
        .oauth_application(reports)
        .api_key("now_key", "admin")
        .access_policy(AccessPolicy::new("/api/now/table/incident").allow(LoginMethod::Basic))
        .access_policy(AccessPolicy::new("/api/now/table/problem").allow(LoginMethod::ApiKey))
        .build()
        .unwrap()
}

const NEW_TOKEN: [&str; 3] = ["obtained a moment ago", "REST API access policy", "auth scope"];

#[tokio::test(start_paused = true)]
async fn a_good_token_that_a_policy_or_a_scope_does_not_allow() {
    let simulator = policies();
    let client = oauth(&simulator).grant(Grant::password("admin", "secret")).build().unwrap();
    // The first token, a policy: 401.
    let error = read(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    advises(&error, &NEW_TOKEN);
    assert_eq!(simulator.token_requests(), 2, "a first one, and one refresh after the 401");

    // The first token, a scope: 403.
    let client = oauth(&simulator).grant(Grant::password("admin", "secret")).build().unwrap();
    let error = client.table("change_request").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    advises(&error, &NEW_TOKEN);
    let error = client.table("change_request").create(&serde_json::json!({})).await.unwrap_err();
    assert!(error.may_have_executed());
    advises(&error, &["auth scope", "REST API access policy", "read back before trying again"]);

    // The token is good where it is allowed; elsewhere the error says so much later, too.
    assert!(client.aggregate("incident").count().await.is_ok());
    tokio::time::advance(LIFE / 2).await;
    let error = client.table("change_request").list().limit(1).await.unwrap_err();
    advises(&error, &["lacks a role", "auth scope", "REST API access policy"]);

    // Right after a refresh.
    tokio::time::advance(LIFE).await;
    let error = client.table("change_request").list().limit(1).await.unwrap_err();
    advises(&error, &NEW_TOKEN);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_can_refresh() {
    let simulator = policies();
    let login = oauth(&simulator).build().unwrap();
    let token = login.generate_token("admin", "secret").await.unwrap();
    let constant = client(&simulator).bearer_token(token.access_token().clone()).build().unwrap();
    let error = read(&constant).await.unwrap_err();
    advises(&error, &["obtain a new token", "REST API access policy", "auth scope"]);
    let given = oauth(&simulator).build().unwrap();
    given.set_token(Token::new(token.access_token().clone())).unwrap();
    advises(&read(&given).await.unwrap_err(), &["obtain a new token", "REST API access policy"]);
}

#[tokio::test]
async fn an_api_key_is_good_for_the_apis_that_list_it() {
    let simulator = policies();
    let client = client(&simulator).api_key("now_key").build().unwrap();
    assert_eq!(client.table("problem").list().limit(1).await.unwrap().len(), 1);
    let error = read(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    advises(&error, &["check the key", "REST API access policy", "authentication profile"]);
}

#[tokio::test]
async fn a_refused_token_request_names_what_it_depends_on() {
    let simulator =
        Simulator::builder().user("admin", "secret").oauth_client_as("my-id", "my-secret", "admin");
    let simulator = simulator.build().unwrap();
    let roles = ["snc_platform_rest_api_access", "system log"];
    let client = oauth(&simulator).build().unwrap();
    let refused = async |grant: Grant| client.log_in(&grant).await.unwrap_err();

    let wrong = refused(Grant::password("admin", "wrong")).await;
    advises(&wrong, &[&["check user, password", "password grant"], &roles[..]].concat());
    simulator.settings(|settings| settings.token_role = "snc_platform_rest_api_access".into());
    let role = refused(Grant::password("admin", "secret")).await;
    assert_eq!(role.to_string(), wrong.to_string(), "the instance says the same");
    let error = refused(Grant::client_credentials()).await;
    advises(
        &error,
        &[&["OAuth Application User", "client.credential.grant_type.enabled"], &roles[..]].concat(),
    );
    assert!(!error.advice().unwrap().contains("password,"), "{error}");

    let request = client.authorization("http://127.0.0.1/done").unwrap();
    let state = serde_json::to_value(&request).unwrap()["state"].as_str().unwrap().to_owned();
    let error = client.exchange_code(&request, &format!("code=old&state={state}")).await.unwrap_err();
    advises(&error, &[&["begin the login again", "redirect URI"], &roles[..]].concat());
    let denied = format!("error=access_denied&state={state}");
    let error = client.exchange_code(&request, &denied).await.unwrap_err();
    advises(&error, &["begin the login again", "web service access only"]);

    let elsewhere =
        Grant::callback(|| async { Err::<Token, _>(std::io::Error::other("the vault is sealed")) });
    let error = refused(elsewhere).await;
    assert!(error.to_string().ends_with("the vault is sealed"), "nothing is known of passwords: {error}");
}

/// Whose refresh token has died is told to do what was done before.
#[tokio::test(start_paused = true)]
async fn logging_in_again_is_advised_as_it_was_done() {
    let redirect = "https://app.example.com/done";
    let application = || OAuthApplication::new("my-id", "my-secret").redirect_uri(redirect);
    let simulator = Simulator::builder()
        .user_with(User::new("admin", "secret").role("admin").one_time_password("123456"))
        .oauth_application(application())
        .build()
        .unwrap();
    let client = || oauth(&simulator).build().unwrap();
    let dead = async |client: &OAuthClient, advice: &str| {
        simulator.revoke_refresh_tokens();
        tokio::time::advance(LIFE).await;
        let error = read(client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired, "{error}");
        advises(&error, &["log in again", advice]);
        let others = ["generate_token(", "log_in(grant)", "a browser", "set_token("];
        let named: Vec<_> = others.iter().filter(|other| error.to_string().contains(*other)).collect();
        assert_eq!(named, [&advice], "{error}");
    };

    let by_password = client();
    by_password.generate_token("admin", "secret").await.unwrap();
    dead(&by_password, "generate_token(").await;

    let by_code = client();
    let code = || async { Ok::<_, Error>("123456") };
    by_code.log_in(&Grant::one_time_password("admin", "secret", code)).await.unwrap();
    dead(&by_code, "log_in(grant)").await;

    let by_browser = client();
    let request = by_browser.authorization(redirect).unwrap();
    let back = crate::browser::log_in(&simulator, request.url(), "admin", "secret").await;
    by_browser.exchange_code(&request, &back).await.unwrap();
    dead(&by_browser, "a browser").await;

    let given = client();
    let token = client().generate_token("admin", "secret").await.unwrap();
    given.set_token(token).unwrap();
    dead(&given, "set_token(").await;
}

/// Refresh tokens are good once. The client keeps up with them; whoever kept an old one has to log in again.
#[tokio::test(start_paused = true)]
async fn rotated_refresh_tokens() {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.refresh_tokens_rotate = true);
    let client = oauth(&simulator).build().unwrap();
    let first = client.generate_token("admin", "secret").await.unwrap();
    for _ in 0..4 {
        tokio::time::advance(LIFE).await;
        assert_eq!(read(&client).await.unwrap(), 1);
    }
    assert_ne!(client.token().unwrap().refresh_token(), first.refresh_token());
    let old = oauth(&simulator).build().unwrap();
    old.set_token(first).unwrap();
    let error = read(&old).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired);
    advises(&error, &["log in again", "set_token(token)"]);
}

#[tokio::test]
async fn without_a_token_every_way_to_one_is_named() {
    let simulator = crate::simulator();
    let new = oauth(&simulator).build().unwrap();
    let ways =
        ["log in with", "generate_token(user, password)", "log_in(grant)", "a browser", "set_token(token)"];
    for error in [read(&new).await.unwrap_err(), new.revoke().await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::NoToken);
        advises(&error, &ways);
    }
    let public = OAuthClient::builder().instance("dev12345").client_id("my-id").public_client(true);
    let public = public.transport(simulator.clone()).build().unwrap();
    let error = read(&public).await.unwrap_err();
    advises(&error, &["log in with a browser", "Loopback"]);
    assert!(!error.to_string().contains("password"), "it has no secret to send one with: {error}");

    // After a logout it is as before.
    new.generate_token("admin", "secret").await.unwrap();
    new.revoke().await.unwrap();
    let error = read(&new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoToken);
    advises(&error, &["generate_token(user, password)"]);
    assert!(!error.to_string().contains("a browser"), "{error}");
}

/// What a layer of one's own says of its login.
#[test]
fn a_response_may_say_how_it_was_asked_for() {
    for (login, part) in [
        (Some(LoginUsed::Password), "cannot be told apart"),
        (Some(LoginUsed::Signature), "this machine's clock"),
        (Some(LoginUsed::NewToken), "a moment ago"),
        (None, "check the credentials"),
    ] {
        let response = http::Response::builder().status(401).header("x-transaction-id", "0123456789ab");
        let (mut head, ()) = response.body(()).unwrap().into_parts();
        login.map(|login| head.extensions.insert(login));
        let error = ApiResponse::new(head, bytes::Bytes::new()).unwrap_err();
        advises(&error, &[part]);
    }
}
