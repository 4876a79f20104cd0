//! Which fields become which columns: everything about a conversion that can be known without a network.

use crate::policy::References;
use crate::value_type::ValueType;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use snow_client::schema::{Column, TableSchema};
use snow_client::table::ListRecords;
use snow_client::{DisplayValue, Error, ErrorKind};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The key in a field's metadata whose value is the type in the dictionary, such as `glide_date_time`.
pub const TYPE_KEY: &str = "servicenow.type";
/// The key in a field's metadata whose value is the table that a reference points to.
pub const REFERENCE_KEY: &str = "servicenow.reference";
/// The key in a schema's metadata whose value is the name of the table.
pub const TABLE_KEY: &str = "servicenow.table";

/// How many fields a list names that names none by itself.
const MOST_NAMED: usize = 100;
/// How many bytes of a URL their names may take.
const LONGEST_NAMES: usize = 3_500;
/// How many bytes a comma takes in a URL.
const COMMA: usize = 3;

/// The fields of a table as Arrow columns: their types, and what converts records to batches. It needs no network and no client.
///
/// | type in the dictionary | in Arrow |
/// |---|---|
/// | `boolean` | `Boolean` |
/// | `integer`, `longint`, `long` | `Int64` |
/// | `glide_date_time`, `due_date` | `Timestamp(Microsecond, "UTC")` |
/// | `glide_date` | `Date32` |
/// | `glide_duration`, `timer` | `Duration(Microsecond)`, which may be negative |
/// | `decimal`, `float`, `percent_complete` | `Decimal128` with the precision and scale of the dictionary; `Decimal128(38, 7)` where it has no scale |
/// | a text with choices, [on request](Self::with_dictionary_choices) | `Dictionary(Int32, Utf8)` |
/// | anything else | `Utf8` |
///
/// An empty value is null, whatever the type. The metadata of each field has the type in the dictionary ([`TYPE_KEY`]) and the table that a
/// reference points to ([`REFERENCE_KEY`]).
///
/// It is serializable, so that another process can convert the same records.
///
/// ```
/// use snow_arrow::{Columns, References};
/// use snow_client::{Record, schema::{Column, TableSchema}};
///
/// let incident = TableSchema::new("incident", "Incident")
///     .with_column(Column::new("number", "string"))?
///     .with_column(Column::new("priority", "integer"))?
///     .with_column(Column::new("opened_at", "glide_date_time"))?;
/// let columns = Columns::new(&incident, ["number", "priority", "opened_at"], References::Id)?;
///
/// let record: Record =
///     serde_json::from_str(r#"{"number":"INC0000046","priority":"1","opened_at":"2026-06-26 09:30:00"}"#)?;
/// let mut batch = columns.builder();
/// batch.push(&record)?;
/// let batch = batch.finish()?;
/// assert_eq!((batch.num_rows(), batch.num_columns()), (1, 3));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Columns {
    pub(crate) table: TableSchema,
    pub(crate) fields: Vec<String>,
    pub(crate) references: References,
    pub(crate) dictionary_choices: bool,
    schema: SchemaRef,
}

impl Columns {
    /// Creates the columns of these fields, in this order. A field may be a dot-walk that the table has a
    /// [column](TableSchema::with_column) for. Without fields, batches have rows and no columns.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a field that the table does not have, and for one that is named twice.
    pub fn new(
        table: &TableSchema,
        fields: impl IntoIterator<Item = impl AsRef<str>>,
        references: References,
    ) -> Result<Self, Error> {
        let fields: Vec<String> = fields.into_iter().map(|field| field.as_ref().to_owned()).collect();
        let mut own = TableSchema::new(&table.name, &table.label);
        for field in &fields {
            let Some(column) = table.column(field) else {
                let why = format!("the schema of the table {} has no column {field:?}", table.name);
                return Err(Error::new(ErrorKind::InvalidInput, why));
            };
            own = own.with_column(column.clone())?;
        }
        Self::assemble(own, fields, references, false)
    }

    pub(crate) fn assemble(
        table: TableSchema,
        fields: Vec<String>,
        references: References,
        dictionary_choices: bool,
    ) -> Result<Self, Error> {
        let schema = Arc::new(Schema::empty());
        let mut columns = Self { table, fields, references, dictionary_choices, schema };
        columns.schema = columns.arrow_schema();
        let mut names = BTreeSet::new();
        if let Some(twice) = columns.schema.fields().iter().find(|field| !names.insert(field.name())) {
            let why = format!("two columns would have the name {:?}", twice.name());
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        Ok(columns)
    }

    /// Sets whether texts with a list of choices are dictionary-encoded; `false` by default.
    ///
    /// Values that are not in the list are kept: the dictionary of a batch contains the values of the batch.
    #[must_use]
    pub fn with_dictionary_choices(mut self, encode: bool) -> Self {
        self.dictionary_choices = encode;
        self.schema = self.arrow_schema();
        self
    }

    /// Returns the Arrow schema of the batches. Every column is nullable.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Returns the names of the fields, in the order of their columns.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Returns the table, with those of its columns that are converted.
    pub fn table(&self) -> &TableSchema {
        &self.table
    }

    /// Returns which columns a reference becomes.
    pub fn references(&self) -> References {
        self.references
    }

    /// Sets what a list requests: these fields, and the forms of values that the columns need. Without fields, `sys_id` is requested.
    ///
    /// More than 100 fields, or names that take more than 3,500 bytes of a URL, are not named if the list names no fields itself and
    /// none of them is a dot-walk: an instance then returns all fields of the table.
    ///
    /// The references of dot-walks are requested as well: an instance may leave out `caller_id.name` if `caller_id` is empty, and that
    /// has to be told apart from a field that this user may not read.
    #[must_use = "a list is requested when it is awaited"]
    pub fn request<T>(&self, list: ListRecords<T>) -> ListRecords<T> {
        let names_none = matches!(list.requested_fields(), Ok(None));
        match names_none && self.are_too_many_to_name() {
            true => self.request_values(list),
            false => self.request_values(list.fields(self.requested_fields())),
        }
    }

    /// Whether the names could make a URL too long, and are not needed. Without names, an instance returns the fields of the table, and
    /// none that are reached through references.
    fn are_too_many_to_name(&self) -> bool {
        let taken = |field: &String| field.len().saturating_add(COMMA);
        let bytes = self.fields.iter().map(taken).fold(0, usize::saturating_add);
        let is_long = self.fields.len() > MOST_NAMED || bytes > LONGEST_NAMES;
        is_long && !self.fields.iter().any(|field| field.contains('.'))
    }

    /// The fields, and the references that their dot-walks begin with.
    fn requested_fields(&self) -> Vec<&str> {
        if self.fields.is_empty() {
            return vec!["sys_id"];
        }
        let mut requested: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        for field in &self.fields {
            for reference in references_of(field) {
                if !requested.contains(&reference) {
                    requested.push(reference);
                }
            }
        }
        requested
    }

    /// Sets in which forms a list requests values.
    fn request_values<T>(&self, list: ListRecords<T>) -> ListRecords<T> {
        let values = if self.needs_names() { DisplayValue::All } else { DisplayValue::Stored };
        list.display_value(values).exclude_reference_link(!self.references.has_link())
    }

    /// Whether a column needs the display values of the records.
    pub(crate) fn needs_names(&self) -> bool {
        self.references.has_name() && self.columns().any(is_reference)
    }

    /// Returns the column of each field.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        self.fields.iter().filter_map(|field| self.table.column(field))
    }

    fn arrow_schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns().flat_map(|column| self.arrow_fields(column)).collect();
        let metadata = HashMap::from([(TABLE_KEY.to_owned(), self.table.name.clone())]);
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    /// The column of a field and, if it is a reference, those of its name and link.
    fn arrow_fields(&self, column: &Column) -> Vec<Field> {
        let of = |name: String, kind: DataType| {
            let mut metadata = HashMap::from([(TYPE_KEY.to_owned(), column.kind.clone())]);
            if let Some(table) = &column.reference {
                metadata.insert(REFERENCE_KEY.to_owned(), table.clone());
            }
            Field::new(name, kind, true).with_metadata(metadata)
        };
        let kind = ValueType::of(column, self.dictionary_choices).data_type();
        let mut fields = vec![of(column.name.clone(), kind)];
        if is_reference(column) && self.references.has_name() {
            fields.push(of(format!("{}.display_value", column.name), DataType::Utf8));
        }
        if is_reference(column) && self.references.has_link() {
            fields.push(of(format!("{}.link", column.name), DataType::Utf8));
        }
        fields
    }
}

/// The references that a dot-walk goes through: `a` and `a.b` of `a.b.c`. A walk into an extension goes through no field there.
pub(crate) fn references_of(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.match_indices('.').filter_map(|(at, _)| path.get(..at));
    parts.filter(|part| !part.rsplit('.').next().is_some_and(|last| last.starts_with("ref_")))
}

pub(crate) fn is_reference(column: &Column) -> bool {
    column.reference.is_some() && column.kind != "glide_list"
}

/// Columns are equal if the same records become the same batches.
impl PartialEq for Columns {
    fn eq(&self, other: &Self) -> bool {
        let Self { table, fields, references, dictionary_choices, schema: _ } = self;
        (table, fields, references, dictionary_choices)
            == (&other.table, &other.fields, &other.references, &other.dictionary_choices)
    }
}

impl Eq for Columns {}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TableSchema {
        let mut state = Column::new("state", "string");
        state.has_choices = true;
        let mut owner = Column::new("owner", "reference");
        owner.reference = Some("sys_user".into());
        let mut watchers = Column::new("watchers", "glide_list");
        watchers.reference = Some("sys_user".into());
        let columns = [state, owner, watchers, Column::new("owner.link", "string")];
        columns.into_iter().try_fold(TableSchema::new("t", "T"), TableSchema::with_column).unwrap()
    }

    #[test]
    fn references_become_as_many_columns_as_was_said() {
        for (references, names) in [
            (References::Id, vec!["owner", "watchers"]),
            (References::IdAndName, vec!["owner", "owner.display_value", "watchers"]),
            (References::IdNameAndLink, vec!["owner", "owner.display_value", "owner.link", "watchers"]),
        ] {
            let columns = Columns::new(&table(), ["owner", "watchers"], references).unwrap();
            let schema = columns.schema();
            assert_eq!(schema.fields().iter().map(|field| field.name()).collect::<Vec<_>>(), names);
            assert_eq!(schema.field(0).metadata()[TYPE_KEY], "reference");
            assert_eq!(schema.field(0).metadata()[REFERENCE_KEY], "sys_user");
            assert_eq!(schema.metadata()[TABLE_KEY], "t");
        }
    }

    #[test]
    fn choices_are_a_dictionary_on_request() {
        let plain = Columns::new(&table(), ["state"], References::Id).unwrap();
        assert_eq!(plain.schema().field(0).data_type(), &DataType::Utf8);
        let encoded = plain.with_dictionary_choices(true);
        assert!(matches!(encoded.schema().field(0).data_type(), DataType::Dictionary(..)));
    }

    #[test]
    fn names_are_known_and_unique() {
        let refused =
            |fields: &[&str], references| Columns::new(&table(), fields, references).unwrap_err().to_string();
        assert!(refused(&["nothing"], References::Id).contains("no column \"nothing\""));
        assert!(refused(&["owner", "owner"], References::Id).contains("the name \"owner\""));
        assert!(
            refused(&["owner", "owner.link"], References::IdNameAndLink).contains("the name \"owner.link\"")
        );
    }

    #[test]
    fn stored_columns_are_read_again_or_refused() {
        let columns = Columns::new(&table(), ["watchers", "state", "owner"], References::IdAndName).unwrap();
        let columns = columns.with_dictionary_choices(true);
        let stored = serde_json::to_string(&columns).unwrap();
        let read: Columns = serde_json::from_str(&stored).unwrap();
        assert_eq!((&read, read.schema()), (&columns, columns.schema()));
        for bad in
            [stored.replace("[\"watchers\"", "[\"nothing\""), stored.replace("[\"watchers\"", "[\"state\"")]
        {
            assert!(serde_json::from_str::<Columns>(&bad).is_err(), "{bad}");
        }
    }
}
