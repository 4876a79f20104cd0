//! SHA-256, in which instances tell what a file holds (facts 5).

use ring::digest::{Context, SHA256};
use snow_core::Error;
use std::fmt::Write;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::local;

/// Bytes at a time: of a file that is only looked at.
const CHUNK: usize = 256 << 10;

/// A hash in the making.
#[derive(Clone)]
pub(super) struct Digest(Context);

impl Digest {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In hexadecimal digits, as instances write it.
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
        digest.add(bytes);
        digest.finish()
    }

    /// Of a whole file, in constant memory.
    pub(super) async fn of_file(path: &Path) -> Result<String, Error> {
        let failed = |error| local::error("cannot be read", path, error);
        let mut file = File::open(path).await.map_err(failed)?;
        let (mut digest, mut chunk) = (Self::new(), vec![0; CHUNK]);
        loop {
            match file.read(&mut chunk).await.map_err(failed)? {
                0 => return Ok(digest.finish()),
                count => digest.add(chunk.get(..count).unwrap_or_default()),
            }
        }
    }
}
