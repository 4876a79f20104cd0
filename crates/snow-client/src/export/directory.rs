//! A directory as the place of an export.

use super::file_names::{MANIFEST, POSITION};
use super::target::{ExportFile, ExportTarget, TargetEntry, TargetFuture, push_entry};
use crate::attachment::{directory_error, file_error};
use snow_core::{Error, ErrorKind};
use std::any::Any;
use std::fs::TryLockError;
use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

/// The file that is locked while an export runs. It stays there.
const LOCK: &str = ".snow-export.lock";

/// A directory on this machine. It is created if it does not exist.
///
/// A file is written under a hidden temporary name, synchronized with the disk, and then renamed. If a process is killed, its temporary
/// file stays; the export that is resumed writes it anew. While an export runs, it holds a lock on the file `.snow-export.lock`, which the
/// operating system releases when the process ends, however that happens. A network file system must support locks.
///
/// Files are read and written on the runtime's threads for blocking work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportDirectory {
    path: Arc<Path>,
}

impl ExportDirectory {
    /// Creates the target. Nothing is read or created before an export runs.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into().into() }
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn locked(&self) -> Result<Box<dyn Any + Send>, Error> {
        let made = fs::create_dir_all(&self.path).await;
        made.map_err(|error| directory_error("cannot be created", &self.path, error))?;
        let path = self.path.join(LOCK);
        let failed = |error| file_error("cannot be locked", &path, error);
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path).await;
        let file = opened.map_err(failed)?.into_std().await;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => {
                let why = format!("another export is running in {}: wait for its end", self.path.display());
                Err(Error::new(ErrorKind::Io, why))
            }
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    async fn entries(&self) -> Result<Vec<TargetEntry>, Error> {
        let failed = |error| directory_error("cannot be read", &self.path, error);
        let mut found = match fs::read_dir(&self.path).await {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut entries = Vec::new();
        while let Some(entry) = found.next_entry().await.map_err(failed)? {
            // A name that is not valid text is not ours, and is reported as an unknown file.
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == LOCK || is_temporary(&name) {
                continue;
            }
            let bytes = entry.metadata().await.map_err(failed)?.len();
            push_entry(&mut entries, TargetEntry { name, bytes }, || self.location())?;
        }
        Ok(entries)
    }

    async fn part_of(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let path = self.path.join(name);
        let failed = |error| file_error("cannot be read", &path, error);
        let mut file = File::open(&path).await.map_err(failed)?;
        file.seek(SeekFrom::Start(range.start)).await.map_err(failed)?;
        let mut bytes = Vec::new();
        let most = range.end.saturating_sub(range.start);
        file.take(most).read_to_end(&mut bytes).await.map_err(failed)?;
        Ok(bytes)
    }

    async fn removed(&self, name: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        remove(&path).await.map_err(|error| file_error("cannot be removed", &path, error))?;
        self.sync().await
    }

    async fn created(&self, name: &str) -> Result<DirectoryFile, Error> {
        let path = self.path.join(name);
        let temporary = self.path.join(temporary(name));
        let failed = |error| file_error("cannot be made", &temporary, error);
        // What a killed process left, or a link that somebody put there.
        remove(&temporary).await.map_err(failed)?;
        let opened = OpenOptions::new().write(true).create_new(true).open(&temporary).await;
        let file = opened.map_err(failed)?;
        Ok(DirectoryFile { directory: self.clone(), temporary, path, file: Some(file), is_published: false })
    }

    /// Makes new names durable.
    async fn sync(&self) -> Result<(), Error> {
        // Other systems cannot open a directory, and keep names durable without.
        if cfg!(unix) {
            let synced = async { File::open(&self.path).await?.sync_all().await };
            synced.await.map_err(|error| directory_error("cannot be written", &self.path, error))?;
        }
        Ok(())
    }
}

async fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn temporary(name: &str) -> String {
    format!(".{name}.tmp")
}

/// Whether it is the temporary name of a file of an export.
fn is_temporary(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    inner.is_some_and(|name| name == MANIFEST || name == POSITION || name.starts_with("part-"))
}

impl ExportTarget for ExportDirectory {
    fn location(&self) -> String {
        self.path.display().to_string()
    }

    fn lock(&self) -> TargetFuture<'_, Box<dyn Any + Send>> {
        Box::pin(self.locked())
    }

    fn list(&self) -> TargetFuture<'_, Vec<TargetEntry>> {
        Box::pin(self.entries())
    }

    fn read<'a>(&'a self, name: &'a str, range: Range<u64>) -> TargetFuture<'a, Vec<u8>> {
        Box::pin(self.part_of(name, range))
    }

    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> TargetFuture<'a, ()> {
        Box::pin(async move {
            let mut file = self.created(name).await?;
            file.append(&content).await?;
            file.flush().await?;
            file.rename().await
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> TargetFuture<'a, ()> {
        Box::pin(self.removed(name))
    }

    fn create<'a>(&'a self, name: &'a str) -> TargetFuture<'a, Box<dyn ExportFile>> {
        Box::pin(async move { Ok(Box::new(self.created(name).await?) as Box<dyn ExportFile>) })
    }
}

/// A file under its temporary name.
struct DirectoryFile {
    directory: ExportDirectory,
    temporary: PathBuf,
    path: PathBuf,
    file: Option<File>,
    is_published: bool,
}

impl DirectoryFile {
    fn failed(&self, error: io::Error) -> Error {
        file_error("cannot be written", &self.temporary, error)
    }

    async fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(file) = &mut self.file else {
            return Err(Error::internal("a file was written after its end"));
        };
        let written = file.write_all(bytes).await;
        written.map_err(|error| self.failed(error))
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let synced = async {
            file.flush().await?;
            file.sync_all().await
        };
        synced.await.map_err(|error| self.failed(error))
    }

    async fn rename(&mut self) -> Result<(), Error> {
        let renamed = fs::rename(&self.temporary, &self.path).await;
        renamed.map_err(|error| file_error("cannot be made", &self.path, error))?;
        self.is_published = true;
        self.directory.sync().await
    }
}

impl ExportFile for DirectoryFile {
    fn write(&mut self, bytes: Vec<u8>) -> TargetFuture<'_, ()> {
        Box::pin(async move { self.append(&bytes).await })
    }

    fn sync(&mut self) -> TargetFuture<'_, ()> {
        Box::pin(self.flush())
    }

    fn publish(mut self: Box<Self>) -> TargetFuture<'static, ()> {
        Box::pin(async move {
            self.flush().await?;
            self.rename().await
        })
    }
}

impl Drop for DirectoryFile {
    fn drop(&mut self) {
        if !self.is_published {
            // One that cannot be removed stays under a name that says what it is.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_are_told_from_others() {
        for name in [MANIFEST, POSITION, "part-00000-00000.csv"] {
            assert!(is_temporary(&temporary(name)), "{name}");
            assert!(!is_temporary(name), "{name}");
        }
        for name in [".x.tmp", ".tmp", "part-1.tmp", ".part-1", LOCK] {
            assert!(!is_temporary(name), "{name}");
        }
    }
}
