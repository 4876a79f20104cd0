//! Reads tables and columns from the records of the dictionary: `sys_db_object`, `sys_dictionary`, `sys_choice`.

use super::{Choice, Column, TableSchema};
use crate::request::api_request::ApiRequest;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::exchange;
use crate::{Error, ErrorKind, Query, Record, field};
use http::Method;
use snow_core::ApiPath;
use snow_core::decode::ApiResponse;
use std::collections::BTreeMap;

/// More than any table is deep.
const DEEPEST: usize = 32;

/// The tables that say what tables are: their own fields are not checked.
pub(super) const DICTIONARY: [&str; 3] = ["sys_db_object", "sys_dictionary", "sys_choice"];

pub(super) async fn table(client: &ClientInner, name: &str) -> Result<TableSchema, Error> {
    ApiPath::table(name)?;
    let (label, parents) = ancestry(client, name).await?;
    let line: Vec<&str> = std::iter::once(name).chain(parents.iter().map(String::as_str)).collect();
    let own = field("name").is_in(line.clone()).and(field("element").is_not_empty()).into_owned();
    let rows = rows(client, "sys_dictionary", &own, &COLUMN).await?;
    if rows.is_empty() {
        let why = format!(
            "the dictionary has no columns of {name} that this user may read: {}",
            needed("sys_dictionary")
        );
        return Err(Error::new(ErrorKind::Forbidden, why));
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
async fn ancestry(client: &ClientInner, name: &str) -> Result<(String, Vec<String>), Error> {
    let (mut label, mut parents) = (None, Vec::new());
    let mut next = name.to_owned();
    while parents.len() < DEEPEST {
        let found =
            rows(client, "sys_db_object", &field("name").eq(&next), &["name", "label", "super_class", ABOVE])
                .await?;
        let Some(row) = found.first() else {
            let why = format!("the instance has no table {next:?}");
            return Err(Error::new(ErrorKind::UnknownTable, why));
        };
        let label = label.get_or_insert(text(row, "label")?);
        // Whether an instance sends a field that is reached through an empty reference is not known (facts 1.2).
        let has_above = !text(row, "super_class")?.is_empty();
        match if has_above { text(row, ABOVE)? } else { String::new() } {
            above if above.is_empty() && has_above => return Err(hidden_field("sys_db_object", ABOVE)),
            above if above.is_empty() => return Ok((std::mem::take(label), parents)),
            above => {
                next.clone_from(&above);
                parents.push(above);
            }
        }
    }
    Err(Error::new(ErrorKind::Decode, format!("the table {name} extends itself")))
}

/// The name of the table above.
pub(super) const ABOVE: &str = "super_class.name";

const COLUMN: [&str; 12] = [
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
    "attributes",
];

fn column(row: &Record) -> Result<Column, Error> {
    let some = |name: &str| Ok::<_, Error>(Some(text(row, name)?).filter(|text| !text.is_empty()));
    let is = |name: &str| Ok::<_, Error>(text(row, name)? == "true");
    let choice = text(row, "choice")?;
    let attributes = text(row, "attributes")?;
    let scale = number(&attributes, "scale");
    Ok(Column {
        label: text(row, "column_label")?,
        reference: some("reference")?,
        declared_in: text(row, "name")?,
        max_length: some("max_length")?.and_then(|length| length.parse().ok()),
        precision: number(&attributes, "precision")
            .filter(|precision| scale.is_none_or(|scale| scale <= *precision)),
        scale,
        default_value: some("default_value")?,
        has_choices: !matches!(&*choice, "" | "0"),
        is_mandatory: is("mandatory")?,
        is_read_only: is("read_only")?,
        is_display: is("display")?,
        ..Column::new(text(row, "element")?, text(row, "internal_type")?)
    })
}

/// Returns the number that an attribute of a column is set to: `scale` in `no_sort=true,scale=4`.
fn number(attributes: &str, name: &str) -> Option<u8> {
    let mut pairs = attributes.split(',').filter_map(|attribute| attribute.split_once('='));
    pairs.find(|(key, _)| key.trim() == name).and_then(|(_, value)| value.trim().parse().ok())
}

pub(super) async fn choices(
    client: &ClientInner,
    table: &TableSchema,
    column: &str,
) -> Result<Vec<Choice>, Error> {
    let mut line = vec![table.name.as_str()];
    line.extend(table.parents());
    let own = field("name").is_in(line.clone()).and(field("element").eq(column)).order_by("sequence");
    let fields = ["name", "value", "label", "language", "inactive"];
    let rows = rows(client, "sys_choice", &own, &fields).await?;
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

/// Returns the value of a field of a record. A requested field that is missing is hidden from this user: every instance has all of
/// these columns.
pub(super) fn text(row: &Record, name: &str) -> Result<String, Error> {
    let field = row.get(name).ok_or_else(|| hidden_field("the dictionary", name))?;
    field.value().map(|text| text.into_owned())
}

/// Returns all records of a query. Records that are counted but missing are hidden from this user (facts 1.9): what is made of the others
/// would miss columns that exist.
pub(super) async fn rows(
    client: &ClientInner,
    table: &str,
    query: &Query<'_>,
    fields: &[&str],
) -> Result<Vec<Record>, Error> {
    let mut request = ApiRequest::new(Method::GET, ApiPath::table(table)?);
    request.params = request.params.query(query).fields(fields).exclude_reference_link(true).limit(MOST);
    let request = request.check(client).await?;
    let read = |response: &ApiResponse, _: &ApiRequest| {
        Ok((response.records_at_most(MOST as usize)?, response.total()))
    };
    let (rows, total) = exchange(client, &request, &read, None)
        .await
        .map_err(|error| error.with_context("the dictionary cannot be read"))?;
    let Some(total) = total else {
        let why = format!(
            "the response does not say how many records of {table} there are (X-Total-Count), so that some may be missing"
        );
        return Err(Error::new(ErrorKind::Incomplete, why));
    };
    if total > u64::from(MOST) {
        return Err(Error::new(
            ErrorKind::Incomplete,
            format!(
                "the table {table} has {total} matching records, more than the {MOST} that are read: bring a stored schema"
            ),
        ));
    }
    if (rows.len() as u64) < total {
        let why = format!(
            "this user may read only {} of the {total} records of {table} that are needed: {}",
            rows.len(),
            needed(table)
        );
        return Err(Error::new(ErrorKind::Forbidden, why));
    }
    Ok(rows)
}

/// Far more than a table has columns.
const MOST: u32 = 10_000;

/// The rights that reading all of it takes.
fn needed(table: &str) -> String {
    format!(
        "reading the dictionary takes an administrator, or a user who may read every record and field of {table}"
    )
}

fn hidden_field(table: &str, name: &str) -> Error {
    let why = format!(
        "the field {name:?} of {table} is hidden from this user: {}",
        needed("sys_db_object, sys_dictionary and sys_choice")
    );
    Error::new(ErrorKind::Forbidden, why)
}
