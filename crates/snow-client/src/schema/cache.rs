//! A cache of tables and choices.

use super::{Choice, TableSchema, load};
use crate::Error;
use crate::request::client_inner::ClientInner;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type TableAndColumn = (String, String);

/// What the clones of a client know of their instance's dictionary.
#[derive(Default)]
pub(crate) struct SchemaCache {
    tables: Mutex<HashMap<String, Arc<TableSchema>>>,
    choices: Mutex<HashMap<TableAndColumn, Arc<[Choice]>>>,
}

impl SchemaCache {
    /// Returns a table, which is read from the instance the first time.
    pub(super) async fn table(&self, client: &ClientInner, name: &str) -> Result<Arc<TableSchema>, Error> {
        if let Some(known) = self.known(name) {
            return Ok(known);
        }
        let table = Arc::new(load::table(client, name).await?);
        lock(&self.tables).insert(name.to_owned(), table.clone());
        Ok(table)
    }

    /// Returns the choices of a column, if they were read already.
    pub(super) fn choices(&self, key: &TableAndColumn) -> Option<Arc<[Choice]>> {
        lock(&self.choices).get(key).cloned()
    }

    pub(super) fn remember_choices(&self, key: TableAndColumn, choices: Arc<[Choice]>) {
        lock(&self.choices).insert(key, choices);
    }

    pub(super) fn clear(&self) {
        lock(&self.tables).clear();
        lock(&self.choices).clear();
    }

    /// Returns a table, if it was read already.
    pub(super) fn known(&self, table: &str) -> Option<Arc<TableSchema>> {
        lock(&self.tables).get(table).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for SchemaCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SchemaCache({} tables)", lock(&self.tables).len())
    }
}
