//! Whatever breaks on a socket, the client returns the right response or the right error, and a POST reaches the server at most once,
//! unless the server said that it did not execute it. Each case also counts how often the server saw the request.

use serde_json::json;
use snow_client::{Client, Error, ErrorKind, Transport, layer::RetryPolicy};
use snow_sim::{ConnectionFault, Fault, Listener, Simulator, TlsOptions, WireFault};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Soon, and as often as it takes. What never comes is waited for under a paused clock: tokio lets it jump only when no task can
/// go on and no socket has anything to be read, and what is written to the loopback can be read at once.
fn client(url: impl AsRef<str>, transport: Transport, attempts: u32) -> Client {
    let soon =
        RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO).budget(100_000).max_attempts(attempts);
    let builder = Client::builder().instance(url.as_ref()).user("admin").password("secret");
    builder.transport(transport).retry(soon).build().unwrap()
}

fn plain() -> Transport {
    Transport::builder().no_proxy().build().unwrap()
}

fn trusting(listener: &Listener) -> Transport {
    let authority = listener.authority_pem().unwrap();
    Transport::builder().no_proxy().bundled_roots(true).add_root_certificates_pem(authority).build().unwrap()
}

async fn read(client: &Client) -> Result<(), Error> {
    let page = client.table("incident").list().fields(["number"]).limit(1).await?;
    assert_eq!(page.len(), 1);
    assert!(page[0].value("number")?.starts_with("INC"));
    Ok(())
}

async fn write(client: &Client) -> Result<(), Error> {
    client.table("incident").create(&json!({ "short_description": "x" })).fields(["number"]).await.map(drop)
}

/// What a call came to, and how many requests the server saw.
#[derive(Debug, PartialEq)]
struct Outcome {
    kind: Option<ErrorKind>,
    retryable: bool,
    may_have_executed: bool,
    requests: usize,
}

async fn outcome(call: impl Future<Output = Result<(), Error>>, simulator: &Simulator) -> Outcome {
    simulator.take_journal();
    let error = call.await.err();
    Outcome {
        kind: error.as_ref().map(Error::kind),
        retryable: error.as_ref().is_some_and(Error::is_retryable),
        may_have_executed: error.as_ref().is_some_and(Error::may_have_executed),
        requests: simulator.take_journal().len(),
    }
}

fn success(requests: usize) -> Outcome {
    Outcome { kind: None, retryable: false, may_have_executed: false, requests }
}

/// An error of a read, which may be tried later.
fn later(kind: ErrorKind, requests: usize) -> Outcome {
    Outcome { kind: Some(kind), retryable: true, may_have_executed: false, requests }
}

/// An error that trying again does not mend, of something that was not carried out.
fn refused(kind: ErrorKind, requests: usize) -> Outcome {
    Outcome { kind: Some(kind), retryable: false, may_have_executed: false, requests }
}

/// A write that may have been carried out.
fn doubtful(kind: ErrorKind, requests: usize) -> Outcome {
    Outcome { kind: Some(kind), retryable: false, may_have_executed: true, requests }
}

#[tokio::test(start_paused = true)]
async fn answers_that_break() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let (once, again) = (client(listener.url(), plain(), 1), client(listener.url(), plain(), 4));
    for (fault, kind) in [
        (WireFault::ResetAt(0), ErrorKind::ConnectionClosed),
        (WireFault::ResetAt(40), ErrorKind::ConnectionClosed),
        (WireFault::StallAt(0), ErrorKind::TimedOut),
        (WireFault::StallAt(40), ErrorKind::TimedOut),
        (WireFault::LongLength(5), ErrorKind::ConnectionClosed),
    ] {
        simulator.break_next(fault);
        assert_eq!(outcome(read(&once), &simulator).await, later(kind, 1), "{fault:?}");
        simulator.break_next(fault);
        assert_eq!(outcome(read(&again), &simulator).await, success(2), "{fault:?}");
        for client in [&once, &again] {
            simulator.break_next(fault);
            assert_eq!(outcome(write(client), &simulator).await, doubtful(kind, 1), "{fault:?}");
        }
    }
    let patient =
        Client::builder().instance(listener.url()).user("admin").password("secret").build().unwrap();
    simulator.break_next(WireFault::Trickle(Duration::ZERO));
    assert_eq!(outcome(read(&patient), &simulator).await, success(1), "slow is not broken");
}

/// A length that is too short ends the answer before it is whole.
#[tokio::test]
async fn answers_that_are_longer_than_they_say() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let url = listener.url();
    simulator.break_next(WireFault::ShortLength(5));
    assert_eq!(outcome(read(&client(&url, plain(), 1)), &simulator).await, later(ErrorKind::Truncated, 1));
    simulator.break_next(WireFault::ShortLength(5));
    assert_eq!(outcome(read(&client(&url, plain(), 4)), &simulator).await, success(2));
    simulator.break_next(WireFault::ShortLength(5));
    assert_eq!(
        outcome(write(&client(&url, plain(), 4)), &simulator).await,
        doubtful(ErrorKind::Truncated, 1)
    );
}

/// What lies behind an answer, were it another whole one, is never taken for the answer to the next request.
#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_given_to_nobody() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = |number: &str| {
        let body = format!(r#"{{"result":{{"number":"{number}"}}}}"#);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-transaction-id: 1\r\n";
        format!("{head}content-length: {}\r\n\r\n{body}", body.len())
    };
    let answers = [answer("asked for"), answer("smuggled")].concat();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answers = answers.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4_096];
                // A request fits into one read here.
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    stream.write_all(answers.as_bytes()).await.unwrap();
                }
            });
        }
    });
    let client = client(format!("http://{address}"), plain(), 4);
    for _ in 0..20 {
        let record = client.table("incident").get("a9e30c7dc61122760116894de7bcc7bd").await.unwrap();
        assert_eq!(record.value("number").unwrap(), "asked for");
    }
}

/// Behind the head of an answer that is much longer.
#[tokio::test(start_paused = true)]
async fn answers_that_break_in_their_bodies() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let (once, again) = (client(listener.url(), plain(), 1), client(listener.url(), plain(), 4));
    for (fault, kind, told) in [
        (WireFault::ResetAt(2_000), ErrorKind::ConnectionClosed, "before the response was complete"),
        (WireFault::CutAt(2_000), ErrorKind::ConnectionClosed, "before the response was complete"),
        (WireFault::StallAt(2_000), ErrorKind::TimedOut, "the response's body stopped"),
    ] {
        let told = async |call: Result<(), Error>| match call {
            Err(error) if !error.to_string().contains(told) => panic!("{fault:?}: {error}"),
            other => other,
        };
        let list =
            async |client: &Client| told(client.table("incident").list().limit(20).await.map(drop)).await;
        let create = async |client: &Client| {
            let created = client.table("incident").create(&json!({ "short_description": "x" })).await;
            told(created.map(drop)).await
        };
        simulator.break_next(fault);
        assert_eq!(outcome(list(&once), &simulator).await, later(kind, 1), "{fault:?}");
        simulator.break_next(fault);
        assert_eq!(outcome(list(&again), &simulator).await, success(2), "{fault:?}");
        for client in [&once, &again] {
            simulator.break_next(fault);
            assert_eq!(outcome(create(client), &simulator).await, doubtful(kind, 1), "{fault:?}");
        }
    }
}

/// At every byte of an answer with a length; of one that is packed, or comes in chunks, at every fifth.
#[tokio::test]
async fn answers_that_are_cut_at_any_byte() {
    for (gzip, chunk, step) in [(false, 0, 1), (true, 0, 5), (false, 64, 5)] {
        let simulator = crate::simulator();
        simulator.settings(|settings| (settings.gzip, settings.chunk) = (gzip, chunk));
        let listener = simulator.listen().await.unwrap();
        let (once, again) = (client(listener.url(), plain(), 1), client(listener.url(), plain(), 4));
        let mut length = 0;
        loop {
            simulator.break_next(WireFault::CutAt(length));
            let read = outcome(read(&once), &simulator).await;
            simulator.break_next(WireFault::CutAt(length));
            let written = outcome(write(&again), &simulator).await;
            if read == success(1) && written == success(1) {
                break;
            }
            // The two answers differ in length: one may be whole before the other is.
            let whole =
                [success(1), later(ErrorKind::ConnectionClosed, 1), doubtful(ErrorKind::ConnectionClosed, 1)];
            assert!(read == whole[0] || read == whole[1], "{length} {gzip} {chunk}: {read:?}");
            assert!(written == whole[0] || written == whole[2], "{length} {gzip} {chunk}: {written:?}");
            assert!(length > 400 || read != whole[0] && written != whole[0], "{length} {gzip} {chunk}");
            simulator.break_next(WireFault::CutAt(length));
            let requests = if read == success(1) { 1 } else { 2 };
            assert_eq!(
                outcome(self::read(&again), &simulator).await,
                success(requests),
                "{length} {gzip} {chunk}"
            );
            length += step;
        }
        assert!(length > 400, "an answer is longer than {length}");
    }
}

#[tokio::test]
async fn connections_that_cannot_be_made() {
    // A port that was free a moment ago: nobody listens there now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (simulator, nobody) = (crate::simulator(), client(format!("http://127.0.0.1:{port}"), plain(), 4));
    assert_eq!(outcome(read(&nobody), &simulator).await, later(ErrorKind::Connect, 0));
    assert_eq!(outcome(write(&nobody), &simulator).await, later(ErrorKind::Connect, 0));

    let listener = simulator.listen().await.unwrap();
    let patient = client(listener.url(), plain(), 4);
    simulator.break_next_connection(ConnectionFault::Refuse);
    assert_eq!(outcome(read(&patient), &simulator).await, success(1));
    simulator.break_next_connection(ConnectionFault::Refuse);
    // It may have left before the reset was noticed: then nobody can know that it was not read.
    let outcome_of_write = outcome(write(&client(listener.url(), plain(), 4)), &simulator).await;
    assert!(
        [success(1), doubtful(ErrorKind::ConnectionClosed, 0)].contains(&outcome_of_write),
        "{outcome_of_write:?}"
    );

    // Something that speaks no TLS.
    let secure = simulator.listen_tls().await.unwrap();
    simulator.break_next_connection(ConnectionFault::Garbage);
    let told = client(secure.url(), trusting(&secure), 4);
    assert_eq!(outcome(write(&told), &simulator).await, refused(ErrorKind::Tls, 0));
}

#[tokio::test]
async fn servers_that_cannot_be_trusted() {
    let simulator = crate::simulator();
    let listener = simulator.listen_tls().await.unwrap();
    for fault in [ConnectionFault::Expired, ConnectionFault::WrongHost, ConnectionFault::UnknownAuthority] {
        for _ in 0..2 {
            simulator.break_next_connection(fault);
        }
        let client = client(listener.url(), trusting(&listener), 4);
        assert_eq!(outcome(read(&client), &simulator).await, refused(ErrorKind::Tls, 0), "{fault:?}");
        assert_eq!(outcome(write(&client), &simulator).await, refused(ErrorKind::Tls, 0), "{fault:?}");
    }
    let options = TlsOptions::new().require_client_certificate();
    let listener = simulator.listen_tls_with(([127, 0, 0, 1], 0).into(), options).await.unwrap();
    let stranger = client(listener.url(), trusting(&listener), 4);
    assert_eq!(outcome(read(&stranger), &simulator).await, refused(ErrorKind::Tls, 0));
    assert_eq!(outcome(write(&stranger), &simulator).await, refused(ErrorKind::Tls, 0));
}

#[tokio::test]
async fn refusals() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    for (fault, once_read, once_written, read_again, write_again) in [
        (
            Fault::NotProcessed,
            later(ErrorKind::NotProcessed, 1),
            later(ErrorKind::NotProcessed, 1),
            true,
            true,
        ),
        (Fault::Busy, later(ErrorKind::InstanceBusy, 1), later(ErrorKind::InstanceBusy, 1), true, true),
        (
            Fault::RATE_LIMITED,
            later(ErrorKind::RateLimited, 1),
            later(ErrorKind::RateLimited, 1),
            false,
            false,
        ),
        (Fault::NoNode, later(ErrorKind::Unavailable, 1), doubtful(ErrorKind::Unavailable, 1), true, false),
        (
            Fault::Maintenance,
            later(ErrorKind::Unavailable, 1),
            doubtful(ErrorKind::Unavailable, 1),
            true,
            false,
        ),
        (
            Fault::Hibernating,
            refused(ErrorKind::Hibernating, 1),
            doubtful(ErrorKind::Hibernating, 1),
            false,
            false,
        ),
        (
            Fault::LoginRedirect,
            refused(ErrorKind::LoginPage, 1),
            refused(ErrorKind::LoginPage, 1),
            false,
            false,
        ),
    ] {
        // A client of its own each: a 429 holds back all that its client does next.
        let new = |attempts| client(listener.url(), plain(), attempts);
        simulator.fail_next(fault);
        assert_eq!(outcome(read(&new(1)), &simulator).await, once_read, "{fault:?}");
        simulator.fail_next(fault);
        assert_eq!(outcome(write(&new(1)), &simulator).await, once_written, "{fault:?}");
        simulator.fail_next(fault);
        let expected = if read_again { success(2) } else { once_read };
        assert_eq!(outcome(read(&new(4)), &simulator).await, expected, "{fault:?}");
        simulator.fail_next(fault);
        let expected = if write_again { success(2) } else { once_written };
        assert_eq!(outcome(write(&new(4)), &simulator).await, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn an_address_that_is_too_long() {
    let simulator = crate::simulator();
    let listener = simulator.listen().await.unwrap();
    let client = client(listener.url(), plain(), 4);
    for (length, requests) in [(10_000, 1), (70_000, 0)] {
        let note = "x".repeat(length);
        let long = async {
            let call = client.table("incident").list().limit(1).param("sysparm_note", &note);
            call.await.map(drop)
        };
        assert_eq!(outcome(long, &simulator).await, refused(ErrorKind::UriTooLong, requests));
        let long = async {
            let call = client.table("incident").create(&json!({})).param("sysparm_note", &note);
            call.await.map(drop)
        };
        assert_eq!(outcome(long, &simulator).await, refused(ErrorKind::UriTooLong, requests));
    }
}
