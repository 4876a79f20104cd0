//! The bytes of attachments (facts 5): kept, made from their offsets, or forgotten.

use super::{Author, Database, Fields, TableId, scramble};
use crate::clock;
use bytes::Bytes;
use ring::digest;
use std::collections::HashMap;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) enum File {
    Kept(Bytes),
    /// So many bytes, each of which follows from its offset.
    Generated(u64),
    /// Only its size and its hash are known.
    Forgotten,
}

/// A file that is to become an attachment.
#[derive(Debug)]
pub(crate) struct NewFile<'a> {
    pub(crate) table_name: &'a str,
    pub(crate) table_sys_id: &'a str,
    pub(crate) file_name: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) size: u64,
    pub(crate) hash: &'a str,
    pub(crate) file: File,
    /// When the scan for viruses will be over; `None` if there is none.
    pub(crate) scanned: Option<Duration>,
}

/// By the sys_id of their records in `sys_attachment`.
#[derive(Debug, Default)]
pub(crate) struct Files {
    files: HashMap<String, File>,
    /// Those that are being scanned, and until when.
    pending: Vec<(Duration, String)>,
}

/// How many bytes the service keeps in one record of `sys_attachment_doc`.
const CHUNK: &str = "700000";
/// Larger files are stored as they are: that is chosen, so that nobody waits for them to be compressed.
const COMPRESSED_TO: usize = 16 << 20;

impl Database {
    /// Adds an attachment; gives its sys_id.
    pub(crate) fn attach(&mut self, new: NewFile<'_>, author: Author<'_>, created: Option<&str>) -> String {
        let Some(table) = self.dictionary.table("sys_attachment") else { return String::new() };
        let compressed = match &new.file {
            File::Kept(bytes) if bytes.len() <= COMPRESSED_TO => {
                crate::gzip::gzipped(bytes).len().to_string()
            }
            _ => String::new(),
        };
        let size = new.size.to_string();
        let mut fields: Fields = [
            ("table_name", new.table_name),
            ("table_sys_id", new.table_sys_id),
            ("file_name", new.file_name),
            ("content_type", new.content_type),
            ("size_bytes", &size),
            ("size_compressed", &compressed),
            ("compressed", if compressed.is_empty() { "false" } else { "true" }),
            ("chunk_size_bytes", CHUNK),
            ("hash", new.hash),
            ("state", if new.scanned.is_some() { "pending" } else { "available" }),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        if let Some(created) = created {
            fields.insert("sys_created_on".into(), created.into());
        }
        let author = Author { sys_fields: created.is_some(), ..author };
        let sys_id = self.insert(table, &fields, author).to_string();
        self.files.files.insert(sys_id.clone(), new.file);
        self.files.pending.extend(new.scanned.map(|end| (end, sys_id.clone())));
        sys_id
    }

    pub(crate) fn file(&self, sys_id: &str) -> Option<&File> {
        self.files.files.get(sys_id)
    }

    /// Ends the scans that are over: the record is changed by the system (facts 5).
    pub(crate) fn end_scans(&mut self, now: Duration, time: jiff::Timestamp) {
        let Some(table) = self.dictionary.table("sys_attachment") else { return };
        let pending = std::mem::take(&mut self.files.pending);
        if pending.is_empty() {
            return;
        }
        let stamp = clock::stamp(time);
        let (over, pending): (Vec<_>, Vec<_>) = pending.into_iter().partition(|(end, _)| *end <= now);
        self.files.pending = pending;
        for (_, sys_id) in over {
            let state: Fields = [("state".to_owned(), "available".to_owned())].into();
            self.update(table, &sys_id, &state, Author::new("system", &stamp));
        }
    }

    /// What goes with a record that is gone: its file, its attachments, and their notes.
    pub(super) fn detach(&mut self, table: TableId, sys_id: &str, author: Author<'_>) {
        self.files.files.remove(sys_id);
        for (below, parent) in
            [("sys_attachment", "table_sys_id"), ("sys_attachment_attribute", "attachment")]
        {
            let Some(below) = self.dictionary.table(below).filter(|below| *below != table) else { continue };
            let rows = self.rows(below);
            let own = rows.filter(|(_, row)| self.field(below, row, parent) == sys_id);
            for id in own.map(|(id, _)| id.to_string()).collect::<Vec<_>>() {
                self.remove(below, &id, author);
            }
        }
    }
}

/// Bytes of a generated file from an offset on: each word of eight is its number, scrambled.
pub(crate) fn generated(offset: u64, length: usize) -> Vec<u8> {
    let (first, skipped) = (offset / 8, usize::try_from(offset % 8).unwrap_or_default());
    let words = (skipped + length).div_ceil(8);
    let mut bytes = Vec::with_capacity(words * 8);
    for word in first..first + words as u64 {
        bytes.extend_from_slice(&scramble(word).to_le_bytes());
    }
    bytes.drain(..skipped);
    bytes.truncate(length);
    bytes
}

/// SHA-256 of a generated file, in hexadecimal digits.
pub(crate) fn generated_hash(size: u64) -> String {
    let mut digest = digest::Context::new(&digest::SHA256);
    let mut at = 0;
    while at < size {
        let length = usize::try_from((size - at).min(1 << 20)).unwrap_or_default();
        digest.update(&generated(at, length));
        at += length as u64;
    }
    crate::upload::hex(digest.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_bytes_follow_from_their_offset() {
        let whole = generated(0, 1_000);
        for (offset, length) in [(0, 1), (1, 7), (7, 9), (8, 8), (13, 500), (999, 1), (5, 0)] {
            let start = usize::try_from(offset).expect("it is small");
            assert_eq!(generated(offset, length), whole[start..start + length]);
        }
        assert_eq!(
            generated_hash(1_000),
            crate::upload::hex(digest::digest(&digest::SHA256, &whole).as_ref())
        );
    }
}
