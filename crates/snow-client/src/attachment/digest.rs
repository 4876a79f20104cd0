//! SHA-256, the hash that instances have of a file's content (facts 5).

use super::file_error::file_error;
use snow_core::Error;
use std::fmt::Write;
use std::path::Path;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// How many bytes of a file are read at a time.
const CHUNK: usize = 256 << 10;

/// ring is faster on processors whose instructions sha2 does not use, and is compiled anyway with our own transport.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of FIPS 180-4, whichever crate computes them.
    const EXAMPLES: [(&str, usize, &str); 3] = [
        ("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ];

    #[tokio::test]
    async fn bytes_and_files_have_the_hashes_of_the_standard() {
        let file = std::env::temp_dir().join(format!("snow-digest-{}", std::process::id()));
        for (text, times, hash) in EXAMPLES {
            let content = text.repeat(times);
            assert_eq!(Digest::of(content.as_bytes()), hash);
            std::fs::write(&file, &content).unwrap();
            assert_eq!(Digest::of_file(&file).await.unwrap(), hash);
            let mut parts = Digest::new();
            content.as_bytes().chunks(7_777).for_each(|part| parts.update(part));
            assert_eq!(parts.finish(), hash);
        }
        std::fs::remove_file(&file).unwrap();
    }
}
