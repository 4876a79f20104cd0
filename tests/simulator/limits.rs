//! Sizes, rates, queues and sessions are limited as on an instance (facts 1.10, 3.5 and 8).

use crate::{ADMIN, Got, builder, call, get, send};
use futures_util::future::join_all;
use http::Request;
use serde_json::json;
use snow_sim::{RateLimit, Simulator};
use std::time::{Duration, SystemTime};

#[tokio::test]
pub(crate) async fn urls_and_bodies() {
    let simulator = builder().build().unwrap();
    let path = |length: usize| {
        format!("/api/now/table/incident?x={}", "a".repeat(length - "/api/now/table/incident?x=".len()))
    };
    assert_eq!(get(&simulator, &path(8_192)).await.status, 200);
    let long = get(&simulator, &path(8_193)).await;
    assert_eq!((long.status.as_u16(), long.header("x-transaction-id")), (414, ""));
    let body = format!(r#"{{"description":"{}"}}"#, "a".repeat(10_485_760));
    let (status, message, detail) = call(&simulator, "POST", "/api/now/table/incident", &body).await.error();
    assert_eq!((status, message.as_str()), (400, "Exception while reading request"));
    let expected = format!(
        "Rejected large REST payload with content-length = {} bytes. Max allowed: 10485760 bytes.",
        body.len()
    );
    assert_eq!(detail, json!(expected));
}

#[tokio::test(start_paused = true)]
pub(crate) async fn rate_rules() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_782_468_000 + 600); // ten minutes past the hour
    let simulator = builder()
        .start_at(start)
        .settings(|s| s.rate_limit = Some(RateLimit { per_hour: 2 }))
        .build()
        .unwrap();
    for _ in 0..2 {
        let fine = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
        assert_eq!(
            (fine.status.as_u16(), fine.header("x-ratelimit-limit"), fine.header("x-ratelimit-rule").len()),
            (200, "2", 32)
        );
        assert_eq!(fine.header("x-ratelimit-reset"), (1_782_468_000 + 3_600).to_string());
    }
    let limited = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    assert_eq!((limited.status.as_u16(), limited.header("retry-after")), (429, "3000"));
    assert_eq!(limited.error().2, json!("Rate limit of 2 requests per hour for Table API exceeded"));
    let other = crate::get_as(&simulator, crate::READER, "/api/now/table/incident?sysparm_limit=1").await;
    assert_eq!(other.status, 200, "for each user by itself");
    tokio::time::advance(Duration::from_secs(3_000)).await;
    assert_eq!(get(&simulator, "/api/now/table/incident?sysparm_limit=1").await.status, 200, "the next hour");
}

async fn many(simulator: &Simulator, count: usize, cookie: Option<&str>) -> Vec<Got> {
    let calls = (0..count).map(|_| {
        let mut request =
            Request::get("/api/now/table/incident?sysparm_limit=1").header("authorization", ADMIN);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        send(simulator, request, "")
    });
    join_all(calls).await
}

fn count(answers: &[Got], status: u16) -> usize {
    answers.iter().filter(|got| got.status == status).count()
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_pool_and_its_queue() {
    let simulator = builder().settings(|settings| settings.latency = Duration::from_secs(1)).build().unwrap();
    let start = tokio::time::Instant::now();
    let answers = many(&simulator, 60, None).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (54, 6), "four run, fifty wait");
    assert_eq!(start.elapsed().as_secs(), 14, "four at once");
    let busy = answers.iter().find(|got| got.status == 429).unwrap();
    assert!(busy.header("x-ratelimit-limit").is_empty() && busy.header("retry-after").is_empty());
    let waited = |got: &&Got| got.header("server-timing").contains("sem_wait;dur=1000,");
    assert_eq!(answers.iter().filter(waited).count(), 4, "and says how long each waited");
    assert_eq!(count(&many(&simulator, 4, None).await, 200), 4, "no place is lost");
}

#[tokio::test(start_paused = true)]
pub(crate) async fn one_request_at_a_time_in_a_session() {
    let simulator = builder().settings(|settings| settings.latency = Duration::from_secs(1)).build().unwrap();
    let first = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    let cookie = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let start = tokio::time::Instant::now();
    let answers = many(&simulator, 14, Some(&cookie)).await;
    assert_eq!((count(&answers, 200), count(&answers, 202)), (11, 3), "one runs, ten wait");
    assert_eq!(start.elapsed().as_secs(), 11, "one after the other");
    let waited = |got: &&Got| got.header("server-timing").ends_with("sesh_wait;dur=3000");
    assert_eq!(answers.iter().filter(waited).count(), 1);
    let dropped = answers.iter().find(|got| got.status == 202).unwrap();
    assert_eq!(
        (dropped.text.as_str(), dropped.header("x-transaction-id"), dropped.header("content-type")),
        ("", "", "")
    );
}

#[tokio::test(start_paused = true)]
pub(crate) async fn a_session_begins_without_cookies_and_ends() {
    let simulator = builder().build().unwrap();
    let first = get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    get(&simulator, "/api/now/table/incident?sysparm_limit=1").await;
    assert_eq!(simulator.sessions(), 2, "each call without a cookie opens one");
    let cookie = first.header("set-cookie").split(';').next().unwrap().to_owned();
    many(&simulator, 1, Some(&cookie)).await;
    assert_eq!(simulator.sessions(), 2);
    tokio::time::advance(Duration::from_secs(300)).await;
    many(&simulator, 1, Some(&cookie)).await;
    assert_eq!(simulator.sessions(), 3, "an idle session ends");
}
