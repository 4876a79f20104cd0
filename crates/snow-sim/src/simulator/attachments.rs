//! Files that a test gives to records.

use crate::data::{Author, File, NewFile, generated_hash};
use crate::{Simulator, upload::hex};
use bytes::Bytes;
use ring::digest;

impl Simulator {
    /// Attaches a file to a record; gives the sys_id of the attachment, or `None` if there is no such record.
    ///
    /// ```
    /// use snow_sim::Simulator;
    ///
    /// let id = "9d385017c611228701d22104cc95c371";
    /// let simulator = Simulator::builder().row("incident", [("sys_id", id)]).build()?;
    /// assert!(simulator.attach("incident", id, "notes.txt", "text/plain", "hello").is_some());
    /// # Ok::<_, snow_sim::BuildError>(())
    /// ```
    pub fn attach(
        &self,
        table: &str,
        sys_id: &str,
        file_name: &str,
        content_type: &str,
        bytes: impl Into<Bytes>,
    ) -> Option<String> {
        let bytes = bytes.into();
        let hash = hex(digest::digest(&digest::SHA256, &bytes).as_ref());
        let size = bytes.len() as u64;
        self.add_file(table, sys_id, (file_name, content_type), size, &hash, File::Kept(bytes))
    }

    /// Attaches a file like [`attach`](Self::attach), but of any size whose bytes are made while it is downloaded: it takes no memory,
    /// but its hash is computed now.
    pub fn attach_generated(&self, table: &str, sys_id: &str, file_name: &str, size: u64) -> Option<String> {
        let (hash, kind) = (generated_hash(size), "application/octet-stream");
        self.add_file(table, sys_id, (file_name, kind), size, &hash, File::Generated(size))
    }

    fn add_file(
        &self,
        table: &str,
        sys_id: &str,
        (file_name, content_type): (&str, &str),
        size: u64,
        hash: &str,
        file: File,
    ) -> Option<String> {
        let state = &mut *self.lock();
        let stamp = state.clock.stamp();
        state.database.dictionary.table(table).and_then(|table| state.database.row(table, sys_id))?;
        let new = NewFile {
            table_name: table,
            table_sys_id: sys_id,
            file_name,
            content_type,
            size,
            hash,
            file,
            scanned: None,
        };
        Some(state.database.attach(new, Author::new("glide.maint", &stamp), None))
    }
}
