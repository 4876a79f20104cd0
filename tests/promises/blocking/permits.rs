//! A call that a thread gives up returns its place of the concurrency limit, and one that waits for a place may give up as well.

use super::contexts::ends;
use snow_client::blocking::Wait;
use snow_client::{Client, ErrorKind};
use snow_core::{Body, BoxError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tower::{ServiceExt, service_fn};

/// A client that may send one request at a time, of an instance that never responds about problems. The flag says whether a request about
/// them has arrived.
fn client(has_arrived: &Arc<AtomicBool>) -> Client {
    let (simulator, has_arrived) = (crate::simulator(), has_arrived.clone());
    let instance = service_fn(move |request: http::Request<Body>| {
        let (simulator, has_arrived) = (simulator.clone(), has_arrived.clone());
        async move {
            if request.uri().path().ends_with("/problem") {
                has_arrived.store(true, Ordering::SeqCst);
                std::future::pending::<()>().await;
            }
            simulator.oneshot(request).await.map_err(BoxError::from)
        }
    });
    let builder = Client::builder().instance("dev12345").user("admin").password("secret");
    builder.transport(instance).concurrency(1).build().unwrap()
}

#[test]
fn a_call_that_is_given_up_returns_its_permit() {
    ends("calls that are given up", || {
        let has_arrived = Arc::new(AtomicBool::new(false));
        let client = client(&has_arrived);
        let incidents = || client.table("incident").list().limit(1);
        for _ in 0..5 {
            has_arrived.store(false, Ordering::SeqCst);
            let gives_up = AtomicBool::new(false);
            thread::scope(|scope| {
                let hangs = scope.spawn(|| {
                    let problems = client.table("problem").list().limit(1);
                    problems.wait_while(Duration::from_millis(1), || !gives_up.load(Ordering::SeqCst))
                });
                while !has_arrived.load(Ordering::SeqCst) {
                    thread::yield_now();
                }
                // The only permit is taken, so nothing else gets through.
                let error = incidents().deadline(Duration::from_millis(20)).wait().unwrap_err();
                let kind = error.kind();
                assert!(matches!(kind, ErrorKind::PermitTimeout | ErrorKind::DeadlineExceeded), "{error}");
                let mut looks = 0;
                let go_on = || {
                    looks += 1;
                    looks < 3
                };
                assert!(incidents().wait_while(Duration::from_millis(1), go_on).is_none());
                gives_up.store(true, Ordering::SeqCst);
                assert!(hangs.join().unwrap().is_none());
            });
            assert_eq!(incidents().wait().unwrap().len(), 1);
        }
    });
}
