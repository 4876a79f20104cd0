//! Where the files of an export go.

use snow_core::{Error, ErrorKind};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

/// No place of an export has more entries.
const MOST_ENTRIES: usize = 1_000_000;

/// A future of an [`ExportTarget`].
pub type TargetFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A place for the files of one export: a directory, or part of an object store.
///
/// [`ExportDirectory`](super::ExportDirectory) is one. Implement this trait for another place. All names come from this crate: they
/// are made of the characters `a-z`, `0-9`, `-`, `_` and `.`, and contain nothing that an instance has sent.
///
/// # What an export relies on
///
/// - A file has its name only when all of it is there: [`ExportFile::publish`] and [`put`](Self::put) take effect as a whole or not
///   at all, also if the process is killed meanwhile.
/// - What was put or published before stays as it is, and [`list`](Self::list) shows it.
pub trait ExportTarget: fmt::Debug + Send + Sync {
    /// Returns the name of the place, for errors.
    fn location(&self) -> String;

    /// Prepares the place, and keeps other exports out of it until the returned value is dropped.
    ///
    /// A store that knows no locks returns `Box::new(())`. Two exports that run there at the same time overwrite each other's files.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if another export is running there, or if the place cannot be written.
    fn lock(&self) -> TargetFuture<'_, Box<dyn Any + Send>>;

    /// Returns the names and sizes of what is there, in any order, without what belongs to the target itself: its lock, and files
    /// that never got their name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`].
    fn list(&self) -> TargetFuture<'_, Vec<TargetEntry>>;

    /// Reads a part of a file. Returns fewer bytes where the file ends.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`].
    fn read<'a>(&'a self, name: &'a str, range: Range<u64>) -> TargetFuture<'a, Vec<u8>>;

    /// Stores a small file as a whole, in place of an earlier one of this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]. What was there before is then still there.
    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> TargetFuture<'a, ()>;

    /// Removes a file. Succeeds if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`].
    fn remove<'a>(&'a self, name: &'a str) -> TargetFuture<'a, ()>;

    /// Begins a file that gets this name when it is [published](ExportFile::publish).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`].
    fn create<'a>(&'a self, name: &'a str) -> TargetFuture<'a, Box<dyn ExportFile>>;
}

/// A file that is being written. It has no name yet. When it is dropped without having been published, what was written is removed, or
/// stays where it takes up space and no [`list`](ExportTarget::list) shows it.
pub trait ExportFile: Send {
    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]. The file is not used again.
    fn write(&mut self, bytes: Vec<u8>) -> TargetFuture<'_, ()>;

    /// Makes what was written durable, as far as the target can before the file has its name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]. The file is not used again.
    fn sync(&mut self) -> TargetFuture<'_, ()>;

    /// Gives the file its name, in place of an earlier file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`]. There is no file of this name then, or the earlier one.
    fn publish(self: Box<Self>) -> TargetFuture<'static, ()>;
}

/// The name and the size of a file in an [`ExportTarget`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetEntry {
    /// The name, without a path.
    pub name: String,
    /// The size in bytes.
    pub bytes: u64,
}

/// Adds what was found in a place.
///
/// # Errors
///
/// [`ErrorKind::Io`] for a place with more entries than any export has.
pub(super) fn push_entry(
    entries: &mut Vec<TargetEntry>,
    entry: TargetEntry,
    location: impl FnOnce() -> String,
) -> Result<(), Error> {
    if entries.len() >= MOST_ENTRIES {
        let why = format!(
            "{} contains more than {MOST_ENTRIES} files: export into an empty or a new place",
            location()
        );
        return Err(Error::new(ErrorKind::Io, why));
    }
    entries.push(entry);
    Ok(())
}

/// Returns the sizes of entries by their names.
pub(super) fn sizes(entries: &[TargetEntry]) -> BTreeMap<&str, u64> {
    entries.iter().map(|entry| (entry.name.as_str(), entry.bytes)).collect()
}
