//! In which form records are written.

use super::question::ExportQuestion;
use serde_json::value::Value;
use snow_core::{Error, Record};
use std::collections::BTreeMap;
use std::fmt;

/// A format of files: [`Ndjson`](super::Ndjson), [`Csv`](super::Csv), or one of your own.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(20).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let folder = std::env::temp_dir().join(format!("snow-format-example-{}", std::process::id()));
/// use snow_client::export::{ExportDirectory, ExportFormat, ExportQuestion, RecordEncoder};
/// use snow_client::{Error, Record};
///
/// /// The numbers of the records, one a line.
/// #[derive(Debug)]
/// struct Numbers;
///
/// impl ExportFormat for Numbers {
///     fn name(&self) -> &str {
///         "numbers"
///     }
///
///     fn extension(&self) -> &str {
///         "txt"
///     }
///
///     fn encoder(&self, _: &ExportQuestion, _: &mut Vec<u8>) -> Result<Box<dyn RecordEncoder>, Error> {
///         Ok(Box::new(NumbersEncoder))
///     }
/// }
///
/// struct NumbersEncoder;
///
/// impl RecordEncoder for NumbersEncoder {
///     fn encode(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), Error> {
///         out.extend_from_slice(record.value("number")?.as_bytes());
///         out.push(b'\n');
///         Ok(())
///     }
/// }
///
/// let incidents = client.table("incident").list().fields(["number"]);
/// let report = incidents.export(Numbers, ExportDirectory::new(&folder)).await?;
/// let text = std::fs::read_to_string(folder.join(&report.files[0].name))?;
/// assert_eq!(text.lines().count(), 20);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(()) }
/// ```
pub trait ExportFormat: fmt::Debug + Send + Sync {
    /// Returns the name of the format, for the manifest.
    fn name(&self) -> &str;

    /// Returns what the names of the files end with, without the dot: at most 16 lower-case letters, digits and dots between them.
    fn extension(&self) -> &str;

    /// Returns the settings that decide which bytes are written, for the manifest. An export can only be resumed with the same ones.
    fn settings(&self) -> BTreeMap<String, Value> {
        BTreeMap::new()
    }

    /// Returns what is known of the columns and their types, for the manifest.
    fn schema(&self) -> Option<Value> {
        None
    }

    /// Begins a file: appends what comes before the first record to `out`. It is also called once before anything is sent, to find
    /// out whether the question fits the format.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if records of this question cannot be written in this format.
    fn encoder(&self, question: &ExportQuestion, out: &mut Vec<u8>) -> Result<Box<dyn RecordEncoder>, Error>;
}

/// Writes the records of one file.
///
/// It may append bytes later than it gets records, as formats do that write records in groups. What it keeps is memory that the
/// export takes.
pub trait RecordEncoder: Send {
    /// Appends a record to `out`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) for a record that the format cannot hold.
    fn encode(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), Error>;

    /// Appends what comes after the last record.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let _ = out;
        Ok(())
    }

    /// Returns what was counted in this file, such as values that were missing: a name, and how many. The report has the sums.
    fn counts(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}
