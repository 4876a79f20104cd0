//! However many calls meet an expired token, there is one token request, and no call fails.

use crate::temp_folder::TempFolder;
use futures_util::future::join_all;
use snow_client::{ErrorKind, OAuthClient, field, oauth::Token};
use snow_sim::{Fault, Simulator};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

const LIFE: Duration = Duration::from_secs(1_800);

async fn logged_in(simulator: &Simulator) -> OAuthClient {
    let client = crate::oauth_client(simulator);
    client.generate_token("admin", "secret").await.unwrap();
    client
}

async fn thousand_calls(client: &OAuthClient) -> Vec<Result<usize, snow_client::Error>> {
    let calls = (0..1_000).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.table("incident").list().limit(1).await.map(|page| page.len()) })
    });
    join_all(calls).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_with_a_token_that_expired_by_the_clock() {
    let simulator = crate::slow_simulator();
    let client = logged_in(&simulator).await;
    tokio::time::advance(LIFE).await;
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap(), 1);
    }
    assert_eq!(simulator.token_requests(), 2); // the login and one refresh
    assert!(simulator.journal().iter().all(|entry| entry.status == 200), "no call met a 401");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_in_flight_with_a_token_that_the_server_revoked() {
    let simulator = crate::slow_simulator();
    let client = throttled(&simulator, 1_000).await;
    simulator.revoke_access_tokens();
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap(), 1);
    }
    assert_eq!(simulator.token_requests(), 2);
    let refused = simulator.journal().iter().filter(|entry| entry.status == 401).count();
    assert_eq!(refused, 1_000, "all were in flight, each was refused once and sent once more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_with_a_token_that_the_server_revoked_on_many_threads() {
    let simulator = crate::simulator();
    let client = logged_in(&simulator).await;
    simulator.revoke_access_tokens();
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap(), 1);
    }
    assert_eq!(simulator.token_requests(), 2);
}

/// A client that lets so many calls out at a time. Its token requests are not among them.
async fn throttled(simulator: &Simulator, most: usize) -> OAuthClient {
    let client = crate::oauth_builder().transport(simulator.clone()).concurrency(most).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    client
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_through_a_throttle_of_four() {
    let simulator = crate::slow_simulator();
    let client = throttled(&simulator, 4).await;
    tokio::time::advance(LIFE).await;
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap(), 1);
    }
    assert_eq!(simulator.token_requests(), 2);
    assert!(simulator.journal().iter().all(|entry| entry.status == 200), "no call met a 401");

    simulator.revoke_access_tokens();
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap(), 1);
    }
    assert_eq!(simulator.token_requests(), 3);
    let refused = simulator.journal().iter().filter(|entry| entry.status == 401).count();
    assert!((1..=4).contains(&refused), "only those in flight were refused: {refused}");

    tokio::time::advance(LIFE).await;
    simulator.fail_next_slowly(Fault::NoNode);
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(simulator.token_requests(), 4);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_nearly_over_when_they_come_are_used_by_everyone() {
    let simulator = crate::slow_simulator();
    let client = logged_in(&simulator).await;
    tokio::time::advance(LIFE).await;
    simulator.settings(|settings| settings.access_token_lifetime = Duration::from_secs(1));
    let began = simulator.token_requests();
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap(), 1);
    }
    // Thirty-two at a time, a tenth of a second each: four lives of a token. A refresh ahead of its end brings the same one.
    let refreshes = simulator.token_requests() - began;
    assert!(refreshes <= 8, "one refresh ahead of each token's end, and one at it: {refreshes}");
}

/// A server that gives another token each time, and lets none of them in.
#[tokio::test(start_paused = true)]
async fn a_locked_user_whose_tokens_are_new_each_time_costs_one_refresh_a_rest() {
    let simulator = crate::simulator();
    simulator.settings(|settings| settings.tokens_are_reused = false);
    let client = logged_in(&simulator).await;
    client.table("incident").list().limit(1).await.unwrap();
    for rests in 1..4 {
        simulator.lock_out("admin", true);
        for _ in 0..100 {
            let error = client.table("incident").list().limit(1).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        }
        assert_eq!(simulator.token_requests(), 1 + rests);
        simulator.lock_out("admin", false);
        tokio::time::advance(Duration::from_secs(30)).await;
        client.table("incident").list().limit(1).await.unwrap();
        // A token that was let in and is refused later was revoked: it is refreshed at once.
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_share_one_failure_and_then_go_on() {
    let simulator = crate::slow_simulator();
    let client = logged_in(&simulator).await;
    tokio::time::advance(LIFE).await;
    simulator.fail_next_slowly(Fault::NoNode);
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap_err().kind(), ErrorKind::Unavailable);
    }
    assert_eq!(simulator.token_requests(), 2);
    tokio::time::advance(Duration::from_secs(1)).await;
    for call in thousand_calls(&client).await {
        assert_eq!(call.unwrap(), 1);
    }
    assert_eq!(simulator.token_requests(), 3);
}

/// Polls once.
async fn is_pending(future: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
}

#[tokio::test(start_paused = true)]
async fn the_first_caller_may_be_dropped_half_way() {
    let simulator = crate::simulator();
    let gate = Arc::new(tokio::sync::Notify::new());
    let (entered, behind) = (gate.clone(), simulator.clone());
    let slow = tower::service_fn(move |request: http::Request<snow_core::Body>| {
        let (gate, simulator) = (entered.clone(), behind.clone());
        async move {
            if request.uri().path() == "/oauth_token.do" && simulator.token_requests() > 0 {
                gate.notified().await;
            }
            tower::ServiceExt::oneshot(simulator, request).await
        }
    });
    let client = crate::oauth_builder().transport(slow).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    tokio::time::advance(LIFE).await;

    let mut first = Box::pin(IntoFuture::into_future(client.table("incident").list().limit(1)));
    assert!(is_pending(&mut first).await);
    let mut second = Box::pin(IntoFuture::into_future(client.table("incident").list().limit(1)));
    assert!(is_pending(&mut second).await);
    drop(first);
    gate.notify_waiters();
    assert_eq!(second.await.unwrap().len(), 1);
    assert_eq!(simulator.token_requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_locked_user_costs_one_refresh_and_not_one_a_call() {
    let simulator = crate::simulator();
    let client = logged_in(&simulator).await;
    simulator.lock_out("admin", true);
    for _ in 0..10 {
        let error = client.table("incident").list().limit(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    }
    assert_eq!(simulator.token_requests(), 2); // the refresh brought the same token: the 401 stands
    simulator.lock_out("admin", false);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert!(client.table("incident").list().limit(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_dead_refresh_token_says_log_in_again() {
    let simulator = crate::simulator();
    let client = logged_in(&simulator).await;
    simulator.revoke_refresh_tokens();
    tokio::time::advance(LIFE).await;
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired);
    assert!(error.to_string().contains("generate_token(user, password)"), "{error}");
    assert!(!error.may_have_executed());
    client.generate_token("admin", "secret").await.unwrap();
    assert!(client.table("incident").list().limit(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_storage_has_the_new_token_before_any_call_goes_out_with_it() {
    let simulator = crate::simulator();
    let stored: Arc<Mutex<Vec<Token>>> = Arc::default();
    let (saving, behind, checking) = (stored.clone(), simulator.clone(), stored.clone());
    let checked = tower::service_fn(move |request: http::Request<snow_core::Body>| {
        if let Some(header) = request.headers().get("authorization") {
            let last = checking.lock().unwrap().last().unwrap().access_token().expose().to_owned();
            assert_eq!(header, &format!("Bearer {last}"));
        }
        tower::ServiceExt::oneshot(behind.clone(), request)
    });
    let client = crate::oauth_builder()
        .transport(checked)
        .token_updater(move |token: Token| {
            let stored = saving.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(5)).await; // a slow disk, under the paused clock
                stored.lock().unwrap().push(token);
                Ok::<_, std::io::Error>(())
            }
        })
        .build()
        .unwrap();
    let first = client.generate_token("admin", "secret").await.unwrap();
    assert_eq!(*stored.lock().unwrap(), [first]);
    tokio::time::advance(LIFE).await;
    for call in thousand_calls(&client).await {
        call.unwrap();
    }
    assert_eq!(stored.lock().unwrap().len(), 2);
    assert_eq!(client.token().as_ref(), stored.lock().unwrap().last());
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_fails_loses_no_token_and_lets_no_call_out() {
    let simulator = crate::simulator();
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let client = crate::oauth_builder()
        .transport(simulator.clone())
        .token_updater(move |_: Token| {
            let turn = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                assert_ne!(turn, 1, "a panic in the updater is an error, not the end");
                if turn == 0 { Err(std::io::Error::other("the disk is full")) } else { Ok(()) }
            }
        })
        .build()
        .unwrap();
    let error = client.generate_token("admin", "secret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved);
    assert!(error.to_string().contains("the disk is full"), "{error}");
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved);
    assert!(error.to_string().contains("panicked"), "{error}");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(client.table("incident").list().limit(1).await.is_ok());
    assert_eq!((tries.load(Ordering::SeqCst), simulator.token_requests()), (3, 1));
}

#[tokio::test]
async fn a_write_that_met_a_401_is_sent_once_more_and_done_once() {
    let simulator = crate::simulator();
    let client = logged_in(&simulator).await;
    simulator.revoke_access_tokens();
    let made =
        client.table("incident").create(&serde_json::json!({ "short_description": "once" })).await.unwrap();
    assert_eq!(made.value("short_description").unwrap(), "once");
    let same =
        client.table("incident").list().query(field("short_description").eq("once")).limit(9).await.unwrap();
    assert_eq!(same.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_service_that_panics_once_is_an_error_and_not_the_end() {
    let simulator = crate::simulator();
    let (behind, calls) = (simulator.clone(), Arc::new(AtomicUsize::new(0)));
    let panics = tower::service_fn(move |request: http::Request<snow_core::Body>| {
        let (simulator, calls) = (behind.clone(), calls.clone());
        async move {
            if request.uri().path() == "/oauth_token.do" {
                assert_ne!(calls.fetch_add(1, Ordering::SeqCst), 1, "the second token request panics");
            }
            tower::ServiceExt::oneshot(simulator, request).await
        }
    });
    let client = crate::oauth_builder().transport(panics).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    tokio::time::advance(LIFE).await;
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(client.table("incident").list().limit(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_updater_that_calls_its_own_client_is_told_so() {
    let simulator = crate::simulator();
    let own: Arc<Mutex<Option<OAuthClient>>> = Arc::default();
    let inside = own.clone();
    let client = crate::oauth_builder()
        .transport(simulator.clone())
        .token_updater(move |_: Token| {
            let client = inside.lock().unwrap().clone();
            async move {
                match client {
                    Some(client) => client.table("incident").list().limit(1).await.map(drop),
                    None => Ok(()),
                }
            }
        })
        .build()
        .unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    *own.lock().unwrap() = Some(client.clone());
    tokio::time::advance(LIFE).await;
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved);
    assert!(error.to_string().contains("calls the client whose token it saves"), "{error}");
    let advice = "do not call the client from its own token store, updater, callback or signer";
    assert_eq!((error.advice(), error.to_string().matches(advice).count()), (Some(advice), 1), "{error}");
    *own.lock().unwrap() = None;
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(client.table("incident").list().limit(1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_login_that_was_not_saved_is_not_mixed_up_with_the_one_before() {
    let simulator = Simulator::builder()
        .user("a", "secret")
        .user("b", "secret")
        .oauth_client("my-id", "my-secret")
        .build()
        .unwrap();
    let fail = Arc::new(AtomicUsize::new(0));
    let failing = fail.clone();
    let client = crate::oauth_builder()
        .transport(simulator.clone())
        .token_updater(move |_: Token| {
            let fail = failing.load(Ordering::SeqCst) == 1;
            async move { if fail { Err(std::io::Error::other("the disk is full")) } else { Ok(()) } }
        })
        .build()
        .unwrap();
    client.generate_token("a", "secret").await.unwrap();
    fail.store(1, Ordering::SeqCst);
    assert_eq!(client.generate_token("b", "secret").await.unwrap_err().kind(), ErrorKind::TokenNotSaved);
    let error = client.table("incident").list().limit(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TokenNotSaved, "nothing goes out as the user before");
    fail.store(0, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(1)).await;
    client.table("incident").list().limit(1).await.unwrap();
    assert_eq!(simulator.journal().last().unwrap().user, "b");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_a_login_overtook_leaves_the_storage_alone() {
    let simulator = Simulator::builder()
        .user("a", "secret")
        .user("b", "secret")
        .oauth_client("my-id", "my-secret")
        .build()
        .unwrap();
    let stored: Arc<Mutex<Vec<Token>>> = Arc::default();
    let saving = stored.clone();
    let behind = simulator.clone();
    // The refresh takes a minute, a login is quick.
    let slow = tower::service_fn(move |request: http::Request<snow_core::Body>| {
        let simulator = behind.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect(1 << 20).await?;
            if body.starts_with(b"grant_type=refresh_token") {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            let request = http::Request::from_parts(head, snow_core::Body::from(body));
            tower::ServiceExt::oneshot(simulator, request).await.map_err(snow_client::Error::wrap)
        }
    });
    let client = crate::oauth_builder()
        .transport(slow)
        .token_updater(move |token: Token| {
            saving.lock().unwrap().push(token);
            async { Ok::<_, std::io::Error>(()) }
        })
        .build()
        .unwrap();
    client.generate_token("a", "secret").await.unwrap();
    tokio::time::advance(LIFE).await;
    let waiting = tokio::spawn(IntoFuture::into_future(client.table("incident").list().limit(1)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = client.generate_token("b", "secret").await.unwrap();
    waiting.await.unwrap().unwrap();
    assert_eq!(stored.lock().unwrap().len(), 2);
    assert_eq!(stored.lock().unwrap().last(), Some(&second));
    assert_eq!(client.token(), Some(second));
}

/// All who wait give up: the store's lease is free for others, and the next call begins anew.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_everybody_abandoned_keeps_no_lease() {
    let simulator = crate::slow_simulator();
    let folder = TempFolder::new();
    let store = snow_client::oauth::FileStore::new(folder.file("token.json"));
    let client =
        crate::oauth_builder().transport(simulator.clone()).token_store(store.clone()).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    tokio::time::advance(LIFE).await;
    let calls = (0..3).map(|_| {
        let call = IntoFuture::into_future(client.table("incident").list().limit(1));
        tokio::time::timeout(Duration::from_millis(50), call) // the endpoint takes a hundred
    });
    assert!(join_all(calls).await.iter().all(Result::is_err));
    // A process that another test starts may have inherited the lock for a moment. Kept by a refresh, it would stay.
    let other = store.lease_wait(Duration::from_secs(60));
    drop(snow_client::oauth::TokenStore::lease(&other).await.expect("nobody holds it"));
    assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 1);
}

/// Whoever waits for a refresh that a logout overtook does not go out with what it brings.
#[tokio::test(start_paused = true)]
async fn a_logout_during_a_refresh_stands() {
    let simulator = crate::slow_simulator();
    let client = logged_in(&simulator).await;
    tokio::time::advance(LIFE).await;
    let waiting = tokio::spawn(IntoFuture::into_future(client.table("incident").list().limit(1)));
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.set_token(None).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), ErrorKind::NoToken);
    assert!(simulator.journal().iter().all(|entry| entry.path == "/oauth_token.do"), "nothing went out");
}
