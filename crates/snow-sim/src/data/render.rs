//! Records in the forms that the parameters ask for (facts 1.6).

use super::rendered_cell::{RenderedCell, write_text};
use super::{ColumnId, ColumnType, Database, Locale, Record, Row, TableId};
use std::borrow::Cow;

/// What is shown of a password.
pub(super) const STARS: &str = "********";

/// How values are shown.
#[derive(Clone, Copy)]
pub(crate) struct RenderOptions<'a> {
    pub(crate) display: Display,
    pub(crate) links: bool,
    /// `https://host/api/now`, in the version that was asked for.
    pub(crate) base: &'a str,
    pub(crate) locale: &'a Locale,
    /// Whether this field of this table may be read; one that may not leaves no key (facts 1.9).
    pub(crate) readable: &'a dyn Fn(TableId, &str) -> bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Display {
    Stored,
    Shown,
    All,
}

impl Display {
    pub(crate) fn parse(word: Option<&str>) -> Self {
        match word {
            Some(word) if word.eq_ignore_ascii_case("true") => Self::Shown,
            Some("all") => Self::All,
            _ => Self::Stored,
        }
    }
}

/// Renders records of a table, with the fields asked for or all of the table that was asked.
pub(crate) struct Renderer<'a> {
    database: &'a Database,
    table: TableId,
    /// In the order in which they were asked for (facts 13.1).
    fields: Vec<SelectedField<'a>>,
    options: RenderOptions<'a>,
}

/// A field that may be read, perhaps of a record that this one points to: `caller_id.name`.
struct SelectedField<'a> {
    name: &'a str,
    source: FieldSource<'a>,
}

/// Where the value of a field is.
enum FieldSource<'a> {
    Column(ColumnId),
    /// `name`, of the record that the column points to.
    Walk(ColumnId, &'a str),
    /// `variables.NAME`.
    Variable(&'a str),
}

impl<'a> Renderer<'a> {
    /// Unknown fields leave no key.
    pub(crate) fn new(
        database: &'a Database,
        table: TableId,
        fields: Option<&'a str>,
        options: RenderOptions<'a>,
    ) -> Self {
        let mut renderer = Self { database, table, fields: Vec::new(), options };
        renderer.fields = match fields.filter(|list| !list.is_empty()) {
            None => renderer.all_fields(),
            Some(list) => renderer.listed_fields(list),
        };
        renderer
    }

    fn all_fields(&self) -> Vec<SelectedField<'a>> {
        let dictionary = &self.database.dictionary;
        let columns = dictionary.def(self.table).columns.iter();
        let fields = columns.map(|column| SelectedField {
            name: &dictionary.column(*column).name,
            source: FieldSource::Column(*column),
        });
        fields.filter(|field| (self.options.readable)(self.table, field.name)).collect()
    }

    fn listed_fields(&self, list: &'a str) -> Vec<SelectedField<'a>> {
        let mut fields: Vec<SelectedField<'_>> = Vec::new();
        for name in list.split(',').map(str::trim) {
            let known = fields.iter().any(|field| field.name == name);
            if let Some(source) = self.source(name).filter(|_| !known) {
                fields.push(SelectedField { name, source });
            }
        }
        fields
    }

    fn source(&self, name: &'a str) -> Option<FieldSource<'a>> {
        let (first, rest) = split(name);
        if let ("variables", Some(rest)) = (first, rest) {
            return Some(FieldSource::Variable(rest));
        }
        let column = self.readable_column(self.table, first)?;
        Some(rest.map_or(FieldSource::Column(column), |rest| FieldSource::Walk(column, rest)))
    }

    fn readable_column(&self, table: TableId, name: &str) -> Option<ColumnId> {
        self.database.dictionary.find(table, name).filter(|_| (self.options.readable)(table, name))
    }

    /// The columns of the table itself that it shows.
    pub(crate) fn columns(&self) -> impl Iterator<Item = ColumnId> {
        self.fields.iter().filter_map(|field| match field.source {
            FieldSource::Column(column) => Some(column),
            _ => None,
        })
    }

    /// Writes a record as JSON.
    pub(crate) fn write_json(&self, row: &Row, json: &mut Vec<u8>) {
        let mut before = b'{';
        for (name, cell) in self.cells(row) {
            json.push(before);
            write_text(name, json);
            json.push(b':');
            cell.write_json(json);
            before = b',';
        }
        json.extend_from_slice(if before == b'{' { b"{}" } else { b"}" });
    }

    /// Returns a record for those who change it before it goes out.
    pub(crate) fn to_record(&self, row: &Row) -> Record {
        let mut record = Record::default();
        self.cells(row).for_each(|(name, cell)| record.push(name, cell.to_value()));
        record
    }

    fn cells<'s>(&'s self, row: &'s Row) -> impl Iterator<Item = (&'s str, RenderedCell<'s>)> {
        let cell = move |field: &'s SelectedField<'_>| {
            let cell = match field.source {
                FieldSource::Column(column) => self.cell(self.table, row, column),
                FieldSource::Walk(column, rest) => self.walk_on(row, column, rest)?,
                FieldSource::Variable(path) => self.variable(self.table, row, path)?,
            };
            Some((field.name, cell))
        };
        self.fields.iter().filter_map(cell)
    }

    /// A variable of a requested item, perhaps of the record that it refers to.
    fn variable<'s>(&'s self, table: TableId, row: &'s Row, path: &str) -> Option<RenderedCell<'s>> {
        let (database, (name, rest)) = (self.database, split(path));
        let variable = database.variable(table, row, name)?;
        let value = variable.value;
        match (variable.reference, rest) {
            (Some(target), Some(rest)) => self.walk_from(target, value, rest),
            (None, Some(_)) => None,
            (Some(target), None) => {
                let target = &database.dictionary.def(target).name;
                let name = || database.display_name(target, value).unwrap_or(value);
                Some(self.reference(target, "/", value, name))
            }
            (None, None) => Some(self.plain(value, || value.into())),
        }
    }

    /// A field of the record that a reference points to. Through an empty reference it is `""`.
    fn walk_on<'s>(&'s self, row: &'s Row, column: ColumnId, path: &str) -> Option<RenderedCell<'s>> {
        let database = self.database;
        let ColumnType::Reference(target) = &database.dictionary.column(column).kind else { return None };
        let target = database.dictionary.table(target)?;
        self.walk_from(target, database.value(row, column), path)
    }

    /// A field of the record of this id, perhaps of one that it points to.
    fn walk_from<'s>(&'s self, table: TableId, sys_id: &str, path: &str) -> Option<RenderedCell<'s>> {
        let Some(row) = self.database.row(table, sys_id) else { return self.render_empty(table, path) };
        let (first, rest) = split(path);
        if let ("variables", Some(rest)) = (first, rest) {
            return self.variable(table, row, rest);
        }
        let column = self.readable_column(table, first)?;
        match rest {
            None => Some(self.cell(table, row, column)),
            Some(rest) => self.walk_on(row, column, rest),
        }
    }

    /// What a field of no record shows: `""`, if there is such a field.
    fn render_empty(&self, table: TableId, path: &str) -> Option<RenderedCell<'_>> {
        let (first, rest) = split(path);
        let column = self.readable_column(table, first)?;
        match (rest, &self.database.dictionary.column(column).kind) {
            (None, _) => Some(self.plain("", || "".into())),
            (Some(rest), ColumnType::Reference(target)) => {
                self.render_empty(self.database.dictionary.table(target)?, rest)
            }
            _ => None,
        }
    }

    fn cell<'s>(&'s self, table: TableId, row: &'s Row, id: ColumnId) -> RenderedCell<'s> {
        let database = self.database;
        let (column, stored) = (database.dictionary.column(id), database.value(row, id));
        match &column.kind {
            ColumnType::Reference(target) => {
                let name = || database.display_name(target, stored).unwrap_or(stored);
                self.reference(target, "/", stored, name)
            }
            ColumnType::ReferenceByName(target) => {
                let name = || {
                    let id = database.by_column_name(target, stored);
                    id.and_then(|id| database.display_name(target, id)).unwrap_or(stored)
                };
                self.reference(target, "?name=", stored, name)
            }
            ColumnType::Journal => {
                self.plain("", || database.journal(table, row, column, self.options.locale).into())
            }
            _ => self.plain(stored, || {
                // The same value can mean different things in different classes (facts 1.6).
                let choices = database.dictionary.choices(database.class(table, row), id);
                database.display_value(column, choices, stored, self.options.locale).into()
            }),
        }
    }

    /// A reference in its six forms. In most of them an empty reference is an empty string.
    fn reference<'s>(
        &self,
        target: &str,
        key: &str,
        id: &'s str,
        name: impl FnOnce() -> &'s str,
    ) -> RenderedCell<'s> {
        let links = self.options.links && !id.is_empty();
        let link = || links.then(|| [self.options.base, "/table/", target, key, id].concat());
        let parts = |display_value: Option<&'s str>, value| RenderedCell::Parts {
            display_value: display_value.map(Cow::Borrowed),
            link: link(),
            value,
        };
        match self.options.display {
            Display::All => parts(Some(name()), Some(id)),
            _ if id.is_empty() => RenderedCell::Text("".into()),
            Display::Shown if links => parts(Some(name()), None),
            Display::Stored if links => parts(None, Some(id)),
            Display::Shown => RenderedCell::Text(name().into()),
            Display::Stored => RenderedCell::Text(id.into()),
        }
    }

    fn plain<'s>(&self, stored: &'s str, shown: impl FnOnce() -> Cow<'s, str>) -> RenderedCell<'s> {
        match self.options.display {
            Display::Stored => RenderedCell::Text(stored.into()),
            Display::Shown => RenderedCell::Text(shown()),
            Display::All => {
                RenderedCell::Parts { display_value: Some(shown()), link: None, value: Some(stored) }
            }
        }
    }
}

/// The first name of a walk, and the rest.
fn split(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)))
}
