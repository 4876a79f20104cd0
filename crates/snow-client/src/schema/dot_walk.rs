//! The column at the end of a dot-walk, from table to table.

use super::{Column, Schema, unknown_column};
use crate::{Error, ErrorKind};

impl Schema {
    /// Returns a column of a table, or the one at the end of a dot-walk such as `caller_id.name`. The [name](Column::name) of the
    /// result is the whole path. `ref_<table>` in a path leads to a table that extends the one before (`ref_incident.caller_id`).
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let schema = client.schema();
    /// let manager = schema.column("incident", "caller_id.manager").await?;
    /// assert_eq!((&*manager.name, manager.reference.as_deref()), ("caller_id.manager", Some("sys_user")));
    ///
    /// let incident = schema.table("incident").await?.as_ref().clone().with_column(manager)?;
    /// assert!(incident.column("caller_id.manager").is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`table`](Self::table), and [`ErrorKind::InvalidInput`] if a column does not exist, if a part of the path is not a reference,
    /// and for variables of the service catalog, which the dictionary does not contain.
    pub async fn column(&self, table: &str, path: &str) -> Result<Column, Error> {
        let mut table = table.to_owned();
        let mut parts = path.split('.').peekable();
        while let Some(name) = parts.next() {
            if let (Some(extension), true) = (name.strip_prefix("ref_"), parts.peek().is_some()) {
                extension.clone_into(&mut table);
                continue;
            }
            if name == "variables" {
                return Err(refused(path, "variables of the service catalog are in no dictionary"));
            }
            let schema = self.table(&table).await?;
            let column = schema.column(name).ok_or_else(|| unknown_column(&schema, name).of_read())?;
            match (parts.peek(), &column.reference) {
                (None, _) => return Ok(Column { name: path.to_owned(), ..column.clone() }),
                (Some(_), Some(next)) => table.clone_from(next),
                (Some(_), None) => {
                    let why = format!("the column {name:?} of the table {table} is not a reference");
                    return Err(refused(path, &why));
                }
            }
        }
        Err(refused(path, "it names no column"))
    }
}

fn refused(path: &str, why: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("the path {path:.100?} cannot be followed: {why}")).of_read()
}
