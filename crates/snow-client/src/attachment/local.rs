//! Files of this machine: one that comes into being beside its place, and goes there when it is whole.

use ring::rand::{SecureRandom, SystemRandom};
use snow_core::{Error, Kind};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt;

pub(super) fn error(what: &str, path: &Path, source: io::Error) -> Error {
    Error::new(Kind::File, format!("the file {} {what}", path.display())).with_source(source)
}

/// Text that nobody foresees.
pub(super) fn random() -> Result<String, Error> {
    let mut bytes = [0; 16];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::new(Kind::File, "this machine gives no random numbers"))?;
    Ok(bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// A file that is being written beside the place where it will be. Dropped before that, it is gone.
#[derive(Debug)]
pub(super) struct Beside {
    path: PathBuf,
    place: PathBuf,
    file: Option<File>,
}

impl Beside {
    /// Begins one. Where there is a file already that may not be replaced, nothing is begun.
    pub(super) async fn begin(place: &Path, overwrite: bool) -> Result<Self, Error> {
        if !overwrite && fs::symlink_metadata(place).await.is_ok() {
            return Err(exists(place));
        }
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        if name.is_empty() {
            return Err(Error::new(
                Kind::InvalidInput,
                format!("the path {} names no file", place.display()),
            ));
        }
        let path = place.with_file_name(format!(".{name}.{}.part", random()?));
        let opened = OpenOptions::new().write(true).create_new(true).open(&path).await;
        let file = opened.map_err(|e| error("cannot be made", &path, e))?;
        Ok(Self { path, place: place.to_owned(), file: Some(file) })
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes).await.map_err(|e| error("cannot be written", &self.path, e))
    }

    /// Forgets what was written.
    pub(super) async fn restart(&mut self) -> Result<(), Error> {
        let opened = OpenOptions::new().write(true).truncate(true).open(&self.path).await;
        self.file = Some(opened.map_err(|e| error("cannot be written", &self.path, e))?);
        Ok(())
    }

    /// Puts it into its place, when all of it is on the disk.
    pub(super) async fn publish(mut self, overwrite: bool) -> Result<(), Error> {
        if let Some(mut file) = self.file.take() {
            let written = async {
                file.flush().await?;
                file.sync_all().await
            };
            written.await.map_err(|e| error("cannot be written", &self.path, e))?;
        }
        if overwrite {
            return fs::rename(&self.path, &self.place)
                .await
                .map_err(|e| error("cannot be replaced", &self.place, e));
        }
        match fs::hard_link(&self.path, &self.place).await {
            Ok(()) => Ok(()), // the name beside goes when this is dropped
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(exists(&self.place)),
            Err(_) => self.rename_to_nothing().await,
        }
    }

    /// For file systems without links: between the look and the renaming somebody may be faster.
    async fn rename_to_nothing(&self) -> Result<(), Error> {
        if fs::symlink_metadata(&self.place).await.is_ok() {
            return Err(exists(&self.place));
        }
        fs::rename(&self.path, &self.place).await.map_err(|e| error("cannot be made", &self.place, e))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // After a renaming there is none. What cannot be removed stays under a name that says what it is.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn exists(path: &Path) -> Error {
    let why = format!("the file {} is there already: overwrite(true) replaces it", path.display());
    Error::new(Kind::File, why)
}
