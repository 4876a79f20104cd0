//! A place for exports in memory, which can fail at any step.

use snow_client::export::{ExportFile, ExportTarget, TargetEntry, TargetFuture};
use snow_client::{Error, ErrorKind};
use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Files in memory. What clones and later targets of the same files see is what was put and published.
#[derive(Clone, Debug, Default)]
pub(crate) struct MemoryTarget {
    files: Arc<Mutex<Files>>,
    /// How many steps succeed; each operation has one before its effect and one after it.
    fuse: Arc<Mutex<Option<u32>>>,
}

impl MemoryTarget {
    /// Returns the same files with a fuse: after so many steps, every operation fails, as if the process was gone.
    pub(crate) fn with_fuse(&self, steps: Option<u32>) -> Self {
        Self { files: self.files.clone(), fuse: Arc::new(Mutex::new(steps)) }
    }

    pub(crate) fn files(&self) -> Files {
        self.files.lock().unwrap().clone()
    }

    /// The data files alone.
    pub(crate) fn data(&self) -> Files {
        let is_data = |name: &String| name.starts_with("part-");
        self.files().into_iter().filter(|(name, _)| is_data(name)).collect()
    }

    pub(crate) fn set(&self, name: &str, content: &str) {
        self.files.lock().unwrap().insert(name.to_owned(), content.as_bytes().to_vec());
    }

    pub(crate) fn forget(&self, name: &str) {
        self.files.lock().unwrap().remove(name).unwrap();
    }

    fn step(&self) -> Result<(), Error> {
        match &mut *self.fuse.lock().unwrap() {
            Some(0) => Err(Error::new(ErrorKind::Io, "the process is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn run<T: Send + 'static>(&self, effect: impl FnOnce(&mut Files) -> T) -> TargetFuture<'static, T> {
        let done = self.step().and_then(|()| {
            let done = effect(&mut self.files.lock().unwrap());
            self.step().map(|()| done)
        });
        Box::pin(async move { done })
    }
}

impl ExportTarget for MemoryTarget {
    fn location(&self) -> String {
        "memory".into()
    }

    fn lock(&self) -> TargetFuture<'_, Box<dyn Any + Send>> {
        self.run(|_| Box::new(()) as Box<dyn Any + Send>)
    }

    fn list(&self) -> TargetFuture<'_, Vec<TargetEntry>> {
        let entry = |(name, content): (&String, &Vec<u8>)| TargetEntry {
            name: name.clone(),
            bytes: content.len() as u64,
        };
        self.run(move |files| files.iter().map(entry).collect())
    }

    fn read<'a>(&'a self, name: &'a str, range: Range<u64>) -> TargetFuture<'a, Vec<u8>> {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        self.run(move |files| {
            let content = &files[name];
            content[range.start.min(content.len())..range.end.min(content.len())].to_vec()
        })
    }

    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> TargetFuture<'a, ()> {
        self.run(move |files| drop(files.insert(name.to_owned(), content)))
    }

    fn remove<'a>(&'a self, name: &'a str) -> TargetFuture<'a, ()> {
        self.run(move |files| drop(files.remove(name)))
    }

    fn create<'a>(&'a self, name: &'a str) -> TargetFuture<'a, Box<dyn ExportFile>> {
        let (target, name) = (self.clone(), name.to_owned());
        let file = MemoryFile { target, name, content: Vec::new() };
        self.run(move |_| Box::new(file) as Box<dyn ExportFile>)
    }
}

struct MemoryFile {
    target: MemoryTarget,
    name: String,
    content: Vec<u8>,
}

impl ExportFile for MemoryFile {
    fn write(&mut self, bytes: Vec<u8>) -> TargetFuture<'_, ()> {
        self.content.extend(bytes);
        self.target.run(|_| ())
    }

    /// Takes its time, as a disk does.
    fn sync(&mut self) -> TargetFuture<'_, ()> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.target.run(|_| ()).await
        })
    }

    fn publish(self: Box<Self>) -> TargetFuture<'static, ()> {
        let Self { target, name, content } = *self;
        target.run(move |files| drop(files.insert(name, content)))
    }
}
