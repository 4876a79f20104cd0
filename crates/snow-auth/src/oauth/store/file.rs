//! Tokens in a file that processes share.

use super::{Lease, RefreshFailure, StoreWrite, TokenStore};
use crate::Token;
use serde::Serialize;
use serde::de::DeserializeOwned;
use snow_core::{Clock, timer};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// How long a lease is waited for by default: longer than a token request may take.
const LEASE_WAIT: Duration = Duration::from_secs(150);
/// The first and the longest pause between two attempts to lock the file.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// How many symbolic links are followed: as many as Linux follows.
const MOST_LINKS: usize = 40;

/// A store in a file, in the JSON that pysnow stores. Any number of processes on one machine may share it.
///
/// - The file is readable by its owner only (0600 on Unix). It is replaced as a whole, so that a process that is killed at any
///   moment leaves either the old token or the new one.
/// - One process at a time refreshes the token. It holds a lock on a second file (`token.json.lock`), which ends with the
///   process. The others wait, and then find its token.
/// - A symbolic link is followed, because mounted secrets are links: the file that it points to is replaced, in its own folder,
///   and the lock is in that folder. An empty file counts as no token.
/// - A failed refresh is remembered in a third file (`token.json.failure`) for as long as no other one is started (1 s; 30 s if
///   the endpoint refused it; half an hour after a refused password), so that a hundred processes do not send a hundred in vain.
///
/// If every caller of a refresh gives up while the token request is under way, the lock is free until the next call saves its
/// token, unless another process was faster. Some servers end a refresh token when it is used (ServiceNow does not, [facts 4.2]).
/// With such a server, a process that is killed between the response and the new file leaves a dead refresh token. The next process
/// then logs in again, or fails with [`ErrorKind::ReauthenticationRequired`](snow_core::ErrorKind::ReauthenticationRequired).
///
/// Files are read and written on the runtime's threads for blocking work. A network file system must support locks.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use snow_client::oauth::{FileStore, Token, TokenStore};
///
/// # let folder = std::env::temp_dir().join(format!("snow-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let store = FileStore::new(folder.join("token.json"));
/// assert!(store.load().await?.is_none());
/// let lease = store.lease().await?;
/// store.save(&Token::new("abc"), &lease).await?;
/// drop(lease);
/// assert_eq!(store.load().await?.unwrap().access_token().expose(), "abc");
/// # std::fs::remove_dir_all(&folder)
/// # }
/// ```
///
/// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
#[derive(Clone, Debug)]
pub struct FileStore(Arc<FileStoreState>);

#[derive(Debug)]
struct FileStoreState {
    /// The lock, if it is held. A write that is still running keeps it until it is done.
    held: Mutex<Weak<File>>,
    path: PathBuf,
    lease_wait: Duration,
    written: AtomicU64,
}

impl FileStore {
    /// Creates a store in this file. The file need not exist yet, but its folder must.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(Arc::new(FileStoreState::new(path.into(), LEASE_WAIT)))
    }

    /// Sets how long to wait for another process that refreshes the token; 150 s by default, which is more than a token request
    /// may take.
    #[must_use]
    pub fn lease_wait(self, most: Duration) -> Self {
        Self(Arc::new(FileStoreState::new(self.0.path.clone(), most)))
    }

    /// Does the work as a whole, even if the future is dropped.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&TokenFiles) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let inner = self.0.clone();
        let lock = inner.held.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let work = move || {
            let done = TokenFiles::of(&inner).and_then(|files| work(&files));
            drop(lock);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
    }
}

impl TokenStore for FileStore {
    type Error = io::Error;

    async fn load(&self) -> io::Result<Option<Token>> {
        self.blocking(|files| read(&files.path)).await
    }

    /// Returns [`StoreWrite::Applied`], as all methods that write do: no other process takes over a locked file.
    async fn save(&self, token: &Token, _: &Lease) -> io::Result<StoreWrite> {
        let token = token.clone();
        self.blocking(move |files| {
            files.replace(&files.path, &token)?;
            remove(&files.sibling("failure")).map(|()| StoreWrite::Applied)
        })
        .await
    }

    async fn remove(&self, _: &Lease) -> io::Result<StoreWrite> {
        self.blocking(|files| remove(&files.path).and_then(|()| remove(&files.sibling("failure")))).await?;
        Ok(StoreWrite::Applied)
    }

    async fn lease(&self) -> io::Result<Lease> {
        let (clock, mut pause) = (Clock::new(), PAUSES.0);
        let began = clock.now();
        loop {
            if let Some(lock) = self.blocking(|files| files.try_lock()).await? {
                let lock = Arc::new(lock);
                *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&lock);
                return Ok(Lease::new(lock));
            }
            let waited = clock.now().duration_since(began).unwrap_or_default();
            if waited >= self.0.lease_wait {
                let lock = sibling(&self.0.path, "lock");
                let why = format!("another process has kept {} locked for {waited:?}", lock.display());
                return Err(io::Error::new(io::ErrorKind::TimedOut, why));
            }
            timer::sleep(pause).await.map_err(io::Error::other)?;
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
    }

    async fn failure(&self) -> io::Result<Option<RefreshFailure>> {
        self.blocking(|files| read(&files.sibling("failure"))).await
    }

    async fn save_failure(&self, failure: &RefreshFailure, _: &Lease) -> io::Result<StoreWrite> {
        let failure = failure.clone();
        self.blocking(move |files| files.replace(&files.sibling("failure"), &failure)).await?;
        Ok(StoreWrite::Applied)
    }
}

impl FileStoreState {
    fn new(path: PathBuf, lease_wait: Duration) -> Self {
        Self { held: Mutex::default(), path, lease_wait, written: AtomicU64::new(0) }
    }
}

/// The file of the token, with all links followed, and the files next to it.
struct TokenFiles<'a> {
    path: PathBuf,
    written: &'a AtomicU64,
}

impl<'a> TokenFiles<'a> {
    fn of(inner: &'a FileStoreState) -> io::Result<Self> {
        Ok(Self { path: followed(&inner.path)?, written: &inner.written })
    }

    fn sibling(&self, ending: &str) -> PathBuf {
        sibling(&self.path, ending)
    }

    /// Locks the file if no other process has, and then removes what killed processes left half-written.
    fn try_lock(&self) -> io::Result<Option<File>> {
        let path = self.sibling("lock");
        let lock = private().create(true).truncate(false).open(&path).map_err(|e| named(&path, e))?;
        match lock.try_lock() {
            Ok(()) => {
                self.clear();
                Ok(Some(lock))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(named(&path, error)),
        }
    }

    /// Removes half-written files. A failure is ignored, because such a file does no harm.
    fn clear(&self) {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else { return };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let prefix = format!("{}.", name.to_string_lossy());
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().strip_prefix(&prefix).is_some_and(is_unfinished) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Writes a new file and renames it, so that the file is whole at every moment.
    fn replace(&self, path: &Path, content: &impl Serialize) -> io::Result<()> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let new = self.sibling(&unfinished(std::process::id(), number));
        let written = self.write_new(&new, content).and_then(|()| fs::rename(&new, path));
        if let Err(error) = written {
            let _ = fs::remove_file(&new);
            return Err(named(path, error));
        }
        sync_folder(path);
        Ok(())
    }

    fn write_new(&self, new: &Path, content: &impl Serialize) -> io::Result<()> {
        remove(new)?; // a process with the same id, which has ended, may have left it
        let mut file = private().create_new(true).open(new)?;
        let text = snow_core::Secret::from(serde_json::to_string(content)?);
        file.write_all(text.expose().as_bytes())?;
        file.sync_all()
    }
}

/// Returns the path of a file next to this one: `token.json.lock` for `token.json`.
fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Returns the ending of a file that is being written, which follows the name of the token's file.
fn unfinished(process: u32, number: u64) -> String {
    format!("snow-{process}-{number}.new")
}

/// Returns `true` for an ending that only [`unfinished`] makes, so that no file of somebody else's is removed.
fn is_unfinished(ending: &str) -> bool {
    let numbers = ending.strip_prefix("snow-").and_then(|rest| rest.strip_suffix(".new")?.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    numbers.is_some_and(|(process, number)| is_number(process) && is_number(number))
}

/// Follows symbolic links to the file, which need not exist yet. Replacing a link by a file would separate us from those who
/// read the file itself.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut followed = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&followed) else { return Ok(followed) };
        followed = followed.parent().map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    Err(named(path, io::Error::other(format!("more than {MOST_LINKS} symbolic links lead on from here"))))
}

/// Returns options to open a file for reading and writing, by its owner only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => snow_core::Secret::from(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(named(path, error)),
    };
    // Somebody created the file before there was a token.
    if text.expose().trim().is_empty() {
        return Ok(None);
    }
    // The message of serde may repeat what it read, which is a secret.
    let unfit = |error: serde_json::Error| {
        let why = format!("not the JSON of a token, at line {} column {}", error.line(), error.column());
        named(path, io::Error::new(io::ErrorKind::InvalidData, why))
    };
    serde_json::from_str(text.expose()).map(Some).map_err(unfit)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(named(path, error)),
        _ => Ok(()),
    }
}

/// Makes the new name survive a loss of power. Not every file system can, so a failure is ignored.
fn sync_folder(path: &Path) {
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("snow-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn store(&self) -> FileStore {
            FileStore::new(self.0.join("token.json"))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn keeps_one_token_for_its_owner_alone_and_forgets_it() {
        let folder = Folder::new("keeps");
        let store = folder.store();
        assert_eq!(store.load().await.unwrap(), None);
        for access in ["first", "second"] {
            assert_eq!(store.save(&Token::new(access), &Lease::none()).await.unwrap(), StoreWrite::Applied);
            assert_eq!(store.load().await.unwrap(), Some(Token::new(access)));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&store.0.path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        for _ in 0..2 {
            assert_eq!(store.remove(&Lease::none()).await.unwrap(), StoreWrite::Applied);
        }
        assert_eq!(store.load().await.unwrap(), None);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0, "nothing lies around");
    }

    #[tokio::test]
    async fn a_failure_is_remembered_until_a_token_is_saved() {
        let folder = Folder::new("failure");
        let store = folder.store();
        let failure = RefreshFailure { log_in_again: true, ..RefreshFailure::new("no", 1_000) };
        let _ = store.save_failure(&failure, &Lease::none()).await.unwrap();
        assert_eq!(folder.store().failure().await.unwrap(), Some(failure));
        let _ = store.save(&Token::new("a"), &Lease::none()).await.unwrap();
        assert_eq!(store.failure().await.unwrap(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_waited_for_and_clears_what_was_left() {
        let folder = Folder::new("lease");
        let store = folder.store();
        let unfinished = folder.0.join("token.json.snow-1-1.new");
        fs::write(&unfinished, "{\"access_to").unwrap();
        let lease = store.lease().await.unwrap();
        assert!(!unfinished.exists());

        let impatient = folder.store().lease_wait(Duration::from_secs(1));
        let error = impatient.lease().await.unwrap_err();
        assert!(error.to_string().contains("token.json.lock"), "{error}");

        let patient = folder.store();
        let (waited, ()) = tokio::join!(patient.lease(), async {
            timer::sleep(Duration::from_secs(2)).await.unwrap();
            drop(lease);
        });
        drop(waited.unwrap());
    }

    #[tokio::test]
    async fn what_is_no_token_is_told_by_its_place_alone() {
        let folder = Folder::new("odd");
        let store = folder.store();
        for odd in ["{", "{\"access_token\":\"canary", "{\"access_token\":[\"canary\"]}", "\"canary\""] {
            fs::write(&store.0.path, odd).unwrap();
            let error = store.load().await.unwrap_err().to_string();
            assert!(error.contains("token.json: not the JSON of a token"), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let store = FileStore::new("/nowhere/at/all/token.json");
        let saved = store.save(&Token::new("a"), &Lease::none()).await;
        for error in [saved.unwrap_err(), store.lease().await.unwrap_err()] {
            assert!(error.to_string().contains("/nowhere/at/all/token.json"), "{error}");
        }
    }
}
