//! A file describes an instance; what is wrong with it is an error with the file and the line.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]
#![cfg(feature = "config")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use snow_sim::Simulator;
use std::path::Path;
use tower::ServiceExt;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instance.toml");

async fn send(simulator: &Simulator, request: http::request::Builder, body: &str) -> (StatusCode, Value) {
    let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
    let response = simulator.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn get(simulator: &Simulator, user: &str, path: &str) -> (StatusCode, Value) {
    let credentials = format!("Basic {}", STANDARD.encode(format!("{user}:secret")));
    send(simulator, Request::get(path).header("authorization", credentials), "").await
}

fn example() -> Simulator {
    Simulator::builder().config_file(FILE).unwrap().build().unwrap()
}

#[tokio::test]
async fn tables_records_and_rules_are_as_the_file_says() {
    let simulator = example();
    let path = "/api/now/table/u_order?sysparm_query=ORDERBYu_code";
    let (_, orders) = get(&simulator, "admin", path).await;
    let orders = orders["result"].as_array().unwrap();
    assert_eq!(orders.len(), 2);
    assert_eq!((&orders[0]["u_amount"], &orders[0]["u_size"]), (&"9.5".into(), &"1".into()));
    assert!(orders.iter().all(|order| order["number"].as_str().unwrap().starts_with("ORD")));
    let (_, shown) = get(&simulator, "admin", &format!("{path}&sysparm_display_value=true")).await;
    assert_eq!(shown["result"][1]["u_size"], "Large");
    // The one rule hides a record, the other a field.
    let (_, seen) = get(&simulator, "anna", path).await;
    assert_eq!(seen["result"].as_array().unwrap().len(), 1);
    assert!(seen["result"][0].get("u_amount").is_none());
}

#[tokio::test]
async fn users_have_their_zones_and_formats() {
    let path = "/api/now/table/incident?sysparm_display_value=true&sysparm_limit=1&sysparm_fields=opened_at";
    let (_, shown) = get(&example(), "anna", path).await;
    let opened = shown["result"][0]["opened_at"].as_str().unwrap().to_owned();
    assert_eq!((opened.get(2..3), opened.get(5..6)), (Some("."), Some(".")), "{opened}");
}

#[tokio::test]
async fn every_way_to_log_in_is_there() {
    let simulator = example();
    let key = Request::get("/api/now/table/incident?sysparm_limit=1").header("x-sn-apikey", "my-api-key");
    assert_eq!(send(&simulator, key, "").await.0, StatusCode::OK);
    let form = "grant_type=client_credentials&client_id=my-id&client_secret=my-secret";
    let request =
        || Request::post("/oauth_token.do").header("content-type", "application/x-www-form-urlencoded");
    let (status, token) = send(&simulator, request(), form).await;
    assert_eq!(
        (status, &token["scope"], &token["expires_in"]),
        (StatusCode::OK, &"reports".into(), &1800.into())
    );
    // Imports are for tokens alone.
    let (status, _) = get(&simulator, "admin", "/api/now/import/u_order_import").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // The restriction is only tracked.
    assert_eq!(get(&simulator, "anna", "/api/now/table/incident?sysparm_limit=1").await.0, StatusCode::OK);
    assert_eq!(simulator.tracked_basic_logins(), ["anna"]);
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let secret = "canary";
    let user = "[[user]]\nname = 'a'\npassword = 'p'\n";
    for (text, why) in [
        ("incidents = 'many'".to_owned(), "i.toml:1: invalid type: string \"many\", expected u32"),
        ("\n\nincident = 5".into(), "i.toml:3: unknown field `incident`"),
        ("[settings]\nlatncy = 1".into(), "i.toml:2: unknown field `latncy`"),
        ("[settings]\nlatency = -1".into(), "i.toml:2: a number of seconds is at least 0"),
        ("[settings]\nlatency = 1e99".into(), "i.toml:2: "),
        (
            "[settings]\nlatency = '5s'".into(),
            "i.toml:2: invalid type: string \"5s\", expected a number of seconds",
        ),
        ("[settings]\nnode = 'asleep'".into(), "i.toml:2: unknown variant `asleep`"),
        ("start_at = 'today'".into(), "i.toml:1: \"today\" is not a time"),
        ("x = ".into(), "i.toml:1: "),
        ("[[user]]\nname = 'a'\n".into(), "i.toml:1: missing field `password`"),
        (
            "[[user]]\nname = 'a'\npassword = 12345\n".into(),
            "i.toml:3: expected a string in quotes, found a number",
        ),
        (format!("[[user]]\nname = 'a'\npassword = '{secret}\n"), "i.toml:3: "),
        (
            format!("[[user]]\nname = 'a'\npassword = ['{secret}']\n"),
            "i.toml:3: invalid type: sequence, expected a string",
        ),
        (format!("{user}[[user]]\nname = 'a'\npassword = 'q'"), "i.toml:4: the user \"a\" is there twice"),
        (format!("{user}time_zone = 'Mars'"), "i.toml:1: the user \"a\" has the time zone \"Mars\""),
        (
            format!("{user}\n[[api_key]]\nkey = '{secret}'\nuser = 'b'"),
            "i.toml:5: the user \"b\" is not one of the instance",
        ),
        (
            "[[oauth_client]]\nid = 'c'\nsecret = ''".into(),
            "i.toml:1: the OAuth application \"c\" has no secret",
        ),
        ("[[table]]\nname = 'u_a'\nextends = 'u_b'".into(), "i.toml:1: the table \"u_a\" extends \"u_b\""),
        (
            "[[table]]\nname = 'u_a'\ncolumns = [{name = 'x', type = 'text'}]".into(),
            "i.toml:1: the column \"x\" has the type \"text\"; the types are string, ",
        ),
        (
            "[[table]]\nname = 'u_a'\ncolumns = [{name = 'x', type = 'reference'}]".into(),
            "i.toml:1: the column \"x\" has no reference",
        ),
        (
            "[[table]]\nname = 'u_a'\ncolumns = [{name = 'x', type = 'integer', reference = 'task'}]".into(),
            "i.toml:1: the column \"x\" has a reference",
        ),
        (
            "[[records.u_a]]\nx = 1".into(),
            "i.toml:1: a row of \"u_a\" cannot be added: there is no such table",
        ),
        (
            "[[records.incident]]\nnumber = 1\n\n[[records.incident]]\nx = 1".into(),
            "i.toml:4: a row of \"incident\" cannot be added: it has no column \"x\"",
        ),
        ("[[records.incident]]\nopened_at = 2026-01-31 12:00:00".into(), "i.toml:2: "),
        (
            "[[rule]]\nkind = 'hide_rows'\ntable = 'u_a'\nquery = ''".into(),
            "i.toml:1: a rule names the table \"u_a\", which does not exist",
        ),
        (
            "[[rule]]\nkind = 'hide_rows'\ntable = 'incident'\nquery = 'x=1'".into(),
            "i.toml:1: a rule names \"x\", which is not a field of \"incident\"",
        ),
        ("[[rule]]\nkind = 'hide'\ntable = 'incident'".into(), "i.toml:2: unknown variant `hide`"),
        (
            "[[rule]]\nkind = 'deny_write'\ntable = 'incident'\nfield = 'x'".into(),
            "i.toml:1: unknown field `field`",
        ),
        (
            "[[transform_map]]\nname = 'm'\nsource = 'u_a'\ntarget = 'task'\nfields = {}".into(),
            "i.toml:1: the transform map \"m\" names the table \"u_a\"",
        ),
        ("data_folders = ['/no/such/folder']".into(), "i.toml:1: /no/such/folder: "),
    ] {
        let built = Simulator::builder().config("i.toml", &text).and_then(snow_sim::Builder::build);
        let error = built.expect_err(&text).to_string();
        assert!(error.starts_with(why), "{text}\n{error}");
        assert!(!error.contains(secret) && !error.contains("12345"), "{error}");
    }
    let error = Simulator::builder().config_file(Path::new("/no/such/file.toml")).unwrap_err();
    assert!(error.to_string().starts_with("/no/such/file.toml: "), "{error}");
}
