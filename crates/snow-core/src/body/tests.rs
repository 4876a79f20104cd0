use super::*;
use http_body_util::{BodyExt, Full};

#[tokio::test]
async fn every_kind_reads_as_what_it_was_made_from() {
    let again = Body::factory(|| Full::new(Bytes::from_static(b"made")));
    let second = again.replay().unwrap();
    for (body, expected) in [
        (Body::empty(), ""),
        (Body::from(""), ""),
        (Body::from("bytes"), "bytes"),
        (Body::stream(Body::from("wrapped")), "wrapped"),
        (Body::stream(Full::new(Bytes::from_static(b"read"))), "read"),
        (again, "made"),
        (second, "made"),
    ] {
        assert_eq!(http_body::Body::size_hint(&body).exact(), Some(expected.len() as u64));
        assert_eq!(http_body::Body::is_end_stream(&body), expected.is_empty());
        assert_eq!(body.collect(64).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_half_read_factory_replays_from_its_start() {
    let mut body = Body::factory(|| Full::new(Bytes::from_static(b"whole")));
    let _ = body.frame().await;
    assert_eq!(body.replay().unwrap().collect(64).await.unwrap(), "whole");
}

#[tokio::test]
async fn the_limit_counts_all_chunks() {
    let chunks = || {
        let list =
            ["abc", "def"].map(|c| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(c.as_bytes()))));
        Body::stream(http_body_util::StreamBody::new(futures_util::stream::iter(list)))
    };
    assert_eq!(chunks().collect(6).await.unwrap(), "abcdef");
    assert_eq!(chunks().collect(5).await.unwrap_err().kind(), ErrorKind::ResponseTooLarge);
    assert_eq!(Body::from("abc").collect(2).await.unwrap_err().kind(), ErrorKind::ResponseTooLarge);
}
