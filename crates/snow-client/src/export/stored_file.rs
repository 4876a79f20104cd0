//! Small files of JSON in the same place as the files of an export.

use super::target::{ExportTarget, TargetEntry};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use snow_core::{Error, ErrorKind};

/// The most bytes that are read of such a file: hundreds of thousands of data files fit in.
const LARGEST: u64 = 256 << 20;

/// What every release writes: the rest is only read of a version that this one knows.
#[derive(Deserialize)]
struct StoredVersion {
    version: u32,
}

/// Reads a file of this version, if it is there.
pub(super) async fn load<T: DeserializeOwned>(
    target: &dyn ExportTarget,
    entries: &[TargetEntry],
    name: &str,
    version: u32,
) -> Result<Option<T>, Error> {
    let Some(entry) = entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
    let place = target.location();
    if entry.bytes > LARGEST {
        let why = format!(
            "the file {name} in {place} is larger than {LARGEST} bytes: no export wrote it; export into another place"
        );
        return Err(Error::new(ErrorKind::Io, why));
    }
    let text = target.read(name, 0..entry.bytes).await?;
    let changed = |error| {
        let why = format!("the file {name} in {place} was not written by an export, or was changed");
        Error::new(ErrorKind::Io, why).with_reason(error)
    };
    let stored: StoredVersion = serde_json::from_slice(&text).map_err(changed)?;
    if stored.version != version {
        return Err(unknown_version(name, &place, stored.version));
    }
    serde_json::from_slice(&text).map(Some).map_err(changed)
}

/// Writes a file as a whole.
pub(super) async fn save<T: Serialize>(
    target: &dyn ExportTarget,
    name: &str,
    stored: &T,
) -> Result<(), Error> {
    save_within(target, name, stored, LARGEST).await
}

/// Writes a file that [`load`] will read: one of at most so many bytes.
async fn save_within<T: Serialize>(
    target: &dyn ExportTarget,
    name: &str,
    stored: &T,
    most: u64,
) -> Result<(), Error> {
    let unwritten = |_| Error::internal("a file of an export could not be written as JSON");
    let mut text = serde_json::to_vec_pretty(stored).map_err(unwritten)?;
    text.push(b'\n');
    if text.len() as u64 > most {
        let why = format!(
            "the file {name} in {} would be larger than {most} bytes: export fewer files, with more records_per_file()",
            target.location()
        );
        return Err(Error::new(ErrorKind::Io, why));
    }
    target.put(name, text).await
}

/// The error of a file that another release has written.
fn unknown_version(name: &str, place: &str, version: u32) -> Error {
    let why = format!(
        "the file {name} in {place} has the version {version}, which this release does not know: resume it with the release that began \
         it, or export into another place"
    );
    Error::new(ErrorKind::Io, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::ExportDirectory;

    #[tokio::test]
    async fn a_file_that_could_not_be_read_again_is_not_written() {
        let nowhere = ExportDirectory::new("/no/such/directory");
        let error = save_within(&nowhere, "_position.json", &"a long text", 10).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Io && error.to_string().contains("records_per_file()"), "{error}");
        let error = save_within(&nowhere, "_position.json", &"short", 10).await.unwrap_err();
        assert!(error.to_string().contains("cannot be made"), "it is small enough: {error}");
    }
}
