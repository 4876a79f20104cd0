//! The I/O thread: one per process, which drives the connections and the timers of all calls that threads wait for.

use snow_core::{Error, ErrorKind};
use std::future::pending;
use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, ThreadId};
use tokio::runtime::{Builder, EnterGuard, Handle};
use tokio::task::AbortHandle;

/// The I/O threads of this process and of those that it was forked from. A fork copies the memory and not the threads, so a child
/// starts its own and leaves the earlier ones alone. There is no lock that another thread may hold at the moment of a fork.
static FIRST: OnceLock<Box<Generation>> = OnceLock::new();

#[derive(Debug)]
struct Generation {
    process: u32,
    io: IoThread,
    next: OnceLock<Box<Self>>,
}

/// A thread that drives a runtime for as long as the process runs.
#[derive(Debug)]
pub(super) struct IoThread {
    runtime: Handle,
    thread: ThreadId,
    stop: AbortHandle,
}

impl IoThread {
    /// Returns the thread of this process, and starts it if there is none yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Connect`] if there is no thread or no descriptor left. The next call tries again.
    pub(super) fn get() -> Result<&'static Self, Error> {
        loop {
            let slot = match find() {
                Ok(io) => return Ok(io),
                Err(slot) => slot,
            };
            let io = Self::start().map_err(not_started)?;
            // This fails if another thread was first. Dropping our runtime then ends its thread.
            let _ = slot.set(Box::new(Generation { process: std::process::id(), io, next: OnceLock::new() }));
        }
    }

    /// Returns the thread of this process, if it was started.
    pub(super) fn started() -> Option<&'static Self> {
        find().ok()
    }

    /// Enters the runtime of this thread on the calling thread, until the guard is dropped.
    pub(super) fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    pub(super) fn is_this_thread(&self) -> bool {
        thread::current().id() == self.thread
    }

    /// Returns whether the calling code runs in the runtime of this thread, on whichever thread.
    pub(super) fn is_current_runtime(&self) -> bool {
        Handle::try_current().is_ok_and(|current| current.id() == self.runtime.id())
    }

    fn start() -> io::Result<Self> {
        let (started, outcome) = sync_channel(1);
        // The runtime is built, and never dropped, on a thread where it may be dropped.
        let thread = thread::Builder::new().name("snow-io".into()).spawn(move || drive(&started))?;
        let (runtime, stop) = outcome.recv().map_err(|_| io::Error::other("the thread ended"))??;
        Ok(Self { runtime, thread: thread.thread().id(), stop })
    }
}

impl Drop for IoThread {
    fn drop(&mut self) {
        self.stop.abort();
    }
}

/// Returns the I/O thread of this process, or the place of the one that has to be started.
fn find() -> Result<&'static IoThread, &'static OnceLock<Box<Generation>>> {
    let mut slot = &FIRST;
    while let Some(generation) = slot.get() {
        if generation.process == std::process::id() {
            return Ok(&generation.io);
        }
        slot = &generation.next;
    }
    Err(slot)
}

fn drive(started: &SyncSender<io::Result<(Handle, AbortHandle)>>) {
    let runtime = match Builder::new_current_thread().enable_all().thread_name("snow-blocking").build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error))),
    };
    let until_stopped = runtime.spawn(pending::<()>());
    let _ = started.send(Ok((runtime.handle().clone(), until_stopped.abort_handle())));
    let _ = runtime.block_on(until_stopped);
}

fn not_started(error: io::Error) -> Error {
    let why = "the thread that drives the connections of waiting calls could not be started";
    Error::new(ErrorKind::Connect, why)
        .with_reason(error)
        .with_advice("raise the limits of open files and threads, or close some; the next call tries again")
}
