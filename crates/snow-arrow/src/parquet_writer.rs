//! Batches as a Parquet file.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use snow_client::{Error, ErrorKind};
use std::fmt;
use std::io::{self, Write};

/// The most records of a row group, which is in memory until it is written.
const GROUP_ROWS: usize = 131_072;
/// The most bytes of a row group in memory.
const GROUP_BYTES: usize = 24 << 20;
/// How hard zstd tries.
const LEVEL: i32 = 3;

/// Writes batches to a Parquet file, compressed with zstd.
///
/// A row group has at most 131,072 records and about 24 MiB in memory. The file can be read only after [`finish`](Self::finish).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_arrow::{ParquetWriter, Scan};
///
/// let incidents = client.table("incident").list().fields(["number", "opened_at"]);
/// let mut batches = Scan::new(incidents).open().await?;
/// let mut bytes = Vec::new();
/// let mut file = ParquetWriter::new(&mut bytes, batches.schema())?;
/// while let Some(batch) = batches.next().await {
///     file.write(&batch?)?;
/// }
/// assert_eq!(file.finish()?, 500);
/// assert!(bytes.ends_with(b"PAR1") && batches.report().stream.complete);
/// # Ok(()) }
/// ```
pub struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    rows: u64,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if its first bytes cannot be written, and [`ErrorKind::InvalidInput`] for a schema that Parquet cannot hold,
    /// such as one without columns.
    pub fn new(to: W, schema: SchemaRef) -> Result<Self, Error> {
        let level = ZstdLevel::try_new(LEVEL).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by(concat!("snow-arrow ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        if schema.fields().is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a Parquet file needs at least one column: name a field",
            ));
        }
        let writer = ArrowWriter::try_new(to, schema, Some(properties)).map_err(failed)?;
        Ok(Self { writer, rows: 0 })
    }

    /// Writes a batch. Most of it stays in memory until the row group is complete.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the file cannot be written, and [`ErrorKind::InvalidInput`] for a batch of another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.writer.write(batch).map_err(failed)?;
        if self.writer.memory_size() >= GROUP_BYTES {
            self.writer.flush().map_err(failed)?;
        }
        self.rows = self.rows.saturating_add(batch.num_rows() as u64);
        Ok(())
    }

    /// Returns how many records were written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the bytes of the row group in memory, which is not written yet.
    pub fn memory_size(&self) -> usize {
        self.writer.memory_size()
    }

    /// Ends the file, flushes what it is written to, and returns the number of records.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the rest of the file cannot be written.
    pub fn finish(mut self) -> Result<u64, Error> {
        self.end()?;
        Ok(self.rows)
    }

    /// Writes the rest of the file.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        self.writer.finish().map(drop).map_err(failed)
    }
}

impl ParquetWriter<Vec<u8>> {
    /// Moves what has been written so far to the end of `out`.
    pub(crate) fn take_written(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        // The writer counts by itself where it is in the file.
        self.writer.sync().map_err(|error| failed(error.into()))?;
        out.append(self.writer.inner_mut());
        Ok(())
    }
}

impl<W: Write + Send> fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParquetWriter({} records)", self.rows)
    }
}

/// The error of a file that cannot be written. A failure of the file itself is the source.
fn failed(error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => Error::new(ErrorKind::Io, "the Parquet file cannot be written").with_reason(source),
            Err(source) => {
                Error::new(ErrorKind::Other, "the Parquet file cannot be written").with_reason(source)
            }
        },
        other => {
            Error::new(ErrorKind::InvalidInput, "the batch cannot be written as Parquet").with_reason(other)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, StringArray};
    use arrow_schema::{DataType, Field, Schema};
    use std::sync::Arc;

    fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, true)]))
    }

    /// A disk with room for so many bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_an_error_of_the_file_and_not_of_the_data() {
        let batch =
            RecordBatch::try_new(schema(), vec![Arc::new(StringArray::from(vec!["a"])) as ArrayRef]).unwrap();
        let write = |room| {
            let mut writer = ParquetWriter::new(Full(room), schema())?;
            writer.write(&batch)?;
            writer.finish()
        };
        for room in [0, 3, 20, 100] {
            let error = write(room).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io, "{room} {error}");
        }
        assert_eq!(write(10_000).unwrap(), 1);
        let nothing = ParquetWriter::new(Vec::new(), Arc::new(Schema::empty())).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_row_group_is_written_before_it_fills_the_memory() {
        let mut bytes = Vec::new();
        let mut writer = ParquetWriter::new(&mut bytes, schema()).unwrap();
        for at in 0..200_u32 {
            // Texts that do not repeat: a megabyte a batch.
            let texts = (0..256_u32).map(|row| format!("{:0>4096}", at * 256 + row));
            let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
            writer.write(&RecordBatch::try_new(schema(), vec![texts]).unwrap()).unwrap();
            assert!(writer.memory_size() < GROUP_BYTES + (4 << 20), "{}", writer.memory_size());
        }
        assert_eq!(writer.finish().unwrap(), 51_200);
        assert!(bytes.ends_with(b"PAR1"));
    }
}
