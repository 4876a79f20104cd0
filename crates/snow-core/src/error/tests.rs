use super::*;

#[test]
fn is_one_word_wide() {
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn an_error_in_a_box_is_unwrapped() {
    let inside = Error::new(ErrorKind::InstanceBusy, "full").with_status(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(Error::wrap(Box::new(inside) as BoxError).kind(), ErrorKind::InstanceBusy);
    let foreign = Error::wrap("their words");
    assert_eq!(foreign.kind(), ErrorKind::Other);
    assert!(foreign.to_string().contains("their words"));
}

#[test]
fn a_read_never_leaves_doubt_and_a_write_does() {
    let uri: http::Uri =
        "https://dev1.service-now.com/api/now/table/incident?sysparm_query=canary".parse().unwrap();
    let closed = Error::new(ErrorKind::ConnectionClosed, "the connection closed");
    let read = closed.clone().with_request(&Method::GET, &uri);
    let write = closed.with_request(&Method::POST, &uri);
    assert!(!read.may_have_executed() && read.is_retryable());
    assert!(write.may_have_executed() && !write.is_retryable());
    assert_eq!(write.operation(), Some("POST /api/now/table/incident on dev1.service-now.com"));
}

#[test]
fn an_internal_error_leaves_open_what_became_of_a_write() {
    let uri: http::Uri = "https://dev1.service-now.com/api/now/table/incident".parse().unwrap();
    let error = Error::internal("a test was run").with_request(&Method::POST, &uri);
    assert!(error.may_have_executed() && !error.is_retryable());
    assert!(error.to_string().contains("a test was run; the client itself is at fault: please report it"));
}

#[test]
fn advice_fits_what_became_of_the_request() {
    let uri: http::Uri = "https://dev1.service-now.com/api/now/table/incident".parse().unwrap();
    for kind in [
        ErrorKind::ConnectionClosed,
        ErrorKind::ResponseMismatch,
        ErrorKind::Forbidden,
        ErrorKind::Unserviced,
    ] {
        let error = Error::new(kind, "as the test says");
        let read = error.clone().with_request(&Method::GET, &uri).to_string();
        let write = error.with_request(&Method::POST, &uri).to_string();
        assert!(!read.contains("carried out") && !read.contains("read back"), "{read}");
        assert!(write.contains("carried out") || write.contains("read back"), "{write}");
    }
}

#[test]
fn how_long_the_service_asks_to_wait_is_printed() {
    let error = Error::new(ErrorKind::RateLimited, "a rate limit is used up");
    let line = error.with_retry_after(Duration::from_secs(7_200)).to_string();
    assert!(line.contains("wait 7200 s before the next try"), "{line}");
}

#[test]
fn marks_that_turn_the_direction_of_writing_are_escaped() {
    let error = Error::new(ErrorKind::Forbidden, "refused")
        .with_service_message("a\u{202e}b", "c\u{2066}d")
        .with_source("e\u{200f}f");
    let line = error.with_transaction_id("g\u{202d}h").to_string();
    assert!(!line.contains(['\u{202e}', '\u{2066}', '\u{200f}', '\u{202d}']), "{line}");
    assert!(line.contains(r"a\u{202e}b") && line.contains(r"c\u{2066}d"), "{line}");
}

#[test]
fn the_line_is_one_line_whatever_the_server_says() {
    let error =
        Error::new(ErrorKind::Forbidden, "refused").with_service_message("a\nb\u{1b}[31m", &"x".repeat(2000));
    let line = error.to_string();
    assert!(!line.chars().any(char::is_control) && line.len() < 1200, "{line}");
}
