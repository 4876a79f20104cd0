//! A thread that waits: whether it may, and the runtime that it waits in.

use super::io_thread::IoThread;
use snow_core::{Error, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::{EnterGuard, Handle, worker_index};

/// Makes connections and timers belong to the I/O thread until the guard is dropped, so that the calling thread may wait. Starts that
/// thread if this is the first call of the process.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] on a thread that must not wait, and the errors of [`IoThread::get`].
pub(super) fn enter() -> Result<EnterGuard<'static>, Error> {
    // What tokio keeps for a thread is gone while the thread ends, and then no runtime can be entered any more.
    if Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed()) {
        let why = "this thread is ending, and a destructor of its thread-local values waits for a call: make the call earlier";
        return Err(refused(why));
    }
    let io = IoThread::get()?;
    if io.is_this_thread() {
        let why = "a call is waited for on the thread that would have to complete it: .await it in tasks that are spawned inside of \
                   what a thread waits for, or wait on another thread";
        return Err(refused(why));
    }
    warn_in_async_code();
    Ok(io.enter())
}

/// Returns whether a thread of this process waits for the code that calls this, or for what spawned it.
pub(crate) fn is_waited_for() -> bool {
    IoThread::started().is_some_and(IoThread::is_current_runtime)
}

fn refused(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, why).before_sending()
}

/// Warns the first time that a thread waits which tasks need.
fn warn_in_async_code() {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if worker_index().is_some() && !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a call is waited for inside of a task: the tasks of this thread stand still meanwhile; write .await instead of \
             .wait(), or wait inside of spawn_blocking (this is said once)"
        );
    }
}
