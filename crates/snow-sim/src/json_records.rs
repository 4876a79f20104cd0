//! The records of a list as they are rendered.

use crate::data::Record;

/// Records as JSON, one after the other with commas between.
#[derive(Debug, Default)]
pub(crate) struct JsonRecords {
    json: Vec<u8>,
    /// Where each record ends.
    ends: Vec<usize>,
}

impl JsonRecords {
    /// Adds the record that is written.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.ends.is_empty() {
            self.json.push(b',');
        }
        write(&mut self.json);
        self.ends.push(self.json.len());
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the first records, without brackets around them.
    pub(crate) fn first(&self, count: usize) -> &[u8] {
        let end = count.checked_sub(1).and_then(|last| self.ends.get(last));
        &self.json[..end.copied().unwrap_or_default()]
    }

    /// Returns all of them as an array.
    pub(crate) fn into_array(self) -> Vec<u8> {
        [b"[", &self.json[..], b"]"].concat()
    }
}

impl FromIterator<Record> for JsonRecords {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut all = Self::default();
        for record in records {
            all.push(|json| json.extend_from_slice(record.to_string().as_bytes()));
        }
        all
    }
}
