//! Reads one condition: a field, an operator and its values.

use super::{ParseError, fail};
use crate::query::condition::{Condition, Distance, Test};
use crate::query::field_name::{check_field, split_name};
use crate::query::operator::{self, Comparison, Operator, Relation, Unary};
use crate::query::range::{Relative, Unit};
use crate::query::value::{Value, ValueKind};
use crate::query::value_check::ValueContext;
use crate::query::{Side, url_text, write};
use std::borrow::Cow;

/// Parses a whole text as a field's name.
pub(super) fn parse_name(text: &str) -> Result<&str, ParseError<'_>> {
    match check_field(text) {
        Ok(()) => Ok(text),
        Err(why) => fail(text, format!("this field {why}")),
    }
}

/// Splits the field's name off the beginning of a text.
pub(super) fn parse_leading_name(text: &str) -> Result<(&str, &str), ParseError<'_>> {
    let (field, rest) = split_name(text);
    if field.is_empty() {
        return fail(text, "expected a field's name: the column's, in lower case, not the label");
    }
    Ok((parse_name(field)?, rest))
}

pub(super) fn parse_condition(text: &str) -> Result<Condition<'_>, ParseError<'_>> {
    let (field, rest) = parse_leading_name(text)?;
    if url_text::is_encoded(rest) {
        return fail(rest, url_text::ENCODED);
    }
    let Some((word, meaning, value)) = operator::split(rest) else {
        return fail(rest, "expected an operator, such as = or LIKE, after the field");
    };
    let test = match meaning {
        Operator::Compare(Comparison::Eq) if value.is_empty() => Test::Unary(Unary::Empty),
        Operator::Compare(Comparison::Ne) if value.is_empty() => Test::Unary(Unary::NotEmpty),
        Operator::Compare(comparison) => Test::Compare(comparison, parse_value(value, field, word, None)?),
        Operator::In { not } => Test::In { not, values: parse_list(value, field, word)? },
        Operator::Between => parse_between(value, field, word)?,
        Operator::Unary(unary) if value.is_empty() => Test::Unary(unary),
        Operator::Unary(_) => return fail(value, format!("nothing may follow {word}")),
        Operator::Relation(relation) => parse_relation(relation, value)?,
        Operator::Distance { more } => parse_distance(more, value)?,
        Operator::On { not } => Test::On { not, text: parse_labelled(value, 3)? },
        Operator::Relative(comparison) => Test::Relative(comparison, parse_relative(value)?),
        Operator::DatePart => Test::DatePart(parse_labelled(value, 2)?),
        Operator::Refused(why) => return fail(rest, format!("{word} {why}")),
    };
    // The operator may be written in another spelling than it was read in.
    if let Err(why) = write::check_name(field, test.word()) {
        return fail(text, why.to_string());
    }
    Ok(Condition { field: Cow::Borrowed(field), test, or_empty: false })
}

/// Parses one value, with the check of the writer, so that whatever was parsed can be written.
pub(super) fn parse_value<'a>(
    text: &'a str,
    field: &str,
    word: &str,
    separator: Option<char>,
) -> Result<Value<'a>, ParseError<'a>> {
    if let Some((rest, why)) = url_text::further_condition(text) {
        return fail(rest, why);
    }
    let content = match text.strip_prefix("javascript:") {
        Some(code) => ValueKind::Script(Cow::Borrowed(code)),
        None if text.contains('^') => ValueKind::Escaped(Cow::Owned(text.replace("^^", "^"))),
        None => ValueKind::Text(Cow::Borrowed(text)),
    };
    let value = Value(content);
    match write::check_value(&value, ValueContext { field, word, separator }) {
        Ok(()) => Ok(value),
        Err(why) => fail(text, why.to_string()),
    }
}

fn parse_list<'a>(text: &'a str, field: &str, word: &str) -> Result<Vec<Value<'a>>, ParseError<'a>> {
    text.split(',').map(|one| parse_value(one, field, word, Some(','))).collect()
}

fn parse_between<'a>(text: &'a str, field: &str, word: &str) -> Result<Test<'a>, ParseError<'a>> {
    let Some((from, to)) = text.split_once('@') else {
        return fail(text, "expected two values with @ between them");
    };
    let one = |text| parse_value(text, field, word, Some('@'));
    Ok(Test::Between(Box::new([one(from)?, one(to)?])))
}

fn parse_relation(relation: Relation, text: &str) -> Result<Test<'_>, ParseError<'_>> {
    let (other, rest) = parse_leading_name(text)?;
    match rest {
        "" | "@day" => Ok(Test::Relate { relation, other: Cow::Borrowed(other), by_day: !rest.is_empty() }),
        _ => fail(rest, "expected nothing, or @day, after the other field"),
    }
}

/// Parses `f2@day@before@3`.
fn parse_distance(more: bool, text: &str) -> Result<Test<'_>, ParseError<'_>> {
    let (other, rest) = parse_leading_name(text)?;
    let parts: Vec<&str> = rest.split('@').collect();
    let found = match parts[..] {
        ["", unit, "before", count] => Some((unit, Side::Before, count)),
        ["", unit, "after", count] => Some((unit, Side::After, count)),
        _ => None,
    };
    let found = found.and_then(|(unit, side, count)| {
        Some((Unit::of(unit, Unit::between_fields)?, side, parse_count(count)?))
    });
    match found {
        Some((unit, side, count)) => {
            Ok(Test::Distance(Box::new(Distance { more, count, unit, side, other: Cow::Borrowed(other) })))
        }
        None => fail(rest, "expected @, minute, hour, day or week, @before@ or @after@, and a number"),
    }
}

/// Parses `@hour@ago@1`.
fn parse_relative(text: &str) -> Result<Relative, ParseError<'_>> {
    let parts: Vec<&str> = text.split('@').collect();
    let found = match parts[..] {
        ["", unit, "ago", count] => Some((unit, false, count)),
        ["", unit, "ahead", count] => Some((unit, true, count)),
        _ => None,
    };
    let found = found
        .and_then(|(unit, ahead, count)| Some((Unit::of(unit, Unit::relative)?, ahead, parse_count(count)?)));
    match found {
        Some((unit, ahead, count)) => Ok(Relative { count, unit, ahead }),
        None => fail(
            text,
            "expected @, minute, hour, dayofweek, month, quarter or year, @ago@ or @ahead@, and a number",
        ),
    }
}

/// Parses a number as this crate writes it.
pub(super) fn parse_count(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

/// Splits a label from its meaning, with @ between.
fn parse_labelled(text: &str, parts: usize) -> Result<Cow<'_, str>, ParseError<'_>> {
    if text.split('@').count() != parts || text.split('@').any(str::is_empty) {
        return fail(text, format!("expected {parts} values with @ between them"));
    }
    if text.contains(|c: char| c == '^' || c.is_control()) {
        return fail(text, "a caret or a control character is not allowed here");
    }
    if let Some((rest, why)) = url_text::further_condition(text) {
        return fail(rest, why);
    }
    Ok(Cow::Borrowed(text))
}
