//! One gigabyte up and down, by our client and by hyper-util as it is, each in a process of its own against a simulator in
//! another: `cargo xtask bench files` runs it and holds the memory to a limit.
//!
//! `files WAY URL BYTES FILE` moves so many bytes, and prints the seconds it took and the most memory it had, in KiB.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark may fail")]
#![allow(clippy::disallowed_methods, reason = "it measures real time")]
#![allow(missing_docs, reason = "no library")]

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use snow_client::{Client, Transport, attachment::Content};
use snow_core::Body;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// The incident that the simulator gives its file.
const RECORD: &str = "9e0100001010774cd7492799b6b1f11e";
const CHUNK: usize = 64 << 10;
const LOGIN: &str = "Basic YWRtaW46YWRtaW4=";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, url, bytes, file] = &arguments[..] else {
        println!("files: run by `cargo xtask bench files`");
        return;
    };
    let bytes: u64 = bytes.parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let began = Instant::now();
    runtime.block_on(async {
        match way.as_str() {
            "up" => up(url, bytes).await,
            "up-raw" => up_raw(url, bytes).await,
            "up-file" => up_file(url, bytes, file).await,
            "down" => down(url, bytes, false).await,
            "down-hash" => down(url, bytes, true).await,
            "down-raw" => down_raw(url, bytes, false).await,
            "down-raw-hash" => down_raw(url, bytes, true).await,
            "down-file" => down_file(url, bytes, file).await,
            other => panic!("{other} is no way"),
        }
    });
    println!("{} {}", began.elapsed().as_secs_f64(), most_memory());
}

/// The most that was in memory at once, in KiB, the program itself included.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").trim().parse().expect("a number")
}

fn client(url: &str) -> Client {
    let transport = Transport::builder().no_proxy().build().expect("a transport");
    let builder = Client::builder().instance(url).user("admin").password("admin");
    builder.transport(transport).build().expect("a client")
}

/// The same chunk again and again.
struct Repeated {
    chunk: Bytes,
    left: u64,
}

impl Repeated {
    fn new(bytes: u64) -> Self {
        Self { chunk: Bytes::from(vec![b'x'; CHUNK]), left: bytes }
    }
}

impl HttpBody for Repeated {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let count = usize::try_from(self.left).unwrap_or(CHUNK).min(CHUNK);
        self.left -= count as u64;
        Poll::Ready(Some(Ok(Frame::data(self.chunk.slice(..count)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

async fn up(url: &str, bytes: u64) {
    let content = Content::body(Body::stream(Repeated::new(bytes)));
    let sent =
        client(url).attachments().upload("incident", RECORD, "up.bin", content).await.expect("an upload");
    assert_eq!(sent.size_bytes, bytes);
}

async fn up_file(url: &str, bytes: u64, file: &str) {
    let sent = client(url).attachments().upload_file("incident", RECORD, file).await.expect("an upload");
    assert_eq!(sent.size_bytes, bytes);
}

async fn up_raw(url: &str, bytes: u64) {
    let path = "/api/now/attachment/file?table_name=incident&file_name=up.bin&table_sys_id=";
    let request = Request::post(format!("{url}{path}{RECORD}"))
        .header("authorization", LOGIN)
        .header("content-type", "application/octet-stream")
        .body(Repeated::new(bytes));
    let hyper = Hyper::builder(TokioExecutor::new()).build_http();
    let answer = hyper.request(request.expect("a request")).await.expect("an answer");
    assert_eq!(answer.status(), 201);
    answer.into_body().collect().await.expect("a body");
}

async fn down(url: &str, bytes: u64, hash: bool) {
    let client = client(url);
    let files = client.attachments().list().limit(1).await.expect("a list");
    let id = files.first().expect("the generated file").sys_id;
    let download = client.attachments().download(id);
    let download = if hash { download } else { download.verify_hash(false) };
    let mut incoming = download.open().await.expect("a file");
    let mut came = 0;
    while let Some(chunk) = incoming.chunk().await.expect("a chunk") {
        came += chunk.len() as u64;
    }
    assert_eq!(came, bytes);
}

async fn down_file(url: &str, bytes: u64, file: &str) {
    let client = client(url);
    let files = client.attachments().list().limit(1).await.expect("a list");
    let id = files.first().expect("the generated file").sys_id;
    let told = client.attachments().download(id).overwrite(true).to_file(file).await.expect("a file");
    assert_eq!(told.size_bytes, bytes);
}

async fn down_raw(url: &str, bytes: u64, hash: bool) {
    let client = client(url);
    let files = client.attachments().list().limit(1).await.expect("a list");
    let id = files.first().expect("the generated file").sys_id;
    let uri: Uri = format!("{url}/api/now/attachment/{id}/file").parse().expect("an address");
    let request = Request::get(uri).header("authorization", LOGIN);
    let request = request.body(http_body_util::Empty::<Bytes>::new()).expect("a request");
    let hyper = Hyper::builder(TokioExecutor::new()).build_http();
    let mut answer = hyper.request(request).await.expect("an answer");
    let (mut came, mut digest) = (0, ring::digest::Context::new(&ring::digest::SHA256));
    while let Some(frame) = answer.frame().await {
        let Ok(chunk) = frame.expect("a frame").into_data() else { continue };
        came += chunk.len() as u64;
        if hash {
            digest.update(&chunk);
        }
    }
    assert_eq!(came, bytes);
    std::hint::black_box(digest.finish());
}
