//! A failure that may pass is retried where that does no harm, and never where it might.

use futures_util::TryStreamExt;
use serde_json::json;
use snow_client::{Client, ErrorKind, layer::RetryPolicy};
use snow_sim::{Fault, Simulator};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const ABSENT: &str = "0123456789abcdef0123456789abcdef";

/// How many requests the instance saw since it was asked last.
fn seen(simulator: &Simulator) -> usize {
    simulator.take_journal().len()
}

#[tokio::test(start_paused = true)]
async fn reads_outlast_what_passes() {
    let simulator = crate::simulator();
    for fault in
        [Fault::NotProcessed, Fault::NoNode, Fault::Maintenance, Fault::Busy, Fault::CancelledInStream]
    {
        let client = crate::client(&simulator);
        simulator.fail_next(fault);
        simulator.fail_next(fault);
        let page = client.table("incident").list().limit(2).await.unwrap();
        assert_eq!((page.len(), seen(&simulator)), (2, 3), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_an_error_that_says_how_often_it_was_tried() {
    let simulator = crate::simulator();
    for (fault, kind, requests) in [
        (Fault::NotProcessed, ErrorKind::NotProcessed, 4),
        (Fault::NoNode, ErrorKind::Unavailable, 4),
        (Fault::CancelledInStream, ErrorKind::TransactionCancelled, 4),
        (Fault::Busy, ErrorKind::InstanceBusy, 4),
        (Fault::Cancelled, ErrorKind::TransactionCancelled, 1),
        (Fault::Hibernating, ErrorKind::Hibernating, 1),
        (Fault::LoginRedirect, ErrorKind::LoginPage, 1),
    ] {
        let client = crate::client(&simulator);
        simulator.fail_always(Some(fault));
        let error = client.table("incident").list().limit(2).await.unwrap_err();
        assert_eq!((error.kind(), seen(&simulator)), (kind, requests), "{error}");
        assert_eq!(error.attempts().map_or(1, |attempts| attempts.count() as usize), requests, "{error}");
        assert_eq!(error.to_string().contains("after 4 attempts, the maximum"), requests == 4, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_only_if_it_was_not_carried_out() {
    let simulator = crate::simulator();
    for (fault, requests) in [
        (Fault::NotProcessed, 2),
        (Fault::Busy, 2),
        (Fault::NoNode, 1),
        (Fault::Maintenance, 1),
        (Fault::CancelledInStream, 1),
        (Fault::Cancelled, 1),
    ] {
        let client = crate::client(&simulator);
        simulator.fail_next(fault);
        let created = client.table("incident").create(&json!({ "short_description": "x" })).await;
        assert_eq!(created.is_ok(), requests == 2, "{fault:?}");
        assert_eq!(seen(&simulator), requests, "{fault:?}");
        if let Err(error) = created {
            assert!(error.may_have_executed() && !error.is_retryable(), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_is_sent_again_if_the_caller_says_that_it_may_be() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    let id = client.table("incident").list().limit(1).await.unwrap()[0].value("sys_id").unwrap().into_owned();
    seen(&simulator);
    let change = json!({ "short_description": "y" });
    simulator.fail_next(Fault::NoNode);
    let error = client.table("incident").update(&id, &change).await.unwrap_err();
    assert_eq!((error.may_have_executed(), seen(&simulator)), (true, 1), "{error}");
    assert!(error.to_string().contains("not tried again because it may have been executed"), "{error}");
    simulator.fail_next(Fault::NoNode);
    client.table("incident").update(&id, &change).idempotent(true).await.unwrap();
    assert_eq!(seen(&simulator), 2);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_finds_nothing_after_one_of_unknown_fate_has_succeeded() {
    let simulator = crate::simulator();
    let client = crate::client(&simulator);
    simulator.fail_next(Fault::NoNode);
    client.table("incident").delete(ABSENT).await.unwrap();
    assert_eq!(seen(&simulator), 3, "a list confirms that it is gone");
    simulator.fail_next(Fault::Busy);
    let error = client.table("incident").delete(ABSENT).await.unwrap_err();
    assert_eq!((error.kind(), seen(&simulator)), (ErrorKind::NotFound, 2), "nothing was in doubt: {error}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_tried_past_the_deadline() {
    let simulator = crate::simulator();
    simulator.fail_always(Some(Fault::NoNode));
    let client = crate::client(&simulator);
    let began = Instant::now();
    let limit = Duration::from_millis(100);
    let error = client.table("incident").list().limit(1).deadline(limit).await.unwrap_err();
    assert!(began.elapsed() <= limit + Duration::from_millis(1), "{:?}", began.elapsed());
    assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::DeadlineExceeded), "{error}");

    // A rate window that ends after the deadline is not waited for.
    simulator.fail_always(None);
    simulator.fail_next(Fault::RATE_LIMITED);
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.to_string().contains("after the deadline"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn all_clones_together_try_again_no_more_than_their_budget() {
    let simulator = crate::simulator();
    simulator.fail_always(Some(Fault::NoNode));
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let policy = RetryPolicy::new().budget(5);
    let client = builder.transport(simulator.clone()).retry(policy).build().unwrap();
    let calls = (0..10).map(|_| client.table("incident").list().limit(1));
    for call in calls {
        call.await.unwrap_err();
    }
    assert_eq!(seen(&simulator), 10 + 5);

    // A read that breaks off draws on the same budget.
    simulator.fail_always(Some(Fault::CancelledInStream));
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!((error.kind(), seen(&simulator)), (ErrorKind::TransactionCancelled, 1));
    assert!(error.to_string().contains("the retry budget is used up"), "{error}");
}

/// Retries of the layer, of reads whose body broke off, and of the pages of a stream alike.
#[tokio::test(start_paused = true)]
async fn each_retry_is_reported_to_the_hook_of_the_policy() {
    let simulator = crate::simulator();
    let events = Arc::<Mutex<Vec<_>>>::default();
    let seen = events.clone();
    let policy = RetryPolicy::new().on_retry(move |event| {
        assert!(event.error.to_string().contains("/api/now/table/incident"), "{}", event.error);
        seen.lock().unwrap().push((event.attempt, event.error.kind()));
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    let client = builder.transport(simulator.clone()).retry(policy).build().unwrap();
    let reported = || std::mem::take(&mut *events.lock().unwrap());

    simulator.fail_next(Fault::Busy);
    simulator.fail_next(Fault::CancelledInStream);
    client.table("incident").list().limit(2).await.unwrap();
    assert_eq!(reported(), [(1, ErrorKind::InstanceBusy), (2, ErrorKind::TransactionCancelled)]);

    simulator.fail_next(Fault::CancelledInStream);
    let records = client
        .table("incident")
        .list()
        .stream()
        .by_offset(true)
        .page_size(1)
        .try_collect::<Vec<_>>()
        .await
        .unwrap();
    assert_eq!((records.is_empty(), reported()), (false, vec![(1, ErrorKind::TransactionCancelled)]));

    client.table("incident").list().limit(2).await.unwrap();
    assert_eq!(reported(), []);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_attempts_can_be_set_on_the_builder_and_keeps_the_rest_of_the_policy() {
    let pauses = Arc::<Mutex<Vec<Duration>>>::default();
    let seen = pauses.clone();
    let second = Duration::from_secs(1);
    let policy = RetryPolicy::new().backoff(second, second);
    let policy = policy.on_retry(move |event| seen.lock().unwrap().push(event.delay));
    for (attempts, retries) in [(1, 0), (3, 2), (6, 5)] {
        let order = |builder: snow_client::client::ClientBuilder| match attempts {
            3 => builder.max_attempts(attempts).retry(policy.clone()),
            _ => builder.retry(policy.clone()).max_attempts(attempts),
        };
        let simulator = crate::simulator();
        (0..10).for_each(|_| simulator.fail_next(Fault::Busy));
        let builder = Client::builder().instance("dev12345").user("admin").password("secret");
        let error = order(builder.transport(simulator))
            .build()
            .unwrap()
            .table("incident")
            .list()
            .limit(1)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InstanceBusy);
        let pauses = std::mem::take(&mut *pauses.lock().unwrap());
        assert_eq!(pauses.len(), retries);
        assert!(pauses.iter().all(|pause| *pause <= second), "{pauses:?}");
    }
}
