//! A time in a query means the time that records show, which is proven once for each client.

use crate::{client, instance};
use snow_client::{Client, DateTime, ErrorKind, field};
use snow_core::{Body, Error};
use snow_sim::Simulator;
use std::sync::Arc;
use tower::ServiceExt;

/// A client of an instance that reads another query than the one that is sent.
pub(crate) fn with_queries(
    simulator: &Simulator,
    change: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Client {
    let (simulator, change) = (simulator.clone(), Arc::new(change));
    let service = tower::service_fn(move |mut request: http::Request<Body>| {
        let target = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
        let changed = change(&target.replace("%5E", "^").replace("%20", " "));
        let encoded = changed.replace('^', "%5E").replace(' ', "%20");
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(encoded.parse().unwrap());
        *request.uri_mut() = http::Uri::from_parts(parts).unwrap();
        let simulator = simulator.clone();
        async move { simulator.oneshot(request).await.map_err(Error::wrap) }
    });
    Client::builder()
        .instance("dev12345")
        .user("admin")
        .password("secret")
        .transport(service)
        .build()
        .unwrap()
}

/// Moves each time of a query by an hour, as an instance would that reads times in a zone of its own.
fn an_hour_off(target: &str) -> String {
    let mut changed = target.to_owned();
    for hour in (0..23).rev() {
        changed = changed.replace(&format!(" {hour:02}:"), &format!(" {:02}:", hour + 1));
        changed = changed.replace(&format!(" {hour:02}%3A"), &format!(" {:02}%3A", hour + 1));
    }
    changed
}

fn started(hour: u64) -> std::time::SystemTime {
    std::time::SystemTime::UNIX_EPOCH
        + std::time::Duration::from_secs(1_790_000_000 / 86_400 * 86_400 + hour * 3_600)
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_reads_times_in_another_zone_is_refused() {
    let simulator = Simulator::builder().start_at(started(12)).user("admin", "secret").build().unwrap();
    let client = with_queries(&simulator, an_hour_off);
    let error = client.table("incident").changes().poll().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert!(error.to_string().contains("another time zone than UTC"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_is_proven_once_for_each_client() {
    let simulator = instance(3);
    let client = client(&simulator, "admin");
    let _ = client.table("incident").changes().poll().await.unwrap();
    simulator.take_journal();
    let _ = client.clone().table("problem").changes().poll().await.unwrap();
    let asked = simulator.take_journal();
    assert!(asked.iter().all(|entry| entry.path.ends_with("/problem")), "{asked:?}");
}

/// Date queries use the same proof where the client is told to.
#[tokio::test(start_paused = true)]
async fn a_query_with_a_time_is_refused_by_a_client_that_proves_times() {
    let simulator = Simulator::builder().start_at(started(12)).user("admin", "secret").build().unwrap();
    let service = |proves: bool| {
        let wrong = with_queries(&simulator, an_hour_off);
        let builder = Client::builder().instance("dev12345").user("admin").password("secret");
        builder.transport(wrong.service().clone()).prove_times(proves).build().unwrap()
    };
    let since = field("sys_created_on").ge(DateTime::from(started(0)));
    let wrong = service(true).table("incident").list().query(&since).limit(1).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Incomplete);
    assert!(!wrong.may_have_executed());
    assert!(service(true).table("incident").list().limit(1).await.is_ok(), "no time, no proof");
    assert!(service(false).table("incident").list().query(&since).limit(1).await.is_ok());

    let right = Client::builder().instance("dev12345").user("admin").password("secret");
    let right = right.transport(simulator.clone()).prove_times(true).build().unwrap();
    simulator.take_journal();
    for requests in [3, 1] {
        let _ = right.table("incident").list().query(&since).limit(1).await.unwrap();
        assert_eq!(simulator.take_journal().len(), requests, "two to prove it, once");
    }
}
