//! How instances let programs log in, where that differs from one to the next (facts 3.2, 4.1, 4.2, 4.5, 4.6).

use crate::{ADMIN, Got, READER, builder, create, get, get_as, send};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Request;
use serde_json::{Value, json};
use snow_sim::{AccessPolicy, BasicRestriction, LoginMethod, OAuthApplication, Simulator, User};

const TABLE: &str = "/api/now/table/incident?sysparm_limit=1";
const STATS: &str = "/api/now/stats/incident?sysparm_count=true";
const PASSWORD: &str =
    "client_id=my-id&client_secret=my-secret&grant_type=password&username=admin&password=secret";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

async fn token(simulator: &Simulator, form: &str) -> Got {
    send(simulator, Request::post("/oauth_token.do"), form).await
}

async fn bearer(simulator: &Simulator, form: &str) -> String {
    format!("Bearer {}", token(simulator, form).await.json()["access_token"].as_str().unwrap())
}

async fn status(simulator: &Simulator, credentials: &str, path: &str) -> u16 {
    get_as(simulator, credentials, path).await.status.as_u16()
}

/// Accounts of every kind that a restriction knows.
fn accounts() -> snow_sim::Builder {
    let user = |name: &str| User::new(name, "secret");
    Simulator::builder()
        .user("admin", "secret")
        .user_with(user("integration").web_service_access_only())
        .user_with(user("granted").role("snc_basic_auth_api_access"))
        .user_with(user("mid").role("mid_server"))
        .user_with(user("partner").role("snc_external"))
        .user_with(user("named"))
        .user_with(user("importer").role("x_acme.importer"))
        .user_with(user("person").one_time_password("123456"))
}

#[tokio::test]
pub(crate) async fn basic_is_restricted_by_kind_of_account() {
    let restriction = BasicRestriction::enforced().allow_user("named").allow_role("x_acme.importer");
    let simulator = accounts()
        .settings(|settings| settings.basic_restriction = Some(restriction.clone()))
        .build()
        .unwrap();
    for (user, expected) in [
        ("admin", 401),
        ("integration", 200),
        ("granted", 200),
        ("mid", 200),
        ("partner", 401),
        ("named", 200),
        ("importer", 200),
        ("person", 401),
    ] {
        assert_eq!(status(&simulator, &basic(user, "secret"), TABLE).await, expected, "{user}");
    }
    assert_eq!(
        status(&simulator, &basic("person", "secret123456"), TABLE).await,
        200,
        "with the second factor"
    );
    let refused = get(&simulator, TABLE).await;
    assert_eq!(refused.error().1, "User Not Authenticated", "nothing tells it from a wrong password");
    simulator.settings(|settings| settings.basic_restriction = Some(restriction.allow_external()));
    assert_eq!(status(&simulator, &basic("partner", "secret"), TABLE).await, 200);
    assert!(simulator.tracked_basic_logins().is_empty());
}

#[tokio::test]
pub(crate) async fn a_restriction_may_only_be_tracked() {
    let tracked = BasicRestriction::tracked();
    let simulator =
        accounts().settings(|settings| settings.basic_restriction = Some(tracked)).build().unwrap();
    for user in ["person", "integration", "admin", "admin"] {
        assert_eq!(status(&simulator, &basic(user, "secret"), TABLE).await, 200, "{user}");
    }
    assert_eq!(status(&simulator, &basic("partner", "wrong"), TABLE).await, 401);
    assert_eq!(simulator.tracked_basic_logins(), ["admin", "person"]);
}

#[tokio::test]
pub(crate) async fn a_second_factor_is_appended_to_the_password() {
    let simulator =
        accounts().settings(|settings| settings.basic_needs_one_time_password = true).build().unwrap();
    for password in ["secret", "secret654321", "wrong123456"] {
        let refused = get_as(&simulator, &basic("person", password), TABLE).await;
        assert_eq!((refused.status.as_u16(), refused.header("x-mfa_token")), (401, "invalid"), "{password}");
    }
    assert_eq!(status(&simulator, &basic("person", "secret123456"), TABLE).await, 200);
    assert_eq!(status(&simulator, ADMIN, TABLE).await, 200, "a user without one");
}

#[tokio::test]
pub(crate) async fn access_policies_choose_the_ways_to_log_in() {
    let simulator = builder()
        .oauth_client("my-id", "my-secret")
        .api_key("my-key", "reader")
        .access_policy(AccessPolicy::new("/api/now/table").allow(LoginMethod::OAuth))
        .access_policy(
            AccessPolicy::new("/api/now/table/problem").allow(LoginMethod::ApiKey).allow(LoginMethod::Basic),
        )
        .build()
        .unwrap();
    let bearer = bearer(&simulator, PASSWORD).await;
    let refused = get(&simulator, TABLE).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("www-authenticate")),
        (401, "BEARER realm=\"Service-now\"")
    );
    let key =
        async |path: &str| send(&simulator, Request::get(path).header("x-sn-apikey", "my-key"), "").await;
    assert_eq!(key(TABLE).await.status, 401, "an API key, too");
    assert_eq!(key("/api/now/v2/table/problem").await.status, 200);
    for (credentials, path, expected) in [
        (bearer.as_str(), TABLE, 200),
        (ADMIN, "/api/now/table/problem", 200),
        (&bearer, "/api/now/table/problem", 200),
        (ADMIN, STATS, 200),
        (&bearer, STATS, 200),
    ] {
        assert_eq!(status(&simulator, credentials, path).await, expected, "{path}");
    }
}

#[tokio::test]
pub(crate) async fn a_scoped_token_is_good_for_its_apis() {
    let reports = OAuthApplication::new("my-id", "my-secret").scope("statistics", ["/api/now/stats"]);
    let simulator = builder().oauth_application(reports).build().unwrap();
    assert_eq!(token(&simulator, PASSWORD).await.json()["scope"], "statistics");
    let bearer = bearer(&simulator, PASSWORD).await;
    assert_eq!(status(&simulator, &bearer, STATS).await, 200);
    let refused = get_as(&simulator, &bearer, TABLE).await;
    let (status, message, detail) = refused.error();
    assert_eq!((status, message.as_str()), (403, "User Not Authorized"), "a good token");
    assert_eq!(detail, json!("Failed API level ACL Validation"));
    assert_eq!(get_as(&simulator, READER, TABLE).await.status, 200, "other ways to log in have no scope");
}

#[tokio::test]
pub(crate) async fn a_rotated_refresh_token_is_good_once() {
    let builder = builder().oauth_client("my-id", "my-secret");
    let simulator = builder.settings(|settings| settings.refresh_tokens_rotate = true).build().unwrap();
    let refresh = async |token: &Value| {
        let form = format!(
            "client_id=my-id&client_secret=my-secret&grant_type=refresh_token&refresh_token={}",
            token["refresh_token"].as_str().unwrap()
        );
        self::token(&simulator, &form).await
    };
    let first = token(&simulator, PASSWORD).await.json();
    let second = refresh(&first).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(refresh(&first).await.status, 401, "the one before");
    assert_eq!(refresh(&second).await.status, 200);
}

#[tokio::test]
pub(crate) async fn a_role_may_be_needed_for_a_token() {
    let simulator = builder().oauth_client("my-id", "my-secret").build().unwrap();
    let wants = |role: &str| simulator.settings(|settings| settings.token_role = role.to_owned());
    for (role, expected) in [("", 200), ("admin", 200), ("snc_platform_rest_api_access", 401)] {
        wants(role);
        let got = token(&simulator, PASSWORD).await;
        assert_eq!(got.status, expected, "{role}");
        assert!(
            expected == 200
                || got.json() == json!({ "error": "server_error", "error_description": "access_denied" })
        );
    }
}

#[tokio::test]
pub(crate) async fn a_second_factor_in_the_password_grant() {
    let simulator = accounts().oauth_client("my-id", "my-secret").build().unwrap();
    let status = async |password: &str| {
        let form = PASSWORD
            .replace("username=admin&password=secret", &format!("username=person&password={password}"));
        let got = token(&simulator, &form).await;
        (got.status.as_u16(), got.header("x-sim-guess").contains("one-time password"))
    };
    assert_eq!(status("secret").await, (200, false));
    assert_eq!(status("secret123456").await, (200, true));
    simulator.settings(|settings| settings.password_grant_needs_one_time_password = true);
    assert_eq!(status("secret").await, (401, true));
    assert_eq!(status("secret123456").await, (200, true));
    simulator.set_one_time_password("person", "654321");
    assert_eq!(status("secret123456").await.0, 401, "another code by now");
    assert_eq!(status("secret654321").await.0, 200);
    assert_eq!(token(&simulator, PASSWORD).await.status, 200, "a user without one");
}

#[tokio::test]
pub(crate) async fn a_script_recognizes_users() {
    let simulator = builder()
        .access_policy(AccessPolicy::new("/api/now/table/problem").allow(LoginMethod::Basic))
        .access_policy(
            AccessPolicy::new("/api/now/table/incident")
                .allow(LoginMethod::Signature)
                .allow(LoginMethod::OAuth),
        )
        .login_script(|head, body| {
            let given = |name: &str| head.headers.get(name)?.to_str().ok();
            let length = body.len().to_string();
            match (given("x-sn-hmac-signature-256"), given("authorization")) {
                (Some(signature), _) => (signature == length).then(|| "reader".to_owned()),
                (None, bearer) => (bearer? == "Bearer foreign").then(|| "admin".to_owned()),
            }
        })
        .build()
        .unwrap();
    let signed = async |path: &str, signature: &str| {
        let request = Request::post(path).header("content-type", "application/json");
        send(&simulator, request.header("x-sn-hmac-signature-256", signature), "{}").await.status.as_u16()
    };
    assert_eq!(signed("/api/now/table/incident", "2").await, 201);
    assert_eq!(simulator.journal().last().unwrap().user, "reader");
    assert_eq!(signed("/api/now/table/incident", "3").await, 401, "the signature does not fit the body");
    assert_eq!(signed("/api/now/table/problem", "2").await, 401, "a policy allows passwords only");
    assert_eq!(status(&simulator, "Bearer foreign", TABLE).await, 200);
    assert_eq!(status(&simulator, "Bearer unknown", TABLE).await, 401);
}

#[tokio::test]
pub(crate) async fn an_account_for_web_services_has_no_way_in_by_browser() {
    let simulator = accounts().build().unwrap();
    create(&simulator, "{}").await;
    let mut browser = crate::browser::Browser::open(&simulator, "/login.do").await;
    browser.submit("user_name=integration&user_password=secret").await;
    assert!(browser.page.text.contains("User name or password invalid"), "{}", browser.page.text);
    assert_eq!(status(&simulator, &basic("integration", "secret"), TABLE).await, 200);
}
