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

/// A body that may be sent to another thread, but not shared between threads.
struct NotSync(Full<Bytes>, std::cell::Cell<u8>);

impl http_body::Body for NotSync {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.1.set(self.1.get() + 1);
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn is_sync<T: Send + Sync>() {}

#[tokio::test]
async fn a_body_is_sync_even_if_what_it_was_made_from_is_not() {
    is_sync::<Body>();
    #[cfg(feature = "transport")]
    is_sync::<crate::transport::TransportBody>();
    let mut body = Body::stream(NotSync(Full::new(Bytes::from_static(b"read")), std::cell::Cell::new(0)));
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(4));
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "read");
    assert!(http_body::Body::is_end_stream(&body));
    assert_eq!(http_body::Body::size_hint(&body).exact(), Some(0));
}

#[test]
fn the_bodies_of_all_layers_are_sync() {
    use crate::layer;
    is_sync::<layer::DeadlineBody<Body>>();
    #[cfg(feature = "gzip")]
    is_sync::<layer::GzipBody<Body>>();
    is_sync::<layer::LimitedBody<Body>>();
    is_sync::<layer::SessionBody<Body>>();
    is_sync::<layer::SpanBody<Body>>();
    is_sync::<layer::ThrottleBody<Body>>();
    is_sync::<layer::TimeoutBody<Body>>();
}

#[test]
fn a_body_is_as_small_as_bytes() {
    assert_eq!(size_of::<Body>(), size_of::<Bytes>());
}
