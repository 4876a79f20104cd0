//! Writes a query as text, plain or percent-encoded, and checks everything that goes into it.

mod condition;
mod name;
mod special;
mod value;

pub(super) use name::check_name;
pub(crate) use value::encode_value;
pub(super) use value::{check_value, encoded_len, plain_value};

use super::normal_form::{self, Clause, Literal};
use super::{Expr, Query, url_text};
use crate::{Error, ErrorKind, percent};
use condition::write_condition;
use name::write_name;
use special::write_special;
use std::fmt;

/// A string that a query is written to.
pub(super) struct Writer<'o> {
    out: &'o mut String,
    url: bool,
}

impl<'o> Writer<'o> {
    pub(super) fn plain(out: &'o mut String) -> Self {
        Self { out, url: false }
    }

    pub(super) fn url(out: &'o mut String) -> Self {
        Self { out, url: true }
    }

    /// Writes text, percent-encoded if it goes into a URL.
    fn push(&mut self, text: &str) {
        if self.url { percent::push_query(self.out, text) } else { self.out.push_str(text) }
    }

    /// Writes text that needs no encoding.
    fn push_plain(&mut self, text: &str) {
        self.out.push_str(text);
    }
}

impl fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}

/// The separator between the last condition and the next one.
#[derive(Clone, Copy)]
enum Separator {
    None,
    And,
    Or,
    NewGroup,
}

pub(super) fn write_query(query: &Query<'_>, mut writer: Writer<'_>) -> Result<(), Error> {
    if let [Expr::Raw(text)] = &query.terms[..] {
        if let Some(why) = url_text::is_no_query(text) {
            return Err(Error::new(ErrorKind::InvalidInput, format!("the raw query {why}")));
        }
        writer.push(text);
        return Ok(());
    }
    write_terms(query, &mut writer, Separator::None)
}

/// Writes the conditions and orders of a query.
fn write_terms(query: &Query<'_>, writer: &mut Writer<'_>, separator: Separator) -> Result<(), Error> {
    let start = writer.out.len();
    if write_as_is(&query.terms, writer, separator)? {
        return Ok(());
    }
    writer.out.truncate(start);
    let separator = write_normalized(query, writer, separator)?;
    write_orders(&query.terms, writer, separator).map(drop)
}

/// Writes terms that need no rearranging, and then the orders among them; most queries need nothing else. Returns whether all
/// terms could be written so.
fn write_as_is(terms: &[Expr<'_>], writer: &mut Writer<'_>, mut separator: Separator) -> Result<bool, Error> {
    let mut ordered = false;
    for term in terms {
        match term {
            Expr::Condition(one) => write_condition(one, writer, separator)?,
            Expr::Special(one) => write_special(one, writer, separator)?,
            Expr::Any(inner) => {
                for (at, one) in inner.iter().enumerate() {
                    let Expr::Condition(one) = one else { return Ok(false) };
                    write_condition(one, writer, if at == 0 { separator } else { Separator::Or })?;
                }
            }
            Expr::Order { .. } => {
                ordered = true;
                continue;
            }
            Expr::All(_) | Expr::Not(_) | Expr::Raw(_) | Expr::Refused(_) => return Ok(false),
        }
        separator = Separator::And;
    }
    if ordered {
        write_orders(terms, writer, separator)?;
    }
    Ok(true)
}

/// Writes the conditions of any tree. Returns the separator for what follows.
fn write_normalized(
    query: &Query<'_>,
    writer: &mut Writer<'_>,
    mut separator: Separator,
) -> Result<Separator, Error> {
    for (at, group) in normal_form::to_groups(query)?.iter().enumerate() {
        separator = if at > 0 { Separator::NewGroup } else { separator };
        for clause in group {
            write_clause(clause, writer, separator)?;
            separator = Separator::And;
        }
    }
    Ok(separator)
}

fn write_clause(clause: &Clause<'_, '_>, writer: &mut Writer<'_>, separator: Separator) -> Result<(), Error> {
    for (at, one) in clause.iter().enumerate() {
        let separator = if at == 0 { separator } else { Separator::Or };
        match one {
            Literal::Condition(one) => write_condition(one, writer, separator)?,
            Literal::Special(one) => write_special(one, writer, separator)?,
        }
    }
    Ok(())
}

/// Writes the orders. They apply to the whole query, wherever they were given.
fn write_orders(
    terms: &[Expr<'_>],
    writer: &mut Writer<'_>,
    mut separator: Separator,
) -> Result<Separator, Error> {
    for term in terms {
        match term {
            Expr::Order { field, descending } => {
                write_order(field, *descending, writer, separator)?;
                separator = Separator::And;
            }
            Expr::All(inner) | Expr::Any(inner) => separator = write_orders(inner, writer, separator)?,
            Expr::Not(inner) => separator = write_orders(std::slice::from_ref(inner), writer, separator)?,
            Expr::Condition(_) | Expr::Special(_) | Expr::Raw(_) | Expr::Refused(_) => {}
        }
    }
    Ok(separator)
}

fn write_order(
    field: &str,
    descending: bool,
    writer: &mut Writer<'_>,
    separator: Separator,
) -> Result<(), Error> {
    write_separator(writer, separator);
    if descending {
        writer.push_plain("ORDERBYDESC")
    } else {
        writer.push_plain("ORDERBY")
    }
    write_name(field, "order", None, writer)
}

fn write_separator(writer: &mut Writer<'_>, separator: Separator) {
    // Each is a copy of a known length.
    match (separator, writer.url) {
        (Separator::None, _) => {}
        (Separator::And, false) => writer.push_plain("^"),
        (Separator::And, true) => writer.push_plain("%5E"),
        (Separator::Or, false) => writer.push_plain("^OR"),
        (Separator::Or, true) => writer.push_plain("%5EOR"),
        (Separator::NewGroup, false) => writer.push_plain("^NQ"),
        (Separator::NewGroup, true) => writer.push_plain("%5ENQ"),
    }
}

fn check_written(result: fmt::Result) -> Result<(), Error> {
    result.map_err(|e| Error::internal("a query could not be written into memory").with_source(e))
}
