//! An object store as the place of an export.

use super::target::{ExportFile, ExportTarget, TargetEntry, TargetFuture, push_entry};
use ::object_store::path::Path;
use ::object_store::{Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use futures_util::TryStreamExt;
use snow_core::{Error, ErrorKind};
use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How many bytes are uploaded at a time. Stores take no smaller parts, and some want all of them to be equal.
const PART: usize = 5 << 20;

/// A part of an object store of the crate [`object_store`](::object_store): Amazon S3, Google Cloud Storage, Azure Blob Storage and
/// others. Needs the feature `object_store-0_14`.
///
/// A file of less than 5 MiB is put as a whole, and a larger one as a multipart upload that is completed at the end. So the object is
/// there whole or not at all. An upload that was begun and not completed, because the export failed, was dropped or its process was
/// killed, takes up space until the store removes it: set a lifecycle rule of the bucket. Memory is about 10 MiB more than with a
/// directory, for each part that is read in [`parallel`](super::Export::parallel).
///
/// Amazon S3 takes at most 10,000 parts an object: keep files below 48 GiB.
///
/// Object stores have no locks: two exports that run in the same place at the same time overwrite each other's files.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(50).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use object_store::memory::InMemory; // or object_store::aws::AmazonS3Builder
/// use snow_client::export::{ExportObjectStore, ExportReport, Ndjson};
/// use std::sync::Arc;
///
/// let target = ExportObjectStore::new(Arc::new(InMemory::new()), "servicenow/incident")?;
/// client.table("incident").list().export(Ndjson::new(), target.clone()).await?;
/// let report = ExportReport::load(&target).await?.expect("it is complete");
/// report.verify(&target).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ExportObjectStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl ExportObjectStore {
    /// Creates the target below a prefix, such as `exports/incident`. An empty prefix is the whole store. Nothing is sent before an
    /// export runs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a prefix with empty segments, `.` or `..`.
    pub fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Result<Self, Error> {
        let prefix = Path::parse(prefix).map_err(|error| {
            let why = format!("{prefix:?} is not a valid path in an object store");
            Error::new(ErrorKind::InvalidInput, why).with_reason(error)
        })?;
        Ok(Self { store, prefix })
    }

    fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    /// Returns the error of an object that, for example, "cannot be read".
    fn failed(&self, name: &str, what: &str, error: StoreError) -> Error {
        let why = format!("the object {} of {} {what}", self.path(name), self.store);
        Error::new(ErrorKind::Io, why).with_source(error)
    }

    async fn entries(&self) -> Result<Vec<TargetEntry>, Error> {
        let below = Some(&self.prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let mut objects = self.store.list(below);
        let mut entries = Vec::new();
        let failed = |error| {
            let why = format!("{} cannot be listed", self.location());
            Error::new(ErrorKind::Io, why).with_source(error)
        };
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            let parts: Vec<_> = object.location.prefix_match(&self.prefix).into_iter().flatten().collect();
            let name = parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
            push_entry(&mut entries, TargetEntry { name, bytes: object.size }, || self.location())?;
        }
        Ok(entries)
    }

    async fn part_of(&self, name: &str, range: Range<u64>) -> Result<Vec<u8>, Error> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.store.get_range(&self.path(name), range).await;
        Ok(read.map_err(|error| self.failed(name, "cannot be read", error))?.into())
    }

    async fn stored(&self, name: &str, content: Vec<u8>) -> Result<(), Error> {
        let stored = self.store.put(&self.path(name), PutPayload::from(content)).await;
        stored.map(drop).map_err(|error| self.failed(name, "cannot be written", error))
    }

    async fn removed(&self, name: &str) -> Result<(), Error> {
        match self.store.delete(&self.path(name)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(name, "cannot be removed", error)),
        }
    }
}

impl ExportTarget for ExportObjectStore {
    fn location(&self) -> String {
        match self.prefix.as_ref() {
            "" => self.store.to_string(),
            prefix => format!("{prefix} of {}", self.store),
        }
    }

    fn lock(&self) -> TargetFuture<'_, Box<dyn Any + Send>> {
        Box::pin(async { Ok(Box::new(()) as Box<dyn Any + Send>) })
    }

    fn list(&self) -> TargetFuture<'_, Vec<TargetEntry>> {
        Box::pin(self.entries())
    }

    fn read<'a>(&'a self, name: &'a str, range: Range<u64>) -> TargetFuture<'a, Vec<u8>> {
        Box::pin(self.part_of(name, range))
    }

    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> TargetFuture<'a, ()> {
        Box::pin(self.stored(name, content))
    }

    fn remove<'a>(&'a self, name: &'a str) -> TargetFuture<'a, ()> {
        Box::pin(self.removed(name))
    }

    fn create<'a>(&'a self, name: &'a str) -> TargetFuture<'a, Box<dyn ExportFile>> {
        let file =
            ObjectFile { target: self.clone(), name: name.to_owned(), pending: Vec::new(), upload: None };
        Box::pin(async move { Ok(Box::new(file) as Box<dyn ExportFile>) })
    }
}

impl fmt::Debug for ExportObjectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The `Debug` of a store may contain its credentials; its `Display` names the account and the bucket.
        let Self { store, prefix } = self;
        let mut target = f.debug_struct("ExportObjectStore");
        target.field("store", &store.to_string()).field("prefix", prefix).finish()
    }
}

/// An object that is not there yet.
struct ObjectFile {
    target: ExportObjectStore,
    name: String,
    /// What was not uploaded.
    pending: Vec<u8>,
    /// The upload of an object that is larger than one part.
    upload: Option<Box<dyn MultipartUpload>>,
}

impl ObjectFile {
    fn failed(&self, error: StoreError) -> Error {
        self.target.failed(&self.name, "cannot be written", error)
    }

    async fn append(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        self.pending.extend_from_slice(&bytes);
        while self.pending.len() > PART {
            let rest = self.pending.split_off(PART);
            let part = std::mem::replace(&mut self.pending, rest);
            self.upload_part(part).await?;
        }
        Ok(())
    }

    async fn upload_part(&mut self, part: Vec<u8>) -> Result<(), Error> {
        if self.upload.is_none() {
            let begun = self.target.store.put_multipart(&self.target.path(&self.name)).await;
            self.upload = Some(begun.map_err(|error| self.failed(error))?);
        }
        let Some(upload) = &mut self.upload else { return Err(Error::internal("an upload was not begun")) };
        let sent = upload.put_part(PutPayload::from(part)).await;
        sent.map_err(|error| self.failed(error))
    }

    /// Uploads what is left, if the object has several parts.
    async fn upload_rest(&mut self) -> Result<(), Error> {
        if self.upload.is_some() && !self.pending.is_empty() {
            let rest = std::mem::take(&mut self.pending);
            self.upload_part(rest).await?;
        }
        Ok(())
    }

    async fn complete(mut self) -> Result<(), Error> {
        self.upload_rest().await?;
        match self.upload.take() {
            Some(mut upload) => upload.complete().await.map(drop).map_err(|error| self.failed(error)),
            None => self.target.stored(&self.name, std::mem::take(&mut self.pending)).await,
        }
    }
}

impl ExportFile for ObjectFile {
    fn write(&mut self, bytes: Vec<u8>) -> TargetFuture<'_, ()> {
        Box::pin(self.append(bytes))
    }

    fn sync(&mut self) -> TargetFuture<'_, ()> {
        Box::pin(self.upload_rest())
    }

    fn publish(self: Box<Self>) -> TargetFuture<'static, ()> {
        Box::pin(self.complete())
    }
}
