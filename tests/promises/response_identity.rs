//! A response with another record than the requested one, or with more records than the limit, is an error, and its connection is not
//! used again.

use serde_json::json;
use snow_client::{Client, DisplayValue, ErrorKind, field, layer::RetryPolicy};
use snow_core::Body;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ASKED: &str = "6816f79cc0a8016401c5a33be04be441";
const OTHER: &str = "46d44a1cc0a8016401c5a33be04be441";

/// A service that answers every request with this body.
fn always(body: String) -> Client {
    let service = tower::service_fn(move |_: http::Request<Body>| {
        let response = http::Response::builder().header("content-type", "application/json");
        let response = response.header("x-transaction-id", "1").header("x-total-count", "3");
        let response = response.body(Body::from(body.clone())).unwrap();
        async { Ok::<_, std::io::Error>(response) }
    });
    let once = RetryPolicy::new().max_attempts(1);
    let builder = Client::builder().instance("dev1").user("admin").password("secret").retry(once);
    builder.transport(service).build().unwrap()
}

fn record(sys_id: &str) -> String {
    format!(r#"{{"result":{{"sys_id":"{sys_id}","number":"INC1"}}}}"#)
}

#[tokio::test]
async fn another_record_than_the_one_asked_for_is_an_error() {
    let incidents = always(record(OTHER)).table("incident");
    let read = incidents.get(ASKED).await.unwrap_err();
    assert_eq!(
        (read.kind(), read.may_have_executed(), read.is_retryable()),
        (ErrorKind::ResponseMismatch, false, true)
    );
    let fields = json!({ "state": "2" });
    for write in [
        incidents.update(ASKED, &fields),
        incidents.update(ASKED, &fields).use_put(true),
        incidents.update(ASKED, &fields).fields(["number"]),
    ] {
        let write = write.await.unwrap_err();
        assert_eq!(
            (write.kind(), write.may_have_executed(), write.is_retryable()),
            (ErrorKind::ResponseMismatch, true, false)
        );
        assert!(write.to_string().contains(ASKED), "{write}");
    }
    let read = incidents.get(ASKED).display_value(DisplayValue::Display).await.unwrap_err();
    assert_eq!(read.kind(), ErrorKind::ResponseMismatch);
}

#[tokio::test]
async fn the_same_record_in_another_case_or_without_its_id_is_accepted() {
    let upper = always(record(&ASKED.to_ascii_uppercase())).table("incident");
    assert_eq!(upper.get(ASKED).await.unwrap().value("number").unwrap(), "INC1");
    let view = always(r#"{"result":{"number":"INC1"}}"#.to_owned()).table("u_database_view");
    assert_eq!(view.get(ASKED).await.unwrap().value("number").unwrap(), "INC1");
}

#[tokio::test]
async fn an_id_that_the_caller_did_not_ask_for_is_taken_out_again() {
    let incidents = always(record(ASKED)).table("incident");
    let got = incidents.get(ASKED).fields(["number"]).await.unwrap();
    assert_eq!(got.fields().collect::<Vec<_>>(), ["number"]);
    let got = incidents.update(ASKED, &json!({})).fields(["number", "sys_id"]).await.unwrap();
    assert_eq!(got.fields().collect::<Vec<_>>(), ["sys_id", "number"]);
}

#[tokio::test]
async fn more_records_than_the_limit_are_an_error() {
    let three = r#"{"result":[{"sys_id":"a1"},{"sys_id":"b2"},{"sys_id":"c3"}]}"#.to_owned();
    let incidents = always(three).table("incident");
    assert_eq!(incidents.list().limit(2).await.unwrap_err().kind(), ErrorKind::ResponseMismatch);
    assert_eq!(incidents.list().limit(3).await.unwrap().len(), 3);
    assert_eq!(incidents.list().first().await.unwrap_err().kind(), ErrorKind::ResponseMismatch);
    assert_eq!(incidents.list().one().await.unwrap_err().kind(), ErrorKind::ResponseMismatch);
    let ordered = incidents.list().query(field("active").eq(true).order_by("number"));
    assert_eq!(
        ordered.stream().page_size(2).next().await.unwrap().unwrap_err().kind(),
        ErrorKind::ResponseMismatch
    );
}

/// Reads a request to its end, and answers it.
async fn serve(mut stream: TcpStream, mut answers: impl FnMut() -> String) {
    let mut seen = Vec::new();
    let mut buffer = [0; 4_096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        seen.extend_from_slice(&buffer[..count]);
        if seen.ends_with(b"\r\n\r\n") {
            seen.clear();
            let body = answers();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-transaction-id: 1\r\n";
            let response = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            if stream.write_all(response.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// The first connection is out of step: it answers with somebody else's record. A read goes on over another one.
#[tokio::test]
async fn a_connection_that_is_out_of_step_is_not_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (connections, on_first) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, requests) = (connections.clone(), on_first.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (first, requests) = (counted.fetch_add(1, Ordering::SeqCst) == 0, requests.clone());
            let answer = move || {
                requests.fetch_add(usize::from(first), Ordering::SeqCst);
                record(if first { OTHER } else { ASKED })
            };
            tokio::spawn(serve(stream, answer));
        }
    });
    let client = Client::builder().instance(url).user("admin").password("secret").build().unwrap();
    for _ in 0..5 {
        let got = client.table("incident").get(ASKED).await.unwrap();
        assert_eq!(got.value("sys_id").unwrap(), ASKED);
    }
    assert_eq!(
        on_first.load(Ordering::SeqCst),
        1,
        "nothing went over the first connection after its wrong response"
    );
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

fn file(sys_id: &str, record: &str) -> String {
    format!(
        r#"{{"sys_id":"{sys_id}","table_name":"incident","table_sys_id":"{record}","file_name":"a.txt","content_type":"text/plain","size_bytes":"1"}}"#
    )
}

/// Files are records, too.
#[tokio::test]
async fn another_file_than_the_one_asked_for_is_an_error() {
    let one = |sys_id, record| always(format!(r#"{{"result":{}}}"#, file(sys_id, record))).attachments();
    assert_eq!(one(OTHER, ASKED).get(ASKED).await.unwrap_err().kind(), ErrorKind::ResponseMismatch);
    assert!(one(ASKED, OTHER).get(ASKED.to_ascii_uppercase()).await.is_ok());
    let upload = one(ASKED, OTHER).upload("incident", ASKED, "a.txt", "x").await.unwrap_err();
    assert_eq!((upload.kind(), upload.may_have_executed()), (ErrorKind::ResponseMismatch, true));
    let two = format!(r#"{{"result":[{},{}]}}"#, file(ASKED, ASKED), file(OTHER, ASKED));
    assert_eq!(
        always(two).attachments().list().limit(1).await.unwrap_err().kind(),
        ErrorKind::ResponseMismatch
    );
}

#[tokio::test]
async fn the_content_of_another_file_is_an_error() {
    let service = tower::service_fn(|_: http::Request<Body>| async {
        let response =
            http::Response::builder().header("content-type", "text/plain").header("x-transaction-id", "1");
        let response = response.header("x-attachment-metadata", file(OTHER, ASKED));
        Ok::<_, std::io::Error>(response.body(Body::from("x")).unwrap())
    });
    let builder = Client::builder().instance("dev1").user("admin").password("secret");
    let client = builder.retry(RetryPolicy::new().max_attempts(1)).transport(service).build().unwrap();
    let error = client.attachments().download(ASKED).bytes(1_000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseMismatch, "{error}");
}
