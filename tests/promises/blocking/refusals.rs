//! Where waiting is impossible, it is an error and neither a panic nor a hang.

use super::child;
use super::contexts::ends;
use snow_client::blocking::{Iterate, Wait};
use snow_client::{Client, Error, ErrorKind};
use std::cell::RefCell;
use std::fs::File;
use std::sync::mpsc::{Sender, channel};
use std::thread;

fn list(client: &Client) -> Result<usize, Error> {
    Ok(client.table("incident").list().fields(["number"]).limit(1).wait()?.len())
}

#[test]
fn on_the_thread_that_drives_the_call() {
    ends("a wait on the I/O thread", || {
        let client = crate::client(&crate::simulator());
        let own = client.clone();
        // Spawned tasks run on the I/O thread.
        let spawned = async {
            let waits = tokio::spawn(async move {
                let streamed = own.table("incident").list().stream().iterate().next();
                (list(&own), streamed.expect("an error is an item"))
            });
            waits.await.map_err(Error::wrap)
        };
        let (list_error, stream_error) = spawned.wait().unwrap();
        for error in [list_error.unwrap_err(), stream_error.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(".await") && !error.may_have_executed(), "{error}");
        }
        assert_eq!(list(&client).unwrap(), 1);
    });
}

/// Waits when its thread ends.
struct AtThreadEnd(Client, Sender<Result<usize, Error>>);

impl Drop for AtThreadEnd {
    fn drop(&mut self) {
        let _ = self.1.send(list(&self.0));
    }
}

thread_local! {
    static AT_END: RefCell<Option<AtThreadEnd>> = const { RefCell::new(None) };
}

/// Whether tokio's own value of the thread is destroyed first or last, depends on which was made first.
#[test]
fn in_a_destructor_of_a_thread_local_value() {
    let client = crate::client(&crate::simulator());
    for calls_before in [false, true] {
        let (done, outcome) = channel();
        let own = client.clone();
        let thread = thread::spawn(move || {
            if calls_before {
                list(&own).unwrap();
            }
            AT_END.with(|end| *end.borrow_mut() = Some(AtThreadEnd(own.clone(), done)));
            list(&own).unwrap();
        });
        let outcome = outcome.recv().expect("it does not panic");
        thread.join().unwrap();
        match outcome {
            Ok(count) => assert_eq!(count, 1),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(error.to_string().contains("this thread is ending"), "{error}");
            }
        }
    }
}

#[test]
fn without_descriptors_until_there_are_some() {
    child::passes(child::limited("ulimit -n 64", "refusals::runs_out_of_descriptors"));
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn runs_out_of_descriptors() {
    let client = crate::client(&crate::simulator());
    let taken: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(!taken.is_empty());
    let streamed = client.table("incident").list().stream().iterate().next().expect("an error is an item");
    for error in [list(&client).unwrap_err(), streamed.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.is_retryable() && !error.may_have_executed(), "{error}");
        assert!(error.to_string().contains("open files"), "{error}");
    }
    drop(taken);
    assert_eq!(list(&client).unwrap(), 1);
}

/// Threads have stacks of this size, which no machine has.
#[test]
fn without_threads() {
    let mut child = child::command("refusals::runs_out_of_threads");
    child.env("RUST_MIN_STACK", (1_u64 << 47).to_string());
    child::passes(child);
}

#[test]
#[ignore = "the test above runs it in a process of its own"]
fn runs_out_of_threads() {
    let client = crate::client(&crate::simulator());
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("could not be started") && !error.may_have_executed(), "{error}");
}
