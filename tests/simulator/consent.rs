//! A person logs in, consents and is redirected with a code (facts 4.3). The tests read and submit the pages as a browser does.

use crate::browser::{Browser, percent};
use crate::{Got, READER, builder, call, get_as, send};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use http::Request;
use serde_json::Value;
use snow_sim::{OAuthApplication, Simulator};
use std::time::Duration;

const START: &str = "/oauth_auth.do?response_type=code&client_id=planner&redirect_uri=https%3A%2F%2Fplanner.example%2Fdone&scope=useraccount&state=a%26b";

fn planner() -> OAuthApplication {
    OAuthApplication::new("planner", "my-secret")
        .name("Trip planner")
        .redirect_uri("https://planner.example/done")
        .redirect_uri("http://127.0.0.1/done")
}

fn instance() -> Simulator {
    let phone = OAuthApplication::public("phone").redirect_uri("planner:/done?from=phone");
    builder().oauth_application(planner()).oauth_application(phone).build().unwrap()
}

async fn token(simulator: &Simulator, form: &str) -> Got {
    send(simulator, Request::post("/oauth_token.do"), form).await
}

/// The code in the address that a browser is sent to.
fn code(browser: &Browser<'_>, before: &str, after: &str) -> String {
    let to = browser.page.header("location");
    let code = to.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    code.unwrap_or_else(|| panic!("{to}")).to_owned()
}

fn exchange(code: &str) -> String {
    format!(
        "client_id=planner&client_secret=my-secret&grant_type=authorization_code&code={code}&redirect_uri=https://planner.example/done"
    )
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_person_logs_in_consents_and_is_sent_back_with_a_code() {
    let simulator = instance();
    let mut browser = Browser::open(&simulator, START).await;
    let page = &browser.page;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html;charset=UTF-8"));
    assert!(page.header("set-cookie").contains("; HttpOnly"), "scripts cannot read the session's cookie");
    for part in [
        "<label for=\"user_name\">",
        "<label for=\"user_password\">",
        "type=\"password\"",
        "<html lang=\"en\">",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let before = browser.cookie.clone();
    browser.log_in("reader").await;
    assert_ne!(browser.cookie, before, "a session that somebody else may know is not logged in");
    let page = &browser.page;
    assert_eq!((page.status.as_u16(), page.header("x-is-logged-in")), (200, "true"));
    for part in
        ["<strong>Trip planner</strong>", "<strong>reader</strong>", ">Allow</button>", ">Deny</button>"]
    {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    browser.submit("decision=allow").await;
    assert_eq!(browser.page.status, 302);
    let first = code(&browser, "https://planner.example/done?code=", "&state=a%26b");

    let wrong = exchange(&first).replace("planner.example", "other.example");
    assert_eq!(token(&simulator, &wrong).await.status, 401, "for another address");
    assert_eq!(token(&simulator, &exchange(&first)).await.status, 401, "and it was used up");
    browser.get(START).await;
    assert!(browser.page.text.contains(">Allow</button>"), "no second login");
    browser.submit("decision=allow").await;
    let second = code(&browser, "https://planner.example/done?code=", "&state=a%26b");
    let issued = token(&simulator, &exchange(&second)).await.json();
    assert!(issued["refresh_token"].is_string());
    let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
    assert_eq!(get_as(&simulator, &bearer, "/api/now/table/incident?sysparm_limit=1").await.status, 200);
    assert_eq!(simulator.journal().last().unwrap().user, "reader");
    assert_eq!(token(&simulator, &exchange(&second)).await.status, 401, "a code is good once");

    browser.get(START).await;
    browser.submit("decision=allow").await;
    let late = code(&browser, "https://planner.example/done?code=", "&state=a%26b");
    tokio::time::advance(Duration::from_secs(600)).await;
    assert_eq!(token(&simulator, &exchange(&late)).await.status, 401, "a code is good for ten minutes");
    browser.get(START).await;
    assert!(browser.page.text.contains("Log in"), "the session has ended meanwhile");
}

#[tokio::test]
pub(crate) async fn who_denies_is_sent_back_with_an_error() {
    let simulator = instance();
    let mut browser = Browser::open(&simulator, START).await;
    browser.log_in("reader").await;
    browser.submit("decision=deny").await;
    let to = "https://planner.example/done?error=access_denied&state=a%26b";
    assert_eq!((browser.page.status.as_u16(), browser.page.header("location")), (302, to));
    browser.get(START).await;
    browser.submit("decision=maybe").await;
    assert_eq!(browser.page.status, 400);
}

#[tokio::test]
pub(crate) async fn a_wrong_login_is_the_page_again() {
    let simulator = instance();
    let mut browser = Browser::open(&simulator, START).await;
    for wrong in ["user_name=reader&user_password=wrong", "user_name=nobody&user_password=secret", ""] {
        browser.submit(wrong).await;
        assert_eq!(browser.page.status, 200);
        assert!(browser.page.text.contains("<p role=\"alert\">User name or password invalid</p>"));
        assert!(!browser.page.text.contains("value=\"wrong\""), "a password is not shown again");
    }
    simulator.lock_out("reader", true);
    browser.submit("user_name=reader&user_password=secret").await;
    assert!(browser.page.text.contains("User name or password invalid"), "the same for a locked user");
    simulator.lock_out("reader", false);

    let users = call(&simulator, "GET", "/api/now/table/sys_user?user_name=reader", "").await;
    let user = format!("/api/now/table/sys_user/{}", users.column("sys_id")[0]);
    call(&simulator, "PATCH", &user, r#"{"web_service_access_only":"true"}"#).await;
    browser.submit("user_name=reader&user_password=secret").await;
    assert!(browser.page.text.contains("User name or password invalid"), "for web services only");
    call(&simulator, "PATCH", &user, r#"{"web_service_access_only":"false"}"#).await;

    browser.submit("user_name=reader&user_password=secret").await;
    assert_eq!(browser.page.status, 302, "the page remembers where one was going");
    let to = browser.page.header("location").to_owned();
    browser.get(&to).await;
    assert!(browser.page.text.contains(">Allow</button>"));
    simulator.lock_out("reader", true);
    browser.submit("decision=allow").await;
    assert_eq!(browser.page.header("location"), "", "a user who is locked meanwhile gives nothing");
    assert!(browser.page.text.contains("Log in"));
}

#[tokio::test]
async fn a_login_leads_to_pages_of_the_instance_only() {
    let simulator = instance();
    let mut browser = Browser::open(&simulator, "/login.do").await;
    assert!(browser.page.text.contains("Log in"));
    let form = format!(
        "sysparm_ck={}&user_name=reader&user_password=secret&sysparm_goto_url=https://evil.example/",
        browser.token()
    );
    browser.post("/login.do", &form).await;
    assert_eq!((browser.page.status.as_u16(), browser.page.header("location")), (200, ""));
    assert!(browser.page.text.contains("You are logged in as reader."));
    browser.get(START).await;
    assert!(browser.page.text.contains(">Allow</button>"));
}

#[tokio::test]
async fn forms_need_the_token_of_their_session() {
    let simulator = instance();
    let mut stranger = Browser::open(&simulator, START).await;
    stranger.log_in("admin").await;
    let mut browser = Browser::open(&simulator, START).await;
    let login = "user_name=reader&user_password=secret";
    for form in [login.to_owned(), format!("sysparm_ck={}&{login}", stranger.token())] {
        browser.post("/login.do", &form).await;
        assert!(browser.page.text.contains("Your session has ended"), "{}", browser.page.text);
    }
    let lost =
        send(&simulator, Request::post("/login.do"), &format!("sysparm_ck={}&{login}", browser.token()))
            .await;
    assert!(lost.text.contains("Your session has ended"), "no cookie, no session");

    browser.get(START).await;
    browser.log_in("reader").await;
    let query = format!("oauth_request={}", percent(START.split_once('?').unwrap().1));
    for token in [String::new(), format!("&sysparm_ck={}", stranger.token())] {
        browser.post("/oauth_auth.do", &format!("{query}&decision=allow{token}")).await;
        assert_eq!((browser.page.status.as_u16(), browser.page.header("location")), (403, ""));
    }
    browser.cookie.clear();
    browser.post("/oauth_auth.do", &format!("{query}&decision=allow")).await;
    assert!(browser.page.text.contains("Log in") && browser.page.header("location").is_empty());
    browser.log_in("reader").await;
    assert!(browser.page.text.contains(">Allow</button>"), "and then one is asked after all");
}

#[tokio::test]
pub(crate) async fn what_cannot_be_given_is_a_page_that_says_why() {
    let simulator = builder()
        .oauth_application(planner())
        .oauth_application(OAuthApplication::public("phone").redirect_uri("planner:/done"))
        .oauth_client("machine", "my-secret")
        .build()
        .unwrap();
    let digest = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for (path, why) in [
        (START.replace("client_id=planner", "client_id=other"), "Unknown client_id"),
        (START.replace("client_id=planner&", ""), "Unknown client_id"),
        (START.replace("response_type=code", "response_type=token"), "Unsupported response_type"),
        (START.replace("&state=a%26b", ""), "Missing State parameter in request"),
        (START.replace("planner&", "machine&"), "The client has no redirect URL"),
        (START.replace("planner&", "phone&"), "A public client needs a code_challenge"),
        (format!("{START}&code_challenge={digest}"), "only S256 is"),
        (format!("{START}&code_challenge={digest}&code_challenge_method=plain"), "only S256 is"),
        (format!("{START}&code_challenge_method=S256"), "not a SHA-256"),
        (format!("{START}&code_challenge=short&code_challenge_method=S256"), "not a SHA-256"),
    ] {
        let refused = send(&simulator, Request::get(&path), "").await;
        assert_eq!((refused.status.as_u16(), refused.header("location")), (400, ""), "{path}");
        assert!(
            refused.header("content-type").starts_with("text/html") && refused.text.contains(why),
            "{why}"
        );
    }
    simulator.settings(|settings| settings.oauth_state_required = false);
    let mut browser = Browser::open(&simulator, &START.replace("&state=a%26b", "")).await;
    browser.log_in("reader").await;
    browser.submit("decision=allow").await;
    code(&browser, "https://planner.example/done?code=", "");
    simulator.settings(|settings| settings.grants.authorization_code = false);
    assert_eq!(send(&simulator, Request::get(START), "").await.status, 400);
}

#[tokio::test]
pub(crate) async fn a_redirect_that_is_not_registered_is_replaced_by_the_first_that_is() {
    let simulator = instance();
    let mut browser = Browser::open(&simulator, START).await;
    browser.log_in("reader").await;
    let planner = "https://planner.example/done";
    for (asked, goes) in [
        ("https://evil.example/done", planner),
        ("https://planner.example/done/", planner),
        ("https://planner.example/done#x", planner),
        ("", planner),
        ("http://127.0.0.1/done", "http://127.0.0.1/done"),
        ("http://127.0.0.1:49152/done", "http://127.0.0.1:49152/done"),
        ("http://127.0.0.1:49152/other", planner),
        ("http://127.0.0.1:x/done", planner),
        ("http://127.0.0.1.evil.example/done", planner),
        ("http://127.0.0.1:1@evil.example/done", planner),
        ("http://[::1]:49152/done", planner),
        ("http://localhost:49152/done", planner),
    ] {
        browser.get(&START.replace("https%3A%2F%2Fplanner.example%2Fdone", &percent(asked))).await;
        browser.submit("decision=allow").await;
        code(&browser, &format!("{goes}?code="), "&state=a%26b");
    }
}

#[tokio::test]
async fn a_public_client_proves_itself() {
    let simulator = instance();
    let verifier = "a-verifier-of-at-least-forty-three-characters-0123456789";
    let challenge = BASE64.encode(ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes()));
    let start = format!(
        "/oauth_auth.do?response_type=code&client_id=phone&redirect_uri=planner%3A%2Fdone%3Ffrom%3Dphone&state=s&code_challenge={challenge}&code_challenge_method=S256"
    );
    let mut browser = Browser::open(&simulator, &start).await;
    browser.log_in("reader").await;
    let form = |code: &str, verifier: &str| {
        format!(
            "client_id=phone&grant_type=authorization_code&code={code}&code_verifier={verifier}&redirect_uri=planner%3A%2Fdone%3Ffrom%3Dphone"
        )
    };
    browser.submit("decision=allow").await;
    let stolen = code(&browser, "planner:/done?from=phone&code=", "&state=s");
    assert_eq!(token(&simulator, &form(&stolen, "another-verifier")).await.status, 401);
    browser.get(&start).await;
    browser.submit("decision=allow").await;
    let issued =
        token(&simulator, &form(&code(&browser, "planner:/done?from=phone&code=", "&state=s"), verifier))
            .await;
    let issued: Value = issued.json();
    assert!(issued["access_token"].is_string() && issued.get("refresh_token").is_none());
    let by_password = "client_id=phone&grant_type=password&username=reader&password=secret";
    assert_eq!(token(&simulator, by_password).await.status, 401, "codes are its only way");
}

#[tokio::test]
async fn what_comes_from_outside_is_escaped() {
    let hostile = "<script>alert('1')</script>\"&";
    let application =
        OAuthApplication::new("planner", "my-secret").name(hostile).redirect_uri("http://127.0.0.1/done");
    let user = snow_sim::User::new("<b>\"o'reader", "secret");
    let simulator = builder().oauth_application(application).user_with(user).build().unwrap();
    let start = START.replace("state=a%26b", &format!("state={}", percent(hostile)));
    let mut browser = Browser::open(&simulator, &start).await;
    browser.submit(&format!("user_name={}&user_password=x", percent(hostile))).await;
    assert!(
        browser.page.text.contains("value=\"&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;\"")
    );
    assert!(!browser.page.text.contains("<script"));
    browser.log_in(&percent("<b>\"o'reader")).await;
    let page = browser.page.text.clone();
    assert!(
        page.contains("<strong>&lt;script&gt;")
            && page.contains("<strong>&lt;b&gt;&quot;o&#39;reader</strong>")
    );
    assert!(!page.contains("<script") && !page.contains("<b>"));
    browser.submit("decision=allow").await;
    code(
        &browser,
        "http://127.0.0.1/done?code=",
        "&state=%3Cscript%3Ealert%28%271%27%29%3C%2Fscript%3E%22%26",
    );
    let split = START.replace("state=a%26b", "state=a%0D%0Ax-evil%3A+1");
    browser.get(&split).await;
    browser.submit("decision=deny").await;
    assert!(browser.page.headers.get("x-evil").is_none());
    assert!(browser.page.header("location").ends_with("&state=a%0D%0Ax-evil%3A%201"));
}

#[test]
fn applications_are_checked() {
    let refused = |application| builder().oauth_application(application).build().unwrap_err().to_string();
    assert!(refused(OAuthApplication::new("planner", "")).contains("\"planner\" has no secret"));
    for uri in ["done", "/done", "https://x/#part", "https://x/ y", "1x:/done", ""] {
        let why = refused(OAuthApplication::public("planner").redirect_uri(uri));
        assert!(why.contains(&format!("has the redirect URI {uri:?}")), "{why}");
    }
    assert!(!format!("{:?}", planner()).contains("my-secret"));
}

#[tokio::test]
async fn the_session_of_a_login_is_good_for_calls_with_its_token() {
    let simulator = instance();
    let mut browser = Browser::open(&simulator, START).await;
    browser.log_in("reader").await;
    let (cookie, token) = (browser.cookie.clone(), browser.token());
    let request = Request::get("/api/now/table/incident?sysparm_limit=1").header("cookie", &cookie);
    assert_eq!(send(&simulator, request.header("x-usertoken", token), "").await.status, 200);
    let request = Request::get("/api/now/table/incident?sysparm_limit=1").header("cookie", &cookie);
    assert_eq!(send(&simulator, request, "").await.status, 401);
    assert_eq!(get_as(&simulator, READER, "/api/now/table/incident?sysparm_limit=1").await.status, 200);
}
