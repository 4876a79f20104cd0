//! How rows of a staging table become records.

use crate::BuildError;
use crate::data::{Database, Fields};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A transform map: what an import set makes of each row of a staging table ([facts 7.2]).
///
/// ```
/// use snow_sim::{ColumnType, Simulator, Table, TransformMap};
///
/// let staging = Table::new("u_imp_site", "Site import").extends("sys_import_set_row").column("u_site", ColumnType::Text);
/// let sites = TransformMap::new("Site", "u_imp_site", "cmn_location").field("u_site", "name").coalesce("name");
/// let simulator = Simulator::builder().table(staging).transform_map(sites).build()?;
/// # Ok::<_, snow_sim::BuildError>(())
/// ```
///
/// [facts 7.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#72-import-sets
#[derive(Clone)]
#[must_use]
pub struct TransformMap {
    pub(crate) name: String,
    pub(crate) staging: String,
    pub(crate) target: String,
    /// Columns of the staging table, and those of the target that they go to.
    pub(crate) fields: Vec<(String, String)>,
    /// Columns of the target by which a record is found that is there already.
    pub(crate) coalesce: Vec<String>,
    script: Option<Arc<TransformScript>>,
}

type TransformScript = dyn Fn(&BTreeMap<String, String>) -> RowDecision + Send + Sync;

/// What the script of a transform map says about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RowDecision {
    /// It becomes a record.
    Transform,
    /// It does not, and its status is `skipped`.
    Skip,
    /// It does not, and its status is `error`, with this message.
    Fail(String),
}

impl TransformMap {
    /// Creates a map of this name, from a table that extends `sys_import_set_row` to any other.
    pub fn new(name: &str, staging: &str, target: &str) -> Self {
        Self {
            name: name.into(),
            staging: staging.into(),
            target: target.into(),
            fields: Vec::new(),
            coalesce: Vec::new(),
            script: None,
        }
    }

    /// Copies a column of the staging table to one of the target. Where it is empty, nothing goes.
    pub fn field(mut self, from: &str, to: &str) -> Self {
        self.fields.push((from.into(), to.into()));
        self
    }

    /// Updates the record with the same value in this column of the target, and in all that coalesce, instead of creating one.
    pub fn coalesce(mut self, to: &str) -> Self {
        self.coalesce.push(to.into());
        self
    }

    /// Adds a script that sees each row before it becomes a record.
    pub fn script(
        self,
        script: impl Fn(&BTreeMap<String, String>) -> RowDecision + Send + Sync + 'static,
    ) -> Self {
        Self { script: Some(Arc::new(script)), ..self }
    }

    /// The map from `imp_user` to `sys_user` that a fresh instance has.
    pub(crate) fn of_users() -> Self {
        let map = Self::new("User", "imp_user", "sys_user").coalesce("user_name");
        let fields = [
            ("first_name", "first_name"),
            ("last_name", "last_name"),
            ("email", "email"),
            ("user_id", "user_name"),
        ];
        fields.into_iter().fold(map, |map, (from, to)| map.field(from, to))
    }

    pub(crate) fn decide(&self, row: &Fields) -> RowDecision {
        self.script.as_ref().map_or(RowDecision::Transform, |script| script(row))
    }

    pub(crate) fn check(&self, database: &Database) -> Result<(), BuildError> {
        let wrong = |what: String| BuildError::new(format!("the transform map {:?} {what}", self.name));
        let table = |name: &str| {
            let found = database.dictionary.table(name);
            found.ok_or_else(|| wrong(format!("names the table {name:?}, which does not exist")))
        };
        let (staging, target) = (table(&self.staging)?, table(&self.target)?);
        let above = table("sys_import_set_row")?;
        if !database.dictionary.is_a(staging, above) {
            return Err(wrong(format!(
                "takes rows of {:?}, which does not extend sys_import_set_row",
                self.staging
            )));
        }
        for (from, to) in &self.fields {
            for (table, name, column) in [(staging, &self.staging, from), (target, &self.target, to)] {
                if database.dictionary.find(table, column).is_none() {
                    return Err(wrong(format!("names {column:?}, which is not a column of {name:?}")));
                }
            }
        }
        match self.coalesce.iter().find(|column| self.fields.iter().all(|(_, to)| to != *column)) {
            Some(column) => Err(wrong(format!("coalesces on {column:?}, to which no field goes"))),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TransformMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TransformMap");
        shown.field("name", &self.name).field("staging", &self.staging).field("target", &self.target);
        shown.finish_non_exhaustive()
    }
}
