//! SHA-256, the hash that instances have of a file's content (facts 5).

use super::file_error::file_error;
use ring::digest::{Context, SHA256};
use snow_core::Error;
use std::fmt::Write;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// How many bytes of a file are read at a time.
const CHUNK: usize = 256 << 10;

/// A hash that is being computed.
#[derive(Clone)]
pub(super) struct Digest(Context);

impl Digest {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the hash in hexadecimal digits, as instances write it.
    pub(super) fn finish(self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0.finish().as_ref() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    pub(super) fn of(bytes: &[u8]) -> String {
        let mut digest = Self::new();
        digest.update(bytes);
        digest.finish()
    }

    /// Hashes a whole file, in constant memory.
    pub(super) async fn of_file(path: &Path) -> Result<String, Error> {
        let failed = |error| file_error("cannot be read", path, error);
        let mut file = File::open(path).await.map_err(failed)?;
        let (mut digest, mut chunk) = (Self::new(), vec![0; CHUNK]);
        loop {
            match file.read(&mut chunk).await.map_err(failed)? {
                0 => return Ok(digest.finish()),
                count => {
                    let what = "a file gave more bytes than there was room for";
                    digest.update(chunk.get(..count).ok_or_else(|| Error::internal(what))?);
                }
            }
        }
    }
}
