//! Code of the caller that may block, on a thread of its own.

use std::io;
use std::sync::mpsc;
use std::task::{Context, Poll, ready};
use std::thread;
use std::{future::Future, pin::Pin};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Work that a thread of its own does, one piece each time that it is asked for. The thread starts with the first piece and ends when
/// this is dropped, or after the piece that it is at.
pub(crate) struct Worker<O> {
    state: WorkerState<O>,
    /// The piece that was asked for.
    piece: Option<oneshot::Receiver<O>>,
}

type Work<O> = Box<dyn FnMut() -> O + Send>;

enum WorkerState<O> {
    New(Work<O>),
    Running(mpsc::Sender<oneshot::Sender<O>>),
    Failed,
}

impl<O: Send + 'static> Worker<O> {
    pub(crate) fn new(work: impl FnMut() -> O + Send + 'static) -> Self {
        Self { state: WorkerState::New(Box::new(work)), piece: None }
    }

    /// Asks for the next piece, or waits for the one that was asked for.
    ///
    /// # Errors
    ///
    /// The thread could not be started, or the work has panicked.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<O>> {
        let piece = match &mut self.piece {
            Some(piece) => piece,
            None => {
                let asked = self.ask();
                match asked {
                    Ok(piece) => self.piece.insert(piece),
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        };
        let done = ready!(Pin::new(piece).poll(cx));
        self.piece = None;
        Poll::Ready(done.map_err(|_| self.fail("it panicked")))
    }

    fn ask(&mut self) -> io::Result<oneshot::Receiver<O>> {
        if let WorkerState::New(_) = self.state
            && let WorkerState::New(work) = std::mem::replace(&mut self.state, WorkerState::Failed)
        {
            self.state = WorkerState::Running(start(work)?);
        }
        let WorkerState::Running(pieces) = &self.state else { return Err(self.fail("it failed before")) };
        let (done, piece) = oneshot::channel();
        match pieces.send(done) {
            Ok(()) => Ok(piece),
            Err(_) => Err(self.fail("its thread has ended")),
        }
    }

    fn fail(&mut self, why: &'static str) -> io::Error {
        self.state = WorkerState::Failed;
        io::Error::other(why)
    }
}

/// Starts a thread that works in the runtime of the calling one.
fn start<O: Send + 'static>(mut work: Work<O>) -> io::Result<mpsc::Sender<oneshot::Sender<O>>> {
    let (pieces, asked) = mpsc::channel::<oneshot::Sender<O>>();
    let runtime = Handle::try_current().ok();
    let work = move || {
        let _entered = runtime.as_ref().map(Handle::enter);
        for done in asked {
            let _ = done.send(work());
        }
    };
    thread::Builder::new().name("snow-upload".into()).spawn(work)?;
    Ok(pieces)
}
