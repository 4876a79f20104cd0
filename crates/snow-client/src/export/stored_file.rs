//! Small files of JSON beside the files of an export.

use super::target::{ExportTarget, TargetEntry};
use serde::Serialize;
use serde::de::DeserializeOwned;
use snow_core::{Error, ErrorKind};

/// The most bytes that are read of such a file: hundreds of thousands of data files fit in.
const LARGEST: u64 = 256 << 20;

/// Reads a file, if it is there.
pub(super) async fn load<T: DeserializeOwned>(
    target: &dyn ExportTarget,
    entries: &[TargetEntry],
    name: &str,
) -> Result<Option<T>, Error> {
    let Some(entry) = entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
    let place = target.location();
    if entry.bytes > LARGEST {
        return Err(Error::new(ErrorKind::Io, format!("the file {name} in {place} is larger than {LARGEST} bytes")));
    }
    let text = target.read(name, 0..entry.bytes).await?;
    let stored = serde_json::from_slice(&text).map_err(|error| {
        let why = format!("the file {name} in {place} was not written by an export, or was changed");
        Error::new(ErrorKind::Io, why).with_reason(error)
    });
    stored.map(Some)
}

/// Writes a file as a whole.
pub(super) async fn save<T: Serialize>(target: &dyn ExportTarget, name: &str, stored: &T) -> Result<(), Error> {
    let unwritten = |_| Error::internal("a file of an export could not be written as JSON");
    let mut text = serde_json::to_vec_pretty(stored).map_err(unwritten)?;
    text.push(b'\n');
    target.put(name, text).await
}

/// The error of a file that another release has written.
pub(super) fn unknown_version(target: &dyn ExportTarget, name: &str, version: u32) -> Error {
    let place = target.location();
    let why = format!("the file {name} in {place} has the version {version}, which this release does not know");
    Error::new(ErrorKind::Io, why)
}
