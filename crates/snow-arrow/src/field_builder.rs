//! The columns of one field: its value and, if it is a reference, its name and link.

use crate::column_builder::{ColumnBuilder, finish_text};
use crate::columns::references_of;
use crate::policy::{Invalid, Missing};
use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;
use snow_client::record::Field;
use snow_client::{Error, ErrorKind, Record};
use std::borrow::Cow;

#[derive(Debug)]
pub(crate) struct FieldBuilder {
    pub(crate) name: String,
    value: ColumnBuilder,
    display_value: Option<StringBuilder>,
    link: Option<StringBuilder>,
    pub(crate) missing: u64,
    pub(crate) invalid: u64,
}

impl FieldBuilder {
    pub(crate) fn new(name: &str, value: ColumnBuilder, has_name: bool, has_link: bool) -> Self {
        Self {
            name: name.to_owned(),
            value,
            display_value: has_name.then(StringBuilder::new),
            link: has_link.then(StringBuilder::new),
            missing: 0,
            invalid: 0,
        }
    }

    /// Appends the field of a record to each of the columns.
    #[inline]
    pub(crate) fn push(&mut self, record: &Record, missing: Missing, invalid: Invalid) -> Result<(), Error> {
        match record.get(&self.name) {
            Some(field) => self.push_field(field, invalid)?,
            None if follows_empty_reference(record, &self.name) => self.push_null(),
            None => match missing {
                Missing::Refuse => return Err(absent(&self.name)),
                Missing::Null => {
                    self.missing = self.missing.saturating_add(1);
                    self.push_null();
                }
            },
        }
        Ok(())
    }

    #[inline]
    fn push_field(&mut self, field: Field<'_>, invalid: Invalid) -> Result<(), Error> {
        let pushed = match field.stored_value() {
            Ok(text) if text.is_empty() => {
                self.push_null();
                return Ok(());
            }
            Ok(text) => self.value.push(field, &text),
            Err(error) => Err(error),
        };
        match (pushed, invalid) {
            (Ok(()), _) => {}
            (Err(error), Invalid::Refuse) => return Err(error),
            (Err(_), Invalid::Null) => {
                self.invalid = self.invalid.saturating_add(1);
                self.value.push_null();
            }
        }
        if let Some(names) = &mut self.display_value {
            names.append_option(not_empty(field.display_value()?));
        }
        if let Some(links) = &mut self.link {
            links.append_option(not_empty(field.link()?));
        }
        Ok(())
    }

    fn push_null(&mut self) {
        self.value.push_null();
        [&mut self.display_value, &mut self.link].into_iter().flatten().for_each(StringBuilder::append_null);
    }

    /// Adds the columns to those of a batch, and begins the next one.
    pub(crate) fn finish(&mut self, columns: &mut Vec<ArrayRef>) {
        columns.push(self.value.finish());
        let more = [&mut self.display_value, &mut self.link].into_iter().flatten();
        columns.extend(more.map(finish_text));
    }
}

fn not_empty(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty())
}

/// Whether a dot-walk begins with a reference that the record shows to be empty: an instance may leave such a field out (facts 1.2).
fn follows_empty_reference(record: &Record, path: &str) -> bool {
    references_of(path).any(|reference| record.get(reference).is_some_and(Field::is_empty))
}

fn absent(name: &str) -> Error {
    let why = format!(
        "the record has no field {name:?}: this user may not read it, it was not requested, or it does not exist \
         (Missing::Null makes it null and counts it)"
    );
    Error::new(ErrorKind::Decode, why)
}
