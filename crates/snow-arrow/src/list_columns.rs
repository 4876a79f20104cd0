//! The columns of a list, with types from the dictionary or from a schema.

use crate::columns::Columns;
use crate::policy::References;
use snow_client::schema::TableSchema;
use snow_client::table::ListRecords;
use snow_client::{Error, ErrorKind};

impl Columns {
    /// Reads from the dictionary which columns the fields of a list become; those of all fields if the list names none.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// use snow_arrow::{Columns, References};
    ///
    /// let incidents = client.table("incident").list().fields(["number", "caller_id.email"]);
    /// let columns = Columns::for_list(&incidents, References::Id).await?;
    /// assert_eq!(columns.schema().field(1).name(), "caller_id.email");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// - Those of [`Schema::table`](snow_client::schema::Schema::table), such as [`ErrorKind::Forbidden`] for a user who may not read the
    ///   dictionary.
    /// - [`ErrorKind::InvalidInput`] for a field that the table does not have.
    pub async fn for_list<T>(list: &ListRecords<T>, references: References) -> Result<Self, Error> {
        let (client, name) = (list.client(), list.table_name()?);
        let dictionary = client.schema();
        let mut table = dictionary.table(name).await?.as_ref().clone();
        for field in list.requested_fields()?.unwrap_or_default() {
            if field.contains('.') {
                table = table.with_column(dictionary.column(name, field).await?)?;
            }
        }
        Self::with_schema(list, &table, references)
    }

    /// Creates the columns of a list with the types of a schema.
    pub(crate) fn with_schema<T>(
        list: &ListRecords<T>,
        table: &TableSchema,
        references: References,
    ) -> Result<Self, Error> {
        let columns = match list.requested_fields()? {
            Some(fields) => Self::new(table, fields, references),
            None => Self::new(table, table.columns().iter().map(|column| &column.name), references),
        };
        columns?.of_table(list.table_name()?)
    }

    /// Fails unless these are columns of the table with this name.
    pub(crate) fn of_table(self, name: &str) -> Result<Self, Error> {
        if self.table().name == name {
            return Ok(self);
        }
        let why = format!(
            "the columns are those of the table {:?}, and the list reads {name:?}: create the columns with Columns::for_list of this \
             list",
            self.table().name
        );
        Err(Error::new(ErrorKind::InvalidInput, why))
    }
}
