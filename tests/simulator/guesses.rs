//! A response that depends on a guess says so, every guess can be provoked, and `docs/simulator.md` lists them all.

mod apis;
mod records;

use crate::browser::Browser;
use crate::{ADMIN, Got, READER, builder, call, create, get, get_as, send};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Request;
use serde_json::json;
use snow_sim::{Fault, Guess, Language, OAuthApplication, RateLimit, Rule, Simulator, Table};
use std::collections::BTreeSet;
use std::time::Duration;

const PAGE: &str = include_str!("../../docs/simulator.md");

/// What a response says that it depends on.
fn reasons(got: &Got) -> Vec<&str> {
    got.headers.get_all("x-sim-guess").iter().map(|value| value.to_str().unwrap()).collect()
}

/// The guesses that a test has provoked so far.
#[derive(Default)]
struct Seen(BTreeSet<Guess>);

impl Seen {
    fn expect(&mut self, guess: Guess, got: &Got) {
        assert!(reasons(got).contains(&guess.reason()), "{guess:?}: {} {:?}", got.status, reasons(got));
        self.0.insert(guess);
    }

    async fn expect_of_list(&mut self, simulator: &Simulator, parameters: &[(Guess, &str)]) {
        for (guess, parameters) in parameters {
            self.expect(*guess, &get(simulator, &format!("/api/now/table/incident?{parameters}")).await);
        }
    }
}

#[test]
fn the_page_lists_every_guess() {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let listed: BTreeSet<(String, String)> = rows
        .filter_map(|row| row.split_once("` | "))
        .filter(|(name, _)| name.starts_with(char::is_uppercase))
        .map(|(name, reason)| (name.to_owned(), reason.replace('`', "")))
        .collect();
    let known: BTreeSet<(String, String)> =
        Guess::ALL.iter().map(|guess| (format!("{guess:?}"), guess.reason().to_owned())).collect();
    let missing: Vec<_> = known.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&known).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not on the page: {missing:#?}\nnot in the code: {gone:#?}"
    );
}

#[tokio::test]
pub(crate) async fn what_is_known_is_no_guess() {
    let simulator = builder().build().unwrap();
    let id = create(&simulator, r#"{"short_description":"one"}"#).await;
    for path in [
        "/api/now/table/incident?sysparm_query=active=true^ORDERBYnumber&sysparm_limit=2",
        "/api/now/table/incident?sysparm_query=short_descriptionLIKEone",
        "/api/now/table/none",
        "/api/now/stats/incident?sysparm_count=true",
        &format!("/api/now/table/incident/{id}"),
    ] {
        assert_eq!(reasons(&get(&simulator, path).await), [""; 0], "{path}");
    }
    assert!(simulator.journal().iter().all(|entry| entry.guesses.is_empty()));
    get(&simulator, "/api/now/table/incident?sysparm_limit=0").await;
    assert_eq!(simulator.journal().last().unwrap().guesses, [Guess::LimitZero]);
}

#[tokio::test(start_paused = true)]
pub(crate) async fn every_guess_is_told() {
    let mut seen = Seen::default();
    of_queries(&mut seen).await;
    of_writes(&mut seen).await;
    of_files(&mut seen).await;
    of_other_apis(&mut seen).await;
    of_batches(&mut seen).await;
    of_tokens(&mut seen).await;
    of_pages(&mut seen).await;
    records::of_lists(&mut seen).await;
    records::of_values(&mut seen).await;
    records::of_choices(&mut seen).await;
    records::of_rules(&mut seen).await;
    apis::of_the_platforms_own_pages(&mut seen).await;
    apis::of_figures(&mut seen).await;
    apis::of_imports(&mut seen).await;
    apis::of_batches(&mut seen).await;
    apis::of_tokens(&mut seen).await;
    let all: BTreeSet<Guess> = Guess::ALL.iter().copied().collect();
    let never: Vec<_> = all.difference(&seen.0).collect();
    assert!(never.is_empty(), "never provoked: {never:?}");
}

async fn of_queries(seen: &mut Seen) {
    let simulator = builder().build().unwrap();
    create(&simulator, r#"{"short_description":"Printer"}"#).await;
    let lists = [
        (Guess::LimitNotANumber, "sysparm_limit=ten"),
        (Guess::LimitNotANumber, "sysparm_offset=-1"),
        (Guess::LimitZero, "sysparm_limit=0"),
        (Guess::NoCountHeaders, "sysparm_no_count=true"),
        (Guess::TextCase, "sysparm_query=short_description=PRINTER"),
        (Guess::TextCase, "sysparm_query=short_descriptionLIKErINT"),
        (Guess::NegativesAndEmpty, "sysparm_query=short_description!=x"),
        (Guess::NumberAgainstText, "sysparm_query=reassignment_count>many"),
        (Guess::DoubledCaret, "sysparm_query=short_description=a^^b"),
        (Guess::NotInWithoutSpace, "sysparm_query=stateNOTIN1,2"),
        (Guess::QueryAndPairs, "sysparm_query=active=true&state=1"),
        (Guess::OrderByReference, "sysparm_query=ORDERBYcaller_id"),
        (Guess::TextSearch, "sysparm_query=123TEXTQUERY321=printer"),
    ];
    seen.expect_of_list(&simulator, &lists).await;
    seen.expect(Guess::ClosedTable, &get_as(&simulator, READER, "/api/now/table/sys_db_object").await);
    simulator.settings(|settings| settings.language = Language::German);
    seen.expect(Guess::GermanTexts, &get(&simulator, "/api/now/table/none").await);
    simulator.fail_next(Fault::Busy);
    seen.expect(Guess::QueueFull, &get(&simulator, "/api/now/table/incident").await);
    let cookie = get(&simulator, "/api/now/table/none").await.header("set-cookie").to_owned();
    let cookie = cookie.split(';').next().unwrap();
    tokio::time::advance(Duration::from_secs(300)).await;
    let late = Request::get("/api/now/table/none").header("authorization", ADMIN).header("cookie", cookie);
    seen.expect(Guess::SessionTimeout, &send(&simulator, late, "").await);
}

async fn of_writes(seen: &mut Seen) {
    let orders = Table::new("u_order", "Order").text_column("u_key", 3);
    let simulator = builder().table(orders).build().unwrap();
    let id = create(&simulator, "{}").await;
    let path = format!("/api/now/table/incident/{id}");
    seen.expect(Guess::NullClears, &call(&simulator, "PATCH", &path, r#"{"description":null}"#).await);
    seen.expect(Guess::UnreadableBody, &call(&simulator, "PATCH", &path, "{").await);
    seen.expect(Guess::PostToRecord, &call(&simulator, "POST", &path, "{}").await);
    seen.expect(Guess::MethodNotSupported, &call(&simulator, "PURGE", &path, "").await);
    let taken = json!({ "sys_id": id }).to_string();
    let again = "/api/now/table/incident?sysparm_suppress_auto_sys_field=true";
    seen.expect(Guess::ValueTaken, &call(&simulator, "POST", again, &taken).await);
    seen.expect(
        Guess::ValueCut,
        &call(&simulator, "POST", "/api/now/table/u_order", r#"{"u_key":"long"}"#).await,
    );
    let quiet = Request::post("/api/now/table/incident").header("authorization", ADMIN);
    seen.expect(
        Guess::NoResponseBody,
        &send(&simulator, quiet.header("x-no-response-body", "true"), "{}").await,
    );
}

async fn of_files(seen: &mut Seen) {
    let simulator = builder()
        .settings(|settings| {
            settings.attachment_extensions = vec!["txt".into()];
            settings.attachment_max_size = 3;
            settings.attachment_scan = Duration::from_secs(10);
        })
        .build()
        .unwrap();
    let incident = create(&simulator, "{}").await;
    let upload = async |name: &str, bytes: &str| {
        let path =
            format!("/api/now/attachment/file?table_name=incident&table_sys_id={incident}&file_name={name}");
        let request = Request::post(path).header("authorization", ADMIN).header("content-type", "text/plain");
        send(&simulator, request, bytes).await
    };
    seen.expect(Guess::FileTooLarge, &upload("a.txt", "long").await);
    seen.expect(Guess::FileExtension, &upload("a.exe", "x").await);
    let file = upload("a.txt", "x").await.result()["sys_id"].as_str().unwrap().to_owned();
    let path = format!("/api/now/attachment/{file}");
    seen.expect(Guess::FileStillScanned, &get(&simulator, &format!("{path}/file")).await);
    let note =
        async || call(&simulator, "POST", &format!("{path}/attributes"), r#"{"key":"a","value":"b"}"#).await;
    note().await;
    seen.expect(Guess::FileNoteTaken, &note().await);
}

async fn of_other_apis(seen: &mut Seen) {
    let simulator = builder().build().unwrap();
    for (guess, parameters) in [
        (Guess::GroupOrder, "sysparm_count=true&sysparm_group_by=state"),
        (Guess::SumOfDates, "sysparm_sum_fields=opened_at"),
        (Guess::SumOfDurations, "sysparm_avg_fields=business_duration"),
        (Guess::UnreadableHaving, "sysparm_group_by=state&sysparm_having=count"),
    ] {
        seen.expect(guess, &get(&simulator, &format!("/api/now/stats/incident?{parameters}")).await);
    }
    let import =
        async |table: &str| call(&simulator, "POST", &format!("/api/now/import/{table}"), "{}").await;
    seen.expect(Guess::NoStagingTable, &import("incident").await);
    seen.expect(Guess::ImportSetOfItsOwn, &import("imp_user").await);
    let changes = "/api/sn_chg_rest/change";
    seen.expect(Guess::ChangeListMeta, &get(&simulator, changes).await);
    let change = call(&simulator, "POST", changes, "{}").await.result()["sys_id"]["value"].clone();
    let next = format!("{changes}/{}/nextstates", change.as_str().unwrap());
    seen.expect(Guess::ChangeStates, &get(&simulator, &next).await);
}

async fn of_batches(seen: &mut Seen) {
    let simulator = builder().rule(Rule::DenyWrite { table: "problem".into() }).build().unwrap();
    let post = async |path: &str, content_type: &str, body: &str| {
        let items = [
            json!({ "id": "1", "method": "GET", "url": "/api/now/table/incident?sysparm_limit=0" }),
            json!({ "id": "2", "method": "POST", "url": "/api/now/table/none", "body": BASE64_STANDARD.encode(body) }),
        ];
        let batch = json!({ "batch_request_id": "b", "rest_requests": items }).to_string();
        let request = Request::post(path).header("authorization", ADMIN).header("content-type", content_type);
        send(&simulator, request, &batch).await
    };
    let json = "application/json";
    seen.expect(Guess::BatchWithoutVersion, &post("/api/now/batch", json, "{}").await);
    seen.expect(Guess::MediaTypeNotSupported, &post("/api/now/v1/batch", "text/plain", "{}").await);
    let batch = post("/api/now/v1/batch", json, "{}").await;
    assert_eq!(reasons(&batch), [Guess::LimitZero.reason()], "what an item depends on, the batch does, too");
    assert!(batch.json()["serviced_requests"][0]["headers"].to_string().contains("X-Sim-Guess"));
    simulator.settings(|settings| {
        settings.rate_limit = Some(RateLimit { per_hour: 100 });
        settings.batch_input_limit = 2;
    });
    let large = post("/api/now/v1/batch", json, "{  }").await;
    seen.expect(Guess::BatchCountsOnce, &large);
    seen.expect(Guess::BatchItemTooLarge, &large);
    simulator.settings(|settings| settings.batch_item_time = Duration::from_secs(20));
    seen.expect(Guess::BatchOutOfTime, &post("/api/now/v1/batch", json, "{}").await);
}

async fn of_tokens(seen: &mut Seen) {
    let simulator = builder()
        .oauth_client("my-id", "my-secret")
        .oauth_application(OAuthApplication::public("app"))
        .build()
        .unwrap();
    let token = async |form: &str| send(&simulator, Request::post("/oauth_token.do"), form).await;
    let client = "client_id=my-id&client_secret=my-secret";
    let password = format!("{client}&grant_type=password&username=admin&password=secret");
    let issued = token(&password).await;
    assert_eq!(reasons(&issued), [""; 0]);
    let refresh = issued.json()["refresh_token"].as_str().unwrap().to_owned();
    let refresh = format!("{client}&grant_type=refresh_token&refresh_token={refresh}");
    tokio::time::advance(Duration::from_secs(60)).await;
    seen.expect(Guess::RemainingLifetime, &token(&refresh).await);
    simulator.set_one_time_password("admin", "123456");
    seen.expect(Guess::OneTimePasswordGrant, &token(&format!("{password}123456")).await);
    simulator.lock_out("admin", true);
    seen.expect(Guess::RefreshOfLockedUser, &token(&refresh).await);
    let basic = Request::post("/oauth_token.do").header("authorization", "Basic bXktaWQ6bXktc2VjcmV0");
    seen.expect(Guess::ClientByBasic, &send(&simulator, basic, "grant_type=password").await);
    let narrow = OAuthApplication::new("my-id", "my-secret").scope("statistics", ["/api/now/stats"]);
    let scoped = builder().oauth_application(narrow).build().unwrap();
    let bearer = send(&scoped, Request::post("/oauth_token.do"), &password).await.json();
    let bearer = format!("Bearer {}", bearer["access_token"].as_str().unwrap());
    seen.expect(Guess::TokenOutsideScope, &get_as(&scoped, &bearer, "/api/now/table/incident").await);
    let code = simulator.authorization_code("app", "reader", "http://x", None);
    let unproven = format!("client_id=app&grant_type=authorization_code&redirect_uri=http://x&code={code}");
    seen.expect(Guess::ChallengeRequired, &token(&unproven).await);
    let revoked = send(&simulator, Request::get("/oauth_revoke_token.do?token=none"), "").await;
    seen.expect(Guess::Revocation, &revoked);
}

async fn of_pages(seen: &mut Seen) {
    let planner = OAuthApplication::new("planner", "my-secret").redirect_uri("http://127.0.0.1/done");
    let simulator = builder().oauth_application(planner).build().unwrap();
    seen.expect(Guess::AuthorizationRefused, &Browser::open(&simulator, "/oauth_auth.do").await.page);
    let start = "/oauth_auth.do?response_type=code&client_id=planner&state=x&redirect_uri=http%3A%2F%2F127.0.0.1%3A8090%2Fdone";
    let mut browser = Browser::open(&simulator, start).await;
    seen.expect(Guess::LoginPage, &browser.page);
    browser.log_in("reader").await;
    browser.submit("decision=deny").await;
    seen.expect(Guess::ConsentDenied, &browser.page);
    seen.expect(Guess::LoopbackPort, &browser.page);
}
