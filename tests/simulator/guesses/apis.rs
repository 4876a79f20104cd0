//! Guesses about the other APIs.

use super::Seen;
use crate::{ADMIN, builder, call, get, send};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::Request;
use serde_json::json;
use snow_sim::{AccessPolicy, ColumnType, Guess, LoginMethod, Table, TransformMap};

pub(super) async fn of_the_platforms_own_pages(seen: &mut Seen) {
    let simulator = builder().build().unwrap();
    seen.expect(Guess::UserWithoutPicture, &get(&simulator, "/api/now/ui/user/current_user").await);
    seen.expect(Guess::MetaOfUnknownTable, &get(&simulator, "/api/now/ui/meta/none").await);
    seen.expect(Guess::ReadOnlyColumns, &get(&simulator, "/api/now/ui/meta/incident").await);
    let tiny = async |body: &str| call(&simulator, "POST", "/api/now/tinyurl", body).await;
    seen.expect(Guess::TinyUrlOfNothing, &tiny("{}").await);
    let made = tiny(r#"{"url":"api/now/table/incident?sysparm_limit=2"}"#).await;
    seen.expect(Guess::TinyUrlMade, &made);
    let path = format!("/{}", made.result().as_str().unwrap());
    assert_eq!(super::reasons(&get(&simulator, &path).await), [""; 0]);
    seen.expect(Guess::TinyUrlAndMore, &get(&simulator, &format!("{path}&sysparm_limit=1")).await);
    seen.expect(Guess::TinyUrlUnknown, &get(&simulator, "/api/now/table/incident?sysparm_tiny=none").await);
}

pub(super) async fn of_figures(seen: &mut Seen) {
    let simulator = builder().build().unwrap();
    for (guess, parameters) in [
        (Guess::UnknownAggregateField, "sysparm_sum_fields=none,reassignment_count"),
        (Guess::UnknownAggregateField, "sysparm_count=true&sysparm_group_by=none"),
        (Guess::CountOfField, "sysparm_group_by=state&sysparm_having=count^category^>^1"),
        (Guess::NothingToAggregate, "sysparm_avg_fields=reassignment_count&sysparm_query=number=none"),
    ] {
        seen.expect(guess, &get(&simulator, &format!("/api/now/stats/incident?{parameters}")).await);
    }
}

pub(super) async fn of_imports(seen: &mut Seen) {
    let staging = Table::new("u_imp", "Import")
        .extends("sys_import_set_row")
        .column("u_name", ColumnType::Text)
        .column("u_city", ColumnType::Text);
    let map =
        TransformMap::new("Site", "u_imp", "cmn_location").field("u_name", "name").field("u_city", "city");
    let simulator = builder().table(staging).transform_map(map.coalesce("name")).build().unwrap();
    let import = async |row: &str| call(&simulator, "POST", "/api/now/import/u_imp", row).await;
    let row = r#"{"u_name":"HQ","u_city":"Oslo"}"#;
    assert_eq!(import(row).await.result()[0]["status"], "inserted");
    seen.expect(Guess::ImportIgnored, &import(row).await);
    seen.expect(Guess::ImportOfNothing, &import(r#"{"u_name":"HQ"}"#).await);
    let unreadable = call(&simulator, "POST", "/api/now/import/u_imp/insertMultiple", "{").await;
    seen.expect(Guess::UnreadableBody, &unreadable);
}

pub(super) async fn of_batches(seen: &mut Seen) {
    let tokens = AccessPolicy::new("/api/now/table").allow(LoginMethod::OAuth);
    let simulator = builder().access_policy(tokens).build().unwrap();
    let post = async |body: &str| {
        let request = Request::post("/api/now/v1/batch").header("authorization", ADMIN);
        send(&simulator, request.header("content-type", "application/json"), body).await
    };
    seen.expect(Guess::UnreadableBody, &post("{").await);
    let item = |url: &str, body: &str| {
        let item = json!({ "id": "1", "method": "POST", "url": url, "body": BASE64_STANDARD.encode(body) });
        json!({ "batch_request_id": "b", "rest_requests": [item] }).to_string()
    };
    seen.expect(Guess::BatchItemLogin, &post(&item("/api/now/table/incident", "{}")).await);
    simulator.settings(|settings| settings.batch_input_limit = 3);
    let smaller = post(&item("/api/now/import/imp_user", "{ }")).await;
    assert_eq!(smaller.json()["serviced_requests"][0]["status_code"], 201);
    seen.expect(Guess::BatchItemSize, &smaller);
}

pub(super) async fn of_tokens(seen: &mut Seen) {
    let simulator = builder().oauth_client("my-id", "my-secret").build().unwrap();
    let request = Request::post("/oauth_token.do").header("content-type", "application/json");
    let refused = send(&simulator, request, r#"{"grant_type":"password"}"#).await;
    assert_eq!(refused.status, 401);
    seen.expect(Guess::TokenRequestNotForm, &refused);
}
