//! Writes one condition: a field, an operator and its values.

use super::name::write_name;
use super::value::write_value;
use super::{Separator, Writer, check_written, write_separator};
use crate::Error;
use crate::query::Side;
use crate::query::condition::{Condition, Distance, Test};
use crate::query::operator::Unary;
use crate::query::value::{Value, ValueKind};
use crate::query::value_check::ValueContext;
use std::fmt::Write as _;

pub(super) fn write_condition(
    condition: &Condition<'_>,
    writer: &mut Writer<'_>,
    separator: Separator,
) -> Result<(), Error> {
    write_separator(writer, separator);
    write_name(&condition.field, "query", Some(condition.test.word()), writer)?;
    write_test(condition, writer)?;
    if condition.or_empty {
        write_separator(writer, Separator::Or);
        writer.push_plain(&condition.field);
        writer.push_plain(Unary::Empty.word());
    }
    Ok(())
}

/// Writes the operator of a test and what follows it.
fn write_test(condition: &Condition<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    let word = condition.test.word();
    writer.push(word);
    let context = ValueContext { field: &condition.field, word, separator: None };
    match &condition.test {
        Test::Compare(_, value) => write_value(value, context, writer),
        other => write_operands(other, context, writer),
    }
}

/// Writes what follows the operator of anything but a comparison, which is rare.
#[cold]
fn write_operands(test: &Test<'_>, context: ValueContext<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    match test {
        Test::Compare(_, value) => write_value(value, context, writer),
        Test::In { values, .. } => {
            write_list(values, ValueContext { separator: Some(','), ..context }, writer)
        }
        Test::Between(edges) => {
            let context = ValueContext { separator: Some('@'), ..context };
            let [from, to] = &**edges;
            write_value(from, context, writer)?;
            writer.push("@");
            write_value(to, ValueContext { word: "", ..context }, writer)
        }
        Test::Unary(_) => Ok(()),
        Test::Relate { other, by_day, .. } => {
            write_name(other, "query", Some(""), writer)?;
            writer.push(if *by_day { "@day" } else { "" });
            Ok(())
        }
        Test::Distance(distance) => write_distance(distance, context, writer),
        Test::On { text, .. } | Test::DatePart(text) => {
            writer.push(text);
            Ok(())
        }
        Test::Relative(_, time) => {
            let unit = time
                .unit
                .relative()
                .ok_or_else(|| context.refuse("uses weeks, which the service does not support: use days"))?;
            let side = if time.ahead { "ahead" } else { "ago" };
            check_written(write!(writer, "@{unit}@{side}@{}", time.count))
        }
    }
}

fn write_distance(
    distance: &Distance<'_>,
    context: ValueContext<'_>,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    let unit = distance.unit.between_fields();
    let unit = unit.ok_or_else(|| {
        context.refuse(
            "uses a unit by which the service does not compare two fields: use minutes, hours, days or weeks",
        )
    })?;
    write_name(&distance.other, "query", Some(""), writer)?;
    let side = match distance.side {
        Side::Before => "before",
        Side::After => "after",
    };
    check_written(write!(writer, "@{unit}@{side}@{}", distance.count))
}

fn write_list(values: &[Value<'_>], context: ValueContext<'_>, writer: &mut Writer<'_>) -> Result<(), Error> {
    if values.is_empty() {
        return Err(context.refuse("has no values: the list is empty"));
    }
    for (at, one) in values.iter().enumerate() {
        if matches!(&one.0, ValueKind::Boolean(_)) {
            return Err(context.refuse("lists a boolean: use eq(), which also finds records without a value"));
        }
        if at > 0 {
            writer.push_plain(",");
        }
        write_value(one, context, writer)?;
    }
    Ok(())
}
