use super::*;
use std::fmt;

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
    assert!(foreign.report().contains("their words"));
    assert_eq!(foreign.source().unwrap().to_string(), "their words");
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
    assert_eq!(write.request(), Some("POST /api/now/table/incident on dev1.service-now.com"));
}

#[test]
fn an_internal_error_leaves_open_what_became_of_a_write() {
    let uri: http::Uri = "https://dev1.service-now.com/api/now/table/incident".parse().unwrap();
    let error = Error::internal("a test was run").with_request(&Method::POST, &uri);
    assert!(error.may_have_executed() && !error.is_retryable());
    assert!(error.to_string().contains("a test was run; this is a bug in the client: please report it"));
}

#[test]
fn advice_fits_what_became_of_the_request() {
    let uri: http::Uri = "https://dev1.service-now.com/api/now/table/incident".parse().unwrap();
    for kind in [
        ErrorKind::ConnectionClosed,
        ErrorKind::ResponseMismatch,
        ErrorKind::Forbidden,
        ErrorKind::Unserviced,
        ErrorKind::TransactionCancelled,
        ErrorKind::Truncated,
        ErrorKind::Malformed,
        ErrorKind::Server,
        ErrorKind::Rejected,
        ErrorKind::Unavailable,
        ErrorKind::TimedOut,
        ErrorKind::DeadlineExceeded,
    ] {
        let error = Error::new(kind, "as the test says");
        let read = error.clone().with_request(&Method::GET, &uri).to_string();
        let write = error.with_request(&Method::POST, &uri).to_string();
        assert!(!read.contains("executed") && !read.contains("read back"), "{read}");
        assert!(write.contains("executed") || write.contains("read back"), "{write}");
    }
    let decode = Error::new(ErrorKind::Decode, "as the test says").with_status(StatusCode::CREATED);
    let read = decode.clone().with_request(&Method::GET, &uri).to_string();
    let write = decode.with_request(&Method::POST, &uri).to_string();
    assert!(!read.contains("executed") && read.contains("another type"), "{read}");
    assert!(write.contains("the write was executed: do not send it again"), "{write}");
    let of_field = Error::new(ErrorKind::Decode, "the field \"a\" is not a u8");
    assert!(!of_field.report().contains("executed"), "no request is known: {of_field:?}");
}

#[test]
fn a_report_ends_with_the_kind_the_doubt_and_the_transaction() {
    let uri = http::Uri::from_static("https://dev1.service-now.com/api/now/table/incident");
    let error = Error::new(ErrorKind::Server, "failed").with_transaction_id("abc");
    let read = error.clone().with_request(&Method::GET, &uri);
    let write = error.with_request(&Method::POST, &uri);
    assert!(read.report().ends_with(" [Server, transaction abc]"), "{read:?}");
    assert!(write.report().ends_with(" [Server, may have been executed, transaction abc]"), "{write:?}");
    assert!(!write.to_string().contains('['), "{write}");
}

#[test]
fn the_request_names_a_port_that_the_scheme_does_not_imply() {
    let named = |uri: &'static str| {
        let error = Error::new(ErrorKind::Connect, "failed");
        error.with_request(&Method::GET, &http::Uri::from_static(uri)).request().unwrap().to_owned()
    };
    assert_eq!(named("http://127.0.0.1:9/api"), "GET /api on 127.0.0.1:9");
    assert_eq!(named("http://[::1]:443/api"), "GET /api on [::1]:443");
    assert_eq!(named("https://dev1.service-now.com:8443/api"), "GET /api on dev1.service-now.com:8443");
    for uri in ["http://127.0.0.1:80/api", "https://127.0.0.1:443/api", "https://127.0.0.1/api"] {
        assert_eq!(named(uri), "GET /api on 127.0.0.1");
    }
}

#[test]
fn how_long_the_service_asks_to_wait_is_printed() {
    let error = Error::new(ErrorKind::RateLimited, "a rate limit of the instance is exceeded");
    let line = error.with_retry_after(Duration::from_secs(7_200)).to_string();
    assert!(line.contains("wait 7200 s before the next attempt"), "{line}");
}

#[test]
fn marks_that_turn_the_direction_of_writing_are_escaped() {
    let error = Error::new(ErrorKind::Forbidden, "refused")
        .with_service_message("a\u{202e}b", "c\u{2066}d")
        .with_source("e\u{200f}f");
    let line = error.with_transaction_id("g\u{202d}h").report();
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

/// What anyhow prints for `{:#}`.
fn chain(error: &Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    std::iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

#[test]
fn the_display_of_an_error_leaves_its_causes_to_those_who_print_the_chain() {
    let inside = Error::new(ErrorKind::Io, "the file cannot be written").with_source("the disk is full");
    let error = Error::new(ErrorKind::TokenNotSaved, "the store failed").with_source(inside);
    let error = error.with_advice("free some space").with_transaction_id("0123456789ab");
    assert_eq!(error.to_string(), "the store failed; free some space");
    assert_eq!(
        chain(&error),
        "the store failed; free some space: the file cannot be written: the disk is full"
    );
    let report = "the store failed: the file cannot be written: the disk is full; free some space [TokenNotSaved, transaction 0123456789ab]";
    assert_eq!(error.report(), report);
    assert_eq!(format!("{error:?}"), format!("Error({report})"));
}

#[test]
fn a_report_says_each_text_once() {
    #[derive(Debug)]
    struct Wrapper(&'static str, Option<Box<Wrapper>>);
    impl fmt::Display for Wrapper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl StdError for Wrapper {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|inside| inside as &dyn StdError)
        }
    }
    let root = Wrapper("the disk is full", None);
    let repeats = Wrapper("saving failed: the disk is full", Some(Box::new(root)));
    let error = Error::new(ErrorKind::Other, "a layer failed").with_source(repeats);
    assert_eq!(error.report(), "a layer failed: saving failed: the disk is full [Other]");
    let error = Error::new(ErrorKind::Io, "the file a12 cannot be read").with_source("a1");
    assert_eq!(error.report(), "the file a12 cannot be read: a1 [Io]", "a part of a word is not that text");
}

#[test]
fn a_source_keeps_the_text_of_the_reason_before_it() {
    let error = Error::new(ErrorKind::Io, "failed").with_reason("first").with_source("second");
    assert_eq!(
        (error.to_string().as_str(), error.source().unwrap().to_string().as_str()),
        ("failed: first", "second")
    );
    assert_eq!(error.report(), "failed: first: second [Io]");
    let twice = Error::new(ErrorKind::Io, "failed").with_reason("first").with_reason("second");
    assert_eq!(twice.to_string(), "failed: first: second");
}

#[test]
fn one_text_has_one_advice() {
    let inside = || Error::new(ErrorKind::UnknownTable, "there is no such table");
    let error = Error::new(ErrorKind::NotFound, "failed").with_reason(inside()).with_advice("look");
    assert_eq!(error.to_string(), "failed: there is no such table; look");
    let caused = Error::new(ErrorKind::NotFound, "failed").with_source(inside()).with_advice("look");
    assert_eq!(caused.report(), "failed: there is no such table; look [NotFound]");
    // A kind without advice leaves the last word to its reason.
    let other = Error::new(ErrorKind::Other, "failed").with_reason(inside());
    assert_eq!(other.to_string(), "failed: there is no such table; check the table's name");
    assert_eq!(other.with_advice("").advice(), None);
}

#[test]
fn a_reason_is_part_of_the_message_and_no_cause() {
    let error = Error::new(ErrorKind::InvalidInput, "the fields cannot be sent").with_reason("a\nb");
    assert_eq!(
        (error.to_string().as_str(), error.source().is_none()),
        ("the fields cannot be sent: a b", true)
    );
    assert_eq!(error.report(), format!("{error} [InvalidInput]"));
    assert_eq!(error.reason().unwrap().to_string(), "a\nb");
    assert!(error.with_source("c").reason().is_none());
    let inside = Error::new(ErrorKind::Io, "the file cannot be written").with_source("the disk is full");
    let error = Error::new(ErrorKind::TokenNotSaved, "the store failed").with_reason(inside).with_advice("");
    assert_eq!(chain(&error), "the store failed: the file cannot be written: the disk is full");
    assert_eq!(error.report(), format!("{} [TokenNotSaved]", chain(&error)));
}

#[test]
fn advice_is_what_is_known_of_the_error_or_of_its_kind() {
    let error = Error::new(ErrorKind::UnknownTable, "as the test says");
    assert_eq!(error.advice(), Some("check the table's name"));
    assert_eq!(error.clone().with_advice("other").advice(), Some("other"));
    assert_eq!(error.with_advice("").advice(), None);
    for kind in [ErrorKind::Other, ErrorKind::Incomplete] {
        assert_eq!(Error::new(kind, "as the test says").advice(), None, "its causes have nothing in common");
    }
}
