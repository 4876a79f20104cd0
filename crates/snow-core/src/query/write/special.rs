//! Writes related lists, joins and text searches.

use super::name::write_name;
use super::value::write_value;
use super::{Separator, Writer, check_written, write_clause, write_separator, write_terms};
use crate::query::normal_form::{self, Literal};
use crate::query::related::{Join, RelatedList, SpecialCondition};
use crate::query::value::Value;
use crate::query::value_check::ValueContext;
use crate::query::{Expr, Query};
use crate::{Error, ErrorKind};
use std::fmt::Write as _;

pub(super) fn write_special(
    special: &SpecialCondition<'_>,
    writer: &mut Writer<'_>,
    separator: Separator,
) -> Result<(), Error> {
    write_separator(writer, separator);
    match special {
        SpecialCondition::Related { list, sign, count } => {
            write_related_list(list, sign.word(), *count, writer)
        }
        SpecialCondition::Join(join) => write_join(join, writer),
        SpecialCondition::Text(words) => write_search(words, "123TEXTQUERY321", writer),
        SpecialCondition::TextIndexGroup(group) => write_search(group, "123TEXTINDEXGROUP321", writer),
    }
}

fn write_search(words: &Value<'_>, word: &str, writer: &mut Writer<'_>) -> Result<(), Error> {
    writer.push_plain(word);
    writer.push("=");
    write_value(words, ValueContext { field: word, word: "=", separator: None }, writer)
}

fn write_related_list(
    list: &RelatedList<'_>,
    sign: &str,
    count: u32,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    check_nested(&list.matching, "a related list")?;
    if list.table.contains('.') {
        let why = format!(
            "a related list names the table {:?}: write the table alone, and a path to this one in the field",
            list.table
        );
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    writer.push_plain("RLQUERY");
    write_name(&list.table, "related list", Some(""), writer)?;
    writer.push_plain(".");
    write_name(&list.field, "related list", Some(""), writer)?;
    check_written(write!(writer, ",{sign}{count}"))?;
    write_terms(&list.matching, writer, Separator::And)?;
    write_separator(writer, Separator::And);
    writer.push_plain("ENDRLQUERY");
    Ok(())
}

/// Writes a join. Its query ends at the first caret, so it has one condition at most.
fn write_join(join: &Join<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    check_nested(&join.matching, "a join")?;
    if let Some(side) = [&join.left, &join.right].into_iter().find(|side| !side.contains('.')) {
        let why = format!("a join names {side:?}: write the table and its field, \"incident.caller_id\"");
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    writer.push_plain("JOIN");
    write_name(&join.left, "join", Some(""), writer)?;
    writer.push("=");
    write_name(&join.right, "join", Some(""), writer)?;
    let groups = normal_form::to_groups(&join.matching)?;
    match &groups[..] {
        [group] if group.is_empty() => Ok(()),
        [group] => match &group[..] {
            [clause] if matches!(&clause[..], [Literal::Condition(one)] if !one.or_empty) => {
                writer.push("!");
                write_clause(clause, writer, Separator::None)
            }
            _ => Err(too_many_conditions()),
        },
        _ => Err(too_many_conditions()),
    }
}

fn too_many_conditions() -> Error {
    let why = "a join matches by one condition only, without an \"or empty\": put the others on fields of the table itself";
    Error::new(ErrorKind::InvalidInput, why)
}

/// Checks a query inside another one: it has no order, and no further query inside.
fn check_nested(query: &Query<'_>, what: &str) -> Result<(), Error> {
    let refuse =
        |why: &str| Err(Error::new(ErrorKind::InvalidInput, format!("the query inside {what} {why}")));
    fn any(terms: &[Expr<'_>], wanted: fn(&Expr<'_>) -> bool) -> bool {
        terms.iter().any(|term| match term {
            Expr::All(inner) | Expr::Any(inner) => any(inner, wanted),
            Expr::Not(inner) => any(std::slice::from_ref(inner), wanted),
            term => wanted(term),
        })
    }
    if any(&query.terms, |term| matches!(term, Expr::Order { .. })) {
        return refuse("has an order, which has no effect there: order the outer query");
    }
    if any(&query.terms, |term| matches!(term, Expr::Special(_))) {
        return refuse("has a related list, a join or a text search in it, which cannot be nested");
    }
    Ok(())
}
