//! Formats and targets that are chosen while a program runs.

use super::format::{ExportFormat, RecordEncoder};
use super::question::ExportQuestion;
use super::target::{ExportFile, ExportTarget, TargetEntry, TargetFuture};
use serde_json::value::Value;
use snow_core::Error;
use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;

impl<F: ExportFormat + ?Sized> ExportFormat for Box<F> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn extension(&self) -> &str {
        (**self).extension()
    }

    fn settings(&self) -> BTreeMap<String, Value> {
        (**self).settings()
    }

    fn schema(&self) -> Option<Value> {
        (**self).schema()
    }

    fn encoder(&self, question: &ExportQuestion, out: &mut Vec<u8>) -> Result<Box<dyn RecordEncoder>, Error> {
        (**self).encoder(question, out)
    }
}

impl<T: ExportTarget + ?Sized> ExportTarget for Box<T> {
    fn location(&self) -> String {
        (**self).location()
    }

    fn lock(&self) -> TargetFuture<'_, Box<dyn Any + Send>> {
        (**self).lock()
    }

    fn list(&self) -> TargetFuture<'_, Vec<TargetEntry>> {
        (**self).list()
    }

    fn read<'a>(&'a self, name: &'a str, range: Range<u64>) -> TargetFuture<'a, Vec<u8>> {
        (**self).read(name, range)
    }

    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> TargetFuture<'a, ()> {
        (**self).put(name, content)
    }

    fn remove<'a>(&'a self, name: &'a str) -> TargetFuture<'a, ()> {
        (**self).remove(name)
    }

    fn create<'a>(&'a self, name: &'a str) -> TargetFuture<'a, Box<dyn ExportFile>> {
        (**self).create(name)
    }
}
