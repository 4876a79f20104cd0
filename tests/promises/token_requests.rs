//! Token requests have the same timeouts as data requests, and spans of their own. `transport.rs` tests their proxies and certificates.

use snow_client::{ErrorKind, OAuthClient, layer::RetryPolicy};
use snow_sim::{Fault, Simulator, WireFault};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::fmt::format::FmtSpan;

fn client(simulator: &Simulator) -> OAuthClient {
    let builder =
        crate::oauth_builder().transport(simulator.clone()).retry(RetryPolicy::new().max_attempts(1));
    let builder = builder.response_timeout(Duration::from_secs(7)).idle_timeout(Duration::from_secs(3));
    builder.user_agent("night-shift/1").build().unwrap()
}

async fn data(client: &OAuthClient) -> Result<(), snow_client::Error> {
    client.table("incident").list().limit(1).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_time_are_those_of_data_calls() {
    let simulator = crate::simulator();
    let client = client(&simulator);
    client.generate_token("admin", "secret").await.unwrap();
    for (latency, fault, kind, part) in
        [(100, None, ErrorKind::TimedOut, "7s"), (0, Some(WireFault::StallAt(5)), ErrorKind::TimedOut, "3s")]
    {
        simulator.settings(|settings| settings.latency = Duration::from_secs(latency));
        for token in [false, true] {
            tokio::time::advance(Duration::from_secs(100)).await; // what went before is forgotten
            fault.into_iter().for_each(|fault| simulator.break_next(fault));
            let error = match token {
                true => client.generate_token("admin", "secret").await.unwrap_err(),
                false => data(&client).await.unwrap_err(),
            };
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(part), "{error}");
            assert!(!token || !error.may_have_executed());
        }
    }
}

#[tokio::test]
async fn what_answers_in_the_endpoints_place_is_told_apart() {
    let simulator = crate::simulator();
    let client = client(&simulator);
    for (fault, kind) in [
        (Fault::Hibernating, ErrorKind::Hibernating),
        (Fault::NotProcessed, ErrorKind::NotProcessed),
        (Fault::NoNode, ErrorKind::Unavailable),
        (Fault::LoginRedirect, ErrorKind::LoginPage),
        (Fault::Busy, ErrorKind::InstanceBusy),
    ] {
        simulator.fail_next(fault);
        let error = client.generate_token("admin", "secret").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains("POST /oauth_token.do"), "{error}");
    }
    let refused = client.generate_token("admin", "wrong").await.unwrap_err();
    let fault = refused.service_message().unwrap();
    assert_eq!((fault.message.as_str(), fault.detail.as_str()), ("server_error", "access_denied"));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_token_call_has_spans_of_its_own_outside_those_of_whoever_asked_first() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::NEW)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let simulator = crate::simulator();
    let client = client(&simulator);
    client.generate_token("admin", "secret").await.unwrap();
    data(&client).await.unwrap();
    // Other tests may have come by these spans while nobody listened.
    tracing::callsite::rebuild_interest_cache();
    log.0.lock().unwrap().clear();
    client.generate_token("admin", "secret").await.unwrap();
    simulator.revoke_access_tokens();
    data(&client).await.unwrap();
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let token: Vec<&str> = log.lines().filter(|line| line.contains("/oauth_token.do")).collect();
    // Two token calls; each has a span for itself and one for its attempt.
    assert_eq!(token.len(), 4, "{log}");
    assert!(token.iter().all(|line| !line.contains("/api/now/table")), "{log}");
    assert!(log.lines().any(|line| line.contains("/api/now/table/incident")), "{log}");
}
