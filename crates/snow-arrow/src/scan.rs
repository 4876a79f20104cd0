//! The records of a list as batches: what is read, and how it is converted.

use crate::batches::Batches;
use crate::columns::Columns;
use crate::policy::{Invalid, Missing, References};
use crate::scan_options::ScanOptions;
use snow_client::schema::TableSchema;
use snow_client::stream::{StreamPart, StreamPosition};
use snow_client::table::ListRecords;
use snow_client::{Error, Record};

/// The records of a list as Arrow batches. [`open`](Self::open) begins to read.
///
/// The fields are those of the list; without [`fields`](ListRecords::fields), all columns of the table. Their types come from the
/// dictionary, which takes an administrator, or from a [schema](Self::schema) that you bring.
///
/// A record that lacks a field, or has a value that does not fit its column, ends the read with an error, unless
/// [`missing`](Self::missing) or [`invalid`](Self::invalid) says otherwise.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().without_demo_data().user("admin", "secret").incidents(500).build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use snow_arrow::{References, Scan};
///
/// let incidents = client.table("incident").list().fields(["number", "priority", "opened_at", "caller_id"]);
/// let mut batches = Scan::new(incidents).references(References::IdAndName).open().await?;
/// let mut count = 0;
/// while let Some(batch) = batches.next().await {
///     count += batch?.num_rows();
/// }
/// assert_eq!(count, 500);
/// assert!(batches.report().stream.complete);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a scan does nothing until it is opened"]
pub struct Scan {
    list: ListRecords<Record>,
    columns: ColumnsSource,
    dictionary_choices: bool,
    options: ScanOptions,
}

/// Where the types of the columns come from.
#[derive(Clone, Debug)]
enum ColumnsSource {
    Dictionary(References),
    Schema(Box<TableSchema>, References),
    Columns(Columns),
}

impl Scan {
    /// Creates a scan of the records that a list selects, with the types of the instance's dictionary.
    pub fn new(list: ListRecords<Record>) -> Self {
        let columns = ColumnsSource::Dictionary(References::default());
        Self { list, columns, dictionary_choices: false, options: ScanOptions::default() }
    }

    /// Sets the schema of the table, in place of the instance's dictionary. Dot-walks have to be among its
    /// [columns](TableSchema::with_column).
    pub fn schema(self, table: TableSchema) -> Self {
        let references = self.columns.references();
        Self { columns: ColumnsSource::Schema(Box::new(table), references), ..self }
    }

    /// Sets the columns, in place of the list's fields and the dictionary.
    pub fn columns(self, columns: Columns) -> Self {
        Self {
            dictionary_choices: columns.dictionary_choices,
            columns: ColumnsSource::Columns(columns),
            ..self
        }
    }

    /// Sets which columns a reference becomes; its id alone by default. It has no effect on [columns](Self::columns) that were set.
    pub fn references(self, references: References) -> Self {
        let columns = match self.columns {
            ColumnsSource::Dictionary(_) => ColumnsSource::Dictionary(references),
            ColumnsSource::Schema(table, _) => ColumnsSource::Schema(table, references),
            ColumnsSource::Columns(columns) => ColumnsSource::Columns(columns),
        };
        Self { columns, ..self }
    }

    /// Sets whether texts with a list of choices are dictionary-encoded; `false` by default.
    pub fn dictionary_choices(self, encode: bool) -> Self {
        Self { dictionary_choices: encode, ..self }
    }

    /// Sets what becomes of records that lack a field; refused by default.
    pub fn missing(self, missing: Missing) -> Self {
        self.set(|options| options.missing = missing)
    }

    /// Sets what becomes of values that do not fit their column; refused by default.
    pub fn invalid(self, invalid: Invalid) -> Self {
        self.set(|options| options.invalid = invalid)
    }

    /// Sets the most records of a batch; 8,192 by default. `0` is treated as `1`. A batch of long records has fewer: it ends
    /// when its records have 8 MiB of JSON.
    pub fn batch_rows(self, rows: usize) -> Self {
        self.set(|options| options.batch_rows = rows.max(1))
    }

    /// Sets how many ranges of `sys_id` are read concurrently: see [`RecordStream::parallel`](snow_client::stream::RecordStream::parallel).
    pub fn parallel(self, requests: usize) -> Self {
        self.set(|options| options.parallel = requests)
    }

    /// Sets the number of records that one request returns: see [`RecordStream::page_size`](snow_client::stream::RecordStream::page_size).
    pub fn page_size(self, records: u32) -> Self {
        self.set(|options| options.page_size = Some(records))
    }

    /// Reads one of the [parts](ListRecords::parts) of the list.
    pub fn part(self, part: StreamPart) -> Self {
        self.set(|options| options.part = Some(part))
    }

    /// Continues after the batch at whose end [`Batches::position`] returned this position.
    pub fn resume(self, position: StreamPosition) -> Self {
        self.set(|options| options.resume = Some(position))
    }

    /// Begins to read. Only the dictionary is read before the first batch is requested, and nothing if the columns are known.
    ///
    /// # Errors
    ///
    /// As [`Columns::for_list`], and [`ErrorKind::InvalidInput`](snow_client::ErrorKind::InvalidInput) for columns of another table.
    pub async fn open(self) -> Result<Batches, Error> {
        let Self { list, columns, dictionary_choices, options } = self;
        let columns = columns.resolve(&list).await?.with_dictionary_choices(dictionary_choices);
        Ok(Batches::new(columns.request(list), columns, options))
    }

    fn set(mut self, set: impl FnOnce(&mut ScanOptions)) -> Self {
        set(&mut self.options);
        self
    }
}

impl ColumnsSource {
    fn references(&self) -> References {
        match self {
            Self::Dictionary(references) | Self::Schema(_, references) => *references,
            Self::Columns(columns) => columns.references(),
        }
    }

    async fn resolve(self, list: &ListRecords<Record>) -> Result<Columns, Error> {
        match self {
            Self::Columns(columns) => columns.of_table(list.table_name()?),
            Self::Schema(table, references) => Columns::with_schema(list, &table, references),
            Self::Dictionary(references) => Columns::for_list(list, references).await,
        }
    }
}
