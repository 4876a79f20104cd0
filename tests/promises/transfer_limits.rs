//! Uploads and downloads obey every limit, and a file has exactly the instance's bytes, or the caller's, even if a server stalls or
//! compresses, a log grows, or a reader fails.

use crate::temp_folder::TempFolder;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use snow_client::{
    Client, Error, ErrorKind, Transport,
    attachment::{Attachments, Content},
    layer::RetryPolicy,
};
use snow_core::Body;
use snow_sim::Simulator;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep};

const RECORD: &str = "9d385017c611228701d22104cc95c371";
const FILE: &str = "a9e30c7dc61122760116894de7bcc7bd";

type Sent = Result<Response<Body>, Infallible>;

/// A client of a service in memory, with one permit, whose requests go out once.
fn client<F>(respond: impl Fn(Request<Body>) -> F + Clone + Send + Sync + 'static) -> Client
where
    F: Future<Output = Sent> + Send + 'static,
{
    let once = RetryPolicy::new().max_attempts(1);
    let builder = Client::builder().instance("dev1").user("a").password("b").retry(once).concurrency(1);
    builder.transport(tower::service_fn(respond)).build().unwrap()
}

/// The head of a response that is a file of so many bytes.
fn head(size: usize, hash: Option<&str>) -> http::response::Builder {
    let hash = hash.map(|hash| format!(r#", "hash" : "{hash}""#)).unwrap_or_default();
    let metadata = format!(
        r#"{{ "sys_id" : "{FILE}", "table_name" : "incident", "table_sys_id" : "{RECORD}", "file_name" : "a.tgz", "content_type" : "application/gzip", "size_bytes" : "{size}"{hash} }}"#
    );
    Response::builder().header("x-attachment-metadata", metadata)
}

fn created(size: usize) -> Response<Body> {
    let file = serde_json::json!({
        "sys_id": FILE, "table_name": "incident", "table_sys_id": RECORD, "file_name": "a.txt", "content_type": "text/plain",
        "size_bytes": size.to_string(),
    });
    let body = Body::from(serde_json::json!({ "result": file }).to_string());
    Response::builder().status(201).header("content-type", "application/json").body(body).unwrap()
}

fn empty_list() -> Response<Body> {
    let builder = Response::builder().header("content-type", "application/json").header("x-total-count", 0);
    builder.body(Body::from(r#"{"result":[]}"#)).unwrap()
}

/// Pieces that come one after the other, so far apart.
fn pieces(piece: Bytes, count: usize, apart: Duration) -> Body {
    let pieces = stream::iter(0..count).then(move |_| {
        let piece = piece.clone();
        async move {
            sleep(apart).await;
            Ok::<_, Infallible>(Frame::data(piece))
        }
    });
    Body::stream(StreamBody::new(pieces.boxed()))
}

fn standing_still(first: Bytes) -> Body {
    let first = stream::iter([Ok::<_, Infallible>(Frame::data(first))]);
    Body::stream(StreamBody::new(first.chain(stream::pending()).boxed()))
}

const WAYS: [&str; 4] = ["bytes", "file", "writer", "stream"];

/// A download by one of the four ways.
async fn download(attachments: &Attachments, way: &str, folder: &TempFolder) -> Result<Vec<u8>, Error> {
    let download = attachments.download(FILE);
    match way {
        "bytes" => download.bytes(1 << 30).await.map(Vec::from),
        "file" => {
            let place = folder.file("file");
            download.overwrite(true).to_file(&place).await?;
            Ok(std::fs::read(place).unwrap())
        }
        "writer" => {
            let mut written = Vec::new();
            download.to_writer(&mut written).await?;
            Ok(written)
        }
        _ => {
            let (mut incoming, mut all) = (download.open().await?, Vec::new());
            while let Some(bytes) = incoming.next().await {
                all.extend_from_slice(&bytes?);
            }
            Ok(all)
        }
    }
}

/// How long something took by the clock, and what came of it; the client's only permit is free again afterwards.
async fn timed<T>(client: &Client, call: impl Future<Output = Result<T, Error>>) -> (u64, Error) {
    let began = Instant::now();
    let error = call.await.err().unwrap();
    let seconds = began.elapsed().as_secs();
    assert_eq!(client.table("incident").list().limit(1).await.unwrap().len(), 0, "the permit came back");
    (seconds, error)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_responds_holds_no_file_beyond_the_response_timeout() {
    let folder = TempFolder::new();
    std::fs::write(folder.file("a.txt"), vec![b'x'; 1 << 20]).unwrap();
    let client = client(|request| async move {
        match request.uri().path().contains("/attachment") {
            true => pending().await,
            false => Ok(empty_list()),
        }
    });
    let files = client.attachments();
    for way in WAYS {
        let (seconds, error) = timed(&client, download(&files, way, &folder)).await;
        assert_eq!((seconds, error.kind()), (90, ErrorKind::TimedOut), "{way}: {error}");
        assert!(error.to_string().contains("no response within 90s"), "{way}: {error}");
        assert!(error.to_string().contains(FILE) && !error.may_have_executed(), "{way}: {error}");
    }
    let reader = || tokio::io::repeat(b'x').take(1 << 20);
    for content in [
        Content::from("small"),
        Content::from(vec![b'x'; 100 << 20]),
        Content::file(folder.file("a.txt")),
        Content::reader(reader()),
        Content::sized_reader(reader(), 1 << 20),
    ] {
        let case = format!("{content:?}");
        let upload = files.upload("incident", RECORD, "a.txt", content);
        let (seconds, error) = timed(&client, upload.into_future()).await;
        assert_eq!((seconds, error.kind()), (90, ErrorKind::TimedOut), "{case}: {error}");
        assert!(error.to_string().contains("no more of the request's body was accepted"), "{case}: {error}");
    }
    // A deadline of one's own takes nothing from the other limits.
    let bound = Duration::from_secs(3_000);
    let (seconds, error) = timed(&client, files.download(FILE).deadline(bound).bytes(1)).await;
    assert_eq!((seconds, error.kind()), (90, ErrorKind::TimedOut));
    let upload = files.upload("incident", RECORD, "a.txt", Content::reader(reader())).deadline(bound);
    let (seconds, error) = timed(&client, upload.into_future()).await;
    assert_eq!((seconds, error.kind()), (90, ErrorKind::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_stands_still_is_given_up_after_the_idle_timeout() {
    let folder = TempFolder::new();
    let client = client(|request| async move {
        match request.uri().path().contains("/attachment") {
            true => Ok(head(1 << 30, None).body(standing_still(Bytes::from_static(b"a beginning"))).unwrap()),
            false => Ok(empty_list()),
        }
    });
    for way in WAYS {
        let (seconds, error) = timed(&client, download(&client.attachments(), way, &folder)).await;
        assert_eq!((seconds, error.kind()), (60, ErrorKind::TimedOut), "{way}: {error}");
        assert!(error.to_string().contains("the response's body stopped"), "{way}: {error}");
    }
    assert!(folder.names().is_empty());
}

/// The deadline of small calls bounds the time until a file begins to come, and grows by what its size takes.
#[tokio::test(start_paused = true)]
async fn a_deadline_grows_with_the_size_of_the_file_and_still_ends() {
    const SIZE: usize = 10 << 20; // 160 s
    let folder = TempFolder::new();
    let apart = Arc::new(Mutex::new((Duration::from_secs(1), Duration::ZERO)));
    let told = apart.clone();
    let respond = move |request: Request<Body>| {
        let (apart, before) = *told.lock().unwrap();
        async move {
            if !request.uri().path().contains("/attachment") {
                return Ok::<_, Infallible>(empty_list());
            }
            sleep(before).await;
            Ok(head(SIZE, None).body(pieces(vec![7; 64 << 10].into(), 160, apart)).unwrap())
        }
    };
    let client = Client::builder().instance("dev1").user("a").password("b").concurrency(1);
    let client =
        client.deadline(Duration::from_secs(30)).transport(tower::service_fn(respond)).build().unwrap();
    let files = client.attachments();
    for way in WAYS {
        assert_eq!(download(&files, way, &folder).await.unwrap().len(), SIZE, "{way}");
    }
    // Slower than the slowest line that is waited for.
    *apart.lock().unwrap() = (Duration::from_secs(2), Duration::ZERO);
    for way in WAYS {
        let (seconds, error) = timed(&client, download(&files, way, &folder)).await;
        assert_eq!((seconds, error.kind()), (190, ErrorKind::DeadlineExceeded), "{way}: {error}");
        assert!(error.to_string().contains("within 190s"), "{error}");
    }
    // A deadline of the caller's own is what it says.
    let bound = files.download(FILE).deadline(Duration::from_secs(100));
    let (seconds, error) = timed(&client, bound.bytes(SIZE)).await;
    assert_eq!((seconds, error.kind()), (100, ErrorKind::DeadlineExceeded), "{error}");
    // Before the file begins to come, it is a call like any other.
    *apart.lock().unwrap() = (Duration::ZERO, Duration::from_secs(40));
    for way in WAYS {
        let (seconds, error) = timed(&client, download(&files, way, &folder)).await;
        assert_eq!((seconds, error.kind()), (30, ErrorKind::DeadlineExceeded), "{way}: {error}");
    }
}

/// A server that takes a body so many bytes at a time, so far apart, and then stands still or responds.
async fn take(request: Request<Body>, apart: Duration, most: usize) -> Sent {
    let (mut body, mut size) = (request.into_body(), 0);
    while size < most {
        sleep(apart).await;
        let Some(frame) = body.frame().await else { return Ok(created(size)) };
        let Ok(frame) = frame else { break };
        size += frame.into_data().map_or(0, |data| data.len());
    }
    pending().await
}

#[tokio::test(start_paused = true)]
async fn an_upload_has_the_time_that_it_takes_and_a_server_that_stops_reading_has_none() {
    let most = Arc::new(AtomicUsize::new(usize::MAX));
    let told = most.clone();
    let client = client(move |request| {
        let most = told.load(Ordering::Relaxed);
        async move {
            match request.uri().path().contains("/attachment") {
                true => take(request, Duration::from_secs(5), most).await,
                false => Ok(empty_list()),
            }
        }
    });
    let (files, size) = (client.attachments(), 4 << 20);
    let source = || tokio::io::repeat(b'x').take(size);
    let slow = || pieces(vec![b'x'; 1 << 20].into(), 4, Duration::from_secs(200));
    // 64 pieces and more, five seconds each: longer than the response timeout; and a source that is slower than that itself.
    for content in [Content::reader(source()), Content::body(slow())] {
        let sent = files.upload("incident", RECORD, "a.txt", content).await.unwrap();
        assert_eq!(sent.size_bytes, size);
    }
    most.store(2 << 20, Ordering::Relaxed);
    for content in [Content::reader(source()), Content::body(slow())] {
        let upload = files.upload("incident", RECORD, "a.txt", content);
        let (_, error) = timed(&client, upload.into_future()).await;
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        let why = "no more of the request's body was accepted for 90s, after 2"; // MiB, and not many bytes more
        assert!(error.to_string().contains(why) && error.may_have_executed(), "{error}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, bytes);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the length is told, or the body comes in chunks.
fn body(bytes: &[u8], is_sized: bool) -> Body {
    if is_sized {
        return Body::from(bytes.to_vec());
    }
    let chunks: Vec<_> = bytes
        .chunks(5_000)
        .map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(chunk))))
        .collect();
    Body::stream(StreamBody::new(stream::iter(chunks)))
}

fn text() -> Vec<u8> {
    (0..20_000).flat_map(|n: u32| format!("{n} ").into_bytes()).collect()
}

#[tokio::test]
async fn a_file_that_is_sent_in_gzip_is_the_one_that_the_instance_knows() {
    let folder = TempFolder::new();
    let (plain, packed) = (text(), gzip(&text()));
    for (stored, sent, encoding) in [
        (&packed, &packed, "gzip"),
        (&packed, &packed, "x-gzip"),
        (&plain, &packed, "gzip"),
        (&plain, &plain, "identity"),
        (&packed, &packed, "br"),
        (&packed, &gzip(&packed), "gzip"),
    ] {
        for (is_sized, has_hash) in [(true, true), (false, true), (true, false), (false, false)] {
            let hash = has_hash.then(|| sha256(stored));
            let (size, sent, breaks) = (stored.len(), sent.clone(), Arc::new(AtomicUsize::new(0)));
            let breaking = breaks.clone();
            let respond = move |request: Request<Body>| {
                assert_eq!(request.headers()["accept-encoding"], "identity");
                let head = head(size, hash.as_deref()).header("content-encoding", encoding);
                let broken =
                    breaking.load(Ordering::Relaxed) > 0 && breaking.fetch_sub(1, Ordering::Relaxed) > 0;
                let response = match broken {
                    true => {
                        let half = Bytes::copy_from_slice(&sent[..sent.len() / 2]);
                        let closed = Error::new(ErrorKind::ConnectionClosed, "the connection broke");
                        let frames = [Ok(Frame::data(half)), Err(closed)];
                        head.body(Body::stream(StreamBody::new(stream::iter(frames))))
                    }
                    false => head.body(body(&sent, is_sized)),
                };
                async move { Ok::<_, Infallible>(response.unwrap()) }
            };
            let soon = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO);
            let builder =
                Client::builder().instance("dev1").user("a").password("b").retry(soon).concurrency(1);
            let files = builder.transport(tower::service_fn(respond)).build().unwrap().attachments();
            let case = format!("{size} bytes with {encoding}, sized {is_sized}, hashed {has_hash}");
            for way in WAYS {
                let came = download(&files, way, &folder)
                    .await
                    .unwrap_or_else(|error| panic!("{case} {way}: {error}"));
                assert!(came == *stored, "{case} {way}");
            }
            // Broken off, and begun again.
            for (way, times) in [("bytes", 1), ("file", 1), ("bytes", 2), ("file", 2)] {
                breaks.store(times, Ordering::Relaxed);
                let came = download(&files, way, &folder)
                    .await
                    .unwrap_or_else(|error| panic!("{case} {way}: {error}"));
                assert!(came == *stored, "{case} {way}");
            }
        }
    }
}

#[tokio::test]
async fn gzip_that_is_in_neither_form_the_file_is_told_with_both_lengths() {
    let folder = TempFolder::new();
    let (plain, packed) = (text(), gzip(&text()));
    for (size, is_sized) in [(77_777, true), (77_777, false), (plain.len(), false), (packed.len(), false)] {
        // Where the length is right, the hash is not.
        let (hash, sent) = (sha256(b"another file"), packed.clone());
        let client = client(move |_| {
            let head = head(size, Some(&hash)).header("content-encoding", "gzip");
            let response = head.body(body(&sent, is_sized)).unwrap();
            async move { Ok(response) }
        });
        for way in WAYS {
            let error = download(&client.attachments(), way, &folder).await.unwrap_err();
            let line = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{line}");
            assert!(line.contains(&size.to_string()) && line.contains(&packed.len().to_string()), "{line}");
            assert!(is_sized || line.contains(&plain.len().to_string()), "{line}");
            assert!(folder.names().is_empty() && !error.may_have_executed(), "{line}");
        }
    }
}

fn simulator() -> Simulator {
    let builder = Simulator::builder().user("admin", "secret");
    builder.row("incident", [("sys_id", RECORD)]).build().unwrap()
}

async fn over_sockets(simulator: &Simulator) -> (Client, snow_sim::Listener) {
    let listener = simulator.listen().await.unwrap();
    let transport = Transport::builder().no_proxy().build().unwrap();
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    (builder.transport(transport).build().unwrap(), listener)
}

/// A log grows while it is read, before it is read, and after: what goes out is what it was when the upload began.
#[tokio::test]
async fn a_file_that_grows_is_sent_as_it_was_at_the_start() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (client, _listener) = over_sockets(&simulator).await;
    let log = folder.file("a.log");
    for (client, as_form) in [(&client, false), (&client, true), (&crate::client(&simulator), false)] {
        let lines = text();
        std::fs::write(&log, &lines).unwrap();
        let mut writer = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
        let writing =
            Arc::new(Mutex::new(move || writer.write_all(b"one more line, and another\n").unwrap()));
        let files = client.attachments();
        let upload = files.upload_file("incident", RECORD, &log);
        let upload = upload.on_progress(move |_| writing.lock().unwrap()());
        let sent = if as_form { upload.as_form(true).await } else { upload.await }.unwrap();
        assert_eq!(sent.size_bytes, lines.len() as u64);
        assert!(files.download(sent.sys_id).bytes(1 << 20).await.unwrap() == lines);
        assert!(std::fs::metadata(&log).unwrap().len() > lines.len() as u64, "it grew");
    }
}

#[tokio::test]
async fn a_file_that_shrinks_is_an_error() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (client, _listener) = over_sockets(&simulator).await;
    let log = folder.file("a.log");
    std::fs::write(&log, vec![b'x'; 1 << 20]).unwrap();
    let cut = log.clone();
    let files = client.attachments();
    let upload = files.upload_file("incident", RECORD, &log);
    let upload = upload.on_progress(move |_| std::fs::File::create(&cut).unwrap().set_len(10).unwrap());
    let error = upload.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("was to have 1048576 bytes, and ended after"), "{error}");
    assert_eq!(files.for_record("incident", RECORD).await.unwrap().len(), 0);
}

/// Below `/proc` files have no size, and content all the same.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_without_a_size_is_sent_to_its_end() {
    let simulator = simulator();
    let (client, _listener) = over_sockets(&simulator).await;
    let sent = client.attachments().upload_file("incident", RECORD, "/proc/version").await.unwrap();
    let version = std::fs::read("/proc/version").unwrap();
    assert!(client.attachments().download(sent.sys_id).bytes(1 << 20).await.unwrap() == version);
}

#[tokio::test]
async fn a_download_goes_to_any_name_that_a_file_can_have() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let id = simulator.attach("incident", RECORD, "a.txt", "text/plain", "hello").unwrap();
    let files = crate::client(&simulator).attachments();
    for name in
        ["a".to_owned(), "b".repeat(216), "c".repeat(217), "d".repeat(255), "é".repeat(127), "😀".repeat(63)]
    {
        for overwrite in [false, true] {
            files.download(&id).overwrite(overwrite).to_file(folder.file(&name)).await.unwrap();
        }
        assert_eq!(std::fs::read(folder.file(&name)).unwrap(), b"hello");
    }
    assert_eq!(folder.names().len(), 6, "nothing else is left: {:?}", folder.names());
    // One that no file can have is seen before anything is asked for.
    simulator.take_journal();
    let error = files.download(&id).to_file(folder.file("x".repeat(256))).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("xxx"), "{error}");
    assert!(simulator.journal().is_empty());
}

/// What comes first, and then an error of the caller's own.
fn failing(first: usize) -> Body {
    let frames =
        [Ok(Frame::data(Bytes::from(vec![b'x'; first]))), Err(std::io::Error::other("the tape is torn"))];
    Body::stream(StreamBody::new(stream::iter(frames)))
}

struct FailingReader(usize);

impl tokio::io::AsyncRead for FailingReader {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        let count = self.0.min(buffer.remaining());
        self.0 -= count;
        buffer.put_slice(&vec![b'x'; count]);
        std::task::Poll::Ready(match count {
            0 => Err(std::io::Error::other("the tape is torn")),
            _ => Ok(()),
        })
    }
}

#[tokio::test]
async fn content_that_fails_is_told_as_the_callers_own() {
    use tower::ServiceExt;
    let simulator = simulator();
    let (client, listener) = over_sockets(&simulator).await;
    let files = client.attachments();
    for first in [10, 100_000, 1 << 20] {
        let size = (first as u64) + 10;
        for content in [
            Content::body(failing(first)),
            Content::body(Body::factory(move || failing(first))),
            Content::reader(FailingReader(first)),
            Content::sized_reader(FailingReader(first), size),
        ] {
            let error = files.upload("incident", RECORD, "a.txt", content).await.unwrap_err();
            assert_torn(&error);
        }
        let form = files.upload("incident", RECORD, "a.txt", Content::body(failing(first))).as_form(true);
        assert_torn(&form.await.unwrap_err());
    }
    assert_eq!(files.for_record("incident", RECORD).await.unwrap().len(), 0);
    // By the transport alone.
    let request = Request::post(format!("{}/api/now/table/incident", listener.url()));
    let transport = Transport::builder().no_proxy().build().unwrap();
    assert_torn(&transport.oneshot(request.body(failing(100_000)).unwrap()).await.map(drop).unwrap_err());
}

fn assert_torn(error: &Error) {
    let line = error.report();
    assert!(matches!(error.kind(), ErrorKind::Io | ErrorKind::Other), "{line}");
    assert!(line.contains("the content to be sent") && line.contains("the tape is torn"), "{line}");
    assert!(!line.contains("layer or service"), "{line}");
}

struct FullDisk;

impl tokio::io::AsyncWrite for FullDisk {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        std::task::Poll::Ready(Err(std::io::Error::other("the disk is full")))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn an_error_of_this_machine_tells_that_nothing_was_carried_out() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let id = simulator.attach("incident", RECORD, "a.txt", "text/plain", "hello").unwrap();
    let files = crate::client(&simulator).attachments();
    std::fs::write(folder.file("taken"), "mine").unwrap();
    std::fs::create_dir(folder.file("folder")).unwrap();
    let downloads = [
        files.download(&id).to_file(folder.file("taken")).await.map(drop),
        files.download(&id).to_file(folder.file("no/such/folder")).await.map(drop),
        files.download(&id).to_file(folder.file("taken/below")).await.map(drop),
        files.download(&id).overwrite(true).to_file(folder.file("folder")).await.map(drop),
        files.download(&id).skip_if_identical(true).to_file(folder.file("taken/below")).await.map(drop),
        files.download(&id).to_writer(&mut FullDisk).await.map(drop),
    ];
    for outcome in downloads {
        let error = outcome.unwrap_err();
        assert!(error.kind() == ErrorKind::Io && !error.may_have_executed(), "{error}");
        assert!(error.to_string().contains(&id), "{error}");
    }
    assert!(!files.download(&id).bytes(1).await.unwrap_err().may_have_executed());
    simulator.take_journal();
    let missing = folder.file("missing");
    let uploads = [
        files.upload_file("incident", RECORD, &missing).await,
        files.upload_file("incident", RECORD, &missing).skip_if_identical(true).await,
        files.upload_file("incident", RECORD, folder.file("folder")).await,
        files.upload("incident", RECORD, "a.txt", Content::reader(FailingReader(0))).await,
        files.upload_file("incident", RECORD, &missing).as_form(true).await,
    ];
    for outcome in uploads {
        let error = outcome.map(drop).unwrap_err();
        assert!(error.kind() == ErrorKind::Io && !error.may_have_executed(), "{error}");
    }
    assert!(simulator.journal().is_empty());
}

/// A scan that takes too long is not a reason to upload or download once more.
#[tokio::test(start_paused = true)]
async fn a_wait_for_a_scan_tells_what_was_done_before() {
    let simulator = simulator();
    simulator.settings(|settings| settings.attachment_scan = Duration::from_secs(30));
    let files = crate::client(&simulator).attachments();
    let wait = Duration::from_secs(5);
    let error =
        files.upload("incident", RECORD, "a.txt", "hello").wait_until_available(wait).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::TimedOut && error.may_have_executed() && !error.is_retryable(),
        "{error}"
    );
    let id = files.for_record("incident", RECORD).await.unwrap()[0].sys_id;
    assert!(error.to_string().contains(&format!("uploaded as the attachment {id}")), "{error}");
    let error = files.download(id).wait_until_available(wait).bytes(10).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::TimedOut && !error.may_have_executed() && error.is_retryable(),
        "{error}"
    );
}
