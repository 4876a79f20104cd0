//! One file while its records are written.

use super::format::{ExportFormat, RecordEncoder};
use super::progress::ProgressBoard;
use super::question::ExportQuestion;
use super::report::ExportedFile;
use super::target::{ExportFile, ExportTarget};
use crate::attachment::Digest;
use snow_core::{Error, Record};
use std::collections::BTreeMap;

/// How many bytes are written at a time.
const CHUNK: usize = 128 << 10;

/// Encodes records into a file, counts and hashes what it writes.
pub(super) struct FileWriter {
    name: String,
    file: Box<dyn ExportFile>,
    encoder: Box<dyn RecordEncoder>,
    /// What was encoded and not written.
    out: Vec<u8>,
    digest: Digest,
    bytes: u64,
    records: u64,
    board: ProgressBoard,
}

/// A file of which everything is written, and which has no name yet.
pub(super) struct SealedFile {
    pub(super) file: Box<dyn ExportFile>,
    pub(super) written: ExportedFile,
    pub(super) counts: BTreeMap<String, u64>,
}

impl FileWriter {
    pub(super) async fn create(
        name: String,
        question: &ExportQuestion,
        format: &dyn ExportFormat,
        target: &dyn ExportTarget,
        board: ProgressBoard,
    ) -> Result<Self, Error> {
        let mut out = Vec::with_capacity(CHUNK);
        let encoder = format.encoder(question, &mut out)?;
        let file = target.create(&name).await?;
        Ok(Self { name, file, encoder, out, digest: Digest::new(), bytes: 0, records: 0, board })
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    pub(super) async fn write(&mut self, record: &Record) -> Result<(), Error> {
        self.encoder.encode(record, &mut self.out)?;
        self.records = self.records.saturating_add(1);
        if self.out.len() >= CHUNK { self.write_out().await } else { Ok(()) }
    }

    async fn write_out(&mut self) -> Result<(), Error> {
        let next = Vec::with_capacity(CHUNK);
        let bytes = std::mem::replace(&mut self.out, next);
        self.digest.update(&bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.board.note_bytes(bytes.len());
        self.file.write(bytes).await
    }

    /// Writes the end, and waits until everything is with the target.
    pub(super) async fn seal(mut self) -> Result<SealedFile, Error> {
        self.encoder.finish(&mut self.out)?;
        self.write_out().await?;
        self.file.sync().await?;
        let written = ExportedFile {
            name: self.name,
            records: self.records,
            bytes: self.bytes,
            sha256: self.digest.finish(),
        };
        Ok(SealedFile { file: self.file, written, counts: self.encoder.counts() })
    }
}
