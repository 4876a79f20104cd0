//! A time in a query means the time that records show, and the instance has the time of its responses: both are proven once for each client.

use crate::{client, instance};
use futures_util::future::try_join_all;
use snow_client::{Client, DateTime, ErrorKind, field};
use snow_core::{Body, Error};
use snow_sim::{Rule, Simulator, User};
use std::sync::Arc;
use tower::ServiceExt;

/// A client of an instance that reads another query than the one that is sent.
pub(crate) fn with_queries(
    simulator: &Simulator,
    change: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Client {
    altered(simulator, "admin", change, 0, true)
}

/// A client of such an instance, whose responses have a time so many seconds ahead. `proves`: whether the client proves times.
fn altered(
    simulator: &Simulator,
    user: &str,
    change: impl Fn(&str) -> String + Send + Sync + 'static,
    ahead: i64,
    proves: bool,
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
        async move {
            let mut response = simulator.oneshot(request).await.map_err(Error::wrap)?;
            if let Some(date) = response.headers().get("date") {
                let moved = later(date.to_str().unwrap(), ahead).parse().unwrap();
                response.headers_mut().insert("date", moved);
            }
            Ok::<_, Error>(response)
        }
    });
    let builder = Client::builder().instance("dev12345").user(user).password("secret");
    builder.transport(service).prove_times(proves).build().unwrap()
}

/// A time of a header, so many seconds later.
fn later(date: &str, seconds: i64) -> String {
    let form = "%a, %d %b %Y %H:%M:%S GMT";
    let civil = jiff::civil::DateTime::strptime(form, date).unwrap();
    civil.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap().strftime(form).to_string()
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

/// A client that may ask for a record, but sees none of them, has nothing to prove by at first.
#[tokio::test(start_paused = true)]
async fn it_is_proven_as_soon_as_there_is_a_record() {
    let builder = Simulator::builder().without_demo_data().start_at(started(12));
    let simulator = builder.user_with(User::new("reader", "secret")).build().unwrap();
    simulator.add_rule(Rule::HideRows { table: "sys_user".into(), query: String::new() });
    let client = altered(&simulator, "reader", an_hour_off, 0, true);
    let mut feed = client.table("incident").changes();
    assert!(feed.poll().await.unwrap().changes().is_empty());
    simulator.insert("incident", [("short_description", "first")]).unwrap();
    let error = feed.poll().await.unwrap_err();
    assert!(error.to_string().contains("another time zone than UTC"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_instance_with_another_time_than_its_responses_is_refused() {
    let as_it_is = |target: &str| target.to_owned();
    for (ahead, is_refused) in [(600, true), (-600, true), (20, false), (-20, false), (0, false)] {
        let simulator = instance(3);
        simulator.advance(std::time::Duration::from_secs(86_400));
        let client = altered(&simulator, "admin", as_it_is, ahead, true);
        let polled = client.table("incident").changes().poll().await;
        assert_eq!(polled.is_err(), is_refused, "{ahead}");
        if let Err(error) = polled {
            assert_eq!(error.kind(), ErrorKind::Incomplete);
            assert!(error.to_string().contains("the clock of this instance differs"), "{error}");
        }
    }
    // A record that was just created has no age to look for: that it is there shows that the instance is not behind.
    let young = instance(0);
    young.insert("incident", [("short_description", "new")]).unwrap();
    assert!(altered(&young, "admin", as_it_is, 0, true).table("incident").changes().poll().await.is_ok());
}

/// A gateway that takes scripts in a URL for an attack: the zone is proven all the same.
#[tokio::test(start_paused = true)]
async fn where_scripts_are_refused_the_zone_is_proven_alone() {
    let since = field("sys_created_on").ge(DateTime::from(started(0)));
    for is_off in [false, true] {
        let simulator = Simulator::builder().start_at(started(12)).user("admin", "secret").build().unwrap();
        let change = move |target: &str| match target.contains("minutesAgoStart") {
            true => "/api/x_other/refused".to_owned(),
            false if is_off => an_hour_off(target),
            false => target.to_owned(),
        };
        let client = altered(&simulator, "admin", change, 0, true);
        let listed = client.table("incident").list().query(&since).limit(1).await;
        assert_eq!(listed.is_err(), is_off);
    }
}

/// Queries with times or dates use the same proof, unless the client is told not to.
#[tokio::test(start_paused = true)]
async fn a_query_with_a_time_is_refused_where_times_mean_something_else() {
    let simulator = Simulator::builder().start_at(started(12)).user("admin", "secret").build().unwrap();
    let client = |proves| altered(&simulator, "admin", an_hour_off, 0, proves);
    let since = field("sys_created_on").ge(DateTime::from(started(0)));
    let day = field("sys_created_on").ge(DateTime::from(started(0)).date().unwrap());
    for query in [&since, &day] {
        let wrong = client(true).table("incident").list().query(query).limit(1).await.unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Incomplete);
        assert!(!wrong.may_have_executed());
    }
    let pairs = client(true).table("incident").list().filter("sys_created_on", "2026-06-26 09:30:00");
    assert_eq!(pairs.limit(1).await.unwrap_err().kind(), ErrorKind::Incomplete);
    assert!(client(true).table("incident").list().limit(1).await.is_ok(), "no time, no proof");
    assert!(client(false).table("incident").list().query(&since).limit(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_proof_takes_two_requests_once_however_many_calls_need_it() {
    let simulator = instance(3);
    let since = field("sys_created_on").ge(DateTime::from(started(0)));
    let right = client(&simulator, "admin");
    simulator.take_journal();
    let incidents = right.table("incident");
    let lists = (0..20).map(|_| incidents.list().query(&since).limit(1).send());
    try_join_all(lists).await.unwrap();
    assert_eq!(simulator.take_journal().len(), 22);
    let _ = incidents.list().query(&since).limit(1).await.unwrap();
    assert_eq!(simulator.take_journal().len(), 1);
}
