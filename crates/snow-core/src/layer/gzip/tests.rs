use super::*;
use crate::ErrorKind;
use crate::layer::{BodyLimitLayer, contract};
use std::io::Write;
use tower::{ServiceExt, service_fn};

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

fn responses(bytes: Vec<u8>) -> impl Service<Request<()>, Response = Response<crate::Body>, Error = Error> {
    service_fn(move |_: Request<()>| {
        let response = Response::builder().header("content-encoding", "gzip");
        std::future::ready(Ok(response.body(crate::Body::from(bytes.clone())).unwrap()))
    })
}

#[tokio::test]
async fn passes_readiness_errors_and_bodies_through() {
    contract::is_transparent(GzipLayer::new()).await;
    contract::lets_go(GzipLayer::new()).await;
    contract::completes_again(GzipLayer::new());
}

#[tokio::test]
async fn what_is_cut_or_no_gzip_is_an_error() {
    let whole = packed(b"some text that is long enough to be cut");
    for end in 1..=whole.len() {
        let inner = responses(whole[..end].to_vec());
        let response = GzipLayer::new().layer(inner).oneshot(Request::new(())).await.unwrap();
        let read = crate::Body::stream(response.into_body()).collect(100).await;
        match end == whole.len() {
            true => assert_eq!(read.unwrap(), "some text that is long enough to be cut"),
            false => assert_eq!(read.unwrap_err().kind(), ErrorKind::Truncated, "{end}"),
        }
    }
    let response =
        GzipLayer::new().layer(responses(b"plain text".to_vec())).oneshot(Request::new(())).await.unwrap();
    let error = crate::Body::stream(response.into_body()).collect(100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

/// Whatever is read in pieces of this size.
async fn unpacked(bytes: &[u8], piece: usize) -> Result<String, ErrorKind> {
    let mut decompressor = Decompressor::new();
    let mut text = Vec::new();
    for piece in bytes.chunks(piece) {
        decompressor.input = Bytes::copy_from_slice(piece);
        while let Some(output) = decompressor.next().map_err(|error| error.kind())? {
            text.extend_from_slice(&output);
        }
    }
    decompressor.end().map_err(|error| error.kind())?;
    text.extend_from_slice(decompressor.output());
    Ok(String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn members_may_follow_each_other_and_zeros_may_follow_them() {
    let (a, b, zeros) = (packed(b"one, "), packed(b"two"), vec![0; 5_000]);
    for piece in [1, 7, 10_000] {
        let read = async |parts: &[&[u8]]| unpacked(&parts.concat(), piece).await;
        assert_eq!(read(&[&a]).await.unwrap(), "one, ");
        assert_eq!(read(&[&a, &b]).await.unwrap(), "one, two");
        assert_eq!(read(&[&a, &b, &zeros]).await.unwrap(), "one, two");
        assert_eq!(read(&[&a, &[0]]).await.unwrap(), "one, ");
        for bad in [
            &[&a[..], &zeros, &b][..],
            &[&a, &zeros, b"x"],
            &[&a, b"x"],
            &[&zeros],
            &[&a, b"\x1f\x8bxxxxxxxxxx"],
        ] {
            assert_eq!(read(bad).await, Err(ErrorKind::Malformed), "{}", bad.len());
        }
        assert_eq!(read(&[&a, &b[..4]]).await, Err(ErrorKind::Truncated));
    }
}

#[tokio::test]
async fn what_is_damaged_is_not_called_cut() {
    let whole = packed(b"some text that is long enough to be damaged");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        let read = unpacked(&damaged, 16).await;
        // Some bytes of the head say nothing of the content; flags may promise more than comes.
        assert!(read != Err(ErrorKind::Truncated) || at < 10, "{at}");
    }
}

#[tokio::test]
async fn a_bomb_stops_at_the_limit() {
    let bomb = packed(&vec![0; 10 << 20]);
    assert!(bomb.len() < 11 << 10);
    let service = BodyLimitLayer::new(64 << 10).layer(GzipLayer::new().layer(responses(bomb)));
    let response = service.oneshot(Request::new(())).await.unwrap();
    let error = crate::Body::stream(response.into_body()).collect(usize::MAX).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseTooLarge);
}
