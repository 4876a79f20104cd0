//! Files of programs without async: what a reader or a progress function does holds up no other call, and a file that did not come whole
//! is never taken for whole.

use super::contexts::{HANGS, ends};
use super::server::{client, server};
use crate::temp_folder::TempFolder;
use snow_client::attachment::Content;
use snow_client::blocking::Wait;
use snow_client::{Client, Error, ErrorKind, SysId};
use snow_sim::{Listener, Simulator, WireFault};
use std::io::{self, BufRead, Cursor, Read};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll};
use std::thread;
use tokio::io::{AsyncRead, ReadBuf};

fn list(client: &Client) -> Result<usize, Error> {
    Ok(client.table("incident").list().fields(["number"]).limit(1).wait()?.len())
}

fn incident(client: &Client) -> SysId {
    client.table("incident").list().fields(["sys_id"]).first().wait().unwrap().sys_id().unwrap()
}

/// Blocks until it may go on, in the way of code that knows of no async.
struct Blocks {
    began: Sender<()>,
    may_go_on: Mutex<Option<Receiver<()>>>,
}

impl Blocks {
    fn block(&self) {
        if let Some(may_go_on) = self.may_go_on.lock().unwrap().take() {
            self.began.send(()).unwrap();
            may_go_on.recv_timeout(HANGS).expect("another call is held up");
        }
    }
}

struct BlockingReader(Cursor<Vec<u8>>, Blocks);

impl Read for BlockingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Not while the beginning is looked at.
        if self.0.position() > 0 {
            self.1.block();
        }
        self.0.read(buffer)
    }
}

impl AsyncRead for BlockingReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.read(buffer.initialize_unfilled())?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

/// Uploads content that is blocked until another call has been made, which it can only be if nothing blocks the I/O thread.
fn others_go_on(upload: impl FnOnce(&Client, SysId, Blocks) -> Result<u64, Error> + Send + 'static) {
    ends("another call during an upload", || {
        let client = client(&server().url);
        let id = incident(&client);
        let ((began, has_begun), (go_on, may_go_on)) = (channel(), channel());
        let blocks = Blocks { began, may_go_on: Mutex::new(Some(may_go_on)) };
        let own = client.clone();
        let upload = thread::spawn(move || upload(&own, id, blocks));
        has_begun.recv().unwrap();
        assert_eq!(list(&client).unwrap(), 1);
        go_on.send(()).unwrap();
        assert_eq!(upload.join().unwrap().unwrap(), 300_000);
    });
}

fn reader(blocks: Blocks) -> BlockingReader {
    BlockingReader(Cursor::new(vec![7; 300_000]), blocks)
}

#[test]
fn a_reader_that_blocks_holds_up_no_other_call() {
    others_go_on(|client, id, blocks| {
        let content = Content::std_reader(reader(blocks));
        Ok(client.attachments().upload("incident", id, "a.bin", content).wait()?.size_bytes)
    });
}

#[test]
fn an_async_reader_that_blocks_holds_up_no_other_call() {
    others_go_on(|client, id, blocks| {
        let content = Content::sized_reader(reader(blocks), 300_000);
        Ok(client.attachments().upload("incident", id, "a.bin", content).as_form(true).wait()?.size_bytes)
    });
}

#[test]
fn a_progress_function_that_blocks_holds_up_no_other_call() {
    for from_file in [false, true] {
        others_go_on(move |client, id, blocks| {
            let (folder, bytes) = (TempFolder::new(), vec![7; 300_000]);
            let content = match from_file {
                true => {
                    std::fs::write(folder.file("a.bin"), bytes).unwrap();
                    Content::file(folder.file("a.bin"))
                }
                false => bytes.into(),
            };
            let upload = client.attachments().upload("incident", id, "a.bin", content);
            Ok(upload.on_progress(move |_| blocks.block()).wait()?.size_bytes)
        });
    }
}

/// A reader of a program without async may read from the instance, too.
#[test]
fn a_reader_may_wait_for_calls() {
    struct Waits(Client, Cursor<&'static [u8]>);

    impl Read for Waits {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            list(&self.0).map_err(io::Error::other)?;
            self.1.read(buffer)
        }
    }

    ends("a reader that waits", || {
        let client = client(&server().url);
        let content = Content::sized_std_reader(Waits(client.clone(), Cursor::new(b"content")), 7);
        let file =
            client.attachments().upload("incident", incident(&client), "a.txt", content).wait().unwrap();
        assert_eq!(file.size_bytes, 7);
    });
}

#[test]
fn what_a_reader_does_wrong_is_an_error_of_the_upload() {
    struct Fails(bool);

    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            if self.0 { panic!("on purpose") } else { Err(io::Error::other("the tape is torn")) }
        }
    }

    ends("readers that fail", || {
        let client = client(&server().url);
        let (id, attachments) = (incident(&client), client.attachments());
        for (panics, why) in [(false, "the tape is torn"), (true, "it panicked")] {
            let upload = attachments.upload("incident", id, "a.txt", Content::std_reader(Fails(panics)));
            let error = upload.wait().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert!(error.report().contains(why) && !error.may_have_executed(), "{}", error.report());
        }
        let short = Content::sized_std_reader(Cursor::new(vec![7; 100_000]), 100_001);
        let error = attachments.upload("incident", id, "a.txt", short).wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    });
}

/// In a runtime of its own, so that it does not share the I/O thread.
fn simulator() -> (Simulator, Listener) {
    let (simulator, runtime) = (crate::simulator(), super::contexts::current_thread());
    let listener = runtime.block_on(simulator.listen()).unwrap();
    thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    (simulator, listener)
}

#[test]
fn a_download_that_breaks_off_fails_for_good() {
    ends("a download that breaks off", || {
        let (simulator, listener) = simulator();
        let client = client(&listener.url());
        let (id, attachments) = (incident(&client), client.attachments());
        let file = attachments.upload("incident", id, "a.txt", "line\n".repeat(10_000)).wait().unwrap();
        simulator.break_next(WireFault::CutAt(20_000));
        let mut reader = attachments.download(file.sys_id).open().wait().unwrap().into_std_reader();
        let mut content = Vec::new();
        let error = reader.read_to_end(&mut content).unwrap_err();
        assert!(!content.is_empty() && content.len() < 50_000);
        let inside = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
        assert_eq!(inside.kind(), ErrorKind::ConnectionClosed, "{inside}");
        // Nobody takes what follows for the end of the file.
        assert!(reader.read(&mut [0; 10]).is_err() && reader.fill_buf().is_err());

        let reader = attachments.download(file.sys_id).open().wait().unwrap().into_std_reader();
        assert_eq!(reader.attachment().file_name, "a.txt");
        assert_eq!(reader.lines().map(Result::unwrap).filter(|line| line == "line").count(), 10_000);
    });
}
