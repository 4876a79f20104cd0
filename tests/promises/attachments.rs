//! An uploaded or downloaded file is complete, or the call returns an error and leaves no file, whatever breaks on the socket.

use crate::temp_folder::TempFolder;
use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::Full;
use snow_client::{
    Client, Error, ErrorKind, OAuthClient, Transport,
    attachment::{Attachments, Content, FileState},
    layer::RetryPolicy,
};
use snow_core::Body;
use snow_sim::{Fault, Rule, Simulator, User, WireFault};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_http::map_response_body::MapResponseBodyLayer;

const RECORD: &str = "9d385017c611228701d22104cc95c371";

/// No round number of bytes, which nothing packs.
fn content() -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(300_001).collect()
}

fn simulator() -> Simulator {
    let builder = Simulator::builder().user("admin", "secret").oauth_client("my-id", "my-secret");
    builder.user_with(User::new("reader", "secret")).row("incident", [("sys_id", RECORD)]).build().unwrap()
}

/// A client over sockets; nothing is sent again unless asked for.
async fn client(simulator: &Simulator, attempts: u32) -> (Client, snow_sim::Listener) {
    let listener = simulator.listen().await.unwrap();
    let soon = RetryPolicy::new().backoff(Duration::ZERO, Duration::ZERO).max_attempts(attempts);
    let transport = Transport::builder().no_proxy().build().unwrap();
    let builder = Client::builder().instance(listener.url()).user("admin").password("secret");
    (builder.transport(transport).retry(soon).build().unwrap(), listener)
}

fn attach(simulator: &Simulator, name: &str) -> String {
    simulator.attach("incident", RECORD, name, "application/octet-stream", content()).unwrap()
}

async fn files(attachments: &Attachments) -> usize {
    attachments.for_record("incident", RECORD).await.unwrap().len()
}

#[tokio::test]
async fn whatever_goes_up_comes_down_byte_for_byte() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (client, _listener) = client(&simulator, 1).await;
    let files = client.attachments();
    std::fs::write(folder.file("a.bin"), content()).unwrap();
    let stream = || Body::stream(Full::new(Bytes::from(content())));
    let sources: Vec<(&str, Content)> = vec![
        ("bytes.pdf", content().into()),
        ("file.pdf", Content::file(folder.file("a.bin"))),
        ("reader.pdf", Content::reader(std::io::Cursor::new(content()))),
        ("sized.pdf", Content::sized_reader(std::io::Cursor::new(content()), 300_001)),
        ("stream.pdf", Content::body(stream())),
        ("factory.pdf", Content::body(Body::factory(stream))),
        ("ünd \"quoted\" & 100%.pdf", content().into()),
    ];
    for (name, source) in sources {
        let sent = files.upload("incident", RECORD, name, source).await.unwrap();
        assert_eq!((&*sent.file_name, &*sent.content_type), (name, "application/pdf"));
        assert_eq!((sent.size_bytes, sent.state.clone()), (300_001, Some(FileState::Available)), "{name}");
        assert_eq!(files.download(sent.sys_id).bytes(1 << 20).await.unwrap(), content(), "{name}");
    }
    let named = files.upload_file("incident", RECORD, folder.file("a.bin")).await.unwrap();
    assert_eq!((&*named.file_name, &*named.content_type), ("a.bin", "application/octet-stream"));
    for name in ["form.png", "größe 100%.png"] {
        let file = Content::file(folder.file("a.bin"));
        let sent = files.upload("incident", RECORD, name, file).as_form(true).await.unwrap();
        assert_eq!((&*sent.file_name, &*sent.content_type), (name, "image/png"));
        assert_eq!(files.download(sent.sys_id).bytes(1 << 20).await.unwrap(), content(), "{name}");
    }
    let empty = files.upload("incident", RECORD, "empty", "").await.unwrap();
    assert_eq!((empty.size_bytes, &*empty.content_type), (0, "application/octet-stream"));
    assert!(files.download(empty.sys_id).bytes(0).await.unwrap().is_empty());
    let dated =
        files.upload("incident", RECORD, "old.txt", "old").created_on("2020-01-02 03:04:05".parse().unwrap());
    assert_eq!(dated.await.unwrap().created_on.unwrap().to_string(), "2020-01-02 03:04:05");
}

#[tokio::test]
async fn comes_down_as_a_stream_into_a_writer_and_into_a_file() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    simulator.settings(|settings| settings.chunk = 10_000);
    let (client, _listener) = client(&simulator, 1).await;
    let (files, id) = (client.attachments(), attach(&simulator, "a.bin"));

    let mut stream = files.download(&id).open().await.unwrap();
    assert_eq!(stream.attachment().file_name, "a.bin");
    let (mut all, mut chunks) = (Vec::new(), 0);
    while let Some(bytes) = stream.next().await {
        all.extend_from_slice(&bytes.unwrap());
        chunks += 1;
    }
    assert!(all == content() && chunks > 1, "{chunks}");

    let mut written = Vec::new();
    files.download(&id).to_writer(&mut written).await.unwrap();
    assert!(written == content());

    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = seen.clone();
    let place = folder.file("b.bin");
    let told = files
        .download(&id)
        .on_progress(move |progress| listener.lock().unwrap().push((progress.bytes, progress.total)))
        .to_file(&place)
        .await
        .unwrap();
    assert_eq!((told.size_bytes, told.hash.as_ref().map(String::len)), (300_001, Some(64)));
    assert!(std::fs::read(&place).unwrap() == content());
    assert_eq!(folder.names(), ["b.bin"]);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.last(), Some(&(300_001, Some(300_001))));
    assert!(seen.is_sorted() && seen.len() > 1);

    let sent = Arc::new(Mutex::new(Vec::new()));
    let listener = sent.clone();
    let upload = files.upload_file("incident", RECORD, &place);
    upload.on_progress(move |progress| listener.lock().unwrap().push(progress.bytes)).await.unwrap();
    assert_eq!(sent.lock().unwrap().last(), Some(&300_001));

    assert_eq!(files.download(&id).bytes(300_000).await.unwrap_err().kind(), ErrorKind::ResponseTooLarge);
}

#[tokio::test]
async fn a_file_of_this_machine_is_never_replaced_unless_told() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (client, _listener) = client(&simulator, 1).await;
    let (files, id, place) = (client.attachments(), attach(&simulator, "a.bin"), folder.file("mine"));
    std::fs::write(&place, "mine").unwrap();
    simulator.take_journal();
    let error = files.download(&id).to_file(&place).await.unwrap_err();
    assert_eq!((error.kind(), simulator.journal().len()), (ErrorKind::Io, 0), "{error}");
    assert!(error.to_string().contains("overwrite(true)"), "{error}");
    assert_eq!(std::fs::read(&place).unwrap(), b"mine");

    // Somebody makes the file while it is downloaded.
    let late = folder.file("late");
    let theirs = late.clone();
    let race = files.download(&id).on_progress(move |_| std::fs::write(&theirs, "theirs").unwrap());
    assert_eq!(race.to_file(&late).await.unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(std::fs::read(&late).unwrap(), b"theirs");

    files.download(&id).overwrite(true).to_file(&place).await.unwrap();
    assert!(std::fs::read(&place).unwrap() == content());
    assert_eq!(folder.names(), ["late", "mine"]);
    let nowhere = files.download(&id).to_file(folder.file("no/such/folder")).await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::Io);
}

#[tokio::test]
async fn a_download_that_breaks_leaves_no_file_and_one_that_may_be_sent_again_comes_whole() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (id, place) = (attach(&simulator, "a.bin"), folder.file("a.bin"));
    for fault in [WireFault::CutAt(150_000), WireFault::ResetAt(150_000), WireFault::LongLength(7)] {
        let (once, _listener) = client(&simulator, 1).await;
        simulator.break_next(fault);
        let error = once.attachments().download(&id).to_file(&place).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionClosed, "{error}");
        assert!(error.to_string().contains(&format!("GET /api/now/attachment/{id}/file")), "{error}");
        assert!(folder.names().is_empty(), "{fault:?}: {:?}", folder.names());

        let (twice, _listener) = client(&simulator, 2).await;
        simulator.break_next(fault);
        simulator.take_journal();
        twice.attachments().download(&id).to_file(&place).await.unwrap();
        assert_eq!(simulator.journal().len(), 2);
        assert!(std::fs::read(&place).unwrap() == content(), "{fault:?}");
        simulator.break_next(fault);
        assert!(twice.attachments().download(&id).bytes(1 << 20).await.unwrap() == content());
        std::fs::remove_file(&place).unwrap();
    }
    // A length that is too short: the sizes tell.
    let (once, _listener) = client(&simulator, 1).await;
    simulator.break_next(WireFault::ShortLength(7));
    let error = once.attachments().download(&id).to_file(&place).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(folder.names().is_empty(), "{:?}", folder.names());
    // Dropped half way.
    let (client, _listener) = client(&simulator, 1).await;
    simulator.break_next(WireFault::StallAt(150_000));
    let half = Arc::new(tokio::sync::Notify::new());
    let told = half.clone();
    let files = client.attachments();
    let download = files.download(&id).on_progress(move |_| told.notify_one());
    tokio::select! {
        _ = download.to_file(&place) => unreachable!("it stands still"),
        () = half.notified() => {}
    }
    assert!(folder.names().is_empty(), "{:?}", folder.names());
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_hash_are_no_file() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let id = attach(&simulator, "a.bin");
    simulator.settings(|settings| settings.gzip = false);
    let spoil = |simulator: &Simulator, by: fn(Vec<u8>) -> Vec<u8>| {
        let spoilt = MapResponseBodyLayer::new(move |_| Body::from(by(content())));
        let service = tower::ServiceBuilder::new().layer(spoilt).service(simulator.clone());
        let builder = Client::builder().instance("dev1").user("admin").password("secret");
        builder.transport(service).build().unwrap().attachments()
    };
    let other: fn(Vec<u8>) -> Vec<u8> = |mut bytes| {
        bytes[150_000] ^= 1;
        bytes
    };
    let shorter: fn(Vec<u8>) -> Vec<u8> = |bytes| bytes[..300_000].to_vec();
    let longer: fn(Vec<u8>) -> Vec<u8> = |bytes| [bytes, vec![0]].concat();
    for (by, why) in [(other, "hash"), (shorter, "300000 bytes arrived"), (longer, "300002 bytes arrived")] {
        let error = spoil(&simulator, by).download(&id).to_file(folder.file("a.bin")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(why), "{error}");
        assert!(folder.names().is_empty());
    }
    let unhashed = spoil(&simulator, shorter).download(&id).verify_hash(false).bytes(1 << 20).await;
    assert_eq!(unhashed.unwrap_err().kind(), ErrorKind::Corrupt, "the size is compared in any case");
    assert!(spoil(&simulator, other).download(&id).verify_hash(false).bytes(1 << 20).await.is_ok());
}

#[tokio::test]
async fn a_page_in_place_of_a_file_is_the_trouble_that_it_is() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (client, _listener) = client(&simulator, 1).await;
    let id = attach(&simulator, "a.html");
    for (fault, kind) in [
        (Fault::Hibernating, ErrorKind::Hibernating),
        (Fault::NotProcessed, ErrorKind::NotProcessed),
        (Fault::LoginRedirect, ErrorKind::LoginPage),
        (Fault::NoNode, ErrorKind::Unavailable),
        (Fault::Cancelled, ErrorKind::TransactionCancelled),
    ] {
        simulator.fail_next(fault);
        let error = client.attachments().download(&id).to_file(folder.file("a.html")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert!(folder.names().is_empty());
    // A file may be a page itself.
    let page = "<html>mine</html>";
    let id = simulator.attach("incident", RECORD, "a.html", "text/html", page).unwrap();
    assert_eq!(client.attachments().download(&id).bytes(64).await.unwrap(), page);
}

#[tokio::test]
async fn an_upload_that_breaks_half_way_is_an_error_and_no_file() {
    let simulator = simulator();
    let (client, listener) = client(&simulator, 3).await;
    let attachments = client.attachments();
    let breaks = || {
        let (reader, mut writer) = tokio::io::duplex(64 << 10);
        tokio::spawn(async move { writer.write_all(&content()[..150_000]).await });
        reader
    };
    for (content, why) in [
        (Content::sized_reader(breaks(), 300_001), "was to have 300001 bytes"),
        (Content::sized_reader(breaks(), 100_000), "was to have 100000 bytes"),
    ] {
        let error = attachments.upload("incident", RECORD, "a.bin", content).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.to_string().contains(why) && error.may_have_executed(), "{error}");
    }
    assert_eq!(files(&attachments).await, 0);
    // Without a length the end of the reader is the end of the file, which nobody can tell from a break.
    attachments.upload("incident", RECORD, "a.bin", Content::reader(breaks())).await.unwrap();
    assert_eq!(files(&attachments).await, 1);
    // The answer breaks: the file is there, and is not sent again.
    simulator.take_journal();
    simulator.break_next(WireFault::ResetAt(0));
    let error = attachments.upload("incident", RECORD, "b.bin", content()).await.unwrap_err();
    assert!(error.may_have_executed() && error.kind() == ErrorKind::ConnectionClosed, "{error}");
    assert_eq!(simulator.journal().len(), 1);
    assert_eq!(files(&attachments).await, 2);
    drop(listener);
}

/// A body that says one length and has another.
struct Says {
    length: u64,
    chunks: std::collections::VecDeque<Bytes>,
}

impl Says {
    /// Chunks of 32 KiB.
    fn new(length: u64, real: usize) -> Self {
        let bytes = Bytes::from(vec![7; real]);
        let starts = (0..real).step_by(32 << 10);
        Self { length, chunks: starts.map(|at| bytes.slice(at..real.min(at + (32 << 10)))).collect() }
    }
}

impl hyper::body::Body for Says {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(self.chunks.pop_front().map(|chunk| Ok(hyper::body::Frame::data(chunk))))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.length)
    }
}

#[tokio::test]
async fn a_length_that_is_declared_is_the_length_that_is_sent() {
    let simulator = simulator();
    let (over_sockets, listener) = client(&simulator, 1).await;
    let in_memory = crate::client(&simulator);
    let lengths = [
        (8_192, 100_000),
        (65_536, 65_537),
        (65_536, 65_536),
        (65_536, 65_535),
        (65_536, 131_072),
        (100_000, 100_000),
        (100_000, 8_192),
        (0, 1),
        (0, 0),
        (1, 0),
        (10, 8_192),
        (8_192, 8_192),
    ];
    for (length, real) in lengths {
        let reader = || Content::sized_reader(std::io::Cursor::new(vec![7; real]), length);
        let body = || Content::body(Body::stream(Says::new(length, real)));
        let contents = [reader(), reader(), body(), body(), reader(), reader(), body(), body()];
        for (at, content) in contents.into_iter().enumerate() {
            let attachments = if at < 4 { over_sockets.attachments() } else { in_memory.attachments() };
            let before = files(&attachments).await;
            let upload = attachments.upload("incident", RECORD, "a.bin", content);
            let sent = if at % 2 == 0 { upload.await } else { upload.as_form(true).await };
            let case = format!("{length} declared, {real} real, case {at}");
            let now = files(&attachments).await;
            match sent {
                Ok(sent) => {
                    assert_eq!(length, real as u64, "{case}");
                    assert_eq!((sent.size_bytes, now), (length, before + 1), "{case}");
                }
                Err(error) => {
                    assert_ne!(length, real as u64, "{case}: {error}");
                    // In memory it is the simulator that failed to read the body, which is no error of the client's own.
                    let is_own = matches!(error.kind(), ErrorKind::Io | ErrorKind::InvalidInput);
                    assert!(is_own || at >= 4, "{case}: {error}");
                    assert!(
                        error.report().contains(&format!("was to have {length} bytes")),
                        "{case}: {error}"
                    );
                    assert_eq!(now, before, "{case}: no file");
                }
            }
        }
    }
    drop(listener);
}

#[tokio::test]
async fn the_transport_cuts_no_body_to_the_length_that_it_declares() {
    use tower::ServiceExt;
    let simulator = simulator();
    let listener = simulator.listen().await.unwrap();
    let transport = Transport::builder().no_proxy().build().unwrap();
    for (length, real) in [(40_000, 40_001), (32_768, 65_536), (40_000, 39_999), (0, 1)] {
        let request = http::Request::post(format!("{}/api/now/table/incident", listener.url()));
        let request = request.body(Body::stream(Says::new(length, real))).unwrap();
        let error = transport.clone().oneshot(request).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{length} {real}: {error}");
    }
}

#[tokio::test]
async fn a_file_goes_out_again_after_a_401_and_a_stream_does_not() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let listener = simulator.listen().await.unwrap();
    let builder =
        OAuthClient::builder().instance(listener.url()).client_id("my-id").client_secret("my-secret");
    let client = builder.transport(Transport::builder().no_proxy().build().unwrap()).build().unwrap();
    client.generate_token("admin", "secret").await.unwrap();
    std::fs::write(folder.file("a.bin"), content()).unwrap();
    let files = client.attachments();
    for form in [false, true] {
        simulator.revoke_access_tokens();
        let upload = files.upload_file("incident", RECORD, folder.file("a.bin"));
        let sent = if form { upload.as_form(true).await } else { upload.await }.unwrap();
        assert!(files.download(sent.sys_id).bytes(1 << 20).await.unwrap() == content());
    }
    simulator.revoke_access_tokens();
    let stream = Content::reader(std::io::Cursor::new(content()));
    let error = files.upload("incident", RECORD, "a.bin", stream).await.unwrap_err();
    assert!(!error.may_have_executed(), "{error}");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
}

#[tokio::test]
async fn the_length_is_told_where_it_is_known() {
    let folder = TempFolder::new();
    std::fs::write(folder.file("a.bin"), content()).unwrap();
    let file = || Content::file(folder.file("a.bin"));
    let reader = || std::io::Cursor::new(content());
    for (content, form, length) in [
        (content().into(), false, Some(300_001)),
        (file(), false, Some(300_001)),
        (Content::sized_reader(reader(), 300_001), false, Some(300_001)),
        (Content::reader(reader()), false, None),
        (file(), true, Some(300_001 + 431)),
    ] {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let instance = format!("http://{}", server.local_addr().unwrap());
        let builder = Client::builder().instance(instance).user("admin").password("secret");
        let transport = Transport::builder().no_proxy().build().unwrap();
        let client = builder.transport(transport).build().unwrap();
        let upload = client.attachments().upload("incident", RECORD, "a.bin", content);
        let upload = if form { upload.as_form(true) } else { upload };
        let head = async {
            let (mut socket, _) = server.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            String::from_utf8(head).unwrap()
        };
        let (head, outcome) = tokio::join!(head, upload);
        assert!(outcome.is_err(), "nobody answered");
        let told = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(told.map(|length| length.parse().unwrap()), length, "{head}");
        assert_eq!(head.contains("transfer-encoding: chunked"), length.is_none(), "{head}");
    }
}

#[tokio::test]
async fn what_is_there_already_is_skipped() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (client, _listener) = client(&simulator, 1).await;
    let (attachments, place) = (client.attachments(), folder.file("a.bin"));
    std::fs::write(&place, content()).unwrap();
    let upload = || attachments.upload_file("incident", RECORD, &place).skip_if_identical(true);
    let first = upload().await.unwrap();
    let second = upload().await.unwrap();
    assert_eq!((first.already_existed(), second.already_existed()), (false, true));
    assert_eq!((first.sys_id, files(&attachments).await), (second.sys_id, 1));
    let other =
        attachments.upload("incident", RECORD, "a.bin", "other").skip_if_identical(true).await.unwrap();
    assert!(!other.already_existed() && files(&attachments).await == 2);
    let stream = Content::reader(std::io::Cursor::new(content()));
    let error =
        attachments.upload("incident", RECORD, "a.bin", stream).skip_if_identical(true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    simulator.take_journal();
    let download = || attachments.download(first.sys_id).skip_if_identical(true);
    download().to_file(&place).await.unwrap();
    assert!(simulator.take_journal().iter().all(|entry| !entry.path.ends_with("/file")));
    std::fs::write(&place, [&content()[1..], &[0]].concat()).unwrap();
    let error = download().to_file(&place).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "the same size is not enough: {error}");
    download().overwrite(true).to_file(&place).await.unwrap();
    assert!(std::fs::read(&place).unwrap() == content());
}

#[tokio::test(start_paused = true)]
async fn a_scan_is_waited_for_on_request_and_not_for_ever() {
    let simulator = simulator();
    simulator.settings(|settings| settings.attachment_scan = Duration::from_secs(30));
    let files = crate::client(&simulator).attachments();
    let upload = || files.upload("incident", RECORD, "a.txt", "hello");
    let pending = upload().await.unwrap();
    assert!(pending.is_pending());
    let error = files.wait_until_available(pending.sys_id, Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains(pending.sys_id.as_str()), "{error}");
    simulator.take_journal();
    let ready = files.wait_until_available(pending.sys_id, Duration::from_secs(60)).await.unwrap();
    assert!(ready.state == Some(FileState::Available) && ready.hash.is_some());
    assert!(simulator.take_journal().len() < 10, "it is not asked for all the time");
    let ready = upload().wait_until_available(Duration::from_secs(60)).await.unwrap();
    assert!(!ready.is_pending());
    let later = upload().await.unwrap();
    let waited = files.download(later.sys_id).wait_until_available(Duration::from_secs(60));
    assert_eq!(waited.bytes(64).await.unwrap(), "hello");
}

#[tokio::test]
async fn several_go_at_once_and_each_has_its_own_outcome() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let (client, _listener) = client(&simulator, 1).await;
    let files = client.attachments();
    let missing = folder.file("missing");
    let mut uploads: Vec<_> = (0..7)
        .map(|n| files.upload("incident", RECORD, &format!("{n}.txt"), format!("content {n}")))
        .collect();
    uploads.insert(3, files.upload_file("incident", RECORD, &missing));
    let outcomes = files.upload_all(uploads, 3).await;
    assert_eq!(outcomes.len(), 8);
    assert_eq!(outcomes[3].as_ref().unwrap_err().kind(), ErrorKind::Io);
    let sent: Vec<_> = outcomes.into_iter().filter_map(Result::ok).collect();
    assert_eq!(sent.iter().map(|file| &*file.file_name).collect::<Vec<_>>()[3], "3.txt");
    let downloads = sent.iter().map(|file| (files.download(file.sys_id), folder.file(&file.file_name)));
    let outcomes = files.download_all(downloads, 0).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(std::fs::read_to_string(folder.file("6.txt")).unwrap(), "content 6");
    assert_eq!(folder.names().len(), 7);
}

#[tokio::test]
async fn what_the_instance_refuses_is_told_and_what_cannot_be_right_is_not_sent() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator, 1).await;
    let files = client.attachments();
    simulator.settings(|settings| {
        settings.attachment_extensions = vec!["txt".into()];
        settings.attachment_max_size = 10;
    });
    let upload = |table: &str, record: &str, name: &str| files.upload(table, record, name, "hello world");
    let kind = |error: Error| error.kind();
    let missing = "0123456789abcdef0123456789abcdef";
    assert_eq!(upload("incident", RECORD, "a.exe").await.map_err(kind).unwrap_err(), ErrorKind::Forbidden);
    assert_eq!(upload("incident", RECORD, "a.txt").await.map_err(kind).unwrap_err(), ErrorKind::Rejected);
    assert_eq!(upload("incident", missing, "a.txt").await.map_err(kind).unwrap_err(), ErrorKind::NotFound);
    assert_eq!(upload("no_such", RECORD, "a.txt").await.map_err(kind).unwrap_err(), ErrorKind::UnknownTable);
    assert_eq!(files.download(missing).open().await.map_err(kind).unwrap_err(), ErrorKind::NotFound);
    assert_eq!(files.get(missing).await.map_err(kind).unwrap_err(), ErrorKind::NotFound);
    simulator.add_rule(Rule::DenyWrite { table: "incident".into() });
    let reader = Client::builder().instance("dev1").user("reader").password("secret");
    let reader = reader.transport(simulator.clone()).build().unwrap().attachments();
    let denied = reader.upload("incident", RECORD, "a.txt", "hi").await;
    assert_eq!(denied.map_err(kind).unwrap_err(), ErrorKind::Forbidden);

    simulator.take_journal();
    let (at, text) = ("incident", "hi");
    for refused in [
        upload("inc/ident", RECORD, "a.txt").await.map(drop),
        upload("incident", "../x", "a.txt").await.map(drop),
        upload("incident", RECORD, "").await.map(drop),
        upload("incident", RECORD, "a\nb").await.map(drop),
        files.upload(at, RECORD, "a\"b", text).as_form(true).await.map(drop),
        files.upload(at, RECORD, "a", text).content_type("text").await.map(drop),
        files.upload(at, RECORD, "a", text).content_type("text/\nplain").await.map(drop),
        files.download("").open().await.map(drop),
        files.rename(RECORD, "").await,
        files.for_record("", RECORD).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let gone = files.upload_file("incident", RECORD, Path::new("/no/such/file")).await.unwrap_err();
    assert!(gone.kind() == ErrorKind::Io && gone.to_string().contains("/no/such/file"), "{gone}");
    assert!(simulator.journal().is_empty());
}

#[tokio::test]
async fn lists_names_and_notes() {
    let simulator = simulator();
    let (client, _listener) = client(&simulator, 1).await;
    let files = client.attachments();
    let first = attach(&simulator, "a.bin");
    attach(&simulator, "b.bin");
    let named = files.list().query(snow_client::field("file_name").eq("a.bin")).limit(5).await.unwrap();
    assert_eq!(named.len(), 1);
    assert_eq!(
        (named[0].sys_id.as_str(), &*named[0].table_name, &*named[0].table_sys_id),
        (&*first, "incident", RECORD)
    );
    assert!(named[0].record().value("download_link").unwrap().contains(&first));
    files.rename(&first, "c.bin").await.unwrap();
    assert_eq!(files.get(&first).await.unwrap().file_name, "c.bin");

    files.add_attribute(&first, "source", "scanner").await.unwrap();
    assert_eq!(files.add_attribute(&first, "source", "x").await.unwrap_err().kind(), ErrorKind::Rejected);
    files.set_attribute(&first, "source", "printer").await.unwrap();
    let notes = files.attributes(&first).await.unwrap();
    assert_eq!((&*notes[0].key, &*notes[0].value, notes.len()), ("source", "printer", 1));
    files.delete_attribute(&first, "source").await.unwrap();
    assert!(files.attributes(&first).await.unwrap().is_empty());

    files.delete(&first).await.unwrap();
    assert_eq!(files.delete(&first).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(files.for_record("incident", RECORD).await.unwrap().len(), 1);
    for n in 0..1_000 {
        simulator.attach("incident", RECORD, &format!("{n}.txt"), "text/plain", "x").unwrap();
    }
    assert_eq!(files.for_record("incident", RECORD).await.unwrap_err().kind(), ErrorKind::Incomplete);
    assert_eq!(files.for_record("incident", RECORD).limit(2_000).await.unwrap().len(), 1_001);
}

#[tokio::test]
async fn an_instance_that_tells_nothing_with_the_file_is_asked() {
    let (simulator, folder) = (simulator(), TempFolder::new());
    let id = attach(&simulator, "a.bin");
    let silent = tower::ServiceBuilder::new().map_response(|mut answer: http::Response<snow_sim::Body>| {
        answer.headers_mut().remove("x-attachment-metadata");
        answer.headers_mut().remove("content-disposition");
        answer
    });
    let builder = Client::builder().instance("dev1").user("admin").password("secret");
    let client = builder.transport(silent.service(simulator.clone())).concurrency(1).build().unwrap();
    simulator.take_journal();
    client.attachments().download(&id).to_file(folder.file("a.bin")).await.unwrap();
    assert_eq!(simulator.journal().len(), 3, "opened, asked about, and opened again: in one place");
    assert!(std::fs::read(folder.file("a.bin")).unwrap() == content());
}

/// The connection dies while the file goes out: nobody knows what came of it, and it does not go out again.
#[tokio::test]
async fn an_upload_whose_connection_dies_on_the_way_goes_once() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            *counted.lock().unwrap() += 1;
            stream.read_exact(&mut vec![0; 100_000]).await.unwrap();
        }
    });
    let transport = Transport::builder().no_proxy().build().unwrap();
    let client = Client::builder().instance(url).user("admin").password("secret").transport(transport);
    let files = client.build().unwrap().attachments();
    let error = files.upload("incident", RECORD, "a.bin", vec![b'x'; 32 << 20]).await.unwrap_err();
    assert!(error.kind() == ErrorKind::ConnectionClosed && error.may_have_executed(), "{error}");
    assert_eq!(*connections.lock().unwrap(), 1);
}
