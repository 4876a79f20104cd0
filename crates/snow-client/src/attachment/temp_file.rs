//! The temporary file of a download, which takes the place of the target when all of it is there.

use super::file_error::file_error;
use super::random_name::random_name;
use snow_core::{Error, ErrorKind};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt;

/// A file in the same directory as its target. It is deleted when it is dropped without having been [persisted](Self::persist).
#[derive(Debug)]
pub(super) struct TempFile {
    path: PathBuf,
    target: PathBuf,
    file: Option<File>,
}

impl TempFile {
    /// Creates the temporary file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the target exists and may not be overwritten, or if the file cannot be created.
    pub(super) async fn create(target: &Path, overwrite: bool) -> Result<Self, Error> {
        match fs::symlink_metadata(target).await {
            Ok(_) if !overwrite => return Err(already_exists(target)),
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            // Such as a name that is too long. It is better to fail now than after the download.
            Err(e) => return Err(file_error("cannot be created", target, e)),
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        if name.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("the path {} names no file", target.display()),
            ));
        }
        let path = target.with_file_name(format!(".{}.{}.part", shortened(&name), random_name()?));
        let opened = OpenOptions::new().write(true).create_new(true).open(&path).await;
        let file = opened.map_err(|e| file_error("cannot be created", &path, e))?;
        Ok(Self { path, target: target.to_owned(), file: Some(file) })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).await.map_err(|e| file_error("cannot be written", &self.path, e))
    }

    /// Removes everything that was written, to begin again.
    pub(super) async fn truncate(&mut self) -> Result<(), Error> {
        let opened = OpenOptions::new().write(true).truncate(true).open(&self.path).await;
        self.file = Some(opened.map_err(|e| file_error("cannot be written", &self.path, e))?);
        Ok(())
    }

    /// Renames the file to its target, after all of it was written to the disk.
    pub(super) async fn persist(mut self, overwrite: bool) -> Result<(), Error> {
        if let Some(mut file) = self.file.take() {
            let written = async {
                file.flush().await?;
                file.sync_all().await
            };
            written.await.map_err(|e| file_error("cannot be written", &self.path, e))?;
        }
        if overwrite {
            return fs::rename(&self.path, &self.target)
                .await
                .map_err(|e| file_error("cannot be replaced", &self.target, e));
        }
        match fs::hard_link(&self.path, &self.target).await {
            Ok(()) => Ok(()), // the temporary name is removed when this is dropped
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(already_exists(&self.target)),
            Err(_) => self.rename_unless_exists().await,
        }
    }

    /// For file systems without hard links. Another process may create the target between the check and the renaming.
    async fn rename_unless_exists(&self) -> Result<(), Error> {
        if fs::symlink_metadata(&self.target).await.is_ok() {
            return Err(already_exists(&self.target));
        }
        fs::rename(&self.path, &self.target)
            .await
            .map_err(|e| file_error("cannot be created", &self.target, e))
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // After a renaming there is no such file. One that cannot be removed stays under a name that says what it is.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Returns as much of a file's name as leaves room for a suffix. File systems allow 255 bytes; some that encrypt names, 143.
fn shortened(name: &str) -> &str {
    (0..=name.len().min(64)).rev().find_map(|end| name.get(..end)).unwrap_or_default()
}

fn already_exists(path: &Path) -> Error {
    let why = format!("the file {} exists already: overwrite(true) replaces it", path.display());
    Error::new(ErrorKind::Io, why)
}
