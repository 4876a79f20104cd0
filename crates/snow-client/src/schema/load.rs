//! The dictionary's rows, as tables and columns: `sys_db_object`, `sys_dictionary`, `sys_choice`.

use super::{Choice, Column, TableSchema};
use crate::call::Prepared;
use crate::exchange::exchange;
use crate::target::Target;
use crate::{Error, Kind, Query, Record, field};
use http::Method;
use snow_core::decode::Answer;
use snow_core::{ApiPath, Params};
use std::collections::BTreeMap;

/// More than any table is deep.
const DEEPEST: usize = 32;

/// The tables that say what tables are: their own fields are not checked.
pub(super) const DICTIONARY: [&str; 3] = ["sys_db_object", "sys_dictionary", "sys_choice"];

pub(super) async fn table(target: &Target, name: &str) -> Result<TableSchema, Error> {
    ApiPath::table(name)?;
    let (label, parents) = ancestry(target, name).await?;
    let line: Vec<&str> = std::iter::once(name).chain(parents.iter().map(String::as_str)).collect();
    let own = field("name").is_in(line.clone()).and(field("element").is_not_empty()).into_owned();
    let rows = rows(target, "sys_dictionary", &own, &COLUMN).await?;
    if rows.is_empty() {
        return Err(hidden(name));
    }
    let mut columns = BTreeMap::new();
    for row in &rows {
        let column = column(row)?;
        let rank = line.iter().position(|table| *table == column.declared_in);
        // A class that declares a column again is nearer than the one above it.
        let nearer = |known: &Column| rank < line.iter().position(|table| *table == known.declared_in);
        if columns.get(&column.name).is_none_or(nearer) {
            columns.insert(column.name.clone(), column);
        }
    }
    let columns = columns.into_values().collect();
    Ok(TableSchema { name: name.to_owned(), label, parents, columns })
}

/// The label of a table, and the tables above it.
async fn ancestry(target: &Target, name: &str) -> Result<(String, Vec<String>), Error> {
    let (mut label, mut parents) = (None, Vec::new());
    let mut next = name.to_owned();
    while parents.len() < DEEPEST {
        let found =
            rows(target, "sys_db_object", &field("name").eq(&next), &["name", "label", "super_class.name"])
                .await?;
        let Some(row) = found.first() else {
            let why = format!("the instance has no table {next:?}");
            return Err(Error::new(Kind::UnknownTable, why));
        };
        let label = label.get_or_insert(text(row, "label")?);
        match text(row, "super_class.name")? {
            above if above.is_empty() => return Ok((std::mem::take(label), parents)),
            above => {
                next.clone_from(&above);
                parents.push(above);
            }
        }
    }
    Err(Error::new(Kind::Decode, format!("the table {name} is above itself")))
}

const COLUMN: [&str; 11] = [
    "name",
    "element",
    "column_label",
    "internal_type",
    "reference",
    "max_length",
    "default_value",
    "choice",
    "mandatory",
    "read_only",
    "display",
];

fn column(row: &Record) -> Result<Column, Error> {
    let some = |name: &str| Ok::<_, Error>(Some(text(row, name)?).filter(|text| !text.is_empty()));
    let is = |name: &str| Ok::<_, Error>(text(row, name)? == "true");
    let choice = text(row, "choice")?;
    Ok(Column {
        name: text(row, "element")?,
        label: text(row, "column_label")?,
        kind: text(row, "internal_type")?,
        reference: some("reference")?,
        declared_in: text(row, "name")?,
        max_length: some("max_length")?.and_then(|length| length.parse().ok()),
        default_value: some("default_value")?,
        has_choices: !matches!(&*choice, "" | "0"),
        is_mandatory: is("mandatory")?,
        is_read_only: is("read_only")?,
        is_display: is("display")?,
    })
}

pub(super) async fn choices(
    target: &Target,
    table: &TableSchema,
    column: &str,
) -> Result<Vec<Choice>, Error> {
    let mut line = vec![table.name.as_str()];
    line.extend(table.parents());
    let own = field("name").is_in(line.clone()).and(field("element").eq(column)).order_by("sequence");
    let fields = ["name", "value", "label", "language", "inactive"];
    let rows = rows(target, "sys_choice", &own, &fields).await?;
    let names = rows.iter().map(|row| text(row, "name")).collect::<Result<Vec<_>, _>>()?;
    let nearest = line.into_iter().find(|table| names.iter().any(|name| name == table));
    let own = rows.iter().zip(&names).filter(|(_, name)| Some(name.as_str()) == nearest);
    own.map(|(row, _)| {
        let language = text(row, "language")?;
        Ok(Choice {
            value: text(row, "value")?,
            label: text(row, "label")?,
            language: Some(language).filter(|language| !language.is_empty()),
            is_inactive: text(row, "inactive")? == "true",
        })
    })
    .collect()
}

/// What a row has in a field; nothing, if the instance has no such column.
fn text(row: &Record, name: &str) -> Result<String, Error> {
    row.get(name).map_or_else(|| Ok(String::new()), |field| field.value().map(|text| text.into_owned()))
}

/// All rows of a query. Rows that are counted and not there are hidden from this user (facts 1.9).
async fn rows(
    target: &Target,
    table: &str,
    query: &Query<'_>,
    fields: &[&str],
) -> Result<Vec<Record>, Error> {
    let mut request = Prepared::new(Method::GET, ApiPath::table(table)?);
    request.params = Params::new().query(query).fields(fields).exclude_reference_link(true).limit(MOST);
    let read =
        exchange(target, &request, &|answer: &Answer, _: &Prepared| Ok((answer.list()?, answer.total())));
    let (rows, total) = read.await.map_err(|error| error.with_context("the dictionary cannot be read"))?;
    match total {
        Some(total) if rows.is_empty() && total > 0 => Err(hidden(table)),
        Some(total) if total > u64::from(MOST) => {
            Err(Error::new(Kind::Incomplete, format!("{total} rows of {table} are more than can be read")))
        }
        _ => Ok(rows),
    }
}

/// Far more than a table has columns.
const MOST: u32 = 10_000;

fn hidden(table: &str) -> Error {
    let why = format!("the dictionary shows nothing of {table} to this user: it takes an administrator");
    Error::new(Kind::Forbidden, why)
}
