//! One JSON object a line.

use super::format::{ExportFormat, RecordEncoder};
use super::question::ExportQuestion;
use snow_core::{Error, Record};

/// Newline-delimited JSON: each line is a record as the instance sent it.
///
/// Every value keeps its form, every field its place, and a field that the user may not read is missing. Only line breaks between
/// values are left out, and the `sys_id` if it was requested for the sake of reading alone. Lines end with `\n`.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(50).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let folder = std::env::temp_dir().join(format!("snow-ndjson-example-{}", std::process::id()));
/// use snow_client::Record;
/// use snow_client::export::{ExportDirectory, Ndjson};
///
/// let report = client.table("incident").list().export(Ndjson::new(), ExportDirectory::new(&folder)).await?;
/// let text = std::fs::read_to_string(folder.join(&report.files[0].name))?;
/// let first: Record = serde_json::from_str(text.lines().next().expect("the table is not empty"))?;
/// assert!(first.value("number")?.starts_with("INC"));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ndjson;

impl Ndjson {
    /// Creates the format.
    pub fn new() -> Self {
        Self
    }
}

impl ExportFormat for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn extension(&self) -> &'static str {
        "ndjson"
    }

    fn encoder(&self, _: &ExportQuestion, _: &mut Vec<u8>) -> Result<Box<dyn RecordEncoder>, Error> {
        Ok(Box::new(LineEncoder))
    }
}

struct LineEncoder;

impl RecordEncoder for LineEncoder {
    fn encode(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), Error> {
        push_line(record.json(), out);
        Ok(())
    }
}

/// Appends JSON as one line. A line break in a string is escaped in JSON, so one that stands there as such is between two values.
fn push_line(json: &str, out: &mut Vec<u8>) {
    out.reserve(json.len().saturating_add(1));
    for piece in json.split(['\n', '\r']) {
        out.extend_from_slice(piece.as_bytes());
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(json: &str) -> String {
        let record: Record = serde_json::from_str(json).unwrap();
        let mut out = Vec::new();
        LineEncoder.encode(&record, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_record_on_several_lines_becomes_one() {
        assert_eq!(line("{\r\n  \"b\" : \"x\\ny\",\n\t\"a\":[1 ,\r2]}"), "{  \"b\" : \"x\\ny\",\t\"a\":[1 ,2]}\n");
    }

    #[test]
    fn what_is_on_one_line_is_left_alone() {
        let json = r#"{"b":"\ud800","a":{"link":"l","value":"v"},"a":1.50}"#;
        assert_eq!(line(json), format!("{json}\n"));
    }
}
