//! SHA-256, the hash that instances have of a file's content (facts 5).

use super::file_error::file_error;
use snow_core::Error;
use std::fmt::Write;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// How many bytes of a file are read at a time.
const CHUNK: usize = 256 << 10;

/// ring is faster where it has instructions that sha2 does not use, and is there with our own transport.
#[cfg(feature = "transport")]
type Sha256 = ring::digest::Context;
#[cfg(not(feature = "transport"))]
type Sha256 = sha2::Sha256;

/// A hash that is being computed.
#[derive(Clone)]
pub(crate) struct Digest(Sha256);

impl Digest {
    pub(crate) fn new() -> Self {
        #[cfg(feature = "transport")]
        return Self(Sha256::new(&ring::digest::SHA256));
        #[cfg(not(feature = "transport"))]
        return Self(sha2::Digest::new());
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        #[cfg(feature = "transport")]
        self.0.update(bytes);
        #[cfg(not(feature = "transport"))]
        sha2::Digest::update(&mut self.0, bytes);
    }

    /// Returns the hash in hexadecimal digits, as instances write it.
    pub(crate) fn finish(self) -> String {
        let mut text = String::with_capacity(64);
        #[cfg(feature = "transport")]
        let hash = self.0.finish();
        #[cfg(not(feature = "transport"))]
        let hash = sha2::Digest::finalize(self.0);
        for byte in hash.as_ref() as &[u8] {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    pub(crate) fn of(bytes: &[u8]) -> String {
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
